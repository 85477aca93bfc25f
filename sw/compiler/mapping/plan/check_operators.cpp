#include "sw/compiler/mapping/plan/check_operators.h"

#include <fmt/format.h>

#include "sw/compiler/mapping/mapping_error.h"

namespace ohmic {

void check_operators(const integer_graph& graph) {
  for (const graph_node& node : graph.nodes) {
    const auto refuse = [&](const std::string& what) {
      throw mapping_error(fmt::format("node '{}' ({}): {}; `ohmic evaluate` runs it in the integer reference",
                                      node.name, to_string(node.kind()), what));
    };
    const auto refuse_upper_bound = [&](int hi) {
      if (hi != 127)
        refuse(fmt::format("its Clip ends at {} steps of its output's scale, and the kernels clip at 127 alone", hi));
    };
    if (node.has_layer()) {
      if (!node.layer().digital) refuse_upper_bound(node.layer().requantise.hi);
    }
    if (node.kind() == node_kind::add) refuse_upper_bound(node.add().hi);
    if (node.kind() == node_kind::average_pool && node.average().window)
      refuse("an average pool of less than the whole map cannot be mapped to a chip yet");
  }
}

}  // namespace ohmic
