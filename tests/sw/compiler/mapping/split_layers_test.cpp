// Layers that are split by output channels, slices on crossbars beside slices on cores: whatever a policy makes of
// them, its bytes, run by the oracle, give every edge and all outputs of the reference.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/mapping_file.h"
#include "tests/fresh_seed.h"
#include "tests/sw/compiler/mapping/expect_reference.h"
#include "tests/sw/compiler/mapping/random_cases.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

TEST(SplitLayers, SixtyRandomNetworksRunAsTheirReferenceDoes) {
  const std::uint32_t seed = fresh_seed();
  RecordProperty("seed", std::to_string(seed));
  std::mt19937 random(seed);
  int split = 0;
  std::set<std::string> policies;
  for (unsigned n = 0; n < 60; ++n) {
    const std::uint32_t of_case = seed + n;
    SCOPED_TRACE("case seed " + std::to_string(of_case));
    random_case c = random_case_maker(of_case).run();
    split += split_some(c.graph, random);
    c.options.naive.replicas.clear();  // by names of whole layers
    check_graph(c.graph);
    policies.insert(c.options.policy);
    expect_reference(c.graph, c.chip, compile(c.graph, c.chip, c.options), random, c.images);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(split, 30);
  EXPECT_EQ(policies.size(), 4u);
}

/// A block whose long branch is split: its add is fused with both slices.
TEST(SplitLayers, AnAddIsDoneByWhoMakesItsChannels) {
  std::mt19937 random(11);
  integer_graph graph = small_network(random, 21, 26, 64);
  split_layer(graph, "main", {5, 13});
  const std::vector<stage> stages = make_stages(graph);
  std::vector<const stage*> fused;
  for (const stage& s : stages) {
    EXPECT_NE(s.name, "add");
    if (s.fused_add >= 0) fused.push_back(&s);
  }
  ASSERT_EQ(fused.size(), 2u);
  EXPECT_EQ(fused[0]->name, "main[0:5]+add");
  EXPECT_EQ(fused[1]->name, "main[5:13]+add");
  EXPECT_EQ(fused[0]->first_channel, 0);
  EXPECT_EQ(fused[1]->first_channel, 5);
  EXPECT_EQ(fused[0]->delivers, graph.nodes[static_cast<std::size_t>(fused[0]->fused_add)].output);
  EXPECT_EQ(fused[1]->delivers, fused[0]->delivers);
  for (const char* policy : {"naive", "replicated", "paper", "best"}) {
    mapping_options options;
    options.policy = policy;
    options.best.evaluations = 20;
    SCOPED_TRACE(policy);
    expect_reference(graph, small_chip(64, 64, 16), compile(graph, small_chip(64, 64, 16), options), random);
  }
}

/// What a policy makes can be written down and read again: the same deployment.
TEST(SplitLayers, HaveStagesOfTheirOwnInAMappingsFile) {
  std::mt19937 random(12);
  integer_graph graph = small_network(random, 21, 26, 64);
  split_layer(graph, "conv1", {8, 20});
  split_layer(graph, "down", {6, 13});
  const chip_config chip = small_chip(64, 64, 16);
  mapping_options options, from_file;
  options.policy = "paper";
  const deployment_plan plan = make_plan(graph, chip, options);
  from_file.file = "written.yaml";
  from_file.file_text = write_mapping(graph, plan.stages, plan.assignment);
  EXPECT_THAT(from_file.file_text, ::testing::HasSubstr("\"conv1[8:20]\""));
  const deployment a = compile(graph, chip, options), b = compile(graph, chip, from_file);
  ASSERT_EQ(a.clusters.size(), b.clusters.size());
  for (std::size_t c = 0; c < a.clusters.size(); ++c) EXPECT_EQ(a.clusters[c].bytes, b.clusters[c].bytes) << c;
}

}  // namespace
}  // namespace ohmic
