#include "sw/compiler/hybrid/layer_choice.h"

#include <map>

#include "sw/compiler/calibrate/calibrate.h"
#include "sw/compiler/graph/digital_rows.h"

namespace ohmic {

std::vector<choosable_layer> choosable_layers(const integer_graph& graph) {
  std::vector<choosable_layer> layers;
  for (const graph_node& node : graph.nodes) {
    if (!node.on_crossbar()) continue;
    const crossbar_layer& layer = node.layer();
    const graph_tensor& out = graph.tensors[static_cast<std::size_t>(node.output)];
    layers.push_back(
        {node.name,
         std::int64_t{out.width} * out.height * layer.out_channels * layer.group_inputs() * layer.window.size_x *
             layer.window.size_y,
         layer.copies() == 1 && rows_on_cores(node) == 0 ? most_copies(layer, most_copies_of_a_layer) : 1});
  }
  return layers;
}

integer_graph graph_of(const integer_graph& analog, const std::vector<choosable_layer>& layers,
                       const layer_choice& choice) {
  std::map<std::string, unsigned> copies;
  for (std::size_t l = 0; l < layers.size(); ++l)
    if (choice[l] > 1) copies[layers[l].name] = choice[l];
  return copy_layers(put_on_cores(analog, layers_on_cores(layers, choice)), copies);
}

std::set<std::string> layers_on_cores(const std::vector<choosable_layer>& layers, const layer_choice& choice) {
  std::set<std::string> names;
  for (std::size_t l = 0; l < layers.size(); ++l)
    if (!choice[l]) names.insert(layers[l].name);
  return names;
}

std::string to_digits(const layer_choice& choice) {
  std::string digits;
  for (const unsigned copies : choice) digits += std::to_string(copies);
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
