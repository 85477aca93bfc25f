// The paper's second and third bar: stages replicated until all take the same time, and what they do with residuals and
// sums.
#include "sw/compiler/mapping/policy/balanced_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/cost/prediction.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/plan/plan.h"
#include "tests/sw/compiler/mapping/expect_reference.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class BalancedPolicy : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { RecordProperty("seed", static_cast<int>(seed)); }
  mapping_options ask(unsigned mvms, unsigned clusters = 0) const {
    mapping_options o;
    o.policy = GetParam();
    o.balanced.balance_mvms = mvms;
    o.balanced.most_clusters = clusters;
    return o;
  }
  static std::string refusal(const integer_graph& graph, const chip_config& chip, const mapping_options& o) {
    try {
      make_plan(graph, chip, o);
    } catch (const mapping_error& error) {
      return error.what();
    }
    return "";
  }

  const std::uint32_t seed = 20261201;
  std::mt19937 random{seed};
};

TEST_P(BalancedPolicy, GivesTheReferencesLogitsWhateverItIsBalancedTo) {
  const integer_graph graphs[] = {small_network(random, 29, 37, 40), network_with_separate_add(random, 29, 37, 40)};
  for (const integer_graph& graph : graphs)
    for (const unsigned clusters : {12u, 40u, 128u})
      for (const unsigned mvms : {0u, 40u, 1024u}) {
        SCOPED_TRACE(std::to_string(clusters) + " clusters, " + std::to_string(mvms) + " MVMs");
        const chip_config chip = small_chip(128, 40, 64);
        expect_reference(graph, chip, compile(graph, chip, ask(mvms, clusters)), random, 3);
      }
}

/// All layers on cores and some, where each has clusters of its own and where they take turns on what crossbars leave.
TEST_P(BalancedPolicy, MapsLayersOnCores) {
  for (const bool all : {true, false})
    for (const unsigned clusters : {1u, 3u, 9u, 40u, 128u}) {
      SCOPED_TRACE((all ? "all, " : "some, ") + std::to_string(clusters) + " clusters");
      const integer_graph graph = digital_network(random, 29, 37, 64, all);
      const chip_config chip = small_chip(128, 64, 64);
      if (!all && !refusal(graph, chip, ask(0, clusters)).empty()) {
        EXPECT_LE(clusters, 9u) << "too few for the crossbars";
        continue;
      }
      const deployment mapped = compile(graph, chip, ask(0, clusters));
      EXPECT_LE(mapped.clusters.size(), clusters);
      expect_reference(graph, chip, mapped, random, 3);
    }
}

/// A layer that has most of the products has most of the clusters, and with more of them an image takes less time.
TEST_P(BalancedPolicy, SharesTheChipByTheWorkOfLayersOnCores) {
  const integer_graph graph = digital_network(random, 64, 64, 64, true);
  const chip_config chip = small_chip(128, 64, 64);
  double before = 0;
  for (const unsigned clusters : {16u, 48u}) {
    const deployment_plan plan = make_plan(graph, chip, ask(0, clusters));
    const double cycles = predict(plan, chip).bottleneck_cycles;
    if (before > 0) EXPECT_LT(cycles, before);
    before = cycles;
  }
}

TEST_P(BalancedPolicy, TakesNoMoreClustersThanItMayAndIsFasterWithMore) {
  const integer_graph graph = small_network(random, 29, 64, 40);
  const chip_config chip = small_chip(256, 40, 64);
  double slower = 0, first = 0;
  for (const unsigned clusters : {16u, 32u, 64u, 128u, 256u}) {
    const deployment_plan plan = make_plan(graph, chip, ask(0, clusters));
    EXPECT_LE(plan.clusters.size(), clusters);
    const double cycles = predict(plan, chip).bottleneck_cycles;
    if (slower > 0) {
      // The balance counts less of a master's work than the prediction does (runs and frontiers of pushes to many
      // replicas), so one step to more clusters may be predicted to be slower.
      EXPECT_LE(cycles, 1.45 * slower) << clusters << " clusters";
    } else {
      first = cycles;
    }
    slower = cycles;
  }
  EXPECT_LT(2 * slower, first) << "sixteen times the clusters";
}

TEST_P(BalancedPolicy, ReplicatesLayersUntilTheyTakeTheTimeThatIsAsked) {
  const integer_graph graph = small_network(random, 64, 64, 256);  // conv1 makes 32 columns of 32 rows
  chip_config chip = small_chip(256, 256, 256);
  chip.ima.mvm_cycles = 1000;  // its cores are no hindrance
  const mapping m = make_plan(graph, chip, ask(256)).assignment;
  EXPECT_GE(m.stages[0].replicas.size(), 4u) << "1024 MVMs";
  EXPECT_LE(m.stages[0].replicas.size(), 5u) << "or one more, as its cores are at work, too";
}

TEST_P(BalancedPolicy, RefusesAChipThatIsTooSmallWithNumbers) {
  const integer_graph graph = small_network(random, 29, 37, 40);
  std::string said;
  unsigned clusters = 1;
  for (; clusters < 64 && !(said = refusal(graph, small_chip(clusters, 40, 64), ask(0))).empty(); ++clusters)
    EXPECT_THAT(said, AllOf(HasSubstr(GetParam()), HasSubstr("needs "), HasSubstr("too few")));
  EXPECT_GT(clusters, 3u) << "one crossbar for each row set";
  EXPECT_LT(clusters, 64u);
  const std::string needed = "needs " + std::to_string(clusters) + " clusters";
  EXPECT_THAT(refusal(graph, small_chip(clusters - 1, 40, 64), ask(0)), AllOf(HasSubstr(needed), HasSubstr(": 1 too")));
  EXPECT_THAT(refusal(graph, small_chip(64, 40, 64), ask(0, clusters - 1)),
              AllOf(HasSubstr(needed), HasSubstr("most_clusters allows " + std::to_string(clusters - 1))));
  mapping_options one = ask(0);
  one.balanced.reduction_fan_in = 1;
  EXPECT_THAT(refusal(graph, small_chip(64, 40, 64), one), HasSubstr("at least 2 inputs"));
}

