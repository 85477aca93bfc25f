#include "sw/compiler/mapping/policy/reduction_tree.h"

namespace ohmic {

std::vector<reduction_node> make_reduction_tree(unsigned sets, unsigned fan_in) {
  struct summand {
    bool leaf;
    unsigned index;  // row set or node
  };
  std::vector<reduction_node> nodes;
  std::vector<summand> level;
  for (unsigned i = 0; i < sets; ++i) level.push_back({true, i});
  do {
    const std::size_t groups = (level.size() + fan_in - 1) / fan_in;
    std::vector<summand> next;
    for (std::size_t g = 0; g < groups; ++g) {
      // Neighbours share a node, and the groups differ by one input at most; a group of one needs no node.
      const std::size_t begin = level.size() * g / groups, end = level.size() * (g + 1) / groups;
      if (end - begin == 1 && groups > 1) {
        next.push_back(level[begin]);
        continue;
      }
      reduction_node node;
      for (std::size_t i = begin; i < end; ++i) (level[i].leaf ? node.sets : node.nodes).push_back(level[i].index);
      next.push_back({false, static_cast<unsigned>(nodes.size())});
      nodes.push_back(node);
    }
    level = next;
  } while (level.size() > 1);
  return nodes;
}

}  // namespace ohmic
