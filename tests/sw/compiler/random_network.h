#pragma once

#include <algorithm>
#include <random>

#include "sw/compiler/graph/digital_rows.h"
#include "sw/compiler/graph/exact_sums.h"
#include "sw/compiler/graph/feature_map.h"
#include "sw/compiler/graph/integer_graph.h"
#include "sw/compiler/graph/split_layer.h"

namespace ohmic {

/// An uncalibrated network in integers: conv 3x3/2 + Relu, max pool, a residual block with a 1x1 short cut,
/// average pool, logits. Odd sizes, so that no dimension hides behind another.
inline integer_graph random_network(std::mt19937& random, int channels, int height, int width) {
  integer_graph g;
  const auto add_node = [&](node_kind kind, const char* name, std::vector<int> inputs, int c, int h, int w,
                            float scale) -> graph_node& {
    g.tensors.push_back({name, c, h, w, scale, -1, {}});
    graph_node& n = g.nodes.emplace_back();
    n.operation = make_operation(kind);
    n.name = name;
    n.inputs = std::move(inputs);
    n.output = static_cast<int>(g.tensors.size()) - 1;
    return n;
  };
  const auto fill = [&](crossbar_layer& l, int in, int out, graph_window window, bool relu) {
    l.in_channels = in;
    l.out_channels = out;
    l.window = window;
    l.requantise.lo = relu ? 0 : -128;
    std::uniform_int_distribution<int> weight(-128, 127), bias(-5000, 5000), scale(1, 20);
    for (int i = 0; i < in * out * window.size_x * window.size_y; ++i)
      l.weights.push_back(static_cast<std::int8_t>(weight(random)));
    for (int c = 0; c < out; ++c) {
      l.bias.push_back(bias(random));
      l.weight_scale.push_back(0.001f * static_cast<float>(scale(random)));
    }
  };
  const auto half = [](int size) { return (size - 1) / 2 + 1; };
  const int h1 = half(height), w1 = half(width), h2 = half(h1), w2 = half(w1);
  add_node(node_kind::input, "image", {}, channels, height, width, 1 / 64.f);
  fill(add_node(node_kind::convolution, "conv1", {0}, 20, h1, w1, 0.02f).layer(), channels, 20, {3, 3, 2, 2, 1, 1},
       true);
  add_node(node_kind::max_pool, "maxpool", {1}, 20, h2, w2, 0.02f).pool_window() = {3, 3, 2, 2, 1, 1};
  fill(add_node(node_kind::convolution, "main", {2}, 13, h2, w2, 0.05f).layer(), 20, 13, {3, 3, 1, 1, 1, 1}, false);
  fill(add_node(node_kind::convolution, "down", {2}, 13, h2, w2, 0.03f).layer(), 20, 13, {1, 1, 1, 1, 0, 0}, false);
  add_node(node_kind::add, "add", {3, 4}, 13, h2, w2, 0.06f).add().lo = 0;
  add_node(node_kind::average_pool, "avgpool", {5}, 13, 1, 1, 0.02f);
  fill(add_node(node_kind::logits, "fc", {6}, 7, 1, 1, 0).layer(), 13, 7, {}, false);
  link_tensors(g);
  return g;
}

/// Each layer runs on cores or stays on crossbars, one as likely as the other.
inline void choose_digital(integer_graph& g, std::mt19937& random) {
  for (graph_node& n : g.nodes)
    if (n.has_layer()) n.layer().digital = random() % 2 == 0;
}

/// Constants of a digital layer whose sums reach from far within the outputs' range to far beyond it.
inline void guess_digital_constants(graph_node& n, std::mt19937& random) {
  crossbar_layer& l = n.layer();
  const std::vector<std::int64_t> largest = largest_sums(l);
  l.requantise.s = 22;
  for (std::size_t c = 0; c < largest.size(); ++c) {
    const std::int64_t b = l.bias[c] * 20 + (1 << 21);
    std::int64_t m = std::uniform_int_distribution<int>(0, 32767)(random);
    if (n.kind() == node_kind::logits)
      m = std::min(m, (0x7FFFFFFF - std::abs(b)) / std::max<std::int64_t>(1, largest[c]));
    l.requantise.m.push_back(static_cast<std::int16_t>(m));
    l.requantise.b.push_back(static_cast<std::int32_t>(b));
  }
}

/// A layer on crossbars becomes one on cores, with such constants.
inline void put_on_cores(graph_node& n, std::mt19937& random) {
  crossbar_layer& l = n.layer();
  l.digital = true;
  l.row_sets.clear();
  l.requantise.m.clear();
  l.requantise.b.clear();
  guess_digital_constants(n, random);
}

/// Gives every layer row sets for `rows` and constants that keep the codes busy, without looking at any
/// image.
inline void guess_calibration(integer_graph& g, std::mt19937& random, int rows) {
  std::uniform_int_distribution<int> multiplier(100, 32767);
  for (graph_node& n : g.nodes) {
    if (n.has_layer() && n.layer().digital) guess_digital_constants(n, random);
    if (n.on_crossbar()) {
      crossbar_layer& l = n.layer();
      l.row_sets = split_rows(l.in_channels, l.window.size_x, l.window.size_y, rows);
      l.adc = {multiplier(random), 22};
      l.requantise.s = 14;
      for (int c = 0; c < l.out_channels; ++c) {
        l.requantise.m.push_back(static_cast<std::int16_t>(multiplier(random)));
        l.requantise.b.push_back(l.bias[c] * 20 + (1 << 13));
      }
    }
    if (n.kind() == node_kind::add) n.add() = {multiplier(random) / 2, multiplier(random) / 2, 14, n.add().lo};
    if (n.kind() == node_kind::average_pool) n.average() = {multiplier(random), 18};
  }
  g.rows = rows;
  g.calibrated = true;
}

/// Splits convolutions on crossbars by output channels at random places: two or three slices, each as likely on cores
/// as on crossbars. Precondition: calibrated. Gives how many were split.
inline int split_some(integer_graph& g, std::mt19937& random) {
  std::vector<std::string> names;
  for (const graph_node& n : g.nodes)
    if (n.kind() == node_kind::convolution && n.on_crossbar() && n.layer().groups == 1 && n.layer().out_channels > 2 &&
        random() % 3 != 0)
      names.push_back(n.name);
  for (const std::string& name : names) {
    const auto node = std::find_if(g.nodes.begin(), g.nodes.end(), [&](const graph_node& n) { return n.name == name; });
    const int all = node->layer().out_channels, first = 1 + static_cast<int>(random() % static_cast<unsigned>(all - 2));
    std::vector<int> ends{first, all};
    if (random() % 2)
      ends.insert(ends.begin() + 1, first + 1 + static_cast<int>(random() % static_cast<unsigned>(all - first - 1)));
    split_layer(g, name, ends);
    const auto whole =
        std::find_if(g.nodes.begin(), g.nodes.end(), [&](const graph_node& n) { return n.name == name; });
    for (const int n : slices_of(g, *whole)) {
      graph_node& slice = g.nodes[static_cast<std::size_t>(n)];
      if (random() % 2) continue;
      put_on_cores(slice, random);
    }
  }
  return static_cast<int>(names.size());
}

/// Moves the last row sets of layers on crossbars to cores, of as many layers as not. Precondition: calibrated. Gives
/// how many sets were moved.
inline std::size_t move_some_rows(integer_graph& g, std::mt19937& random) {
  std::vector<std::string> names;
  for (const graph_node& n : g.nodes)
    if (n.on_crossbar() && n.layer().groups == 1 && n.layer().row_sets.size() > 1 && random() % 2)
      names.push_back(n.name);
  std::size_t moved = 0;
  for (const std::string& name : names) {
    const auto node = std::find_if(g.nodes.begin(), g.nodes.end(), [&](const graph_node& n) { return n.name == name; });
    const std::size_t count = 1 + random() % (node->layer().row_sets.size() - 1);
    put_rows_on_cores(g, name, count);
    moved += count;
  }
  return moved;
}

inline feature_map random_image(std::mt19937& random, const graph_tensor& shape) {
  feature_map map(shape.channels, shape.height, shape.width);
  std::uniform_int_distribution<int> value(-128, 127);
  for (std::int8_t& v : map.data) v = static_cast<std::int8_t>(value(random));
  return map;
}

}  // namespace ohmic
