// Every promise of a mapping, broken once: one clear sentence each.
#include "sw/compiler/mapping/plan/check_mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/plan/token_run.h"
#include "sw/compiler/mapping/policy/mapping_policy.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// conv1 (one set), maxpool, down (one set), main+add (four sets on crossbars of 60 rows), avgpool, fc.
class CheckMapping : public ::testing::Test {
 protected:
  CheckMapping() : graph(small_network(random, 29, 37, 60)), chip(small_chip(64, 60, 64)), stages(make_stages(graph)) {
    mapping_options options;
    options.naive.conv1_replicas = 1;
    right = make_mapping_policy(options)->map(graph, stages, chip);
    for (std::size_t s = 0; s < stages.size(); ++s) {
      if (stages[s].name == "main+add") main = s;
      if (stages[s].name == "maxpool") pool = s;
      if (stages[s].name == "fc") fc = s;
    }
  }
  /// What is said of the mapping after a change; empty: nothing.
  std::string said(const std::function<void(mapping&)>& change) {
    mapping m = right;
    change(m);
    try {
      check_mapping(graph, stages, m, chip);
    } catch (const mapping_error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      return error.what();
    }
    return "";
  }
  channel_part& part(mapping& m) const { return m.stages[main].replicas[0].parts[0]; }

  std::mt19937 random{7};
  integer_graph graph;
  chip_config chip;
  std::vector<stage> stages;
  mapping right;
  std::size_t main = 0, pool = 0, fc = 0;
};

TEST_F(CheckMapping, SaysNothingOfARightOne) {
  EXPECT_EQ(said([](mapping&) {}), "");
}

TEST_F(CheckMapping, TheChipHasTheClusters) {
  EXPECT_THAT(said([](mapping& m) { m.clusters = 65; }), AllOf(HasSubstr("65 clusters"), HasSubstr("1 too few")));
  EXPECT_THAT(said([](mapping& m) { m.places[1] = 64; }), HasSubstr("placed on cluster 64"));
  EXPECT_THAT(said([](mapping& m) { m.places[1] = m.places[0]; }), HasSubstr("two clusters"));
  EXPECT_THAT(said([](mapping& m) { m.places.pop_back(); }), HasSubstr("places"));
  EXPECT_THAT(said([&](mapping& m) { m.stages[pool].replicas[0].cluster = 99; }),
              AllOf(HasSubstr("'maxpool'"), HasSubstr("cluster 99")));
  EXPECT_THAT(said([](mapping& m) {
                m.places.push_back(m.clusters);
                ++m.clusters;
              }),
              HasSubstr("has nothing to do"));
  EXPECT_THAT(said([](mapping& m) { m.prefetch_tiles = 0; }), HasSubstr("prefetch_tiles"));
  EXPECT_THAT(said([](mapping& m) { m.stages.emplace_back(); }), HasSubstr("has 7 stages and the network has 6"));
}

TEST_F(CheckMapping, CrossbarsAreInClustersThatHaveOne) {
  const unsigned place = right.places[part(right).tiles[0].cluster];
  chip.makes = {{{place}, 16, true}};
  EXPECT_EQ(said([](mapping&) {}), "");
  chip.makes[0].ima = false;
  EXPECT_THAT(said([](mapping&) {}),
              AllOf(HasSubstr("placed on cluster " + std::to_string(place)), HasSubstr("no IMA")));
}

TEST_F(CheckMapping, TilesAndReplicasShareTheColumns) {
  EXPECT_THAT(said([&](mapping& m) { m.stages[main].tile_columns = 3; }), HasSubstr("do not divide its map of 10"));
  EXPECT_THAT(said([&](mapping& m) { m.stages[main].tile_columns = 0; }), HasSubstr("0 columns"));
  EXPECT_THAT(said([&](mapping& m) {
                m.stages[pool].tile_columns = 5;
                m.stages[pool].replicas.resize(3, m.stages[pool].replicas[0]);
              }),
              AllOf(HasSubstr("'maxpool'"), HasSubstr("3 replicas"), HasSubstr("2 tiles of 5 columns")));
  EXPECT_THAT(said([&](mapping& m) { m.stages[pool].replicas.clear(); }), HasSubstr("no replica"));
  EXPECT_THAT(said([&](mapping& m) {
                m.stages[main].tile_columns = 10;
                part(m).sums.back().clusters = {0, 1};
              }),
              AllOf(HasSubstr("2 replicas"), HasSubstr("1 tiles")))
      << "replicas of a sum share the tiles too";
}

