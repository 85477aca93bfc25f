#include "sw/compiler/mapping/reduction_tree.h"

namespace ohmic {

std::vector<reduction_node> make_reduction_tree(unsigned sets, unsigned fan_in) {
  std::vector<reduction_node> nodes;
  std::vector<unsigned> level(sets);  // what the next level sums: sets first, then nodes
  for (unsigned i = 0; i < sets; ++i) level[i] = i;
  bool leaves = true;
  do {
    const unsigned groups = (static_cast<unsigned>(level.size()) + fan_in - 1) / fan_in;
    std::vector<unsigned> next;
    for (unsigned g = 0; g < groups; ++g) {
      // Neighbours share a node, and the groups differ by one input at most.
      const std::size_t begin = level.size() * g / groups, end = level.size() * (g + 1) / groups;
      reduction_node node;
      (leaves ? node.sets : node.nodes).assign(level.begin() + begin, level.begin() + end);
      next.push_back(static_cast<unsigned>(nodes.size()));
      nodes.push_back(node);
    }
    level = next;
    leaves = false;
  } while (level.size() > 1);
  return nodes;
}

}  // namespace ohmic
