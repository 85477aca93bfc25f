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
  std::vector<int> fused_into(graph.nodes.size(), -1);  // convolution -> add
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const graph_node& add = graph.nodes[n];
    if (add.kind() != node_kind::add || add.inputs[0] == add.inputs[1]) continue;
    int best = -1;
    for (int tensor : add.inputs) {
      const int producer = graph.tensors[tensor].producer;
      if (graph.nodes[producer].kind() != node_kind::convolution || graph.tensors[tensor].consumers.size() != 1)
        continue;
      if (best < 0 || distance[producer] > distance[best]) best = producer;
    }
    if (best >= 0) fused_into[best] = static_cast<int>(n);
  }

  std::vector<stage> stages;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const graph_node& node = graph.nodes[n];
    if (node.kind() == node_kind::input || fused_into[n] >= 0) continue;
    stage s;
    s.name = node.name;
    s.node = static_cast<int>(n);
    s.input = node.inputs[0];
    s.output = node.output;
    if (node.kind() == node_kind::add) {
      s.residual = node.inputs[1];
      const auto convolution = std::find(fused_into.begin(), fused_into.end(), static_cast<int>(n));
      if (convolution != fused_into.end()) {
        const int producer = static_cast<int>(convolution - fused_into.begin());
        s.fused_add = s.node;
        s.node = producer;
        s.name = graph.nodes[producer].name + "+" + node.name;
        s.input_is_second = graph.nodes[producer].output == node.inputs[1];
        s.residual = node.inputs[s.input_is_second ? 0 : 1];
        s.input = graph.nodes[producer].inputs[0];
      }
    }
    stages.push_back(s);
  }
  return stages;
}

unsigned columns_awaited(const integer_graph& graph, const std::vector<stage>& stages, std::size_t s) {
  int most = 1;
  for (const stage& reader : stages) {
    if (reader.input != stages[s].output) continue;
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
