#pragma once

#include <cstdint>
#include <vector>

#include "sw/compiler/graph/integer_graph.h"
#include "sw/compiler/mapping/mapping.h"
#include "sw/deployment/deployment.h"

namespace ohmic {

/// Channels of its map that these outputs of a layer read: of whole groups.
channel_range inputs_read(const crossbar_layer& layer, channel_range outputs);

/// Groups that the outputs belong to. Precondition: they are whole groups, or there is one group.
unsigned groups_of(const crossbar_layer& layer, channel_range outputs);

/// Where parts of a digital layer may begin and end: a multiple of so many channels, or at the last one.
unsigned part_unit(const crossbar_layer& layer);

/// One output channel of one input channel each.
bool is_depthwise(const crossbar_layer& layer);

inline bool is_layer_kernel(ohmic_kernel kernel) { return kernel >= OHMIC_KERNEL_LAYER; }

/// The kernel that makes the node's outputs on cores.
ohmic_kernel digital_kernel(const graph_node& node);

/// A sum of some channel can be more than its limit (exact_sums.h).
bool needs_limits(const crossbar_layer& layer, channel_range outputs);

/// A map that is made in these parts may lie in so many blocks of equal channels, a multiple of 4 and at least 8, where
/// a kernel of one group reads it. 1: only as one.
unsigned equal_blocks(const std::vector<channel_range>& made);

/// Bytes of the outputs' weights and constants, and these as sw/deployment/layer_format.h says.
std::uint32_t packed_bytes(const crossbar_layer& layer, channel_range outputs);
std::vector<std::uint8_t> pack_weights(const crossbar_layer& layer, channel_range outputs, unsigned blocks = 1);

}  // namespace ohmic
