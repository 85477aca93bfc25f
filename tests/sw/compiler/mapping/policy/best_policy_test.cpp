// Our own mapper: right whatever it chooses, never expected to be slower than the paper's policies, the same for the
// same seed.
#include "sw/compiler/mapping/policy/best_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

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

TEST_F(BestPolicy, ProposalsAreExpectedToTakeWhatTheyTakeOnceTheyFitIntoL1) {
  const integer_graph graph = small_network(random, 60, 72, 256);
  unsigned made_smaller = 0;
  for (const unsigned kib : {24u, 28u, 32u, 40u, 48u, 64u}) {
    SCOPED_TRACE(std::to_string(kib) + " KiB");
    chip_config chip = small_chip(60, 256, 256);
    chip.cluster.program_l1_bytes = 12 << 10;
    chip.cluster.l1_bytes = (12 + kib) << 10;
    mapping_options asked = ask(30);
    asked.best.trials = 2;
    for (const mapping_proposal& proposal : propose_mappings(graph, chip, asked)) {
      mapping_options chosen = asked;
      chosen.chosen = std::make_shared<mapping>(proposal.assignment);
      deployment_plan plan;
      try {
        plan = make_plan(graph, chip, chosen);
      } catch (const mapping_error&) {
        EXPECT_TRUE(std::isinf(proposal.expected_cycles)) << proposal.name;
        continue;
      }
      const plan_prediction p = predict(plan, chip);
      EXPECT_NEAR(proposal.expected_cycles, 16 * p.bottleneck_cycles + p.drain_cycles, 1) << proposal.name;
      for (std::size_t s = 0; s < plan.stages.size(); ++s)
        if (plan.assignment.stages[s].tile_columns < proposal.assignment.stages[s].tile_columns) ++made_smaller;
    }
  }
  EXPECT_GT(made_smaller, 0u) << "chips on which L1 decides";
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

TEST_F(BestPolicy, ProposesItsSeatsOfEachSeedAndWhatOthersMakeThatMayBeAsFast) {
  const integer_graph graph = small_network(random, 64, 64, 256);
  const chip_config chip = small_chip(64, 256, 256);
  mapping_options o = ask(10);
  o.best.trials = 3;
  o.best.seed = 7;
  std::set<std::string> of_time, of_energy;
  for (const mapping_objective objective :
       {mapping_objective::latency, mapping_objective::throughput, mapping_objective::energy, mapping_objective::edp}) {
    o.best.objective = objective;
    const bool energy = objective == mapping_objective::energy || objective == mapping_objective::edp;
    std::set<std::string>& names = energy ? of_energy : of_time;
    const std::vector<mapping_proposal> all = propose_mappings(graph, chip, o);
    double least = all[0].expected_cycles;
    for (const mapping_proposal& p : all) {
      names.insert(p.name);
      EXPECT_LE(p.assignment.clusters, 64u) << p.name;
      EXPECT_GE(p.expected_cycles, all[0].expected_cycles) << p.name << ": the first is expected to be fastest";
      const plan_prediction expected = predict(build_plan(graph, make_stages(graph), p.assignment), chip);
      EXPECT_NEAR(p.expected_cycles, 16 * expected.bottleneck_cycles + expected.drain_cycles, 1) << p.name;
      if (p.name.rfind("best, seats", 0) == 0) least = std::min(least, p.expected_cycles);
      const std::set<unsigned> seats(p.assignment.places.begin(), p.assignment.places.end());
      EXPECT_EQ(seats.size(), p.assignment.clusters) << p.name;
    }
    for (const mapping_proposal& p : all)
      if (!energy) EXPECT_LE(p.expected_cycles, 1.4 * least) << p.name << " cannot be as fast";
    for (const char* name : {"best, seats of seed 7", "best, seats of seed 8", "best, seats of seed 9"})
      EXPECT_EQ(names.count(name), 1u) << name;
    EXPECT_EQ(names.count("best, seats of seed 10"), 0u);
  }
  EXPECT_EQ(of_time.count("best on 32 clusters") + of_time.count("best on 16 clusters"), 0u);
  for (const char* name : {"best on 32 clusters", "best on 16 clusters", "naive", "replicated", "paper",
                           "replicated on all clusters", "paper on all clusters"})
    EXPECT_EQ(of_energy.count(name), 1u) << name << ": slower, but perhaps with less energy";
  o.best.objective = mapping_objective::energy;
  o.best.trials = 1;
  for (const mapping_proposal& p : propose_mappings(graph, chip, o))
    EXPECT_NE(p.name, "best on 32 clusters") << "one trial tries no smaller ones";
}

// An image's columns before each layer, and three images' for what waits for a long branch.
TEST_F(BestPolicy, BuffersAreDeepWhereL1HasRoomAndNoDeeperElsewhere) {
  const integer_graph graph = small_network(random, 29, 64, 256);
  const std::vector<stage> stages = make_stages(graph);
  chip_config chip = small_chip(40, 256, 256);
  const mapping roomy = make_plan(graph, chip, ask(0)).assignment;
  unsigned residuals = 0;
  for (std::size_t s = 0; s < stages.size(); ++s) {
    const bool layer = graph.nodes[stages[s].node].has_layer();
    EXPECT_EQ(roomy.stages[s].input.columns, layer ? graph.tensors[stages[s].input].width : 0u) << stages[s].name;
    if (stages[s].residual < 0) continue;
    ++residuals;
    EXPECT_EQ(roomy.stages[s].residual.buffer, buffer_place::reader) << "no clusters for it";
    EXPECT_EQ(roomy.stages[s].residual.columns, 3u * static_cast<unsigned>(graph.tensors[stages[s].residual].width));
  }
  EXPECT_GT(residuals, 0u);
  bool shallower = false;
  for (unsigned kib = 128; kib >= 68; kib -= 4) {
    chip.cluster.l1_bytes = kib << 10;
    mapping small;
    try {
      small = make_plan(graph, chip, ask(0)).assignment;
    } catch (const mapping_error&) {
      break;
    }
    for (std::size_t s = 0; s < stages.size(); ++s) {
      EXPECT_LE(small.stages[s].input.columns, roomy.stages[s].input.columns);
      shallower = shallower || small.stages[s].residual.columns < roomy.stages[s].residual.columns;
    }
  }
  EXPECT_TRUE(shallower);
}

}  // namespace
}  // namespace ohmic
