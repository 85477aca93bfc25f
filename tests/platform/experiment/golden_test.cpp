#include "platform/experiment/golden.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

integer_graph graph_with_logits() {
  integer_graph graph;
  graph.nodes.resize(1);
  graph.nodes[0].name = "fc";
  return graph;
}

TEST(CompareLogits, CountsAndNamesTheFirstDifference) {
  const comparison c = compare_logits(graph_with_logits(), {{1, 2, 3}, {4, 5, 6}}, {{1, 2, 3}, {4, -5, 7}});
  EXPECT_EQ(c.compared, 6u);
  EXPECT_EQ(c.mismatching, 2u);
  ASSERT_TRUE(c.first);
  EXPECT_EQ(describe(*c.first), "layer fc of image 1 at x 0, y 0, channel 1: -5 instead of 5");
}

TEST(CompareLogits, EqualValuesHaveNoFirstDifference) {
  const comparison c = compare_logits(graph_with_logits(), {{1, 2}}, {{1, 2}});
  EXPECT_EQ(c.mismatching, 0u);
  EXPECT_FALSE(c.first);
}

}  // namespace
}  // namespace ohmic