TEST_F(CheckMapping, ARectangleIsWithinTheCrossbarAndAlone) {
  EXPECT_THAT(said([&](mapping& m) { part(m).tiles[0].first_row = 20; }),
              AllOf(HasSubstr("rows 20 to 73"), HasSubstr("60 x 64")));
  EXPECT_THAT(said([&](mapping& m) { part(m).tiles[0].first_bitline = 52; }), HasSubstr("bitlines 52 to 64"));
  EXPECT_EQ(said([&](mapping& m) { part(m).tiles[0].first_bitline = 51; }), "");
  const auto together = [&](unsigned bitline) {
    return said([&](mapping& m) {
      part(m).tiles[1].cluster = part(m).tiles[0].cluster;
      part(m).tiles[1].first_bitline = bitline;
      part(m).sums.back().clusters = {part(m).tiles[0].cluster};
      for (replica_mapping& replica : m.stages[pool].replicas)
        replica.cluster = right.stages[main].replicas[0].parts[0].tiles[1].cluster;
      m.stages[fc].replicas[0].parts[0].sums[0].clusters = {
          right.stages[main].replicas[0].parts[0].sums[0].clusters[0]};
      for (unsigned c : {right.stages[pool].replicas[0].cluster}) m.stages[main + 1].replicas[0].cluster = c;
      m.stages[main].residual = {buffer_place::relay, {right.stages[main + 1].replicas[0].cluster}, 0};
    });
  };
  EXPECT_THAT(together(12), AllOf(HasSubstr("'main+add' and 'main+add' overlap"), HasSubstr("bitlines 12 to 24")));
  EXPECT_THAT(together(13), ::testing::Not(HasSubstr("overlap")));
}

TEST_F(CheckMapping, EveryChannelIsMadeOnceInOrder) {
  const auto with = [&](channel_range first) {
    return said([&](mapping& m) {
      std::vector<channel_part>& parts = m.stages[main].replicas[0].parts;
      parts.insert(parts.begin(), parts[0]);
      parts[0].channels = first;
    });
  };
  EXPECT_THAT(with({0, 0}), HasSubstr("makes channels 0 to -1 behind channel -1")) << "none";
  EXPECT_THAT(with({0, 13}), HasSubstr("makes channels 0 to 12 behind channel 12")) << "all of them twice";
  EXPECT_THAT(said([&](mapping& m) { part(m).channels.begin = 1; }), HasSubstr("makes channels 1 to 12 behind"));
  EXPECT_NE(said([&](mapping& m) { part(m).channels.end = 12; }), "") << "the last is missing";
}

TEST_F(CheckMapping, EveryCodeIsMadeOnceAndAddedOnce) {
  EXPECT_THAT(said([&](mapping& m) { part(m).tiles[1].sets[0].set = 0; }), HasSubstr("row set 0"));
  EXPECT_THAT(said([&](mapping& m) { part(m).tiles.pop_back(); }), HasSubstr("does not make the codes of row set 3"));
  EXPECT_THAT(said([&](mapping& m) { part(m).tiles[1].sets[0].set = 4; }), HasSubstr("has 4 row sets"));
  EXPECT_THAT(said([&](mapping& m) { part(m).tiles[1].sets.clear(); }), HasSubstr("without row sets"));
  EXPECT_THAT(said([&](mapping& m) { part(m).sums.back().sets = {0, 1, 2}; }),
              HasSubstr("row set 3 0 times for channels 0 to 12"));
  EXPECT_THAT(said([&](mapping& m) { part(m).sums.back().sets = {0, 1, 2, 3, 3}; }), HasSubstr("row set 3 2 times"));
  EXPECT_THAT(said([&](mapping& m) { part(m).sums.insert(part(m).sums.begin(), {{0}, {}, {}}); }),
              HasSubstr("sum 0 has no input"));
  EXPECT_THAT(said([&](mapping& m) {
                part(m).sums.insert(part(m).sums.begin(), {{0}, {0, 1}, {}});
                part(m).sums.back().sets = {2, 3};
              }),
              HasSubstr("sum 0 is read 0 times"));
  EXPECT_THAT(said([&](mapping& m) { part(m).sums.back().nodes = {0}; }), HasSubstr("does not stand before it"));
  EXPECT_THAT(said([&](mapping& m) { part(m).sums.back().clusters.clear(); }), HasSubstr("has no cluster"));
}

