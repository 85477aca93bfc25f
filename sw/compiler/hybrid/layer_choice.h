#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {

/// A layer that may run on crossbars or on cores.
struct choosable_layer {
  std::string name;
  std::int64_t macs = 0;  ///< of one image; taps on padding count
};

/// By choosable layer, in the network's order: whether it runs on crossbars.
using layer_choice = std::vector<bool>;

/// The layers of a network that its calibration has put on crossbars: each could run on cores as well. Layers that are
/// digital in the graph already (depthwise ones by default, or by the experiment's `layers:`) stay where they are.
std::vector<choosable_layer> choosable_layers(const integer_graph& graph);

/// Names of the layers that a choice leaves to cores.
std::set<std::string> layers_on_cores(const std::vector<choosable_layer>& layers, const layer_choice& choice);

/// "1101", one digit per layer, 1 for crossbars.
std::string to_digits(const layer_choice& choice);

/// MACs of the layers on crossbars, as a share of those of all choosable layers; 0 if there is none.
double analog_share(const std::vector<choosable_layer>& layers, const layer_choice& choice);

}  // namespace ohmic
