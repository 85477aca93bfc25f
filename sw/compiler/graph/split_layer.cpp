#include "sw/compiler/graph/split_layer.h"

#include <algorithm>

namespace ohmic {
namespace {

/// Elements of the channels begin .. end-1, where there are any.
template <class T>
std::vector<T> share_of(const std::vector<T>& all, int channels, int begin, int end) {
  const auto each = static_cast<std::ptrdiff_t>(all.size()) / channels;
  return {all.begin() + begin * each, all.begin() + end * each};
}

graph_node slice_of(const graph_node& whole, int begin, int end) {
  graph_node slice = whole;
  slice.name = whole.name + "[" + std::to_string(begin) + ":" + std::to_string(end) + "]";
  const crossbar_layer& from = whole.layer();
  const int all = from.out_channels;
  crossbar_layer& layer = slice.layer();
  layer.out_channels = end - begin;
  layer.weights = share_of(from.weights, all, begin, end);
  layer.weight_scale = share_of(from.weight_scale, all, begin, end);
  layer.bias = share_of(from.bias, all, begin, end);
  layer.requantise.m = share_of(from.requantise.m, all, begin, end);
  layer.requantise.b = share_of(from.requantise.b, all, begin, end);
  return slice;
}

}  // namespace

void split_layer(integer_graph& graph, const std::string& name, const std::vector<int>& ends) {
  const auto node = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                 [&](const graph_node& candidate) { return candidate.name == name; });
  std::vector<graph_node> made;
  graph_node whole;
  whole.name = name;
  whole.output = node->output;
  whole.operation = channel_concatenation{};
  int begin = 0;
  for (const int end : ends) {
    graph_node slice = slice_of(*node, begin, end);
    graph_tensor map = graph.tensors[static_cast<std::size_t>(node->output)];
    map.name = slice.name;
    map.channels = end - begin;
    slice.output = static_cast<int>(graph.tensors.size());
    whole.inputs.push_back(slice.output);
    graph.tensors.push_back(std::move(map));
    made.push_back(std::move(slice));
    begin = end;
  }
  made.push_back(std::move(whole));
  const auto place = graph.nodes.erase(node);
  graph.nodes.insert(place, made.begin(), made.end());
  link_tensors(graph);
}

std::vector<int> slices_of(const integer_graph& graph, const graph_node& concatenation) {
  std::vector<int> nodes;
  for (const int part : concatenation.inputs) nodes.push_back(graph.tensors[static_cast<std::size_t>(part)].producer);
  return nodes;
}

}  // namespace ohmic
