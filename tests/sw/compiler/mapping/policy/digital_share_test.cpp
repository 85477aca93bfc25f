// How layers on cores are spread over clusters: parts by hand, and what is chosen against all that could be.
#include "sw/compiler/mapping/policy/digital_share.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "sw/compiler/mapping/plan/digital_layer.h"
#include "sw/compiler/mapping/policy/mapping_policy.h"
#include "sw/compiler/mapping/policy/stage_kernel.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

using ::testing::ElementsAre;

using ranges = std::vector<channel_range>;

crossbar_layer layer_of(int in, int out, int groups, int kernel = 1) {
  crossbar_layer l;
  l.in_channels = in;
  l.out_channels = out;
  l.groups = groups;
  l.window = {kernel, kernel, 1, 1, kernel / 2, kernel / 2};
  return l;
}

TEST(DigitalShare, PartsAreWholeUnitsAndTheLargestComesFirst) {
  const crossbar_layer ten = layer_of(8, 10, 1);  // units of 4, 4 and 2 channels
  EXPECT_EQ(split_evenly(ten, 1), (ranges{{0, 10}}));
  EXPECT_EQ(split_evenly(ten, 2), (ranges{{0, 8}, {8, 10}}));
  EXPECT_EQ(split_evenly(ten, 3), (ranges{{0, 4}, {4, 8}, {8, 10}}));
  EXPECT_EQ(split_evenly(ten, 9), split_evenly(ten, 3)) << "no more than there are units";
  EXPECT_EQ(split_evenly(layer_of(8, 28, 1), 3), (ranges{{0, 12}, {12, 20}, {20, 28}})) << "7 units: 3, 2 and 2";
  EXPECT_EQ(split_evenly(layer_of(8, 24, 4), 9), (ranges{{0, 12}, {12, 24}})) << "two groups of 6 are whole words";
  EXPECT_EQ(split_evenly(layer_of(2, 6, 2), 9), (ranges{{0, 6}})) << "of 3, four were";
  EXPECT_EQ(split_evenly(layer_of(10, 10, 10, 3), 9), (ranges{{0, 4}, {4, 8}, {8, 10}})) << "depthwise";
}

// 64 channels of 1 x 1: 16 blocks of 4 channels, of 4 x (64 weights + 12 bytes of constants).
TEST(DigitalShare, APartsWeightsTakeAtMostHalfOfL1) {
  const crossbar_layer layer = layer_of(64, 64, 1);
  const std::uint32_t all = 16 * 4 * (64 + 12);
  ASSERT_EQ(packed_bytes(layer, {0, 64}), all);
  chip_config chip;
  const auto least = [&](std::uint32_t half) {
    chip.cluster.l1_bytes = chip.cluster.program_l1_bytes + 2 * half;
    return least_parts(layer, chip);
  };
  EXPECT_EQ(least(all), 1u);
  EXPECT_EQ(least(all - 1), 2u);
  EXPECT_EQ(least(all / 2), 2u);
  EXPECT_EQ(least(all / 2 - 1), 3u) << "6 of 16 blocks";
  EXPECT_EQ(least(all / 16), 16u);
  EXPECT_EQ(least(1), 16u) << "no smaller than that";
}

TEST(DigitalShare, InTurnALayerTakesTheClustersThatHaveTheLeastToDo) {
  digital_turns turns(5, 3);
  EXPECT_THAT(turns.take(4096, 1), ElementsAre(5)) << "the first of equals";
  EXPECT_THAT(turns.take(60, 1), ElementsAre(6));
  EXPECT_THAT(turns.take(100, 2), ElementsAre(7, 6)) << "none, then one of them; each has half";
  EXPECT_THAT(turns.take(70, 1), ElementsAre(7));
  EXPECT_THAT(turns.take(30, 9), ElementsAre(6, 7, 5)) << "no more than there are";
}

TEST(DigitalShare, ProductsAreThoseOfTheOutputsAlone) {
  crossbar_layer layer = layer_of(8, 16, 1, 3);
  const graph_tensor output{"", 16, 5, 7, 0, -1, {}};
  EXPECT_EQ(products_of(layer, {4, 8}, output), 4.0 * 8 * 9 * 35);
  layer.groups = 4;
  EXPECT_EQ(products_of(layer, {4, 8}, output), 4.0 * 2 * 9 * 35);
}

