// Whole small networks under every option: the deployment's bytes, run by the oracle, give the reference's
// outputs.
#include "sw/compiler/mapping/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>

#include "sw/compiler/calibrate/calibrate.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/mapping_file.h"
#include "sw/compiler/mapping/plan/fit_l1.h"
#include "sw/compiler/mapping/plan/l1_allocation.h"
#include "sw/compiler/mapping/plan/ring_sizing.h"
#include "sw/compiler/mapping/plan/token_run.h"
#include "sw/compiler/mapping/policy/mapping_policy.h"
#include "sw/compiler/reference/reference_executor.h"
#include "tests/fresh_seed.h"
#include "tests/sw/compiler/mapping/deployment_simulator.h"
#include "tests/sw/compiler/mapping/expect_reference.h"
#include "tests/sw/compiler/mapping/random_cases.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

void expect_reference(const integer_graph& graph, const chip_config& chip, const mapping_options& options,
                      std::mt19937& random) {
  expect_reference(graph, chip, compile(graph, chip, options), random);
}

std::string error_of(const integer_graph& graph, const chip_config& chip, const mapping_options& options) {
  try {
    compile(graph, chip, options);
  } catch (const mapping_error& error) {
    return error.what();
  }
  return "";
}

class Compile : public ::testing::Test {
 protected:
  void SetUp() override { RecordProperty("seed", static_cast<int>(seed)); }
  const std::uint32_t seed = 20261122;
  std::mt19937 random{seed};
  mapping_options options;
};

TEST_F(Compile, OneCrossbarPerLayer) {
  const integer_graph graph = small_network(random, 29, 37, 256);
  expect_reference(graph, small_chip(16, 256, 256), options, random);
}

TEST_F(Compile, RowSetsAndColumnSplits) {
  const integer_graph graph = small_network(random, 29, 37, 40);
  expect_reference(graph, small_chip(64, 40, 8), options, random);
}

TEST_F(Compile, ReductionTreesOfSmallFanIn) {
  const integer_graph graph = small_network(random, 22, 31, 28);
  options.naive.reduction_fan_in = 2;
  expect_reference(graph, small_chip(128, 28, 256), options, random);
  options.naive.reductions = reduction_seats::shared;
  expect_reference(graph, small_chip(128, 28, 256), options, random);
}

TEST_F(Compile, SharedClustersOnAChipWithNoneToSpare) {
  const integer_graph graph = small_network(random, 22, 31, 28);
  const unsigned crossbars = static_cast<unsigned>(compile(graph, small_chip(128, 28, 256), options).crossbars.size());
  const deployment tight = compile(graph, small_chip(crossbars - 2, 28, 256), options);  // conv1 without its replicas
  EXPECT_EQ(tight.clusters.size(), crossbars - 2);
  expect_reference(graph, small_chip(crossbars - 2, 28, 256), options, random);
}

TEST_F(Compile, ReplicasOfAnyLayer) {
  const integer_graph graph = small_network(random, 29, 37, 40);
  for (unsigned main : {1u, 2u, 3u}) {
    for (unsigned down : {1u, 2u}) {
      options.naive.replicas = {{"main", main}, {"down", down}, {"conv1", 2}};
      options.naive.tile_cycles = 1;
      expect_reference(graph, small_chip(128, 40, 256), options, random);
    }
  }
}

TEST_F(Compile, ReplicasWithSeveralColumnsPerTile) {
  const integer_graph graph = small_network(random, 13, 61, 40);  // maps of 31 and 16 columns
  options.naive.replicas = {{"main", 2}, {"conv1", 2}};
  options.naive.tile_cycles = 2 * 4 * 130;
  const deployment_plan plan = make_plan(graph, small_chip(128, 40, 256), options);
  EXPECT_GT(plan.assignment.stages[3].tile_columns, 1u);
  expect_reference(graph, small_chip(128, 40, 256), options, random);
}

TEST_F(Compile, WholeImagesAsTiles) {
  const integer_graph graph = small_network(random, 29, 37, 40);
  options.naive.tile_cycles = 1u << 30;
  options.naive.conv1_replicas = 1;
  expect_reference(graph, small_chip(128, 40, 256), options, random);
}

TEST_F(Compile, ResidualsParkedInHbm) {
  const integer_graph graph = small_network(random, 29, 37, 40);
  options.naive.residuals = residual_store::hbm;
  expect_reference(graph, small_chip(64, 40, 8), options, random);
}

TEST_F(Compile, AnAddOfItsOwn) {
  const integer_graph graph = network_with_separate_add(random, 29, 37, 40);
  expect_reference(graph, small_chip(64, 40, 8), options, random);
  options.naive.residuals = residual_store::hbm;
  expect_reference(graph, small_chip(64, 40, 256), options, random);
}

TEST_F(Compile, AResidualFromSeveralReplicasParkedInHbm) {
  const integer_graph graph = small_network(random, 29, 37, 40);
  options.naive.residuals = residual_store::hbm;
  options.naive.replicas = {{"down", 3}};
  expect_reference(graph, small_chip(64, 40, 256), options, random);
}

TEST_F(Compile, TwentyRandomShapes) {
  for (int round = 0; round < 20; ++round) {
    const int height = 5 + static_cast<int>(random() % 40), width = 9 + static_cast<int>(random() % 40);
    const unsigned rows = std::array{28u, 40u, 64u, 256u}[random() % 4],
                   columns = std::array{5u, 8u, 16u, 256u}[random() % 4];
    const integer_graph graph = random() % 2 ? small_network(random, height, width, static_cast<int>(rows))
                                             : network_with_separate_add(random, height, width, static_cast<int>(rows));
    options.naive.reduction_fan_in = std::array{0u, 2u, 3u}[random() % 3];
    options.naive.residuals = random() % 2 ? residual_store::l1 : residual_store::hbm;
    options.naive.reductions = std::array{reduction_seats::automatic, reduction_seats::shared}[random() % 2];
    options.naive.replicas = {{"main", 1 + static_cast<unsigned>(random() % 2)}};
    options.naive.conv1_replicas = random() % 4;
    options.naive.tile_cycles = std::array{1u, 1500u, 4000u}[random() % 3];
    options.naive.prefetch_tiles = 1 + random() % 2;
    SCOPED_TRACE("seed " + std::to_string(seed) + " round " + std::to_string(round) + ": " + std::to_string(height) +
                 " x " + std::to_string(width) + ", crossbars " + std::to_string(rows) + " x " +
                 std::to_string(columns));
    expect_reference(graph, small_chip(256, rows, columns), options, random);
    if (HasFatalFailure()) return;
  }
}