TEST_F(CheckMapping, EveryChannelIsMadeOnce) {
  EXPECT_THAT(said([&](mapping& m) { part(m).channels = {0, 12}; }), HasSubstr("its map has 13"));
  EXPECT_THAT(said([&](mapping& m) { part(m).channels = {1, 13}; }), HasSubstr("channels 1 to 12"));
  EXPECT_THAT(said([&](mapping& m) { m.stages[main].replicas[0].parts.clear(); }), HasSubstr("its map has 13"));
  EXPECT_THAT(said([&](mapping& m) {
                replica_mapping other = m.stages[main].replicas[0];
                other.parts.push_back(other.parts[0]);
                other.parts[0].channels = {0, 5};
                other.parts[1].channels = {5, 13};
                for (channel_part& p : other.parts)
                  for (crossbar_tile& tile : p.tiles) tile.first_bitline = 13 + static_cast<unsigned>(p.channels.begin);
                m.stages[main].tile_columns = 1;
                m.stages[main].replicas.push_back(other);
              }),
              HasSubstr("split its channels differently"));
}

TEST_F(CheckMapping, PackingIsWhatAnMvmCanDo) {
  EXPECT_THAT(said([&](mapping& m) { m.stages[main].packing = {0, 1}; }), HasSubstr("packs 0"));
  EXPECT_THAT(said([&](mapping& m) {
                m.stages[main].tile_columns = 5;
                m.stages[main].packing = {2, 1};
              }),
              HasSubstr("do not divide its tiles of 5"));
  EXPECT_THAT(said([&](mapping& m) { m.stages[main].packing = {1, 9}; }), HasSubstr("its map has 8"));
  EXPECT_THAT(said([&](mapping& m) { m.stages[pool].packing = {2, 1}; }), HasSubstr("runs on cores"));
  EXPECT_THAT(said([&](mapping& m) { m.stages[main].packing = {1, 2}; }),
              HasSubstr("does not make the codes of row set 0 (row 1 of those packed)"));
  EXPECT_THAT(said([&](mapping& m) { part(m).tiles[0].sets[0].dy = 1; }), HasSubstr("makes row 1 of them"));
  EXPECT_THAT(said([&](mapping& m) {
                part(m).tiles[0].sets.push_back({1, 0});
                part(m).tiles.erase(part(m).tiles.begin() + 1);
              }),
              HasSubstr("read different channels"));
  EXPECT_THAT(said([&](mapping& m) { m.stages[fc].replicas[0].parts[0].tiles[0].sets.assign(9, {0, 0}); }),
              HasSubstr("twice"));
}

TEST_F(CheckMapping, AJobHasEightGroupsOfCodes) {
  // conv1 makes 20 channels: nine rows packed are nine groups.
  EXPECT_THAT(said([&](mapping& m) {
                m.stages[0].packing = {1, 9};
                m.stages[0].replicas[0].parts[0].tiles[0].sets.clear();
                for (unsigned dy = 0; dy < 9; ++dy) m.stages[0].replicas[0].parts[0].tiles[0].sets.push_back({0, dy});
              }),
              AllOf(HasSubstr("9 groups"), HasSubstr("at most 8")));
}

TEST_F(CheckMapping, CoordinatesOfPackedPixelsHave16Bits) {
  graph.nodes[1].layer().window.stride_y = 20000;
  EXPECT_THAT(said([&](mapping& m) { m.stages[0].packing = {1, 2}; }),
              AllOf(HasSubstr("40000 rows"), HasSubstr("32767")));
}

TEST_F(CheckMapping, PartialSumsHave16Bits) {
  crossbar_layer& layer = graph.nodes[stages[main].node].layer();
  layer.row_sets.assign(257, layer.row_sets[0]);
  chip.network.factors.back() = 512;
  const std::string text = said([&](mapping& m) {
    channel_part& p = part(m);
    const unsigned root = p.sums.back().clusters[0];
    p.tiles.resize(257, p.tiles[0]);
    p.sums.clear();
    std::vector<unsigned> sums;
    for (unsigned k = 0; k < 257; ++k) {
      if (k >= 4) {
        p.tiles[k].cluster = m.clusters;
        m.places.push_back(m.clusters++);
      }
      p.tiles[k].sets = {{k, 0}};
      if (k % 32 == 0) p.sums.push_back({{root}, {}, {}});
      p.sums.back().sets.push_back(k);
    }
    p.sums.push_back({{root}, {}, {0, 1, 2, 3, 4, 5, 6, 7, 8}});
    p.sums.push_back({{root}, {}, {9}});
  });
  EXPECT_THAT(text, AllOf(HasSubstr("sum 9 adds the codes of 257 row sets"), HasSubstr("16 bits")));
}

