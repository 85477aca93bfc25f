#pragma once

#include "chip/chip_config.h"
#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {

/// The 8 and 16 bit fields that a deployment ends in, in one place: the IMA's job registers (ip/registers/ohmic.rdl),
/// the DMA's counts (ip/dma/descriptor.h) and the kernels' work (sw/firmware/kernels/kernels.h). Throws mapping_error
/// naming the node, what was found and what is allowed. Everything else is 32 bits wide and bounded by L1, or 64.
void check_ranges(const integer_graph& graph, const chip_config& chip);

/// Columns of a tile are counted in 16 bits (DMA descriptor, PIXEL.COUNT, ohmic_work).
inline constexpr unsigned most_tile_columns = 0xFFFF;

/// Columns are numbered in 32 bits through the whole run, and numbers are compared by their difference's sign.
inline constexpr std::uint32_t most_columns_of_run = 1u << 30;

}  // namespace ohmic
