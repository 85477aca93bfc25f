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
  std::int64_t macs = 0;     ///< of one image; taps on padding count
  unsigned most_copies = 1;  ///< of its crossbars, a power of two
};

/// By choosable layer, in the network's order: the copies of its crossbars whose codes are added (a power of two); 0:
/// it runs on cores.
using layer_choice = std::vector<std::uint8_t>;

/// More do not pay: four halve the noise.
constexpr unsigned most_copies_of_a_layer = 4;

/// The layers of a network that its calibration has put on crossbars: each could run on cores as well. Layers that are
/// digital in the graph already (depthwise ones by default, or by the experiment's `layers:`) stay where they are.
std::vector<choosable_layer> choosable_layers(const integer_graph& graph);

/// The network as a choice has it: layers on cores, or on copies of their crossbars. Throws graph_error if constants
/// have no room.
integer_graph graph_of(const integer_graph& analog, const std::vector<choosable_layer>& layers,
                       const layer_choice& choice);

/// Names of the layers that a choice leaves to cores.
std::set<std::string> layers_on_cores(const std::vector<choosable_layer>& layers, const layer_choice& choice);

/// "1201", one digit per layer: 0 for cores, else the copies of its crossbars.
std::string to_digits(const layer_choice& choice);

/// MACs of the layers on crossbars, as a share of those of all choosable layers; 0 if there is none.
double analog_share(const std::vector<choosable_layer>& layers, const layer_choice& choice);

}  // namespace ohmic
