#pragma once

#include <array>
#include <string>

#include "sw/compiler/mapping/mapping_options.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {

/// A network with a chip and options to map it with, all by chance.
struct random_case {
  integer_graph graph;
  chip_config chip;
  mapping_options options;
  unsigned images = 1;
};

/// Chains of convolutions and pools with windows of any kernel and stride (often a stride that is larger, so that
/// columns between windows and behind the last one are needed by nobody), residual adds of all shapes (x + x, branches
/// that meet at the image, long and short ones), and one to four replicas of every convolution. In half of them some
/// layers run on cores. Small, so that a
/// thousand take seconds.
class random_case_maker {
 public:
  explicit random_case_maker(std::uint32_t seed) : random_(seed) {}

  random_case run() {
    random_case made;
    graph_.name = "random";
    add_node(node_kind::input, "image", {}, {1 + below(3), 3 + below(8), 4 + below(30)});
    int at = 0;
    for (int layers = 1 + below(3); layers > 0; --layers) {
      const int kind = below(6);
      if (kind == 0) {
        at = max_pool(at);
      } else if (kind == 1) {
        at = add(at, at);
      } else if (kind == 2) {
        at = block(at);
      } else {
        at = convolution(at, window_of(at), 3 + below(18));
      }
    }
    if (at == 0) at = convolution(at, window_of(at), 5);
    const int pixel = add_node(node_kind::average_pool, "avgpool", {at}, {graph_.tensors[at].channels, 1, 1});
    const int classes = 2 + below(9);
    add_layer(node_kind::logits, "fc", pixel, {}, {classes, 1, 1});
    link_tensors(graph_);
    if (below(2)) choose_digital(graph_, random_);
    const auto rows = std::array{28u, 40u, 64u, 256u}[below(4)];
    guess_calibration(graph_, random_, static_cast<int>(rows));
    choose_options(made.options);
    made.chip = small_chip(256, rows, std::array{5u, 8u, 16u, 256u}[below(4)]);
    made.chip.cluster.cores = std::array{1u, 2u, 3u, 8u, 16u}[below(5)];
    made.chip.cluster.l1_bytes = std::array{1u << 18, 1u << 20}[below(2)];
    made.images = 2 + static_cast<unsigned>(below(4));
    choose_policy(made.options);
    made.graph = std::move(graph_);
    return made;
  }

 private:
  struct shape {
    int channels, height, width;
  };
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  const graph_tensor& tensor(int t) const { return graph_.tensors[static_cast<std::size_t>(t)]; }

  int add_node(node_kind kind, const std::string& name, std::vector<int> inputs, shape s) {
    const std::string unique = name + std::to_string(graph_.nodes.size());
    graph_.tensors.push_back({unique, s.channels, s.height, s.width, 0.02f, -1, {}});
    graph_node& n = graph_.nodes.emplace_back();
    n.operation = make_operation(kind);
    n.name = unique;
    n.inputs = std::move(inputs);
    n.output = static_cast<int>(graph_.tensors.size()) - 1;
    graph_.tensors.back().producer = static_cast<int>(graph_.nodes.size()) - 1;
    return n.output;
  }

  int add_layer(node_kind kind, const std::string& name, int input, graph_window window, shape s) {
    const int output = add_node(kind, name, {input}, s);
    crossbar_layer& l = graph_.nodes.back().layer();
    l.in_channels = tensor(input).channels;
    l.out_channels = s.channels;
    l.window = window;
    l.requantise.lo = below(2) ? 0 : -128;
    for (int i = 0; i < l.in_channels * l.out_channels * window.size_x * window.size_y; ++i)
      l.weights.push_back(static_cast<std::int8_t>(below(256) - 128));
    for (int c = 0; c < s.channels; ++c) {
      l.bias.push_back(below(10001) - 5000);
      l.weight_scale.push_back(0.001f);
    }
    return output;
  }

