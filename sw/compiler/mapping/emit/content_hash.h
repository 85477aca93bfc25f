#pragma once

#include <string>

#include "chip/chip_config.h"
#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {

/// 64-bit FNV-1a, as 16 hex digits, of everything in a chip that a deployment or its prediction depends on.
std::string content_hash(const chip_config& chip);

/// The same of a calibrated graph: shapes, weights and integer constants.
std::string content_hash(const integer_graph& graph);

/// The same of bytes.
std::string content_hash(const std::string& bytes);

}  // namespace ohmic
