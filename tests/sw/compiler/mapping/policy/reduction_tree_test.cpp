#include "sw/compiler/mapping/policy/reduction_tree.h"

#include <gtest/gtest.h>

#include <set>

namespace ohmic {
namespace {

TEST(ReductionTree, SumsEverySetOnceWithinTheFanIn) {
  for (unsigned sets = 1; sets <= 40; ++sets) {
    for (unsigned fan_in = 2; fan_in <= 20; ++fan_in) {
      const std::vector<reduction_node> tree = make_reduction_tree(sets, fan_in);
      std::multiset<unsigned> leaves, inner;
      for (std::size_t n = 0; n < tree.size(); ++n) {
        EXPECT_LE(tree[n].sets.size() + tree[n].nodes.size(), fan_in);
        EXPECT_TRUE(sets == 1 || tree[n].sets.size() + tree[n].nodes.size() >= 2) << "nobody adds one number";
        leaves.insert(tree[n].sets.begin(), tree[n].sets.end());
        for (unsigned node : tree[n].nodes) {
          EXPECT_LT(node, n) << "children come first";
          inner.insert(node);
        }
      }
      EXPECT_EQ(leaves.size(), sets);
      EXPECT_EQ(std::set<unsigned>(leaves.begin(), leaves.end()).size(), sets);
      EXPECT_EQ(inner.size() + 1, tree.size()) << "every node but the root has one parent";
    }
  }
}

TEST(ReductionTree, IsASingleRootIfThatIsEnough) {
  EXPECT_EQ(make_reduction_tree(19, 19).size(), 1u);
  EXPECT_EQ(make_reduction_tree(19, 18).size(), 3u);
}

}  // namespace
}  // namespace ohmic
