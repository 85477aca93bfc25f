#include "sw/compiler/graph/digital_rows.h"

#include <algorithm>
#include <set>
#include <utility>

namespace ohmic {
namespace {

std::vector<graph_node>::iterator node_of(integer_graph& graph, const std::string& name) {
  return std::find_if(graph.nodes.begin(), graph.nodes.end(), [&](const graph_node& n) { return n.name == name; });
}

const graph_node& maker_of(const integer_graph& graph, int tensor) {
  return graph.nodes[static_cast<std::size_t>(graph.tensors[static_cast<std::size_t>(tensor)].producer)];
}

}  // namespace

row_set_codes codes_on_cores(const crossbar_layer& whole, const row_set& rows) {
  row_set_codes codes;
  codes.rows = rows;
  codes.digital = true;
  codes.in_channels = rows.channels();
  codes.first_channel = rows.channel_begin;
  codes.out_channels = whole.out_channels;
  codes.window = whole.window;
  codes.window.size_y = rows.ky_count();
  codes.window.pad_y = whole.window.pad_y - rows.ky_begin;
  for (int o = 0; o < whole.out_channels; ++o)
    for (int c = rows.channel_begin; c < rows.channel_end; ++c)
      for (int ky = rows.ky_begin; ky < rows.ky_end; ++ky)
        for (int kx = 0; kx < whole.window.size_x; ++kx) codes.weights.push_back(whole.weight(o, c, ky, kx));
  codes.adc = whole.adc;
  // (S * 2m + 2^s) >> (s + 1) is (S * m + 2^(s-1)) >> s, and takes a bit less.
  adc_scale least = whole.adc;
  while (least.m != 0 && least.m % 2 == 0 && least.s > 1) least = {least.m / 2, least.s - 1};
  const auto channels = static_cast<std::size_t>(whole.out_channels);
  codes.requantise.m.assign(channels, static_cast<std::int16_t>(least.m));
  codes.requantise.b.assign(channels, std::int32_t{1} << (least.s - 1));
  codes.requantise.s = least.s;
  return codes;
}

void put_rows_on_cores(integer_graph& graph, const std::string& name, std::size_t count) {
  const auto place = node_of(graph, name);
  crossbar_layer& layer = place->layer();
  const std::size_t stay = layer.row_sets.size() - count;
  std::vector<graph_node> made;
  for (std::size_t i = stay; i < layer.row_sets.size(); ++i) {
    graph_node node;
    node.name = name + ".set" + std::to_string(i);
    node.inputs = {place->inputs[0]};
    node.output = static_cast<int>(graph.tensors.size());
    node.operation = codes_on_cores(layer, layer.row_sets[i]);
    graph_tensor map = graph.tensors[static_cast<std::size_t>(place->output)];
    map.name = node.name;
    map.scale = 0;  // each channel has its own
    place->inputs.push_back(node.output);
    graph.tensors.push_back(std::move(map));
    made.push_back(std::move(node));
  }
  layer.row_sets.resize(stay);
  graph.nodes.insert(place, made.begin(), made.end());
  link_tensors(graph);
}

void put_rows_back(integer_graph& graph, const std::string& name) {
  const auto place = node_of(graph, name);
  if (place == graph.nodes.end() || !place->on_crossbar() || rows_on_cores(*place) == 0) return;
  place->layer().row_sets = all_row_sets(graph, *place);
  const std::set<int> gone(place->inputs.begin() + 1, place->inputs.end());
  place->inputs.resize(1);
  graph.nodes.erase(std::remove_if(graph.nodes.begin(), graph.nodes.end(),
                                   [&](const graph_node& n) { return gone.count(n.output) != 0; }),
                    graph.nodes.end());
  std::vector<graph_tensor> kept;
  std::vector<int> now(graph.tensors.size());
  for (std::size_t t = 0; t < graph.tensors.size(); ++t) {
    now[t] = static_cast<int>(kept.size());
    if (gone.count(static_cast<int>(t)) == 0) kept.push_back(std::move(graph.tensors[t]));
  }
  graph.tensors = std::move(kept);
  for (graph_node& n : graph.nodes) {
    for (int& t : n.inputs) t = now[static_cast<std::size_t>(t)];
    n.output = now[static_cast<std::size_t>(n.output)];
  }
  link_tensors(graph);
}

std::vector<row_set> all_row_sets(const integer_graph& graph, const graph_node& layer) {
  std::vector<row_set> sets = layer.layer().row_sets;
  for (std::size_t i = 1; i < layer.inputs.size(); ++i)
    sets.push_back(std::get<row_set_codes>(maker_of(graph, layer.inputs[i]).operation).rows);
  return sets;
}

}  // namespace ohmic
