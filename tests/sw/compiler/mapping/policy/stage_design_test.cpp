// Which row sets and packed rows share a crossbar.
#include "sw/compiler/mapping/policy/stage_design.h"

#include <gtest/gtest.h>

#include <set>

#include "sw/compiler/mapping/policy/digital_share.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

/// As text: tiles apart by spaces, of each "set.row" of what it makes.
std::string tiles_of(const crossbar_layer& layer, pixel_packing packing) {
  std::string text;
  for (const auto& tile : share_crossbars(layer, packing, layer.out_channels, chip_config{})) {
    if (!text.empty()) text += ' ';
    for (std::size_t i = 0; i < tile.size(); ++i)
      text += (i == 0 ? "" : "+") + std::to_string(tile[i].set) + "." + std::to_string(tile[i].dy);
  }
  return text;
}

crossbar_layer layer(int in, int out, int kernel, int stride) {
  crossbar_layer l;
  l.in_channels = in;
  l.out_channels = out;
  l.window = {kernel, kernel, stride, stride, kernel / 2, kernel / 2};
  l.row_sets = split_rows(in, kernel, kernel, 256);
  return l;
}

TEST(StageDesign, FourPixelsOfAFirstLayerTakeOneCrossbar) {
  EXPECT_EQ(tiles_of(layer(3, 64, 7, 2), {2, 2}), "0.0+0.1");          // 9 x 9 x 3 = 243 rows, 4 x 64 = 256 bitlines
  EXPECT_EQ(tiles_of(layer(3, 64, 7, 2), {1, 4}), "0.0+0.1+0.2 0.3");  // 7 x 13 x 3 = 273 rows are too many
  EXPECT_EQ(tiles_of(layer(3, 64, 7, 2), {4, 2}), "");                 // 512 bitlines
}

TEST(StageDesign, KernelRowsThatReadTheSameRowShareACrossbar) {
  EXPECT_EQ(tiles_of(layer(64, 64, 3, 1), {1, 1}), "0.0 1.0 2.0");
  EXPECT_EQ(tiles_of(layer(64, 64, 3, 1), {2, 2}), "0.0 0.1+1.0 1.1+2.0 2.1");
  EXPECT_EQ(tiles_of(layer(128, 128, 3, 1), {1, 2}), "0.0 0.1+1.0 1.1+2.0 2.1 3.0 3.1+4.0 4.1+5.0 5.1");
  EXPECT_EQ(tiles_of(layer(64, 64, 3, 1), {3, 1}), "") << "320 rows";
}

TEST(StageDesign, AChannelOfEveryTapSharesItsRows) {
  // 256 channels: sets of 28 channels over all taps. Two rows of pixels read 4 x 3 x 28 = 336 rows: too many.
  EXPECT_EQ(tiles_of(layer(56, 56, 3, 1), {1, 2}), "0.0 0.1+1.0 1.1+2.0 2.1");
  const auto tiles = share_crossbars(layer(256, 256, 3, 1), {1, 2}, 256, chip_config{});
  EXPECT_EQ(tiles.size(), 20u) << "ten sets, each twice";
}

// The chip has a cluster with an IMA for each crossbar and one without, which is what the relays and sums may take.
TEST(StageDesign, RelaysLeaveTheClustersWithAnImaToCrossbars) {
  std::mt19937 random(1);
  const integer_graph graph = chain_network(random, 9, 12, {{3, 3, 1, 1, 1, 1}});
  const std::vector<stage> stages = make_stages(graph);
  chip_config chip = small_chip(4, 256, 256);
  for (const unsigned without : {0u, 1u, 2u, 3u}) {
    chip.makes = {{{without}, 16, false}};
    std::vector<stage_design> designs(stages.size());
    for (std::size_t s = 0; s < stages.size(); ++s) {
      const graph_node& node = graph.nodes[stages[s].node];
      designs[s].seats = core_seats::shared;
      if (!node.on_crossbar()) continue;
      designs[s].tiles = share_crossbars(node.layer(), {1, 1}, node.layer().out_channels, chip);
      ASSERT_EQ(designs[s].tiles.size(), 1u);
      designs[s].sums = {{{}, {0}, {}}};
      designs[s].sum_replicas = {1};
    }
    designs[0].replicas = 2;
    designs[0].input_relays = 1;
    const mapping m = place_stages(graph, stages, designs, chip);
    ASSERT_EQ(m.clusters, 4u) << "a relay, two crossbars, and the head's";
    ASSERT_EQ(m.stages[0].input.relays.size(), 1u);
    EXPECT_EQ(m.places[m.stages[0].input.relays[0]], without);
    std::set<unsigned> places(m.places.begin(), m.places.end());
    EXPECT_EQ(places, (std::set<unsigned>{0, 1, 2, 3}));
  }
}

