#pragma once

#include <string>
#include <vector>

#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {

/// Splits a convolution by its output channels: slices that end at `ends` (ascending, the last at all channels), each a
/// convolution of its own with its share of weights and constants, are joined by a concatenation that takes the node's
/// name and map. The slices are called NAME[0:48], NAME[48:64]; their maps stand behind all others, so that maps of
/// before keep their indices. Precondition: a convolution of one group, at least two ends. Nothing that the network
/// computes changes.
void split_layer(integer_graph& graph, const std::string& name, const std::vector<int>& ends);

/// The slices of a concatenation, in the order of their channels.
std::vector<int> slices_of(const integer_graph& graph, const graph_node& concatenation);

}  // namespace ohmic
