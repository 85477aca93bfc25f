#pragma once

#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {

/// Refuses what the integer reference executes but no stage of a chip does yet. Throws mapping_error naming the node.
void check_operators(const integer_graph& graph);

}  // namespace ohmic
