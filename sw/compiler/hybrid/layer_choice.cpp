#include "sw/compiler/hybrid/layer_choice.h"

namespace ohmic {

std::vector<choosable_layer> choosable_layers(const integer_graph& graph) {
  std::vector<choosable_layer> layers;
  for (const graph_node& node : graph.nodes) {
    if (!node.on_crossbar()) continue;
    const crossbar_layer& layer = node.layer();
    const graph_tensor& out = graph.tensors[static_cast<std::size_t>(node.output)];
    layers.push_back({node.name, std::int64_t{out.width} * out.height * layer.out_channels * layer.group_inputs() *
                                     layer.window.size_x * layer.window.size_y});
  }
  return layers;
}

std::set<std::string> layers_on_cores(const std::vector<choosable_layer>& layers, const layer_choice& choice) {
  std::set<std::string> names;
  for (std::size_t l = 0; l < layers.size(); ++l)
    if (!choice[l]) names.insert(layers[l].name);
  return names;
}

std::string to_digits(const layer_choice& choice) {
  std::string digits;
  for (const bool on_crossbars : choice) digits += on_crossbars ? '1' : '0';
  return digits;
}

double analog_share(const std::vector<choosable_layer>& layers, const layer_choice& choice) {
  double all = 0, analog = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    all += static_cast<double>(layers[l].macs);
    if (choice[l]) analog += static_cast<double>(layers[l].macs);
  }
  return all > 0 ? analog / all : 0;
}

}  // namespace ohmic
