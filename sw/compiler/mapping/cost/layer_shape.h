#pragma once

#include "sw/compiler/graph/integer_graph.h"
#include "sw/compiler/mapping/cost/kernel_time.h"
#include "sw/compiler/mapping/mapping.h"

namespace ohmic {

/// A column of some outputs of a digital layer.
kernel_shape layer_kernel(const graph_node& node, const graph_tensor& in, const graph_tensor& out,
                          channel_range outputs);

}  // namespace ohmic