TEST_F(Compile, LayersOnCores) {
  const std::uint32_t fresh = fresh_seed();
  RecordProperty("seed", std::to_string(fresh));
  random.seed(fresh);
  for (int round = 0; round < 16; ++round) {
    const int height = 5 + static_cast<int>(random() % 30), width = 9 + static_cast<int>(random() % 30);
    const unsigned clusters = std::array{3u, 6u, 24u, 64u}[random() % 4];
    const bool all = clusters < 24 || random() % 2 == 0;
    const integer_graph graph = digital_network(random, height, width, 64, all);
    options.naive.residuals = random() % 2 ? residual_store::l1 : residual_store::hbm;
    options.naive.prefetch_tiles = 1 + random() % 2;
    SCOPED_TRACE("seed " + std::to_string(fresh) + " round " + std::to_string(round) + ": " + std::to_string(height) +
                 " x " + std::to_string(width) + " on " + std::to_string(clusters) + " clusters");
    chip_config chip = small_chip(clusters, 64, 16);
    chip.cluster.cores = std::array{1u, 4u, 16u}[random() % 3];
    for (const char* policy : {"naive", "replicated", "paper", "best"}) {
      SCOPED_TRACE(policy);
      options.policy = policy;
      options.balanced.balance_mvms = random() % 2 == 0 ? 0 : 1024;
      options.best.evaluations = 10;
      expect_reference(graph, chip, options, random);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_F(Compile, LayersOnCopiesOfTheirCrossbars) {
  const std::uint32_t fresh = fresh_seed();
  RecordProperty("seed", std::to_string(fresh));
  random.seed(fresh);
  for (int round = 0; round < 12; ++round) {
    const int height = 5 + static_cast<int>(random() % 30), width = 9 + static_cast<int>(random() % 30);
    const unsigned rows = std::array{40u, 64u, 256u}[random() % 3];
    integer_graph graph = small_network(random, height, width, static_cast<int>(rows));
    std::map<std::string, unsigned> copies;
    for (const graph_node& node : graph.nodes)
      if (node.on_crossbar()) copies[node.name] = std::min(1u << random() % 3, most_copies(node.layer(), 4));
    graph = copy_layers(std::move(graph), copies);
    SCOPED_TRACE("seed " + std::to_string(fresh) + " round " + std::to_string(round) + ": " + std::to_string(height) +
                 " x " + std::to_string(width) + ", crossbars of " + std::to_string(rows) + " rows");
    for (const char* policy : {"naive", "replicated", "paper", "best"}) {
      SCOPED_TRACE(policy);
      options.policy = policy;
      options.balanced.balance_mvms = random() % 2 == 0 ? 0 : 1024;
      options.best.evaluations = 10;
      expect_reference(graph, small_chip(256, rows, std::array{16u, 256u}[random() % 2]), options, random);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_F(Compile, DigitalWeightsThatOneL1CannotHoldAreSpread) {
  chip_config chip = small_chip(16, 256, 16);
  chip.cluster.l1_bytes = 128u << 10;
  integer_graph graph = chain_network(random, 2, 2, {{3, 3, 1, 1, 1, 1}});
  graph_node& node = graph.nodes[1];
  crossbar_layer& layer = node.layer();
  layer.out_channels = graph.tensors[node.output].channels = 2400;  // 27 weights each, and 48 bytes with constants
  layer.digital = true;
  layer.weights.assign(2400 * 27, 3);
  layer.bias.assign(2400, 1);
  layer.weight_scale.assign(2400, 0.001f);
  layer.row_sets.clear();
  layer.requantise = {std::vector<std::int16_t>(2400, 100), std::vector<std::int32_t>(2400, 1 << 13), 14, 0};
  graph.tensors[graph.nodes[2].output].channels = 2400;
  crossbar_layer& head = graph.nodes[3].layer();
  head = {};
  head.in_channels = 2400;
  head.out_channels = 4;
  head.digital = true;
  head.weights.assign(4 * 2400, -1);
  head.bias.assign(4, 0);
  head.weight_scale.assign(4, 0.001f);
  head.requantise = {std::vector<std::int16_t>(4, 10), std::vector<std::int32_t>(4, 0), 5, -128};
  expect_reference(graph, chip, options, random);
  const deployment mapped = compile(graph, chip, options);
  EXPECT_GE(mapped.clusters.size(), 4u);
}

TEST_F(Compile, DepthwiseLayersOnCores) {
  for (const graph_window& window : {graph_window{3, 3, 1, 1, 1, 1}, graph_window{5, 4, 2, 2, 2, 1}}) {
    integer_graph graph = chain_network(random, 13, 14, {{3, 3, 1, 1, 1, 1}, window});
    crossbar_layer& layer = graph.nodes[2].layer();
    layer.groups = 5;
    layer.weights.resize(static_cast<std::size_t>(5 * window.size_x * window.size_y));
    layer.requantise.hi = 90;
    put_on_cores(graph.nodes[2], random);
    expect_reference(graph, small_chip(8, 256, 16), options, random);
  }
}

TEST_F(Compile, DigitalLayersAreWrittenAndReadAsYaml) {
  const integer_graph graph = digital_network(random, 20, 24, 64, false);
  const chip_config chip = small_chip(40, 64, 16);
  const std::vector<stage> stages = make_stages(graph);
  const mapping made = make_mapping_policy(options)->map(graph, stages, chip);
  options.file = "mapping.yaml";
  options.file_text = write_mapping(graph, stages, made);
  const mapping read = read_mapping(options.file_text, options.file, graph, stages);
  EXPECT_EQ(write_mapping(graph, stages, read), options.file_text);
  expect_reference(graph, chip, options, random);
}

/// Equal parts are read where they came, each a run of bytes; parts that differ are woven into one block row by row.
TEST_F(Compile, EqualPartsOfDigitalLayersTravelInOnePiece) {
  integer_graph graph = chain_network(random, 9, 11, {{3, 3, 1, 1, 1, 1}, {3, 2, 2, 1, 1, 1}, {1, 1, 1, 1, 0, 0}}, 24);
  for (graph_node& node : graph.nodes)
    if (node.has_layer()) put_on_cores(node, random);
  const std::vector<stage> stages = make_stages(graph);
  const chip_config chip = small_chip(32, 256, 64);
  for (const std::vector<channel_range>& parts :
       {std::vector<channel_range>{{0, 8}, {8, 16}, {16, 24}}, {{0, 12}, {12, 24}}, {{0, 16}, {16, 24}}}) {
    mapping m;
    for (const stage& s : stages) {
      const graph_node& node = graph.nodes[s.node];
      stage_mapping& to = m.stages.emplace_back();
      to.replicas.resize(1);
      if (!node.has_layer()) {
        to.replicas[0].cluster = m.clusters++;
        continue;
      }
      const bool head = node.kind() == node_kind::logits;
      for (const channel_range part : head ? std::vector<channel_range>{{0, 4}} : parts) {
        to.replicas[0].parts.push_back({part, {}, {{}}});
        for (unsigned q = 0; q < (head ? 1u : 2u); ++q)
          to.replicas[0].parts.back().sums[0].clusters.push_back(m.clusters++);
      }
    }
    for (unsigned c = 0; c < m.clusters; ++c) m.places.push_back(c);
    options.file = "blocks";
    options.file_text = write_mapping(graph, stages, m);
    expect_reference(graph, chip, options, random);
    const bool alike = parts[0].count() == parts[1].count();
    unsigned pushed = 0;
    const deployment_plan plan = make_plan(graph, chip, options);
    for (const plan_cluster& cluster : plan.clusters)
      for (const plan_step& step : cluster.steps)
        if (const auto* push = std::get_if<push_work>(&step.work); push != nullptr)
          for (const plan_destination& to : push->destinations)
            if (to.to == plan_destination::kind::ring && plan.clusters[to.cluster].rings[to.ring].stage < 3) {
              ++pushed;
              EXPECT_EQ(to.copy.rows == 1, alike) << to.copy.rows;
            }
    EXPECT_GT(pushed, 0u);
  }
}

/// `conv1` in replicas before a pool whose windows leave columns out.
integer_graph network_with_unneeded_columns(std::mt19937& random, int stride) {
  integer_graph graph = small_network(random, 9, 38, 256);  // conv1 makes 19 columns
  graph_node& pool = graph.nodes[2];
  pool.pool_window() = {2, 3, stride, 2, 0, 1};
  for (std::size_t t : {2u, 3u, 4u, 5u}) graph.tensors[t].width = (19 - 2) / stride + 1;
  return graph;
}

TEST_F(Compile, AColumnThatNobodyNeedsIsNotReleasedBeforeASlowReplicaHasWrittenIt) {
  for (int stride : {2, 3, 4})  // one column behind the last window; between all windows as well
    for (unsigned replicas : {1u, 2u, 3u, 4u})
      for (unsigned round = 0; round < 4; ++round) {
        SCOPED_TRACE(std::to_string(replicas) + " replicas, stride " + std::to_string(stride));
        const integer_graph graph = network_with_unneeded_columns(random, stride);
        options.naive.conv1_replicas = replicas;
        options.naive.tile_cycles = 1;
        const chip_config chip = small_chip(64, 256, 256);
        expect_reference(graph, chip, compile(graph, chip, options), random, 6);
        if (HasFatalFailure()) return;
      }
}

TEST_F(Compile, ARingWithoutUnneededColumnsOrWithOneProducerDoesNotFollow) {
  const auto followers = [&](const integer_graph& graph, unsigned replicas) {
    options.naive.conv1_replicas = replicas;
    options.naive.tile_cycles = 1;
    unsigned n = 0;
    for (const plan_cluster& cluster : make_plan(graph, small_chip(64, 256, 256), options).clusters)
      for (const plan_ring& ring : cluster.rings) n += ring.follows;
    return n;
  };
  EXPECT_EQ(followers(network_with_unneeded_columns(random, 3), 2), 1u);
  EXPECT_EQ(followers(network_with_unneeded_columns(random, 3), 1), 0u) << "one producer writes in order";
  EXPECT_EQ(followers(network_with_unneeded_columns(random, 1), 2), 0u) << "every column is needed";
}

TEST_F(Compile, TheProofRefusesARingThatReleasesWhatIsNotWritten) {
  const integer_graph graph = network_with_unneeded_columns(random, 2);
  options.naive.conv1_replicas = 2;
  options.naive.tile_cycles = 1;
  deployment_plan plan = make_plan(graph, small_chip(64, 256, 256), options);
  EXPECT_NO_THROW(prove_live(plan));
  for (plan_cluster& cluster : plan.clusters)
    for (plan_ring& ring : cluster.rings) ring.follows = false;
  try {
    prove_live(plan);
    FAIL() << "column 18 is behind the last window, and two replicas write the ring";
  } catch (const mapping_error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("stage 'maxpool'"), HasSubstr("column 18 of every image"),
                                    HasSubstr("overwrite a newer column")));
  }
}

/// Columns of the largest ring in which this tensor waits for a longer way.
unsigned skip_ring_of(const std::string& tensor, const integer_graph& graph, const chip_config& chip,
                      const mapping_options& options) {
  unsigned most = 0;
  for (const plan_cluster& cluster : make_plan(graph, chip, options).clusters)
    for (const plan_ring& ring : cluster.rings)
      if (ring.skip && graph.tensors[ring.tensor].name == tensor) most = std::max(most, ring.slots);
  return most;
}

TEST_F(Compile, ATensorAddedToItselfWaitsForNobody) {
  integer_graph graph = network_with_separate_add(random, 29, 37, 40);
  graph.nodes[6].inputs = {graph.nodes[5].output, graph.nodes[5].output};
  link_tensors(graph);
  const chip_config chip = small_chip(64, 40, 256);
  options.naive.tile_cycles = 1;
  EXPECT_EQ(skip_ring_of("add", graph, chip, options), 10u)
      << "a tile of 2 in work and one of 5 that arrives, in multiples of both";
  expect_reference(graph, chip, options, random);
}

TEST_F(Compile, BranchesThatMeetAtTheImageOnlyNeedAFewColumns) {
  integer_graph graph = small_network(random, 29, 37, 40);
  graph_node& down = graph.nodes[4];  // [13, 8, 10] from the image, where it was from the pool
  down.inputs = {0};
  down.layer().in_channels = 3;
  down.layer().window = {1, 1, 4, 4, 0, 0};
  down.layer().weights.resize(13 * 3);
  down.layer().row_sets = split_rows(3, 1, 1, 40);
  link_tensors(graph);
  check_graph(graph);
  const chip_config chip = small_chip(64, 40, 256);
  options.naive.tile_cycles = 1;
  EXPECT_EQ(skip_ring_of("down", graph, chip, options), 10u) << "a tile of 5 in work, another that arrives";
  expect_reference(graph, chip, options, random);
}

TEST_F(Compile, TheShortBranchHoldsWhatTheLongOneHas) {
  // `again` adds what conv `main` gives to itself with `down`: the sum comes later, so `main` waits.
  const integer_graph graph = network_with_separate_add(random, 29, 37, 40);
  const chip_config chip = small_chip(64, 40, 256);
  options.naive.tile_cycles = 1;
  for (const plan_cluster& cluster : make_plan(graph, chip, options).clusters)
    for (const plan_ring& ring : cluster.rings) {
      if (ring.skip) EXPECT_LT(ring.slots, 16 * 10u) << "not all images that the sizing lets in";
    }
  expect_reference(graph, chip, options, random);
}

TEST_F(Compile, ReplicasThatNobodyAskedForAreNoMoreThanTheColumns) {
  for (int width : {1, 2, 3, 5}) {
    const integer_graph graph = small_network(random, 29, width, 40);  // conv1 makes 1, 1, 2 and 3 columns
    options = {};
    EXPECT_EQ(make_plan(graph, small_chip(64, 40, 256), options).assignment.stages[0].replicas.size(),
              static_cast<unsigned>(graph.tensors[1].width));
    expect_reference(graph, small_chip(64, 40, 256), options, random);
    options.naive.conv1_replicas = static_cast<unsigned>(graph.tensors[1].width) + 1;
    EXPECT_THAT(error_of(graph, small_chip(64, 40, 256), options), HasSubstr("columns to share"));
  }
}

TEST_F(Compile, AFanInOfItsOwnIsWithinWhatAKernelSums) {
  const integer_graph graph = small_network(random, 9, 13, 9);
  integer_graph wide = graph;
  crossbar_layer& fc = wide.nodes.back().layer();
  fc.in_channels = 13;
  fc.row_sets.clear();
  for (int c = 0; c < 13; ++c) fc.row_sets.push_back({0, 1, c, c + 1});
  crossbar_layer& main = wide.nodes[3].layer();
  main.row_sets.clear();
  for (int c = 0; c < 20; ++c)
    for (int ky = 0; ky < 3; ++ky) main.row_sets.push_back({ky, ky + 1, c, c + 1});  // 60 sets
  check_graph(wide);
  for (reduction_seats seats : {reduction_seats::automatic, reduction_seats::shared}) {
    options.naive.reductions = seats;
    expect_reference(wide, small_chip(256, 9, 256), options, random);
  }
  options.naive.reduction_fan_in = 60;
  EXPECT_THAT(error_of(wide, small_chip(256, 9, 256), options),
              AllOf(HasSubstr("'main+add'"), HasSubstr("at most 32 inputs"), HasSubstr("reduction_fan_in")));
}

TEST_F(Compile, AnImagesChannelsMayLieOnSeveralCrossbars) {
  const integer_graph graph = small_network(random, 29, 37, 18);  // two of three channels a set
  ASSERT_EQ(graph.nodes[1].layer().row_sets.size(), 2u);
  expect_reference(graph, small_chip(128, 18, 8), options, random);
}

TEST_F(Compile, AHundredAndFiftyRandomNetworks) {
  for (unsigned n = 0; n < 150; ++n) {
    const std::uint32_t case_seed = seed + n;
    SCOPED_TRACE("case seed " + std::to_string(case_seed));
    const random_case c = random_case_maker(case_seed).run();
    check_graph(c.graph);
    expect_reference(c.graph, c.chip, compile(c.graph, c.chip, c.options), random, c.images);
    if (HasFatalFailure()) return;
  }
}

/// By stage name, the clusters of its row sets and of the roots that add them.
std::map<std::string, std::vector<unsigned>> seats(const deployment_plan& plan) {
  std::map<std::string, std::vector<unsigned>> all;
  for (std::size_t s = 0; s < plan.stages.size(); ++s) {
    std::vector<unsigned>& here = all[plan.stages[s].name];
    for (const replica_mapping& replica : plan.assignment.stages[s].replicas) {
      if (replica.parts.empty()) here.push_back(replica.cluster);
      for (const channel_part& part : replica.parts) {
        for (const crossbar_tile& tile : part.tiles) here.push_back(tile.cluster);
        for (const reduction_node& node : part.sums)
          here.insert(here.end(), node.clusters.begin(), node.clusters.end());
      }
    }
  }
  return all;
}

TEST_F(Compile, ClustersAreNumberedAlongThePipelineSetsBeforeTheirRoots) {
  const integer_graph graph = small_network(random, 29, 37, 60);  // `main`: six of 20 channels and nine taps a set
  ASSERT_EQ(graph.nodes[3].layer().row_sets.size(), 4u);
  using seat_list = std::vector<unsigned>;
  options.naive.conv1_replicas = 2;
  // conv1 twice, set and root in one cluster; the pool, `down`, `main` with a root of its own, the pool, fc.
  auto all = seats(make_plan(graph, small_chip(64, 60, 256), options));
  EXPECT_EQ(all["conv1"], (seat_list{0, 0, 1, 1}));
  EXPECT_EQ(all["maxpool"], (seat_list{2}));
  const bool down_first = all["down"].front() < all["main+add"].front();
  EXPECT_EQ(all["down"], down_first ? (seat_list{3, 3}) : (seat_list{8, 8}));
  EXPECT_EQ(all["main+add"], down_first ? (seat_list{4, 5, 6, 7, 8}) : (seat_list{3, 4, 5, 6, 7}));
  EXPECT_EQ(all["avgpool"], (seat_list{9}));
  EXPECT_EQ(all["fc"], (seat_list{10, 10}));
}

TEST_F(Compile, SpareClustersGoToTheDearestUnitAndAmongEqualsToTheFirst) {
  // On 80 pixels the root adds four codes and a residual of 13 channels. The average pool adds 13 channels, the last of
  // them byte by byte; the pool takes the greatest of 9 taps of 20 channels, four at a time.
  const integer_graph graph = small_network(random, 29, 37, 60);
  using seat_list = std::vector<unsigned>;
  options.naive.conv1_replicas = 1;
  const auto with = [&](unsigned clusters) { return seats(make_plan(graph, small_chip(clusters, 60, 256), options)); };
  const unsigned crossbars = static_cast<unsigned>(compile(graph, small_chip(64, 60, 256), options).crossbars.size());
  auto none = with(crossbars);
  EXPECT_EQ(none["maxpool"], (seat_list{none["conv1"].back()})) << "shares the cluster that feeds it";
  EXPECT_EQ(none["main+add"].back(), none["main+add"].front()) << "the root shares its first set's";
  auto one = with(crossbars + 1);
  EXPECT_NE(one["main+add"].back(), one["main+add"].front()) << "the root is the dearest";
  EXPECT_EQ(one["maxpool"].front(), one["conv1"].back());
  auto two = with(crossbars + 2);
  EXPECT_NE(two["avgpool"].front(), two["main+add"].back()) << "the average pool comes next";
  EXPECT_EQ(two["maxpool"].front(), two["conv1"].back());
  auto three = with(crossbars + 3);
  EXPECT_NE(three["maxpool"].front(), three["conv1"].back());

  // Of two replicas of `main`, whose roots cost the same, the first one's gets the only cluster to spare.
  options.naive.replicas = {{"main", 2}};
  const deployment_plan equal = make_plan(graph, small_chip(crossbars + 4 + 1, 60, 256), options);
  const std::vector<replica_mapping>& replicas = equal.assignment.stages[3].replicas.size() == 2
                                                     ? equal.assignment.stages[3].replicas
                                                     : equal.assignment.stages[2].replicas;
  ASSERT_EQ(replicas.size(), 2u);
  EXPECT_NE(replicas[0].parts[0].sums.back().clusters[0], replicas[0].parts[0].tiles[0].cluster);
  EXPECT_EQ(replicas[1].parts[0].sums.back().clusters[0], replicas[1].parts[0].tiles[0].cluster);
}

// By itself the first layer gets up to three replicas, of the clusters that are free, save one for the dearest pool.
TEST_F(Compile, TheFirstLayerIsReplicatedWhereAClusterIsLeftForAPool) {
  const integer_graph graph = small_network(random, 29, 37, 60);
  options.naive.conv1_replicas = 1;
  const auto crossbars =
      static_cast<unsigned>(make_plan(graph, small_chip(64, 60, 256), options).assignment.clusters) - 3;  // 3 units
  options.naive.conv1_replicas = 0;
  const auto replicas = [&](unsigned clusters) {
    return make_plan(graph, small_chip(clusters, 60, 256), options).assignment.stages[0].replicas.size();
  };
  const std::size_t one = 1, two = 2, three = 3;
  EXPECT_EQ(replicas(crossbars), one);
  EXPECT_EQ(replicas(crossbars + 1), one) << "the pool's";
  EXPECT_EQ(replicas(crossbars + 2), two);
  EXPECT_EQ(replicas(crossbars + 3), three);
  EXPECT_EQ(replicas(crossbars + 30), three);
}

std::string refusal_of(const deployment_plan& plan) {
  try {
    prove_live(plan);
  } catch (const mapping_error& error) {
    return error.what();
  }
  return "";
}

TEST_F(Compile, ARingWithASlotLessIsRightOrReallyStops) {
  const integer_graph graph = small_network(random, 13, 21, 40);
  const chip_config chip = small_chip(64, 40, 256);
  options.naive.tile_cycles = 1500;
  deployment_plan plan = make_plan(graph, chip, options);
  // Every other ring is at the edge already.
  for (unsigned c = 0; c < plan.clusters.size(); ++c)
    for (unsigned r = c % 2; r < plan.clusters[c].rings.size(); r += 2) size_just_live(plan, c, r);
  unsigned right = 0, refused = 0;
  for (std::size_t c = 0; c < plan.clusters.size(); ++c) {
    for (std::size_t r = 0; r < plan.clusters[c].rings.size(); ++r) {
      deployment_plan smaller = plan;
      std::string refusal;
      do {  // to the next number of slots that its tiles divide
        if (--smaller.clusters[c].rings[r].slots == 0) break;
        refusal = refusal_of(smaller);
      } while (refusal.find("do not divide a ring of") != std::string::npos);
      if (smaller.clusters[c].rings[r].slots == 0) continue;
      if (!refusal.empty()) {
        EXPECT_THAT(refusal, HasSubstr("would dead-lock"));
        ++refused;
        deployment stopping = emit(smaller, chip, options);
        set_images(stopping, 4);
        deployment_simulator simulator(stopping, chip, random());
        for (unsigned i = 0; i < 4; ++i) simulator.load_image(i, random_image(random, graph.input()));
        EXPECT_FALSE(simulator.run()) << "refused, but runs: cluster " << c << " ring " << r;
        continue;
      }
      ++right;
      expect_reference(graph, chip, emit(smaller, chip, options), random, 2);
      if (HasFatalFailure()) FAIL() << "cluster " << c << " ring " << r;
    }
  }
  EXPECT_GT(right, 0u);
  EXPECT_GT(refused, 0u);
}

TEST_F(Compile, EveryRingAtItsSmallestLiveSizeIsRight) {
  const integer_graph graph = small_network(random, 13, 21, 40);
  const chip_config chip = small_chip(64, 40, 256);
  options.naive.tile_cycles = 1;
  deployment_plan plan = make_plan(graph, chip, options);
  for (plan_cluster& cluster : plan.clusters) {
    for (plan_ring& ring : cluster.rings) {
      try {
        while (ring.slots > 1) {
          --ring.slots;
          prove_live(plan);
        }
      } catch (const mapping_error&) {
        ++ring.slots;
      }
    }
  }
  expect_reference(graph, chip, emit(plan, chip, options), random);
}

TEST_F(Compile, ADeadlockNamesTheStagesThatWaitForEachOther) {
  const integer_graph graph = small_network(random, 29, 37, 40);
  const chip_config chip = small_chip(64, 40, 256);
  const std::vector<stage> stages = make_stages(graph);
  mapping assignment = make_mapping_policy(options)->map(graph, stages, chip);
  for (stage_mapping& s : assignment.stages) s.tile_columns = 1;
  deployment_plan plan = make_fitting_plan(graph, stages, assignment, chip);
  const unsigned cluster = plan.assignment.stages[3].replicas[0].parts[0].tiles[0].cluster;
  plan.clusters[cluster].rings[0].slots = 2;  // `main` has windows of 3 columns
  try {
    prove_live(plan);
    FAIL() << "two columns never hold a window of three";
  } catch (const mapping_error& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("dead-lock"), HasSubstr("stage 'maxpool'"), HasSubstr("stage 'main+add'"),
                      HasSubstr("waits for room in the 2 slots of 'maxpool'"), HasSubstr("waits for columns")));
  }
}

// Messages name a map that waits in HBM by the cluster that brings it back.
TEST_F(Compile, AMapInHbmIsCountedAtTheClusterThatReadsIt) {
  const integer_graph graph = small_network(random, 29, 37, 40);
  options.naive.residuals = residual_store::hbm;
  const deployment_plan plan = make_plan(graph, small_chip(64, 40, 256), options);
  ASSERT_EQ(plan.parked.size(), 1u);
  ASSERT_NE(plan.parked[0].cluster, 0u);
  unsigned parked = 0;
  for (const token_buffer& buffer : make_token_net(plan).buffers) {
    if (buffer.parked < 0) continue;
    ++parked;
    EXPECT_EQ(buffer.cluster, plan.parked[0].cluster);
    EXPECT_EQ(buffer.slots, plan.parked[0].slots);
    EXPECT_EQ(buffer.columns_per_image, plan.parked[0].columns_per_image);
    EXPECT_EQ(buffer.producers.size(), plan.parked[0].producers.size());
  }
  EXPECT_EQ(parked, 1u);
}

TEST_F(Compile, ReportsWhatEachStageAndRingIsOf) {
  const integer_graph graph = small_network(random, 29, 37, 60);
  options.naive.tile_cycles = 1500;
  const chip_config chip = small_chip(64, 60, 256);
  const deployment_plan plan = make_plan(graph, chip, options);
  const deployment mapped = emit(plan, chip, options);
  std::set<unsigned> tiles;
  for (std::size_t s = 0; s < plan.stages.size(); ++s) {
    EXPECT_EQ(mapped.stages[s].name, plan.stages[s].name);
    EXPECT_EQ(mapped.stages[s].tile_columns, plan.assignment.stages[s].tile_columns);
    EXPECT_EQ(mapped.stages[s].replicas, plan.assignment.stages[s].replicas.size());
    tiles.insert(mapped.stages[s].tile_columns);
  }
  EXPECT_GT(tiles.size(), 1u);
  std::multiset<int> sets, expected;  // of the rings that crossbars fill
  for (const plan_cluster& cluster : plan.clusters)
    for (const plan_step& step : cluster.steps)
      if (std::holds_alternative<ima_work>(step.work))
        sets.insert(cluster.rings[static_cast<std::size_t>(step.output_ring)].set);
  for (const stage_mapping& stage : plan.assignment.stages)
    for (const replica_mapping& replica : stage.replicas)
      for (const channel_part& part : replica.parts)
        for (const crossbar_tile& tile : part.tiles) expected.insert(static_cast<int>(tile.sets[0].set));
  EXPECT_EQ(sets, expected);
}

TEST_F(Compile, IsAFunctionOfItsArguments) {
  const integer_graph graph = small_network(random, 29, 37, 40);
  const deployment a = compile(graph, small_chip(64, 40, 8), options),
                   b = compile(graph, small_chip(64, 40, 8), options);
  ASSERT_EQ(a.clusters.size(), b.clusters.size());
  for (std::size_t c = 0; c < a.clusters.size(); ++c) EXPECT_EQ(a.clusters[c].bytes, b.clusters[c].bytes);
}

TEST_F(Compile, AClusterOfIbexIsPredictedToTakeLonger) {
  const integer_graph graph = small_network(random, 29, 37, 40);
  chip_config chip = small_chip(64, 40, 256);
  const deployment plain = compile(graph, chip, options);
  const unsigned cluster = plain.stages[1].clusters[0];  // the pool's
  std::vector<unsigned> cores(chip.cluster.cores);
  for (unsigned c = 0; c < cores.size(); ++c) cores[c] = c;
  chip.cores.overrides = {{{cluster}, cores, core_model::ibex}};
  const deployment mixed = compile(graph, chip, options);
  EXPECT_NE(mixed.chip_hash, plain.chip_hash);
  for (std::size_t s = 0; s < plain.stages.size(); ++s) {
    const double before = plain.stages[s].predicted.digital, after = mixed.stages[s].predicted.digital;
    if (plain.stages[s].clusters == std::vector<unsigned>{cluster})
      EXPECT_GT(after, 1.6 * before) << plain.stages[s].name;
    else
      EXPECT_EQ(after, before) << plain.stages[s].name;
  }
}

TEST_F(Compile, SaysHowManyClustersAreMissing) {
  const integer_graph graph = small_network(random, 29, 37, 40);
  EXPECT_THAT(error_of(graph, small_chip(5, 40, 256), options),
              AllOf(HasSubstr("needs 8 crossbars"), HasSubstr("5 clusters"), HasSubstr("3 too few")));
}

TEST_F(Compile, SaysWhatDoesNotFitInL1AndByHowMuch) {
  const integer_graph graph = small_network(random, 1500, 37, 40);
  chip_config chip = small_chip(64, 40, 256);
  chip.cluster.l1_bytes = 1u << 17;
  EXPECT_THAT(error_of(graph, chip, options),
              AllOf(HasSubstr("stage 'maxpool'"), HasSubstr("65536 are available: 15064 too many"),
                    HasSubstr("it fits with cluster.l1_bytes=262144")));
  chip.cluster.l1_bytes = 1u << 18;
  EXPECT_EQ(error_of(graph, chip, options), "");
}

/// L1 that the fullest cluster takes, with the firmware's part.
std::uint32_t fullest(const deployment& mapped) {
  std::uint32_t most = 0;
  for (const cluster_image& cluster : mapped.clusters) most = std::max(most, cluster.l1_end);
  return most;
}

TEST_F(Compile, AnL1OfExactlyTheBytesNeededChangesNothingAndOneWordLessDoes) {
  const integer_graph graph = small_network(random, 29, 37, 40);
  chip_config chip = small_chip(64, 40, 256);
  options.naive.tile_cycles = 10000;
  const deployment roomy = compile(graph, chip, options);
  chip.cluster.l1_bytes = fullest(roomy);
  const deployment exact = compile(graph, chip, options);
  ASSERT_EQ(exact.rings.size(), roomy.rings.size());
  for (std::size_t r = 0; r < exact.rings.size(); ++r) EXPECT_EQ(exact.rings[r].slots, roomy.rings[r].slots);
  chip.cluster.l1_bytes -= 4;
  const deployment smaller = compile(graph, chip, options);
  EXPECT_LE(fullest(smaller), chip.cluster.l1_bytes);
  expect_reference(graph, chip, smaller, random);
}

// L1 of exactly what one cluster needs, for a mapping that may not be changed: that cluster and those that need less
// keep their rings, the others get the smallest that are live.
TEST_F(Compile, OnlyClustersThatDoNotFitGiveUpSlots) {
  const integer_graph graph = small_network(random, 29, 37, 40);
  chip_config chip = small_chip(64, 40, 256);
  options.naive.prefetch_tiles = 3;
  const std::vector<stage> stages = make_stages(graph);
  mapping assignment = make_mapping_policy(options)->map(graph, stages, chip);
  assignment.as_written = true;
  const deployment_plan roomy = make_fitting_plan(graph, stages, assignment, chip);
  const std::vector<std::uint64_t> needs = l1_needs(roomy, chip);
  const std::uint64_t most = *std::max_element(needs.begin(), needs.end());
  unsigned tried = 0;
  for (std::size_t b = 0; b < needs.size(); ++b) {
    deployment_plan least = roomy;
    for (unsigned r = 0; r < least.clusters[b].rings.size(); ++r) size_just_live(least, static_cast<unsigned>(b), r);
    if (needs[b] == most || l1_needs(least, chip)[b] == needs[b]) continue;  // the fullest, or nothing to give up
    chip_config exact = chip;
    exact.cluster.l1_bytes = chip.cluster.program_l1_bytes + static_cast<std::uint32_t>(needs[b]);
    deployment_plan plan;
    try {
      plan = make_fitting_plan(graph, stages, assignment, exact);
    } catch (const mapping_error&) {
      continue;  // another cluster is too full for that
    }
    ++tried;
    for (std::size_t c = 0; c < needs.size(); ++c)
      for (std::size_t r = 0; r < plan.clusters[c].rings.size() && needs[c] <= needs[b]; ++r)
        EXPECT_EQ(plan.clusters[c].rings[r].slots, roomy.clusters[c].rings[r].slots) << "cluster " << c;
  }
  EXPECT_GT(tried, 0u);
}

TEST_F(Compile, GivesUpPrefetchTilesAndL1ResidualsWhereL1IsSmall) {
  const integer_graph graph = network_with_separate_add(random, 120, 37, 40);
  chip_config chip = small_chip(64, 40, 256);
  options.naive.tile_cycles = 1u << 30;
  options.naive.prefetch_tiles = 4;
  unsigned right = 0;
  bool parked = false;
  for (std::uint32_t l1 = 1u << 20; l1 > OHMIC_L1_RESERVED_BYTES + 4096;
       l1 -= (l1 - OHMIC_L1_RESERVED_BYTES) / 4 & ~3u) {
    SCOPED_TRACE(std::to_string(l1) + " bytes of L1");
    chip.cluster.l1_bytes = l1;
    const std::string refused = error_of(graph, chip, options);
    if (!refused.empty()) {
      EXPECT_THAT(refused, AllOf(HasSubstr("too many"), HasSubstr("it fits with cluster.l1_bytes=")));
      break;
    }
    const deployment mapped = compile(graph, chip, options);
    EXPECT_LE(fullest(mapped), l1);
    expect_reference(graph, chip, mapped, random, 2);
    ++right;
    for (const stage_mapping& stage : make_plan(graph, chip, options).assignment.stages)
      parked = parked || stage.residual.buffer == buffer_place::hbm;
  }
  EXPECT_TRUE(parked) << "residuals go before tiles do";
  EXPECT_GE(right, 9u) << "down to a seventeenth of what tiles of whole images take";
}

TEST_F(Compile, HbmHasRoomForExactlyTheImagesThatFit) {
  const integer_graph graph = small_network(random, 29, 37, 40);
  chip_config chip = small_chip(64, 40, 256);
  const deployment roomy = compile(graph, chip, options);
  const std::uint64_t before = roomy.hbm.images - chip.hbm_base, image = roomy.hbm.images_stride;
  for (const unsigned fit : {1u, 5u}) {
    chip.hbm.bytes = before + fit * image;
    deployment mapped = compile(graph, chip, options);
    set_images(mapped, fit);
    EXPECT_THROW(set_images(mapped, fit + 1), mapping_error);
    chip.hbm.bytes = before + (fit + 1) * image - 1;
    mapped = compile(graph, chip, options);
    EXPECT_THROW(set_images(mapped, fit + 1), mapping_error) << "a byte is missing";
  }
  chip.hbm.bytes = before + image - 1;
  EXPECT_THAT(error_of(graph, chip, options), HasSubstr("HBM"));
}

TEST_F(Compile, RefusesWhatItCannotMap) {
  integer_graph graph = small_network(random, 29, 37, 40);
  const chip_config chip = small_chip(64, 40, 256);
  options.policy = "magic";
  EXPECT_THAT(error_of(graph, chip, options), AllOf(HasSubstr("'magic'"), HasSubstr("naive")));
  options = {};
  options.naive.reduction_fan_in = 1;
  EXPECT_THAT(error_of(graph, chip, options), HasSubstr("reduction_fan_in is 1"));
  options = {};
  options.naive.replicas = {{"mian", 2}};
  EXPECT_THAT(error_of(graph, chip, options), AllOf(HasSubstr("'mian'"), HasSubstr("conv1, down, main, fc")));
  options = {};
  EXPECT_THAT(error_of(graph, small_chip(64, 32, 256), options), HasSubstr("calibrated for crossbars of 40 rows"));
  chip_config one_channel = chip;
  one_channel.dma.channels = 1;
  EXPECT_THAT(error_of(graph, one_channel, options), HasSubstr("has 1 DMA channel; the dataflow needs 2"));
  one_channel.dma.channels = 2;
  EXPECT_EQ(error_of(graph, one_channel, options), "");
  graph.calibrated = false;
  EXPECT_THAT(error_of(graph, chip, options), HasSubstr("not calibrated"));
}

/// image -> conv of one pixel and column -> average pool -> fc: maps as long as the devices can count.
integer_graph long_map(std::mt19937& random, int height, int width, int channels = 1) {
  integer_graph graph = small_network(random, 9, 9, 40);
  graph.nodes.erase(graph.nodes.begin() + 2, graph.nodes.begin() + 6);  // pool, main, down, add
  graph.tensors.erase(graph.tensors.begin() + 2, graph.tensors.begin() + 6);
  graph.tensors[0].height = height;
  graph.tensors[0].width = width;
  graph.tensors[0].channels = channels;
  graph.tensors[1].height = graph.tensors[1].width = 1;
  graph_node& conv = graph.nodes[1];
  conv.layer().in_channels = channels;
  conv.layer().weights.resize(static_cast<std::size_t>(20 * channels));
  conv.layer().row_sets = {{0, 1, 0, channels}};
  conv.layer().window = {1, 1, 1, 1, 0, 0};
  for (std::size_t n : {2u, 3u}) {
    graph.nodes[n].inputs = {static_cast<int>(n) - 1};
    graph.nodes[n].output = static_cast<int>(n);
  }
  graph.tensors[2].channels = 20;
  crossbar_layer& fc = graph.nodes[3].layer();
  fc.in_channels = 20;
  fc.weights.resize(7 * 20, 3);
  fc.row_sets = {{0, 1, 0, 20}};
  graph.nodes[2].average() = {1, 1};
  link_tensors(graph);
  return graph;
}

TEST_F(Compile, ImaCoordinatesOf32767AreRightAndOneMoreIsRefused) {
  chip_config chip = small_chip(16, 40, 256);
  chip.cluster.l1_bytes = 1u << 22;
  for (const bool tall : {true, false}) {
    const auto shape = [&](int length) {
      integer_graph graph = tall ? long_map(random, length, 3) : long_map(random, 3, length);
      graph.tensors[1].height = tall ? 5 : 3;  // windows at 0, 8191, ... 32764 and so on
      graph.tensors[1].width = tall ? 3 : 5;
      (tall ? graph.nodes[1].layer().window.stride_y : graph.nodes[1].layer().window.stride_x) = 8191;
      check_graph(graph);
      return graph;
    };
    SCOPED_TRACE(tall ? "tall" : "wide");
    expect_reference(shape(32767), chip, options, random);
    EXPECT_THAT(error_of(shape(32768), chip, options),
                AllOf(HasSubstr("'conv1'"), HasSubstr(tall ? "32768 rows" : "32768 columns"), HasSubstr("32767")));
  }
}

TEST_F(Compile, AStrideBeyond16BitsIsRightWhereThereIsOneWindowOnly) {
  integer_graph graph = long_map(random, 2, 3);
  graph.nodes[1].layer().window = {1, 1, 70000, 65536, 0, 0};
  check_graph(graph);
  expect_reference(graph, small_chip(16, 40, 256), options, random);
}

TEST_F(Compile, RowsAndChannelsBeyond16BitsAreRefusedByName) {
  chip_config chip = small_chip(16, 40, 256);
  EXPECT_THAT(error_of(long_map(random, 65536, 1), chip, options), AllOf(HasSubstr("65536 rows"), HasSubstr("65535")));
  integer_graph graph = long_map(random, 3, 3);
  graph.nodes[2].inputs = {0};  // the image is pooled
  graph.tensors[0].channels = graph.tensors[2].channels = 65536;
  EXPECT_THAT(error_of(graph, chip, options), AllOf(HasSubstr("'avgpool'"), HasSubstr("65536 channels")));
}

TEST_F(Compile, ColumnsAreNumberedIn30BitsThroughARun) {
  chip_config chip = small_chip(16, 40, 256);
  options.max_images = 1u << 30;
  chip.hbm.bytes = std::uint64_t{1} << 40;
  const deployment mapped = compile(long_map(random, 3, 1000), chip, options);
  EXPECT_EQ(mapped.hbm.max_images, (1u << 30) / 1000);
  EXPECT_EQ(compile(long_map(random, 500, 3), chip, options).hbm.max_images, (1u << 30) / 3) << "rows are no columns";
}

TEST_F(Compile, RefusesMoreImagesThanResultsHaveRoomFor) {
  const integer_graph graph = small_network(random, 29, 37, 40);
  options.max_images = 4;
  deployment mapped = compile(graph, small_chip(64, 40, 256), options);
  set_images(mapped, 4);
  EXPECT_THROW(set_images(mapped, 5), mapping_error);
}

}  // namespace
}  // namespace ohmic
