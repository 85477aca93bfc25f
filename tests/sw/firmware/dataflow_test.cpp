// dataflow.elf, as it will run on the chip, on an untimed chip that does everything at moments of chance: whole example
// networks give the reference executor's logits whatever is fast or slow.
#include <gtest/gtest.h>

#include "sw/compiler/images/image.h"
#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/plan/ring_sizing.h"
#include "sw/compiler/mapping/plan/token_run.h"
#include "sw/compiler/mapping/policy/mapping_policy.h"
#include "sw/compiler/onnx/import_onnx.h"
#include "sw/compiler/reference/reference_executor.h"
#include "tests/fresh_seed.h"
#include "tests/sw/compiler/mapping/random_cases.h"
#include "tests/sw/compiler/mapping/random_mapping.h"
#include "tests/sw/compiler/models_folder.h"
#include "tests/sw/firmware/dataflow_run.h"

namespace ohmic {
namespace {

struct run_case {
  std::string name;
  std::string network;
  unsigned clusters, cores, images, seeds;
  mapping_options options;
};

void PrintTo(const run_case& c, std::ostream* out) {
  *out << c.network << " on " << c.clusters << " clusters of " << c.cores << " cores";
}

mapping_options defaults() { return {}; }
mapping_options parked_in_hbm() {
  mapping_options o;
  o.naive.residuals = residual_store::hbm;
  return o;
}
/// Reductions as trees of int16 partial sums, on the clusters that have crossbars.
mapping_options narrow_trees() {
  mapping_options o;
  o.naive.reduction_fan_in = 2;
  o.naive.reductions = reduction_seats::shared;
  return o;
}
/// Several replicas of layers that feed each other: producers and consumers of different replica rules, tiles of one
/// column, shallow rings.
mapping_options many_replicas(std::map<std::string, unsigned> replicas) {
  mapping_options o;
  o.naive.conv1_replicas = 2;
  o.naive.replicas = std::move(replicas);
  o.naive.tile_cycles = 1;
  return o;
}
mapping_options long_tiles() {
  mapping_options o;
  o.naive.tile_cycles = 30000;
  o.naive.prefetch_tiles = 3;
  o.naive.reduction_fan_in = 3;
  return o;
}

class Dataflow : public testing::TestWithParam<run_case> {};

TEST_P(Dataflow, GivesTheReferencesLogitsInAnyOrderOfEvents) {
  const run_case& p = GetParam();
  const auto folder = example_network(p.network);
  if (!folder) GTEST_SKIP() << p.network << " is not built";
  const integer_graph graph = import_onnx(*folder + "/" + p.network + "_calibrated.onnx");
  chip_config config;
  config.network.factors = {1, 1, 1, 1, p.clusters};
  config.cluster.cores = p.cores;
  deployment mapped = compile(graph, config, p.options);
  set_images(mapped, p.images);
  const std::vector<std::string> photos = list_images(*folder + "/photos");
  const reference_executor reference(graph);

  for (unsigned seed = 1; seed <= p.seeds; ++seed) {
    untimed_chip chip(OHMIC_DATAFLOW_ELF, config, seed);
    std::vector<std::vector<std::int32_t>> expected;
    std::vector<feature_map> images;
    for (unsigned i = 0; i < p.images; ++i) {
      images.push_back(image_quantiser(graph).load(photos[i]));
      expected.push_back(reference.run(images[i]).logits);
    }
    load_dataflow(chip, mapped, config, images);
    const auto outcome = chip.run(400'000'000);
    ASSERT_EQ(outcome, untimed_chip::outcome::exited) << "seed " << seed << "\n" << chip.console() << chip.activities();
    EXPECT_EQ(chip.exit_status(), 0u);
    ASSERT_GE(chip.markers().size(), 2u);
    EXPECT_EQ(chip.markers()[0], 0u) << "time begins before anything is pulled";
    EXPECT_EQ(chip.mvms(), mapped.mvms_per_image * p.images);
    EXPECT_GE(chip.progress(), p.images);
    for (unsigned i = 0; i < p.images; ++i)
      EXPECT_EQ(logits_of(chip, mapped, i), expected[i]) << "image " << i << ", seed " << seed;
  }
}

class DataflowOfRandomNetworks : public testing::Test {
 protected:
  /// Runs a plan's deployment on clusters of unequal speed and compares all logits with the reference's.
  static void expect_reference(const random_case& c, deployment mapped, std::uint32_t seed) {
    set_images(mapped, c.images);
    std::mt19937 random(seed);
    const reference_executor reference(c.graph);
    std::vector<feature_map> images;
    for (unsigned i = 0; i < c.images; ++i) images.push_back(random_image(random, c.graph.input()));
    untimed_chip chip(OHMIC_DATAFLOW_ELF, c.chip, seed);
    load_dataflow(chip, mapped, c.chip, images);
    chip.make_uneven();
    ASSERT_EQ(chip.run(400'000'000), untimed_chip::outcome::exited) << chip.console() << chip.activities();
    for (unsigned i = 0; i < c.images; ++i) EXPECT_EQ(logits_of(chip, mapped, i), reference.run(images[i]).logits);
  }
  static constexpr std::uint32_t first = 20261129;
};

/// What tests/fuzz/networks_fuzz.cpp does with any number of them.
TEST_F(DataflowOfRandomNetworks, GivesTheReferencesLogitsOnClustersOfUnequalSpeed) {
  for (std::uint32_t seed = first; seed < first + 12; ++seed) {
    SCOPED_TRACE("case seed " + std::to_string(seed));
    const random_case c = random_case_maker(seed).run();
    expect_reference(c, compile(c.graph, c.chip, c.options), seed);
  }
}

void make_just_live(deployment_plan& plan) {
  for (unsigned c = 0; c < plan.clusters.size(); ++c)
    for (unsigned r = 0; r < plan.clusters[c].rings.size(); ++r) size_just_live(plan, c, r);
}

/// A step that waited for a column it does not need, or for room that it does not, would wait for ever.
TEST_F(DataflowOfRandomNetworks, RunInTheSmallestRingsThatTheCompilerCallsLive) {
  for (std::uint32_t seed = first + 100; seed < first + 110; ++seed) {
    SCOPED_TRACE("case seed " + std::to_string(seed));
    const random_case c = random_case_maker(seed).run();
    deployment_plan plan = make_plan(c.graph, c.chip, c.options);
    make_just_live(plan);
    expect_reference(c, emit(plan, c.chip, c.options), seed);
  }
}

/// Everything that a mapping can say: replicas of sums and pools, packed pixels, shared crossbars, relays, HBM.
TEST_F(DataflowOfRandomNetworks, RunMappingsOfAllThatTheLanguageCanSay) {
  for (std::uint32_t seed = first + 200; seed < first + 216; ++seed) {
    SCOPED_TRACE("case seed " + std::to_string(seed));
    random_case c = random_case_maker(seed).run();
    c.chip.cluster.l1_bytes = 1u << 20;
    c.options = random_mapping_options(c.graph, c.chip, seed);
    expect_reference(c, compile(c.graph, c.chip, c.options), seed);
  }
}

/// A plan whose stages of these names have tiles of so many columns.
deployment_plan plan_with_tiles(const random_case& c, const std::map<std::string, unsigned>& tiles) {
  const std::vector<stage> stages = make_stages(c.graph);
  mapping assignment = make_mapping_policy(c.options)->map(c.graph, stages, c.chip);
  for (std::size_t s = 0; s < stages.size(); ++s)
    if (const auto tile = tiles.find(stages[s].name); tile != tiles.end())
      assignment.stages[s].tile_columns = tile->second;
  deployment_plan plan = build_plan(c.graph, stages, assignment);
  mark_followers(plan);
  size_rings(plan);
  return plan;
}

TEST_F(DataflowOfRandomNetworks, LayersOnCoresGiveTheReferencesLogits) {
  const std::uint32_t first = fresh_seed();
  RecordProperty("seed", std::to_string(first));
  for (std::uint32_t round = 0; round < 12; ++round) {
    const std::uint32_t seed = first + round;
    std::mt19937 random(seed);
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_case c;
    const int height = 5 + static_cast<int>(random() % 25), width = 9 + static_cast<int>(random() % 25);
    const unsigned clusters = std::array{3u, 24u, 48u}[random() % 3];
    c.graph = digital_network(random, height, width, 64, clusters == 3 || random() % 2 == 0);
    c.chip = small_chip(clusters, 64, 16);
    c.chip.cluster.cores = std::array{1u, 3u, 9u, 16u}[random() % 4];
    c.images = 2;
    expect_reference(c, compile(c.graph, c.chip, c.options), seed);
    if (HasFatalFailure()) return;
  }
}

/// Parts of layers take turns in their clusters, in the rings that the compiler chooses and in the smallest.
TEST_F(DataflowOfRandomNetworks, LayersOnCoresReadTheirWeightsFromHbm) {
  const std::uint32_t first = fresh_seed();
  RecordProperty("seed", std::to_string(first));
  unsigned streamed = 0;
  for (std::uint32_t round = 0; round < 10; ++round) {
    const std::uint32_t seed = first + round;
    std::mt19937 random(seed);
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_case c;
    c.graph = digital_network(random, 5 + static_cast<int>(random() % 20), 9 + static_cast<int>(random() % 20), 64,
                              random() % 2 == 0);
    c.chip = small_chip(64, 64, 64);
    c.chip.cluster.cores = std::array{1u, 3u, 9u, 16u}[random() % 4];
    c.images = 3;
    c.options = random_mapping_options(c.graph, c.chip, seed);
    deployment_plan plan = make_plan(c.graph, c.chip, c.options);
    if (round % 2 == 1) make_just_live(plan);
    prove_live(plan);
    streamed += static_cast<unsigned>(plan.weights.size());
    expect_reference(c, emit(plan, c.chip, c.options), seed);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(streamed, 0u);
}

/// A tile of an odd number of columns, of which replicas of a 1x1 layer want every other one: as many runs as can be.
TEST_F(DataflowOfRandomNetworks, TilesOfOddWidthFallIntoRunsForTwoAndThreeReplicas) {
  for (unsigned replicas : {2u, 3u})
    for (unsigned tile : {3u, 5u}) {
      SCOPED_TRACE(std::to_string(replicas) + " replicas, tiles of " + std::to_string(tile));
      std::mt19937 random(replicas);
      random_case c;
      c.images = 3;
      c.graph = small_network(random, 9, 60, 256);  // the pool makes 15 columns, `main` and `down` read them
      c.chip = small_chip(32, 256, 256);
      c.chip.cluster.cores = 3;
      c.options.naive.replicas = {{"main", 1}, {"down", replicas}};
      deployment_plan plan = plan_with_tiles(c, {{"maxpool", tile}, {"down", 1}});
      for (const bool least : {false, true}) {
        if (least) make_just_live(plan);
        prove_live(plan);
        expect_reference(c, emit(plan, c.chip, c.options), tile);
      }
    }
}

/// A tile of 300 columns in eight layouts: more pieces of work than a cluster's heap has room for by the usual rule.
TEST_F(DataflowOfRandomNetworks, TheHeapHoldsTheWorkOfLongTilesInManyPieces) {
  std::mt19937 random(1);
  random_case c;
  c.graph = small_network(random, 5, 1200, 28);
  c.chip = small_chip(64, 28, 256);
  c.options.naive.conv1_replicas = 1;
  c.options.naive.tile_cycles = 1u << 30;
  const deployment_plan plan = make_plan(c.graph, c.chip, c.options);
  ASSERT_EQ(plan.assignment.stages[1].tile_columns, 300u);
  expect_reference(c, emit(plan, c.chip, c.options), 1);
}

/// Of two replicas of conv0 the second makes the odd columns, and conv1's replicas read only even ones: its push has no
/// destination, and must still empty its ring.
TEST_F(DataflowOfRandomNetworks, ACopyWhoseColumnsNobodyWantsRunsAndTellsNobody) {
  std::mt19937 random(1);
  random_case c;
  c.images = 3;
  c.graph = chain_network(random, 4, 16, {{1, 1, 1, 1, 0, 0}, {1, 1, 2, 2, 0, 0}});
  c.chip = small_chip(16, 256, 256);
  c.options.naive.replicas = {{"conv0", 2}, {"conv1", 2}};
  deployment_plan plan = plan_with_tiles(c, {{"conv0", 1}, {"conv1", 1}});
  unsigned silent = 0;
  for (const plan_cluster& cluster : plan.clusters)
    for (const plan_step& step : cluster.steps)
      if (const push_work* push = std::get_if<push_work>(&step.work)) silent += push->destinations.empty();
  ASSERT_EQ(silent, 1u);
  prove_live(plan);
  for (std::uint32_t seed = 1; seed <= 3; ++seed) expect_reference(c, emit(plan, c.chip, c.options), seed);
}

INSTANTIATE_TEST_SUITE_P(
    Networks, Dataflow,
    testing::Values(run_case{"small", "resnet_micro", 4, 4, 3, 5, defaults()},
                    run_case{"one_core", "resnet_micro", 4, 1, 2, 2, parked_in_hbm()},
                    run_case{"three_cores", "resnet_micro", 32, 3, 3, 3, parked_in_hbm()},
                    run_case{"trees", "resnet_micro", 8, 5, 3, 5, narrow_trees()},
                    run_case{"replicas", "resnet_micro", 64, 4, 3, 5, many_replicas({{"l1b0c1", 3}})},
                    run_case{"long_tiles", "resnet_micro", 32, 8, 3, 5, long_tiles()},
                    run_case{"tiny", "resnet_tiny", 64, 2, 1, 1, defaults()},
                    run_case{"tiny_trees", "resnet_tiny", 64, 2, 1, 1, narrow_trees()},
                    run_case{"mini", "resnet_mini", 16, 16, 2, 1, defaults()},
                    run_case{"mini_trees", "resnet_mini", 64, 64, 2, 2, narrow_trees()},
                    run_case{
                        "mini_replicas", "resnet_mini", 64, 16, 2, 2,
                        many_replicas({{"l1b0c1", 3}, {"l1b0c2", 2}, {"l2b0c1", 2}, {"l2b0down", 3}, {"l2b0c2", 2}})},
                    run_case{"mini_long_tiles", "resnet_mini", 64, 7, 2, 2, long_tiles()}),
    [](const testing::TestParamInfo<run_case>& i) { return i.param.name; });

}  // namespace
}  // namespace ohmic
