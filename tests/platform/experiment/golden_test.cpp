#include "platform/experiment/golden.h"

#include <gtest/gtest.h>

#include "platform/experiment/fingerprint.h"

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

TEST(Fingerprint, IsFnv1a) {
  // Test vectors of the FNV authors, for bytes without length.
  EXPECT_EQ(fingerprint().digits(), "cbf29ce484222325");
  EXPECT_EQ(fingerprint().add("a", 1).digits(), "af63dc4c8601ec8c");
  EXPECT_EQ(fingerprint().add("foobar", 6).digits(), "85944171f73967e8");
}

TEST(Fingerprint, KeepsNeighbouringTextsApart) {
  EXPECT_NE(fingerprint().add(std::string_view("ab")).add(std::string_view("c")).digits(),
            fingerprint().add(std::string_view("a")).add(std::string_view("bc")).digits());
}

}  // namespace
}  // namespace ohmic