/// Convolutions on cores, and all that a layer of them could be.
class Sharers : public ::testing::Test {
 protected:
  void SetUp() override {
    graph = chain_network(random, 12, 24, {{3, 3, 1, 1, 1, 1}, {3, 3, 1, 1, 1, 1}, {1, 1, 2, 2, 0, 0}}, 32);
    for (graph_node& node : graph.nodes)
      if (node.has_layer()) {
        node.layer().digital = true;
        node.layer().row_sets.clear();
        node.layer().requantise.m.clear();
        node.layer().requantise.b.clear();
      }
    guess_calibration(graph, random, 256);
    stages = make_stages(graph);
  }
  static double no_master(const digital_share&) { return 0; }

  struct choice {
    unsigned parts, tile, columns;
    double cycles, latency, traffic;
    unsigned clusters() const { return parts * columns; }
  };
  /// What stage s takes in so many parts, tiles of so many columns, each part's spread over so many clusters.
  choice of(std::size_t s, unsigned parts, unsigned tile, unsigned columns) const {
    const crossbar_layer& layer = graph.nodes[stages[s].node].layer();
    const graph_tensor &in = graph.tensors[stages[s].input], &out = graph.tensors[stages[s].output];
    const ranges made = split_evenly(layer, parts);
    kernel_share share;
    share.columns = tile;
    share.channels = static_cast<unsigned>(made[0].count());
    kernel_shape shape = stage_kernel(graph, stages[s], share);
    const bool behind_layer = s > 0, equal = made.size() > 1 && made.back().count() == made[0].count();
    const int block = layer.in_channels / static_cast<int>(made.size());
    if (behind_layer && equal && made[0].count() >= 8 && block >= 8 && block % 4 == 0)
      shape.in_blocks = static_cast<unsigned>(made.size());
    const double one = cost.kernel(shape);
    const unsigned tiles = static_cast<unsigned>(out.width) / tile, busiest = (tiles + columns - 1) / columns;
    // A tile reads its windows' columns, but no cluster more than the whole map.
    const int window = (static_cast<int>(tile) - 1) * layer.window.stride_x + layer.window.size_x;
    const double read = std::min(double(tiles) * window, double(columns) * in.width) * in.height * in.channels;
    choice c{parts, tile, columns, 0, 0, 0};
    c.cycles = std::max(cost.cores(OHMIC_KERNEL_LAYER, busiest * one, 0), cost.transfer(read / columns));
    const double row = cost.transfer(made[0].count());
    const bool plain = made.size() == 1 || (equal && made[0].count() >= 8);
    c.traffic = double(made.size()) * cost.transfer(read) * (plain ? 1 : (std::ceil(row) + 1.6) / row);
    const unsigned awaited = columns_awaited(graph, stages, s), at_once = columns * tile;
    c.latency = (awaited + at_once - 1) / at_once * one;
    return c;
  }
  /// A narrower tile of the map has all the blocks that there need be.
  bool enough(std::size_t s, unsigned tile, double blocks_of_column) const {
    const unsigned width = static_cast<unsigned>(graph.tensors[stages[s].output].width);
    for (unsigned narrower = 1; narrower < tile; ++narrower)
      if (width % narrower == 0 && std::floor(narrower * blocks_of_column) >= 8 * chip.cluster.cores) return true;
    return false;
  }
  /// A part less has as large a part: such parts are not tried.
  bool as_large_in_fewer(std::size_t s, unsigned parts) const {
    const crossbar_layer& layer = graph.nodes[stages[s].node].layer();
    return parts > 1 && split_evenly(layer, parts)[0].count() == split_evenly(layer, parts - 1)[0].count();
  }
  std::vector<choice> all_of(std::size_t s) const {
    std::vector<choice> all;
    const unsigned width = static_cast<unsigned>(graph.tensors[stages[s].output].width);
    for (unsigned parts = 1; parts <= 8; ++parts) {
      // Wider tiles share out no better than those of eight blocks of 4 pixels and 4 channels for each core.
      const auto channels = split_evenly(graph.nodes[stages[s].node].layer(), parts)[0].count();
      const double column = graph.tensors[stages[s].output].height * channels / 16.;
      for (unsigned tile = 1; tile <= 16 && (tile == 1 || !enough(s, tile, column)); ++tile)
        for (unsigned columns = 1; width % tile == 0 && columns <= width / tile; ++columns)
          all.push_back(of(s, parts, tile, columns));
    }
    return all;
  }
  void expect_told(std::size_t s, const digital_share& share) const {
    const choice c = of(s, static_cast<unsigned>(share.parts.size()), share.tile, share.columns);
    EXPECT_NEAR(share.cycles, c.cycles, 1e-6 * c.cycles);
    EXPECT_NEAR(share.latency, c.latency, 1e-6 * c.latency);
    EXPECT_NEAR(share.traffic, c.traffic, 1e-6 * c.traffic);
  }

