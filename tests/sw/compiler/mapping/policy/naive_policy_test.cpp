// What the policy `naive` promises about sums, relays and refusals; compile_test.cpp proves that its mappings are
// right.
#include "sw/compiler/mapping/policy/naive_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sw/compiler/mapping/cost/cost_model.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/policy/reduction_tree.h"
#include "sw/compiler/mapping/policy/stage_kernel.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

mapping map(const integer_graph& graph, const chip_config& chip, const naive_options& options = {}) {
  return naive_policy(options).map(graph, make_stages(graph), chip);
}

std::string refusal(const integer_graph& graph, const chip_config& chip, const naive_options& options = {}) {
  try {
    map(graph, chip, options);
  } catch (const mapping_error& error) {
    return error.what();
  }
  return "";
}

std::size_t stage_of(const integer_graph& graph, const std::string& name) {
  const std::vector<stage> stages = make_stages(graph);
  for (std::size_t s = 0; s < stages.size(); ++s)
    if (stages[s].name == name) return s;
  ADD_FAILURE() << name;
  return 0;
}

/// Of each node the row sets and the nodes that it adds.
std::vector<std::pair<std::vector<unsigned>, std::vector<unsigned>>> shape_of(const std::vector<reduction_node>& sums) {
  std::vector<std::pair<std::vector<unsigned>, std::vector<unsigned>>> shape;
  for (const reduction_node& node : sums) shape.emplace_back(node.sets, node.nodes);
  return shape;
}

class NaivePolicy : public ::testing::Test {
 protected:
  std::mt19937 random{20261130};
};

// conv0 has 40 x 30 pixels and one row set; conv1 has sixteen row sets, and its root must not be slower than 65 % of
// conv0's crossbar.
TEST_F(NaivePolicy, ARootAddsAsMuchAsTakesTwoThirdsOfTheSlowestCrossbarsTimeOrFour) {
  integer_graph graph = chain_network(random, 30, 40, {{1, 1, 1, 1, 0, 0}, {3, 3, 5, 5, 0, 0}}, 32);
  for (graph_node& node : graph.nodes)
    if (node.has_layer()) node.layer().requantise = {};
  guess_calibration(graph, random, 18);
  const std::vector<stage> stages = make_stages(graph);
  ASSERT_EQ(graph.nodes[stages[1].node].layer().row_sets.size(), 16u);
  chip_config chip = small_chip(64, 18, 64);
  chip.cluster.cores = 2;
  naive_options options;
  std::set<unsigned> seen;
  for (const unsigned replicas : {1u, 2u})
    for (double mvm = 1; mvm < 2000; mvm *= 1.3) {
      chip.ima.mvm_cycles = static_cast<unsigned>(mvm);
      options.conv1_replicas = replicas;
      const mapping m = map(graph, chip, options);
      ASSERT_EQ(m.stages[0].replicas.size(), replicas);
      ASSERT_EQ(m.stages[1].replicas.size(), 1u);
      const auto time_of = [&](unsigned inputs) {
        kernel_share share;
        share.columns = m.stages[1].tile_columns;
        share.channels = 32;
        share.in8 = inputs;
        return 8 / share.columns * cost_model(chip).kernel(stage_kernel(graph, stages[1], share));
      };
      unsigned fan_in = 16;
      while (fan_in > 4 && time_of(fan_in) > 0.65 * 40 * 30 / replicas * chip.ima.mvm_cycles) --fan_in;
      SCOPED_TRACE(std::to_string(chip.ima.mvm_cycles) + " cycles, " + std::to_string(fan_in) + " inputs");
      EXPECT_EQ(shape_of(m.stages[1].replicas[0].parts[0].sums), shape_of(make_reduction_tree(16, fan_in)));
      seen.insert(fan_in);
    }
  EXPECT_EQ(*seen.begin(), 4u);
  EXPECT_EQ(*seen.rbegin(), 16u);
  EXPECT_GT(seen.size(), 4u) << "and something in between";

  options.reduction_fan_in = 7;
  EXPECT_EQ(shape_of(map(graph, chip, options).stages[1].replicas[0].parts[0].sums),
            shape_of(make_reduction_tree(16, 7)))
      << "if it is asked";
}

// By itself the first layer gets replicas; by name as many as are asked.
TEST_F(NaivePolicy, ReplicasThatAreAskedByNameAreTheFirstLayersToo) {
  const integer_graph graph = small_network(random, 29, 37, 60);
  naive_options options;
  options.conv1_replicas = 3;
  options.replicas = {{"conv1", 2}};
  EXPECT_EQ(map(graph, small_chip(64, 60, 64), options).stages[0].replicas.size(), 2u);
  options.replicas = {{"main", 2}};
  const mapping m = map(graph, small_chip(64, 60, 64), options);
  EXPECT_EQ(m.stages[0].replicas.size(), 3u);
  EXPECT_EQ(m.stages[stage_of(graph, "main+add")].replicas.size(), 2u);
}

