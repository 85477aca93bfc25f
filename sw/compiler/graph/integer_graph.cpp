#include "sw/compiler/graph/integer_graph.h"

#include <algorithm>

namespace ohmic {

const char* to_string(node_kind kind) {
  switch (kind) {
    case node_kind::input:
      return "input";
    case node_kind::convolution:
      return "convolution";
    case node_kind::logits:
      return "logits";
    case node_kind::max_pool:
      return "max_pool";
    case node_kind::average_pool:
      return "average_pool";
    case node_kind::add:
      return "add";
    case node_kind::concatenation:
      return "concatenation";
    case node_kind::codes:
      return "codes";
  }
  return "unknown";
}

graph_operation make_operation(node_kind kind) {
  switch (kind) {
    case node_kind::input:
      return network_input{};
    case node_kind::convolution:
      return convolution{};
    case node_kind::logits:
      return logits_layer{};
    case node_kind::max_pool:
      return max_pool{};
    case node_kind::average_pool:
      return average_pool{};
    case node_kind::add:
      return residual_add{};
    case node_kind::concatenation:
      return channel_concatenation{};
    case node_kind::codes:
      return row_set_codes{};
  }
  return {};
}

void link_tensors(integer_graph& graph) {
  for (graph_tensor& t : graph.tensors) {
    t.producer = -1;
    t.consumers.clear();
  }
  for (int n = 0; n < static_cast<int>(graph.nodes.size()); ++n) {
    for (int t : graph.nodes[n].inputs) graph.tensors.at(t).consumers.push_back(n);
    graph.tensors.at(graph.nodes[n].output).producer = n;
  }
}

std::vector<row_set> split_rows(int in_channels, int size_x, int size_y, int rows) {
  const int taps = size_x * size_y;
  std::vector<row_set> sets;
  if (in_channels * taps <= rows) {
    sets.push_back({0, size_y, 0, in_channels});
    return sets;
  }
  constexpr int group = 64, by_kernel_row_up_to = 128;
  if (in_channels <= by_kernel_row_up_to && group * size_x <= rows) {
    for (int c = 0; c < in_channels; c += group)
      for (int ky = 0; ky < size_y; ++ky) sets.push_back({ky, ky + 1, c, std::min(c + group, in_channels)});
    return sets;
  }
  if (size_x > rows)
    throw graph_error("a kernel " + std::to_string(size_x) + " wide needs " + std::to_string(size_x) +
                      " crossbar rows for one channel and kernel row, but the crossbar has " + std::to_string(rows));
  const int per_set = rows / taps;
  if (per_set == 0) {
    const int kernel_rows = rows / size_x;
    for (int c = 0; c < in_channels; ++c)
      for (int ky = 0; ky < size_y; ky += kernel_rows)
        sets.push_back({ky, std::min(ky + kernel_rows, size_y), c, c + 1});
    return sets;
  }
  for (int c = 0; c < in_channels; c += per_set) sets.push_back({0, size_y, c, std::min(c + per_set, in_channels)});
  return sets;
}

std::int64_t mvm_count(const integer_graph& graph, int columns) {
  std::int64_t total = 0;
  for (const graph_node& n : graph.nodes) {
    if (!n.on_crossbar()) continue;
    const graph_tensor& out = graph.tensors[n.output];
    const std::int64_t column_tiles = (n.layer().out_channels + columns - 1) / columns;
    total += std::int64_t{out.height} * out.width * static_cast<std::int64_t>(n.layer().row_sets.size()) * column_tiles;
  }
  return total;
}

}  // namespace ohmic