TEST_F(CheckMapping, AKernelHas32Inputs) {
  crossbar_layer& layer = graph.nodes[stages[main].node].layer();
  layer.row_sets.assign(33, layer.row_sets[0]);
  EXPECT_THAT(said([&](mapping& m) {
                channel_part& p = part(m);
                p.tiles.resize(33, p.tiles[0]);
                p.sums.back().sets.clear();
                for (unsigned k = 0; k < 33; ++k) {
                  if (k >= 4) {
                    p.tiles[k].cluster = m.clusters;
                    m.places.push_back(m.clusters++);
                  }
                  p.tiles[k].sets = {{k, 0}};
                  p.sums.back().sets.push_back(k);
                }
              }),
              AllOf(HasSubstr("33 row sets"), HasSubstr("at most 32 inputs")));
}

/// The same with all layers on cores: clusters share the 13 channels of `main`.
TEST_F(CheckMapping, LayersOnCoresHavePartsWithoutTilesAndRowSets) {
  graph = digital_network(random, 29, 37, 60, true);
  stages = make_stages(graph);
  mapping_options options;
  right = make_mapping_policy(options)->map(graph, stages, chip);
  const auto parts = [&](mapping& m) -> std::vector<channel_part>& { return m.stages[main].replicas[0].parts; };
  ASSERT_GE(parts(right).size(), 2u);
  EXPECT_EQ(said([](mapping&) {}), "");
  EXPECT_THAT(said([&](mapping& m) { parts(m)[0].channels.end = parts(m)[1].channels.begin = 6; }),
              AllOf(HasSubstr("'main+add'"), HasSubstr("begins with channel 6"), HasSubstr("multiples of 4")));
  EXPECT_THAT(said([&](mapping& m) { parts(m)[1].channels.begin -= 4; }), HasSubstr("each is made once, in order"));
  EXPECT_THAT(said([&](mapping& m) { parts(m).pop_back(); }), HasSubstr("its map has 13"));
  EXPECT_THAT(said([&](mapping& m) { part(m).tiles.emplace_back(); }), HasSubstr("has a tile on a crossbar"));
  EXPECT_THAT(said([&](mapping& m) { part(m).sums[0].sets = {0}; }), HasSubstr("without row sets"));
  EXPECT_THAT(said([&](mapping& m) { part(m).sums.push_back(part(m).sums[0]); }), HasSubstr("one sum"));
  EXPECT_THAT(said([&](mapping& m) { part(m).sums.clear(); }), HasSubstr("one sum"));
  EXPECT_THAT(said([&](mapping& m) { m.stages[main].packing = {2, 1}; }), HasSubstr("packs nothing"));
  EXPECT_THAT(said([&](mapping& m) { m.stages[main].packing = {1, 2}; }), HasSubstr("packs nothing"));
  EXPECT_THAT(said([&](mapping& m) { part(m).sums[0].clusters[0] = m.clusters; }), HasSubstr("is on cluster"));
}

TEST_F(CheckMapping, EdgesWaitSomewhere) {
  const auto input = [&](std::size_t s, edge_mapping edge) {
    return said([&](mapping& m) { m.stages[s].input = edge; });
  };
  EXPECT_THAT(input(0, {buffer_place::relay, {1, 2}, 0}),
              HasSubstr("is the image, which one relay hands on, and 2 are"));
  EXPECT_THAT(input(pool, {buffer_place::relay, {}, 0}), HasSubstr("names none"));
  EXPECT_THAT(input(pool, {buffer_place::relay, {1, 1}, 0}), HasSubstr("relay 1 twice"));
  EXPECT_THAT(input(pool, {buffer_place::relay, {99}, 0}), HasSubstr("cluster 99"));
  EXPECT_THAT(input(pool, {buffer_place::hbm, {1}, 0}), HasSubstr("does not wait there"));
  EXPECT_THAT(said([&](mapping& m) { m.stages[pool].residual.buffer = buffer_place::hbm; }), HasSubstr("no residual"));
  EXPECT_EQ(input(pool, {buffer_place::hbm, {}, 7}), "");
}

/// Of a plan: a ring that two local steps fill.
TEST_F(CheckMapping, ARingHasOneLocalProducer) {
  deployment_plan plan = build_plan(graph, stages, right);
  for (plan_cluster& cluster : plan.clusters)
    for (plan_ring& ring : cluster.rings) ring.slots = 40;
  plan_cluster& cluster = plan.clusters[0];
  cluster.steps.push_back(cluster.steps[0]);
  try {
    prove_live(plan);
    FAIL() << "two steps pull the image into one ring";
  } catch (const mapping_error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("2 local steps"), HasSubstr("'image'"), HasSubstr("'conv1'")));
  }
}

}  // namespace
}  // namespace ohmic
