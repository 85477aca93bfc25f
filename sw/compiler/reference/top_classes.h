#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {

struct ranked_class {
  int row = 0;
  std::string label;  ///< "class N" where the model names none
  std::int32_t logit = 0;
  double value = 0;  ///< the logit as a real number
};

/// The `count` greatest logits, greatest first, lower row first among equals.
std::vector<ranked_class> top_classes(const integer_graph& graph, const std::vector<std::int32_t>& logits, int count);

}  // namespace ohmic
