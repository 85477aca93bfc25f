// Our own mapper: right whatever it chooses, never expected to be slower than the paper's policies, the same for the
// same seed.
#include "sw/compiler/mapping/policy/best_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/cost/prediction.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/mapping_file.h"
#include "tests/sw/compiler/mapping/expect_reference.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class BestPolicy : public ::testing::Test {
 protected:
  void SetUp() override { RecordProperty("seed", static_cast<int>(seed)); }
  static mapping_options ask(unsigned evaluations, unsigned clusters = 0) {
    mapping_options o;
    o.policy = "best";
    o.best.evaluations = evaluations;
    o.best.most_clusters = clusters;
    return o;
  }
  static double batch_cycles(const integer_graph& graph, const chip_config& chip, const mapping_options& options) {
    const plan_prediction p = predict(make_plan(graph, chip, options), chip);
    return 16 * p.bottleneck_cycles + p.drain_cycles;
  }
  static std::string text_of(const integer_graph& graph, const chip_config& chip, const mapping_options& o) {
    return write_mapping(graph, make_stages(graph), make_plan(graph, chip, o).assignment);
  }

  const std::uint32_t seed = 20261202;
  std::mt19937 random{seed};
};

TEST_F(BestPolicy, GivesTheReferencesLogitsOnChipsOfAllSizes) {
  const integer_graph graphs[] = {small_network(random, 29, 37, 40), network_with_separate_add(random, 29, 37, 40),
                                  small_network(random, 32, 32, 256)};
  for (const integer_graph& graph : graphs)
    for (const unsigned clusters : {12u, 30u, 128u}) {
      SCOPED_TRACE(std::to_string(clusters) + " clusters");
      const chip_config chip = small_chip(clusters, graph.rows > 40 ? 256 : 40, 64);
      expect_reference(graph, chip, compile(graph, chip, ask(30)), random, 3);
    }
}

TEST_F(BestPolicy, MapsLayersOnCores) {
  for (const bool all : {true, false})
    for (const unsigned clusters : {2u, 30u, 128u}) {
      SCOPED_TRACE((all ? "all, " : "some, ") + std::to_string(clusters) + " clusters");
      const integer_graph graph = digital_network(random, 29, 37, 64, all);
      const chip_config chip = small_chip(all ? clusters : std::max(12u, clusters), 64, 64);
      expect_reference(graph, chip, compile(graph, chip, ask(30)), random, 3);
    }
}

TEST_F(BestPolicy, IsExpectedToBeFasterThanTheOthers) {
  const integer_graph graph = small_network(random, 64, 64, 256);
  const chip_config chip = small_chip(64, 256, 256);
  const double best = batch_cycles(graph, chip, ask(50));
  for (const char* policy : {"naive", "replicated", "paper"}) {
    mapping_options other;
    other.policy = policy;
    other.balanced.balance_mvms = 0;
    EXPECT_LE(best, 1.001 * batch_cycles(graph, chip, other)) << policy;
  }
}

TEST_F(BestPolicy, PacksPixelsWhereCrossbarsBind) {
  const integer_graph graph = small_network(random, 64, 64, 256);  // conv1: 27 rows and few channels
  chip_config chip = small_chip(16, 256, 256);
  chip.ima.mvm_cycles = 2000;
  const mapping m = make_plan(graph, chip, ask(0)).assignment;
  EXPECT_GT(m.stages[0].packing.x * m.stages[0].packing.y, 1u);
}

TEST_F(BestPolicy, TheSearchTellsOfEveryEvaluationAndNeverGetsWorse) {
  const integer_graph graph = small_network(random, 64, 64, 256);
  const chip_config chip = small_chip(64, 256, 256);
  mapping_options o = ask(40);
  unsigned calls = 0;
  double least = 0;
  o.on_progress = [&](unsigned done, unsigned total, double best) {
    EXPECT_EQ(done, ++calls);
    EXPECT_EQ(total, 40u);
    if (done > 1) EXPECT_LE(best, least);
    least = best;
  };
  make_plan(graph, chip, o);
  EXPECT_EQ(calls, 40u);
}

TEST_F(BestPolicy, TheSameSeedGivesTheSameMapping) {
  const integer_graph graph = small_network(random, 64, 64, 256);
  const chip_config chip = small_chip(64, 256, 256);
  mapping_options o = ask(60);
  EXPECT_EQ(text_of(graph, chip, o), text_of(graph, chip, o));
}

TEST_F(BestPolicy, RefusesAChipThatIsTooSmallWithNumbers) {
  const integer_graph graph = small_network(random, 29, 37, 40);
  try {
    make_plan(graph, small_chip(2, 40, 64), ask(0));
    FAIL();
  } catch (const mapping_error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("policy 'best' needs "), HasSubstr("has 2: "), HasSubstr("too few")));
  }
}

}  // namespace
}  // namespace ohmic
