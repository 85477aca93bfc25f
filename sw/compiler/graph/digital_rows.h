#pragma once

#include <string>
#include <vector>

#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {

/// What cores compute in place of a crossbar with these rows of a layer, rounded and clipped as its ADC would do it:
/// the sums of their products, the layer's (m, s), -128 and 127. Whether the constants have room is check_graph()'s.
row_set_codes codes_on_cores(const crossbar_layer& whole, const row_set& rows);

/// Moves the last `count` row sets of a layer to cores: each becomes a node NAME.setI before the layer (I: the set's
/// number in the layer), which reads its codes behind its own input. Their maps stand behind all others, so that maps
/// of before keep their indices. Nothing that the network computes changes. Precondition: a layer of one group on one
/// copy of its crossbars, all rows there, and more sets than `count`.
void put_rows_on_cores(integer_graph& graph, const std::string& name, std::size_t count);

/// The reverse: the layer has all its row sets on crossbars again; nothing happens where it has.
void put_rows_back(integer_graph& graph, const std::string& name);

/// Row sets of a layer on crossbars whose codes cores make.
inline std::size_t rows_on_cores(const graph_node& layer) { return layer.inputs.size() - 1; }

/// All row sets of a layer on crossbars, in their order: those there, then those on cores.
std::vector<row_set> all_row_sets(const integer_graph& graph, const graph_node& layer);

}  // namespace ohmic
