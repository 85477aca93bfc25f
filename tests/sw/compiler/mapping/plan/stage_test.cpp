#include "sw/compiler/mapping/plan/stage.h"

#include <gtest/gtest.h>

#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

TEST(Stages, TheLongBranchTakesTheAddAndStandsBehindTheShortOne) {
  std::mt19937 random(1);
  integer_graph graph = small_network(random, 20, 20, 40);
  // main -> second: the long branch; down: the short one.
  graph_node second = graph.nodes[3];
  second.name = "second";
  second.inputs = {graph.nodes[3].output};
  second.output = static_cast<int>(graph.tensors.size());
  graph.tensors.push_back(graph.tensors[graph.nodes[3].output]);
  graph.nodes[5].inputs = {graph.nodes[4].output, second.output};
  graph.nodes.insert(graph.nodes.begin() + 4, second);
  link_tensors(graph);
  const std::vector<stage> stages = make_stages(graph);
  std::vector<std::string> names;
  for (const stage& s : stages) names.push_back(s.name);
  EXPECT_EQ(names, (std::vector<std::string>{"conv1", "maxpool", "main", "down", "second+add", "avgpool", "fc"}));
  EXPECT_TRUE(stages[4].input_is_second);
  EXPECT_EQ(stages[4].residual, graph.nodes[5].output);
}

TEST(Stages, AConvolutionWithAnotherConsumerKeepsItsOwnOutput) {
  std::mt19937 random(1);
  const std::vector<stage> stages = make_stages(network_with_separate_add(random, 20, 20, 40));
  std::vector<std::string> names;
  for (const stage& s : stages) names.push_back(s.name);
  EXPECT_EQ(names, (std::vector<std::string>{"conv1", "maxpool", "main", "down+add", "again", "avgpool", "fc"}));
}

}  // namespace
}  // namespace ohmic