// Where eight clusters or more read the image, one that is to spare hands it to them.
TEST_F(NaivePolicy, AnImageForEightReadersOnCoresComesThroughACluster) {
  integer_graph graph = chain_network(random, 24, 32, {{3, 3, 1, 1, 1, 1}, {1, 1, 1, 1, 0, 0}}, 48);
  for (graph_node& node : graph.nodes)
    if (node.kind() == node_kind::convolution) node.layer().digital = true;
  for (graph_node& node : graph.nodes)
    if (node.has_layer()) node.layer().requantise = {};
  guess_calibration(graph, random, 256);
  unsigned relayed = 0, few = 0, exactly = 0;
  for (unsigned clusters = 3; clusters <= 40; ++clusters) {
    const mapping m = map(graph, small_chip(clusters, 256, 256));
    std::set<unsigned> readers;
    std::size_t seats = 0;
    for (const channel_part& part : m.stages[0].replicas.at(0).parts)
      for (const unsigned cluster : part.sums.at(0).clusters) {
        readers.insert(cluster);
        ++seats;
      }
    SCOPED_TRACE(std::to_string(clusters) + " clusters, " + std::to_string(seats) + " readers");
    const edge_mapping& image = m.stages[0].input;
    if (image.buffer == buffer_place::relay) {
      ++relayed;
      EXPECT_GE(seats, 8u);
      exactly += seats == 8;
      ASSERT_EQ(image.relays.size(), 1u);
      EXPECT_EQ(readers.count(image.relays[0]), 0u) << "a cluster of its own";
    } else {
      EXPECT_TRUE(seats < 8 || m.clusters == clusters || readers.size() < seats) << m.clusters;
      few += seats == 7;
    }
    EXPECT_EQ(m.stages[1].input.buffer, buffer_place::reader) << "only an image";
  }
  EXPECT_GT(relayed, 10u);
  EXPECT_GT(few + exactly, 0u) << "the limit itself";
}

TEST_F(NaivePolicy, SaysWhatItCannotDoWithNumbers) {
  const integer_graph graph = small_network(random, 29, 37, 60);
  const chip_config chip = small_chip(64, 60, 64);
  naive_options options;
  options.prefetch_tiles = 0;
  EXPECT_THAT(refusal(graph, chip, options), HasSubstr("prefetch_tiles is 0; double buffering needs at least 1"));
  options = {};
  options.replicas = {{"main", 0}};
  EXPECT_EQ(refusal(graph, chip, options), "layer 'main': 0 replicas asked, at least 1 needed");
  options = {};
  options.reduction_fan_in = 1;
  EXPECT_THAT(refusal(graph, chip, options), HasSubstr("reduction_fan_in is 1"));
}

// conv1, down and fc take a crossbar each, `main` four: seven.
TEST_F(NaivePolicy, EveryRowSetNeedsACrossbar) {
  const integer_graph graph = small_network(random, 29, 37, 60);
  naive_options options;
  EXPECT_EQ(refusal(graph, small_chip(7, 60, 64), options), "");
  EXPECT_EQ(refusal(graph, small_chip(6, 60, 64), options),
            "the network needs 7 crossbars, one per cluster, and chip 'small' has 6 clusters: 1 too few");
  chip_config mixed = small_chip(9, 60, 64);
  mixed.makes = {{{0, 1, 2}, 16, false}};
  EXPECT_EQ(refusal(graph, mixed, options),
            "the network needs 7 crossbars, one per cluster, and chip 'small' has 6 clusters with an IMA: 1 too few");
  mixed.makes = {{{0, 1}, 16, false}};
  EXPECT_EQ(refusal(graph, mixed, options), "");
}

// The root of `main` and two pools want clusters of their own.
TEST_F(NaivePolicy, ReductionsAndPoolsOfTheirOwnNeedClustersBesideTheCrossbars) {
  const integer_graph graph = small_network(random, 29, 37, 60);
  naive_options options;
  options.conv1_replicas = 1;
  options.reductions = reduction_seats::extra;
  EXPECT_EQ(refusal(graph, small_chip(10, 60, 64), options), "");
  EXPECT_EQ(refusal(graph, small_chip(9, 60, 64), options),
            "reductions and pools of their own need 3 clusters beside 7 crossbars, and chip 'small' has 9 clusters: 1 "
            "too few (reductions: automatic shares clusters)");
  options.reductions = reduction_seats::automatic;
  EXPECT_EQ(refusal(graph, small_chip(9, 60, 64), options), "");
  // If they share, only the pools take some of many.
  options.reductions = reduction_seats::shared;
  const mapping m = map(graph, small_chip(64, 60, 64), options);
  EXPECT_EQ(m.clusters, 9u);
  const channel_part& part = m.stages[stage_of(graph, "main+add")].replicas[0].parts[0];
  EXPECT_EQ(part.sums.back().clusters, (std::vector<unsigned>{part.tiles[0].cluster}));
}

// A pool that reads the image has nobody to share a cluster with.
TEST_F(NaivePolicy, APoolOfTheImageNeedsACluster) {
  const integer_graph graph = chain_network(random, 9, 9, {});
  EXPECT_EQ(refusal(graph, small_chip(2, 256, 256)), "");
  EXPECT_THAT(refusal(graph, small_chip(1, 256, 256)),
              AllOf(HasSubstr("stage 'avgpool' reads the image and has no cluster to share"),
                    HasSubstr("needs 2 clusters and has 1")));
}

// Both operands of an add of its own wait in HBM if residuals do; of a fused one only the residual.
TEST_F(NaivePolicy, ResidualsWaitWhereTheyAreAsked) {
  const integer_graph graph = network_with_separate_add(random, 29, 37, 60);
  const std::vector<stage> stages = make_stages(graph);
  for (const residual_store store : {residual_store::l1, residual_store::hbm}) {
    naive_options options;
    options.residuals = store;
    const mapping m = map(graph, small_chip(64, 60, 64), options);
    const buffer_place place = store == residual_store::hbm ? buffer_place::hbm : buffer_place::reader;
    for (std::size_t s = 0; s < stages.size(); ++s) {
      const bool own_add = graph.nodes[stages[s].node].kind() == node_kind::add;
      EXPECT_EQ(m.stages[s].residual.buffer, stages[s].residual >= 0 ? place : buffer_place::reader) << stages[s].name;
      EXPECT_EQ(m.stages[s].input.buffer, own_add ? place : buffer_place::reader) << stages[s].name;
    }
  }
}

}  // namespace
}  // namespace ohmic