// Without seats of its own a pool runs where its input is made.
TEST(StageDesign, APoolWithoutASeatRunsInTheClusterThatFeedsIt) {
  std::mt19937 random(1);
  const integer_graph graph = small_network(random, 29, 37, 256);
  const std::vector<stage> stages = make_stages(graph);
  const chip_config chip = small_chip(64, 256, 256);
  for (const core_seats seats : {core_seats::own, core_seats::shared}) {
    std::vector<stage_design> designs(stages.size());
    cluster_demand expected{0, 0, {0}};
    for (std::size_t s = 0; s < stages.size(); ++s) {
      const graph_node& node = graph.nodes[stages[s].node];
      designs[s].seats = seats;
      if (node.on_crossbar()) {
        designs[s].tiles = share_crossbars(node.layer(), {1, 1}, node.layer().out_channels, chip);
        designs[s].sums = {{{}, {0}, {}}};
        designs[s].sum_replicas = {1};
      }
      add_demand(designs[s], 1, expected);
    }
    const mapping m = place_stages(graph, stages, designs, chip);
    EXPECT_EQ(m.clusters, expected.all());
    for (std::size_t s = 1; s < stages.size(); ++s) {
      if (graph.nodes[stages[s].node].has_layer()) continue;
      for (std::size_t p = 0; p < s; ++p) {
        if (stages[p].output != stages[s].input) continue;
        const unsigned feeding = m.stages[p].replicas[0].parts[0].sums.back().clusters[0];
        EXPECT_EQ(m.stages[s].replicas[0].cluster == feeding, seats == core_seats::shared) << stages[s].name;
      }
    }
  }
}

// The stages of a group take three clusters, two and one of them: three clusters, and those with the least to do.
TEST(StageDesign, AGroupHasTheClustersOfItsLargestStage) {
  std::mt19937 random(1);
  integer_graph graph = chain_network(random, 12, 12, {{3, 3, 1, 1, 1, 1}, {3, 3, 1, 1, 1, 1}, {3, 3, 1, 1, 1, 1}});
  for (graph_node& node : graph.nodes)
    if (node.has_layer()) node.layer().digital = true;
  const std::vector<stage> stages = make_stages(graph);
  chip_config chip = small_chip(9, 256, 256);
  std::vector<stage_design> designs(stages.size());
  std::vector<std::size_t> grouped;
  for (std::size_t s = 0; s < stages.size(); ++s) {
    if (!graph.nodes[stages[s].node].has_layer()) continue;
    designs[s].digital_parts = split_evenly(graph.nodes[stages[s].node].layer(), 1);
    if (grouped.size() == 3) continue;
    designs[s].group = 1;
    designs[s].replicas = 3 - static_cast<unsigned>(grouped.size());
    grouped.push_back(s);
  }
  ASSERT_EQ(grouped.size(), 3u);
  const mapping placed = place_stages(graph, stages, designs, chip);
  EXPECT_EQ(placed.clusters, 3 + stages.size() - 3);
  const auto clusters = [&](std::size_t s) { return placed.stages[s].replicas[0].parts[0].sums[0].clusters; };
  EXPECT_EQ(clusters(grouped[0]), (std::vector<unsigned>{0, 1, 2}));
  EXPECT_EQ(clusters(grouped[1]), (std::vector<unsigned>{0, 1}));
  EXPECT_EQ(clusters(grouped[2]), (std::vector<unsigned>{2}));
}

}  // namespace
}  // namespace ohmic