  std::mt19937 random{20261130};
  integer_graph graph;
  std::vector<stage> stages;
  const chip_config chip = small_chip(64, 256, 256);
  const cost_model cost{chip};
};

TEST_F(Sharers, OfWhatIsFastEnoughTheFewestClustersWhereTheseAreDear) {
  for (std::size_t s = 0; s < 3; ++s) {
    const digital_sharer sharer(graph, stages, s, chip, cost);
    const std::vector<choice> all = all_of(s);
    double slowest = 0, fastest = 1e300;
    for (const choice& c : all) slowest = std::max(slowest, c.cycles), fastest = std::min(fastest, c.cycles);
    for (double limit = fastest; limit <= 1.5 * slowest; limit *= 1.3) {
      unsigned least = ~0u;
      for (const choice& c : all)
        if (c.cycles <= limit && !as_large_in_fewer(s, c.parts)) least = std::min(least, c.clusters());
      const digital_share share = sharer.within(limit, 1e12, no_master);
      EXPECT_LE(share.cycles, limit);
      EXPECT_EQ(share.clusters(), least) << "stage " << s << ", " << limit << " cycles";
      expect_told(s, share);
    }
    for (const choice& c : all)
      if (!as_large_in_fewer(s, c.parts))
        EXPECT_LE(sharer.within(c.cycles, 1e12, no_master).clusters(), c.clusters()) << "exactly as fast as asked";
  }
}

TEST_F(Sharers, ClustersLatencyAndHalfTheTrafficAreWeighedAgainstEachOther) {
  for (std::size_t s = 0; s < 3; ++s) {
    const digital_sharer sharer(graph, stages, s, chip, cost);
    const std::vector<choice> all = all_of(s);
    for (const double worth : {0.0, 10.0, 1000.0, 30000.0})
      for (double limit = 2000; limit < 1e6; limit *= 1.7) {
        const digital_share share = sharer.within(limit, worth, no_master);
        expect_told(s, share);
        const double value = share.clusters() * worth + share.latency + 0.5 * share.traffic;
        for (const choice& c : all) {
          if (share.cycles > limit) {
            EXPECT_GE(c.cycles * (1 + 1e-9), share.cycles) << "the fastest where none is fast enough";
            continue;
          }
          // Of the same parts and tiles only the fewest clusters are tried that are fast enough.
          if (as_large_in_fewer(s, c.parts)) continue;
          if (c.cycles > limit || (c.columns > 1 && of(s, c.parts, c.tile, c.columns - 1).cycles <= limit)) continue;
          EXPECT_GE((c.clusters() * worth + c.latency + 0.5 * c.traffic) * (1 + 1e-9), value)
              << "stage " << s << ": " << c.parts << " parts, tiles of " << c.tile << ", " << c.columns << " columns";
        }
      }
  }
}

TEST_F(Sharers, TheMastersWorkCountsWhereItIsTheLonger) {
  const digital_sharer sharer(graph, stages, 1, chip, cost);
  const digital_share share = sharer.within(1e9, 1, [](const digital_share&) { return 1e7; });
  const choice c = of(1, static_cast<unsigned>(share.parts.size()), share.tile, share.columns);
  EXPECT_DOUBLE_EQ(share.cycles, cost.cores(OHMIC_KERNEL_LAYER, 0, 1e7) + c.cycles);
}

