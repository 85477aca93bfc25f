#include "sw/compiler/mapping/plan/stage.h"

#include <algorithm>

namespace ohmic {
namespace {

std::vector<int> distances_from_image(const integer_graph& graph) {
  std::vector<int> distance(graph.nodes.size(), 0);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    for (int tensor : graph.nodes[n].inputs)
      distance[n] = std::max(distance[n], distance[graph.tensors[tensor].producer] + 1);
  return distance;
}

}  // namespace

std::vector<stage> make_stages(const integer_graph& graph) {
  const std::vector<int> distance = distances_from_image(graph);
  // By add: the convolution, or the concatenation of convolutions, that is fused with it.
  std::vector<int> fused_with(graph.nodes.size(), -1);
  std::vector<char> is_fused(graph.nodes.size(), 0);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const graph_node& add = graph.nodes[n];
    if (add.kind() != node_kind::add || add.inputs[0] == add.inputs[1]) continue;
    int best = -1, farthest = 0;
    for (int tensor : add.inputs) {
      const int producer = graph.tensors[tensor].producer;
      const node_kind kind = graph.nodes[producer].kind();
      if ((kind != node_kind::convolution && kind != node_kind::concatenation) ||
          graph.tensors[tensor].consumers.size() != 1)
        continue;
      const int here = distance[producer] - (kind == node_kind::concatenation ? 1 : 0);
      if (best < 0 || here > farthest) best = producer, farthest = here;
    }
    if (best < 0) continue;
    fused_with[n] = best;
    is_fused[best] = 1;
  }
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    if (graph.nodes[n].kind() == node_kind::concatenation)
      for (int part : graph.nodes[n].inputs) is_fused[graph.tensors[part].producer] = 1;

  std::vector<stage> stages;
  /// A node's stage, or those of a concatenation's parts. `add`: what is fused with it, or -1.
  const auto append = [&](int n, int add) {
    const graph_node& whole = graph.nodes[n];
    const bool split = whole.kind() == node_kind::concatenation;
    int first_channel = 0;
    for (int part : split ? whole.inputs : std::vector<int>{whole.output}) {
      stage s;
      s.node = graph.tensors[part].producer;
      const graph_node& node = graph.nodes[s.node];
      s.name = node.name;
      s.input = node.inputs[0];
      s.output = part;
      s.delivers = whole.output;
      if (node.on_crossbar()) s.codes.assign(node.inputs.begin() + 1, node.inputs.end());
      if (node.kind() == node_kind::add) s.residual = node.inputs[1];
      if (add >= 0) {
        const graph_node& sum = graph.nodes[add];
        s.fused_add = add;
        s.name += "+" + sum.name;
        s.input_is_second = whole.output == sum.inputs[1];
        s.residual = sum.inputs[s.input_is_second ? 0 : 1];
        s.delivers = sum.output;
        if (!split) s.output = sum.output;
      }
      s.first_channel = first_channel;
      first_channel += graph.tensors[part].channels;
      stages.push_back(s);
    }
  };
  for (int n = 0; n < static_cast<int>(graph.nodes.size()); ++n) {
    if (graph.nodes[n].kind() == node_kind::input || is_fused[n]) continue;
    append(fused_with[n] >= 0 ? fused_with[n] : n, fused_with[n] >= 0 ? n : -1);
  }
  return stages;
}

unsigned columns_awaited(const integer_graph& graph, const std::vector<stage>& stages, std::size_t s) {
  int most = 1;
  for (const stage& reader : stages) {
    if (reader.input != stages[s].delivers) continue;
    const graph_node& node = graph.nodes[reader.node];
    graph_window window;
    if (node.has_layer()) window = node.layer().window;
    if (node.kind() == node_kind::max_pool) window = node.pool_window();
    const int width = graph.tensors[reader.input].width;
    const int first = node.kind() == node_kind::average_pool ? width : window.size_x - window.pad_x;
    most = std::max(most, std::min(first, width));
  }
  return static_cast<unsigned>(most);
}

}  // namespace ohmic
