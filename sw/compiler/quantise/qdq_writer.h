#pragma once

#include <functional>
#include <string>

#include "sw/compiler/quantise/float_graph.h"

namespace ohmic {

/// The QDQ file of a network: int8 weights with a scale per output channel in place of the float ones, a quantiser and
/// a dequantiser in front of what computes. `scale_of` a feature map, or the network's input, by its name.
std::string write_qdq(const float_graph& network, const std::function<float(const std::string&)>& scale_of);

}  // namespace ohmic
