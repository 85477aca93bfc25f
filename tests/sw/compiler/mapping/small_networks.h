#pragma once

#include <random>
#include <string>
#include <vector>

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

/// The same with layers on cores: all, or some.
inline integer_graph digital_network(std::mt19937& random, int height, int width, int rows, bool all) {
  integer_graph graph = random_network(random, 3, height, width);
  graph.name = "digital";
  choose_digital(graph, random);
  for (graph_node& node : graph.nodes)
    if (all && node.has_layer()) node.layer().digital = true;
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

/// Convolutions "conv0", "conv1", ... of so many channels with these windows, one behind the other, and a head.
inline integer_graph chain_network(std::mt19937& random, int height, int width,
                                   const std::vector<graph_window>& windows, int of_each = 5) {
  integer_graph graph;
  graph.name = "chain";
  const auto add = [&](node_kind kind, const std::string& name, int channels, int h, int w) -> graph_node& {
    const int output = static_cast<int>(graph.tensors.size());
    graph.tensors.push_back({name, channels, h, w, 0.02f, -1, {}});
    graph_node& node = graph.nodes.emplace_back();
    node.operation = make_operation(kind);
    node.name = name;
    if (output > 0) node.inputs = {output - 1};
    node.output = output;
    return node;
  };
  const auto fill = [&](crossbar_layer& layer, int in, int out, graph_window window) {
    layer.in_channels = in;
    layer.out_channels = out;
    layer.window = window;
    for (int i = 0; i < in * out * window.size_x * window.size_y; ++i)
      layer.weights.push_back(static_cast<std::int8_t>(static_cast<int>(random() % 256) - 128));
    layer.bias.assign(static_cast<std::size_t>(out), 100);
    layer.weight_scale.assign(static_cast<std::size_t>(out), 0.001f);
  };
  int channels = 3;
  add(node_kind::input, "image", channels, height, width);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const graph_window& w = windows[i];
    height = (height + 2 * w.pad_y - w.size_y) / w.stride_y + 1;
    width = (width + 2 * w.pad_x - w.size_x) / w.stride_x + 1;
    fill(add(node_kind::convolution, "conv" + std::to_string(i), of_each, height, width).layer(), channels, of_each, w);
    channels = of_each;
  }
  add(node_kind::average_pool, "avgpool", channels, 1, 1);
  fill(add(node_kind::logits, "fc", 4, 1, 1).layer(), channels, 4, {});
  link_tensors(graph);
  guess_calibration(graph, random, 256);
  return graph;
}

}  // namespace ohmic