TEST_F(Sharers, OnAllClustersNothingIsMuchFasterAndNothingAsFastHasMoreParts) {
  for (const unsigned clusters : {1u, 2u, 3u, 7u, 24u, 64u})
    for (std::size_t s = 0; s < 3; ++s) {
      const digital_share share = digital_sharer(graph, stages, s, chip, cost).on_all_of(clusters);
      EXPECT_LE(share.clusters(), clusters);
      expect_told(s, share);
      const unsigned width = static_cast<unsigned>(graph.tensors[stages[s].output].width);
      for (const choice& c : all_of(s)) {
        if (c.parts > clusters || c.columns != std::min(width / c.tile, clusters / c.parts)) continue;
        EXPECT_GE(1.0501 * c.cycles, share.cycles);
        if (c.parts > share.parts.size()) EXPECT_GT(c.cycles, share.cycles) << "stage " << s;
        if (c.parts == share.parts.size()) EXPECT_GE(c.cycles * (1 + 1e-9), share.cycles) << "stage " << s;
      }
    }
}

TEST_F(Sharers, LayersShareAChipSoThatAllTakeAboutTheSameTime) {
  const std::vector<std::size_t> layers = {0, 1, 2};
  double before = 1e300;
  for (const unsigned clusters : {3u, 8u, 20u, 48u, 64u})
    for (const unsigned spare : {0u, 4u}) {
      const digital_shares shares = share_clusters(graph, stages, layers, chip, cost, clusters, spare);
      ASSERT_EQ(shares.layers.size(), 3u);
      EXPECT_FALSE(shares.shared);
      unsigned taken = 0;
      double slowest = 0;
      for (const digital_share& share : shares.layers) {
        taken += share.clusters();
        slowest = std::max(slowest, share.cycles);
      }
      EXPECT_EQ(shares.clusters, taken);
      EXPECT_LE(taken, std::max(3u, clusters - spare));
      if (spare == 0) {
        EXPECT_LE(slowest, 1.003 * before) << clusters << " clusters";
        before = slowest;
      }
    }
  const digital_shares few = share_clusters(graph, stages, layers, chip, cost, 2, 0);
  EXPECT_TRUE(few.shared) << "two clusters, three layers";
  EXPECT_EQ(few.clusters, 2u);
}

TEST_F(Sharers, InTurnEachLayerIsOnFewClustersWhereL1IsTooSmallForAllOfAll) {
  chip_config small = chip;
  small.cluster.l1_bytes = small.cluster.program_l1_bytes + 8192;
  const cost_model of_small(small);
  const digital_shares shares = share_in_turn(graph, stages, {0, 1, 2}, small, of_small, 6);
  EXPECT_TRUE(shares.shared);
  EXPECT_LE(shares.clusters, 6u);
  double all = 0, work = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const digital_sharer sharer(graph, stages, i, small, of_small);
    EXPECT_LT(shares.layers[i].clusters(), sharer.on_all_of(6).clusters()) << i;
    all += sharer.on_all_of(1).cycles;
    work += shares.layers[i].cycles * shares.layers[i].clusters();
  }
  EXPECT_LE(work, 1.5 * all) << "nobody makes much twice";
  for (const digital_share& share : shares.layers) EXPECT_LE(share.cycles, 0.5 * all);
}

TEST_F(Sharers, InTurnEachLayerIsSpreadOverAll) {
  const digital_shares shares = share_in_turn(graph, stages, {0, 2}, chip, cost, 16);
  EXPECT_TRUE(shares.shared);
  ASSERT_EQ(shares.layers.size(), 2u);
  EXPECT_EQ(shares.clusters, 16u);
  for (std::size_t i = 0; i < 2; ++i) {
    const digital_share alone = digital_sharer(graph, stages, 2 * i, chip, cost).on_all_of(16);
    EXPECT_EQ(shares.layers[i].parts, alone.parts);
    EXPECT_EQ(shares.layers[i].columns, alone.columns);
  }
  EXPECT_EQ(share_in_turn(graph, stages, {2}, chip, cost, 64).clusters,
            digital_sharer(graph, stages, 2, chip, cost).on_all_of(64).clusters())
      << "no more than there is work for";
}

}  // namespace
}  // namespace ohmic