  /// One axis: kernel, stride, padding and how many outputs there are.
  void axis(int size, int& kernel, int& stride, int& pad, int& out) {
    kernel = 1 + below(std::min(4, size));
    stride = 1 + below(4);
    pad = below(kernel);
    const int full = (size + pad + below(pad + 1) - kernel) / stride + 1;
    out = std::max(1, full - (below(4) == 0 ? 1 : 0));
  }
  struct windowed {
    graph_window window;
    int height, width;
  };
  windowed window_of(int input) {
    windowed w{};
    axis(tensor(input).width, w.window.size_x, w.window.stride_x, w.window.pad_x, w.width);
    axis(tensor(input).height, w.window.size_y, w.window.stride_y, w.window.pad_y, w.height);
    w.window.size_y = std::min(w.window.size_y, 28 / w.window.size_x);  // one channel fits any crossbar
    w.window.pad_y = std::min(w.window.pad_y, w.window.size_y - 1);
    return w;
  }

  int convolution(int input, const windowed& w, int channels) {
    return add_layer(node_kind::convolution, "conv", input, w.window, {channels, w.height, w.width});
  }
  int max_pool(int input) {
    const windowed w = window_of(input);
    const int output = add_node(node_kind::max_pool, "maxpool", {input}, {tensor(input).channels, w.height, w.width});
    graph_.nodes.back().pool_window() = w.window;
    return output;
  }
  int add(int a, int b) {
    const graph_tensor& like = tensor(a);
    const int output = add_node(node_kind::add, "add", {a, b}, {like.channels, like.height, like.width});
    graph_.nodes.back().add().lo = below(2) ? 0 : -128;
    return output;
  }
  /// Two branches of the same shape that an add joins: each one convolution, or a 1x1 one more, or nothing.
  int block(int input) {
    const windowed w = window_of(input);
    const int channels = 3 + below(10);
    const auto branch = [&] {
      int end = convolution(input, w, channels);
      for (int more = below(3); more > 0; --more) {
        const windowed same{{}, tensor(end).height, tensor(end).width};
        end = convolution(end, same, channels);
      }
      return end;
    };
    const int a = branch();
    if (below(3) > 0) return add(a, branch());
    const windowed same{{}, tensor(a).height, tensor(a).width};
    const int long_one = convolution(convolution(a, same, channels), same, channels);
    return below(2) ? add(a, long_one) : add(long_one, a);
  }

  void choose_options(mapping_options& options) {
    options.naive.tile_cycles = std::array{1u, 1u, 300u, 2000u, 20000u}[below(5)];
    options.naive.prefetch_tiles = 1 + static_cast<unsigned>(below(3));
    options.naive.reduction_fan_in = std::array{0u, 0u, 2u, 3u}[below(4)];
    options.naive.reductions = below(3) ? reduction_seats::automatic : reduction_seats::shared;
    options.naive.residuals = below(3) ? residual_store::l1 : residual_store::hbm;
    for (const graph_node& n : graph_.nodes)
      if (n.kind() == node_kind::convolution && n.on_crossbar())
        options.naive.replicas[n.name] = 1 + static_cast<unsigned>(below(std::min(4, graph_.tensors[n.output].width)));
  }

  /// Half of the cases by other policies than `naive`, replicated as far as clusters go or only a little.
  void choose_policy(mapping_options& options) {
    options.policy = std::array{"naive", "naive", "replicated", "paper", "best"}[below(5)];
    options.balanced.balance_mvms = std::array{0u, 10u, 30u, 1024u}[below(4)];
    options.balanced.most_clusters = std::array{0u, 0u, 60u, 100u}[below(4)];
    options.balanced.reduction_fan_in = options.naive.reduction_fan_in;
    options.balanced.prefetch_tiles = options.naive.prefetch_tiles;
    options.best = {static_cast<unsigned>(below(20)), static_cast<unsigned>(below(1000)),
                    options.balanced.most_clusters};
  }

  std::mt19937 random_;
  integer_graph graph_;
};

}  // namespace ohmic