INSTANTIATE_TEST_SUITE_P(Both, BalancedPolicy, ::testing::Values("replicated", "paper"));

TEST(PaperPolicies, ResidualsWaitInHbmOrInClustersThatDoNothingElse) {
  std::mt19937 random(5);
  const integer_graph graph = small_network(random, 29, 37, 40);
  const std::vector<stage> stages = make_stages(graph);
  const chip_config chip = small_chip(128, 40, 64);
  for (const paper_bar bar : {paper_bar::replicated, paper_bar::paper}) {
    const mapping m = balanced_policy(bar, {}).map(graph, stages, chip);
    const deployment_plan plan = build_plan(graph, stages, m);
    unsigned residuals = 0;
    for (std::size_t s = 0; s < stages.size(); ++s) {
      if (stages[s].residual < 0) continue;
      ++residuals;
      const edge_mapping& edge = m.stages[s].residual;
      for (const unsigned relay : edge.relays)
        for (const plan_ring& ring : plan.clusters[relay].rings) EXPECT_TRUE(ring.skip) << "there it waits";
      EXPECT_EQ(edge.buffer, bar == paper_bar::paper ? buffer_place::relay : buffer_place::hbm);
      for (const unsigned relay : edge.relays)
        for (const stage_mapping& other : m.stages)
          for (const replica_mapping& replica : other.replicas)
            for (const channel_part& part : replica.parts) {
              for (const crossbar_tile& tile : part.tiles) EXPECT_NE(tile.cluster, relay);
              for (const reduction_node& sum : part.sums)
                for (const unsigned cluster : sum.clusters) EXPECT_NE(cluster, relay);
            }
    }
    EXPECT_GT(residuals, 0u);
  }
}

// Both operands of an add of its own wait in the same place.
TEST(PaperPolicies, AnAddsOperandsWaitAlike) {
  std::mt19937 random(5);
  const integer_graph graph = network_with_separate_add(random, 29, 37, 40);
  const std::vector<stage> stages = make_stages(graph);
  const mapping m = balanced_policy(paper_bar::replicated, {}).map(graph, stages, small_chip(128, 40, 64));
  unsigned adds = 0;
  for (std::size_t s = 0; s < stages.size(); ++s) {
    const bool add = graph.nodes[stages[s].node].kind() == node_kind::add;
    adds += add;
    EXPECT_EQ(m.stages[s].input.buffer, add ? buffer_place::hbm : buffer_place::reader) << stages[s].name;
  }
  EXPECT_EQ(adds, 1u);
}

// 288 inputs are eight sets of 36 rows, and nine or more where a crossbar has fewer.
TEST(PaperPolicies, UpToEightRowSetsAreAddedAtOnceWhereSumsAreTrees) {
  for (const int rows : {36, 27}) {
    std::mt19937 random(5);
    integer_graph graph = chain_network(random, 16, 16, {{1, 1, 1, 1, 0, 0}, {3, 3, 1, 1, 1, 1}}, 32);
    for (graph_node& node : graph.nodes)
      if (node.has_layer()) node.layer().requantise = {};
    guess_calibration(graph, random, rows);
    const std::vector<stage> stages = make_stages(graph);
    const std::size_t sets = graph.nodes[stages[1].node].layer().row_sets.size();
    ASSERT_EQ(sets, rows == 36 ? 8u : 11u);
    const mapping m = balanced_policy(paper_bar::paper, {}).map(graph, stages, small_chip(128, rows, 64));
    const std::size_t sums = m.stages[1].replicas[0].parts[0].sums.size();
    if (sets == 8)
      EXPECT_EQ(sums, 1u);
    else
      EXPECT_GT(sums, 1u);
  }
}

TEST(PaperPolicies, ManyRowSetsAreAddedAtOnceOrInATree) {
  std::mt19937 random(5);
  const integer_graph graph = small_network(random, 29, 37, 28);  // `main` has 20 row sets
  const std::vector<stage> stages = make_stages(graph);
  const chip_config chip = small_chip(256, 28, 64);
  for (const paper_bar bar : {paper_bar::replicated, paper_bar::paper}) {
    const mapping m = balanced_policy(bar, {}).map(graph, stages, chip);
    for (std::size_t s = 0; s < stages.size(); ++s) {
      const graph_node& node = graph.nodes[stages[s].node];
      if (!node.on_crossbar() || node.layer().row_sets.size() <= 8) continue;
      const std::vector<reduction_node>& sums = m.stages[s].replicas[0].parts[0].sums;
      if (bar == paper_bar::replicated)
        EXPECT_EQ(sums.size(), 1u);
      else
        EXPECT_GT(sums.size(), 2u);
      std::set<unsigned> clusters;
      for (const reduction_node& sum : sums) clusters.insert(sum.clusters.begin(), sum.clusters.end());
      EXPECT_GE(clusters.size(), sums.size()) << "each a stage of its own";
    }
  }
}

}  // namespace
}  // namespace ohmic
