#pragma once

#include <random>

#include "chip/chip_config.h"
#include "tests/sw/compiler/random_network.h"

namespace ohmic {

/// A chip of `clusters` clusters with small crossbars, so that small layers need several.
inline chip_config small_chip(unsigned clusters, unsigned rows, unsigned columns) {
  chip_config chip;
  chip.name = "small";
  chip.network.factors = {1, 1, 1, 1, clusters};
  chip.ima.rows = rows;
  chip.ima.columns = columns;
  return chip;
}

inline integer_graph small_network(std::mt19937& random, int height, int width, int rows) {
  integer_graph graph = random_network(random, 3, height, width);
  graph.name = "small";
  guess_calibration(graph, random, rows);
  return graph;
}

/// The same with a second add that no convolution can take over: conv `main` has two consumers.
inline integer_graph network_with_separate_add(std::mt19937& random, int height, int width, int rows) {
  integer_graph graph = small_network(random, height, width, rows);
  graph_node again = graph.nodes[5];
  graph_tensor sum = graph.tensors[again.output];
  again.name = sum.name = "again";
  again.inputs = {again.output, graph.nodes[3].output};
  again.output = static_cast<int>(graph.tensors.size());
  graph.tensors.push_back(sum);
  graph.nodes.insert(graph.nodes.begin() + 6, again);
  graph.nodes[7].inputs = {again.output};
  link_tensors(graph);
  return graph;
}

}  // namespace ohmic
