// Edges between stages, ring by ring and copy by copy, counted by hand.
#include "sw/compiler/mapping/plan/edge_builder.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

constexpr int image = 0, map = 1;
constexpr unsigned height = 5, width = 12;

/// A network of which only the shapes matter: an image of 3 channels and a map of 24, 12 columns of 5 pixels each.
class EdgeBuilder : public ::testing::Test {
 protected:
  EdgeBuilder() {
    graph.tensors.resize(2);
    graph.tensors[image].channels = 3;
    graph.tensors[map].channels = 24;
    for (int t : {image, map}) {
      graph.tensors[t].height = height;
      graph.tensors[t].width = width;
      graph.tensors[t].producer = t;
    }
    plan.graph = &graph;
    plan.clusters.resize(8);
  }
  static plan_step step_of(int stage, replica_rule makes, unsigned columns = width) {
    plan_step step;
    step.stage = stage;
    step.makes = makes;
    step.columns_per_image = columns;
    return step;
  }
  static plan_window window_of(unsigned size, unsigned stride = 1, int pad = 0) {
    plan_window window;
    window.size = size;
    window.stride = stride;
    window.pad = pad;
    return window;
  }
  edge_builder::request ask(int tensor, channel_range channels, bool plain, const edge_mapping& edge,
                            plan_window window = {}) const {
    edge_builder::request asked;
    asked.tensor = tensor;
    asked.channels = channels;
    asked.plain = plain;
    asked.edge = &edge;
    asked.window = window;
    return asked;
  }
  /// A ring of a stage's output, empty yet.
  unsigned output(unsigned cluster) {
    plan_ring ring;
    ring.tensor = map;
    ring.columns_per_image = width;
    ring.layout.height = height;
    plan.clusters[cluster].rings.push_back(ring);
    return static_cast<unsigned>(plan.clusters[cluster].rings.size() - 1);
  }
  const plan_ring& ring(unsigned cluster, unsigned index) const { return plan.clusters[cluster].rings[index]; }
  const std::vector<plan_destination>& pushed(unsigned cluster, unsigned step) const {
    return std::get<push_work>(plan.clusters[cluster].steps[step].work).destinations;
  }

  integer_graph graph;
  deployment_plan plan;
  edge_mapping direct;
};

/// Channels, offset and pitch of a segment.
void expect_segment(const layout_segment& segment, channel_range channels, unsigned offset, unsigned pitch) {
  EXPECT_EQ(segment.channels, channels) << segment.channels.begin << ".." << segment.channels.end;
  EXPECT_EQ(segment.offset, offset);
  EXPECT_EQ(segment.pitch, pitch);
}

void expect_copy(const column_copy& copy, unsigned from, unsigned to, unsigned bytes, unsigned rows = 1,
                 unsigned source_pitch = 0, unsigned destination_pitch = 0) {
  EXPECT_EQ(copy.source_offset, from);
  EXPECT_EQ(copy.destination_offset, to);
  EXPECT_EQ(copy.run_bytes, bytes);
  EXPECT_EQ(copy.rows, rows);
  EXPECT_EQ(copy.source_pitch, source_pitch);
  EXPECT_EQ(copy.destination_pitch, destination_pitch);
}

TEST_F(EdgeBuilder, OneReplicasReadersOfTheSameBlockShareARing) {
  edge_builder edges(plan);
  const plan_step reader = step_of(3, {2, 0, 2});
  const auto plain = ask(map, {0, 8}, true, direct);
  const unsigned first = edges.add_input(4, reader, plain);
  EXPECT_EQ(edges.add_input(4, reader, plain), first);
  EXPECT_EQ(plan.clusters[4].rings.size(), 1u);

  EXPECT_NE(edges.add_input(4, reader, ask(map, {0, 12}, true, direct)), first) << "other channels end elsewhere";
  EXPECT_NE(edges.add_input(4, reader, ask(map, {4, 8}, true, direct)), first) << "other channels begin elsewhere";
  EXPECT_NE(edges.add_input(4, step_of(3, {2, 1, 2}), plain), first) << "another replica";
  EXPECT_NE(edges.add_input(4, step_of(3, {2, 0, 3}), plain), first) << "one of more replicas";
  EXPECT_NE(edges.add_input(4, step_of(2, {2, 0, 2}), plain), first) << "another stage";
  auto waits = plain;
  waits.skip = true;
  const unsigned skip = edges.add_input(4, reader, waits);
  EXPECT_NE(edges.add_input(4, reader, waits), skip) << "a skip connection's is nobody else's";
  EXPECT_TRUE(ring(4, skip).skip);
  const auto flexible = ask(map, {0, 8}, false, direct);
  EXPECT_NE(edges.add_input(4, reader, flexible), edges.add_input(4, reader, flexible));
  EXPECT_EQ(edges.add_input(4, reader, plain), first);
  EXPECT_EQ(edges.add_input(5, reader, plain), 0u) << "a cluster of its own";
  EXPECT_EQ(plan.clusters[5].rings.size(), 1u);
}

TEST_F(EdgeBuilder, ARingSaysWhatItHolds) {
  edge_builder edges(plan);
  edge_mapping deep;
  deep.columns = 7;
  const unsigned index = edges.add_input(2, step_of(3, {1, 0, 1}), ask(map, {8, 14}, true, deep));
  const plan_ring& made = ring(2, index);
  EXPECT_EQ(made.tensor, map);
  EXPECT_EQ(made.stage, 3);
  EXPECT_EQ(made.columns_per_image, width);
  EXPECT_EQ(made.least_columns, 7u);
  EXPECT_FALSE(made.skip);
  EXPECT_EQ(made.layout.height, height);
  ASSERT_EQ(made.layout.segments.size(), 1u);
  expect_segment(made.layout.segments[0], {8, 14}, 0, 6);
  EXPECT_EQ(made.layout.bytes, 32u) << "5 pixels of 6 bytes, in whole words";
}

TEST_F(EdgeBuilder, BlocksOfAPlainRingShareItsChannelsEvenly) {
  edge_builder edges(plan);
  auto asked = ask(map, {0, 24}, true, direct);
  asked.blocks = 3;
  const column_layout& layout = ring(1, edges.add_input(1, step_of(2, {1, 0, 1}), asked)).layout;
  ASSERT_EQ(layout.segments.size(), 3u);
  expect_segment(layout.segments[0], {0, 8}, 0, 8);
  expect_segment(layout.segments[1], {8, 16}, 40, 8);
  expect_segment(layout.segments[2], {16, 24}, 80, 8);
  EXPECT_EQ(layout.bytes, 120u);
}

TEST_F(EdgeBuilder, AnImageIsPulledWholeByColumnsThatDivideIt) {
  const struct {
    replica_rule makes;
    plan_window window;
    unsigned tile;
  } cases[] = {{{2, 0, 1}, window_of(3, 2), 4},
               {{5, 0, 1}, window_of(1), 4},
               {{1, 1, 3}, window_of(3, 2), 6},
               {{1, 0, 1}, window_of(1), 1},
               {{3, 0, 2}, window_of(3, 3), 12}};
  for (const auto& c : cases) {
    plan.clusters.assign(8, {});
    edge_builder edges(plan);
    edge_mapping deep;
    deep.columns = 9;
    const unsigned index = edges.add_input(3, step_of(1, c.makes), ask(image, {1, 2}, true, deep, c.window));
    ASSERT_EQ(plan.clusters[3].rings.size(), 1u);
    expect_segment(ring(3, index).layout.segments.at(0), {0, 3}, 0, 3);
    EXPECT_EQ(ring(3, index).least_columns, 9u);
    ASSERT_EQ(plan.clusters[3].steps.size(), 1u);
    const plan_step& pull = plan.clusters[3].steps[0];
    EXPECT_EQ(pull.stage, 1);
    EXPECT_EQ(pull.columns_per_image, width);
    EXPECT_EQ(pull.makes.tile, c.tile);
    EXPECT_EQ(pull.makes.index, 0u);
    EXPECT_EQ(pull.makes.count, 1u) << "replicas pull all of it";
    EXPECT_EQ(pull.output_ring, static_cast<int>(index));
    EXPECT_EQ(std::get<pull_work>(pull.work).parked, -1);
    EXPECT_EQ(edges.add_input(3, step_of(1, c.makes), ask(image, {0, 3}, true, deep, c.window)), index)
        << "whatever channels are read";
    edges.connect();
    EXPECT_EQ(plan.clusters[3].steps.size(), 1u);
    EXPECT_TRUE(plan.parked.empty());
  }
}

// A reader that makes tiles of 2 of 12 columns: through a window of one column it takes 2 at once; through one of
// stride 3, and two replicas, 12; 8 columns do not divide 12, 6 do.
TEST_F(EdgeBuilder, WhatIsParkedInHbmComesBackTileByTile) {
  const struct {
    replica_rule makes;
    plan_window window;
    unsigned columns, tile;
  } cases[] = {{{2, 0, 2}, window_of(1), width, 2},
               {{2, 1, 2}, window_of(3, 3), 4, 12},
               {{2, 0, 2}, window_of(1, 2), 6, 6},
               {{2, 0, 2}, window_of(3), width, 4},
               {{2, 0, 1}, window_of(1), 6, 2}};
  for (const auto& c : cases) {
    plan.clusters.assign(8, {});
    plan.parked.clear();
    edge_builder edges(plan);
    edge_mapping hbm;
    hbm.buffer = buffer_place::hbm;
    hbm.columns = 5;
    auto asked = ask(map, {0, 24}, false, hbm, c.window);
    asked.skip = c.tile == 2;
    const unsigned other = edges.add_input(6, step_of(2, {1, 0, 1}), ask(map, {0, 24}, true, direct));
    const unsigned index = edges.add_input(6, step_of(4, c.makes, c.columns), asked);
    const unsigned made = output(0);
    edges.add_source(0, map, {0, 24}, step_of(1, {1, 0, 1}), made);
    edges.connect();
    EXPECT_NE(index, other);
    EXPECT_EQ(ring(6, index).least_columns, 0u) << "what is asked for waits in HBM";
    ASSERT_EQ(plan.parked.size(), 1u);
    const parked_region& region = plan.parked[0];
    EXPECT_EQ(region.tensor, map);
    EXPECT_EQ(region.columns_per_image, width);
    EXPECT_EQ(region.least_columns, 5u);
    EXPECT_EQ(region.waits, c.tile == 2);
    EXPECT_EQ(region.cluster, 6u);
    ASSERT_LT(region.step, plan.clusters[6].steps.size());
    const plan_step& pull = plan.clusters[6].steps[region.step];
    EXPECT_EQ(pull.stage, 4);
    EXPECT_EQ(pull.makes.tile, c.tile);
    EXPECT_EQ(pull.output_ring, static_cast<int>(index));
    EXPECT_EQ(std::get<pull_work>(pull.work).parked, 0);
    EXPECT_EQ(region.layout.bytes, ring(6, index).layout.bytes);
    ASSERT_EQ(region.layout.segments.size(), 1u);
    expect_segment(region.layout.segments[0], {0, 24}, 0, 24);
    EXPECT_TRUE(ring(6, index).producers.empty());
    ASSERT_EQ(region.producers.size(), 1u);
    EXPECT_EQ(region.producers[0].cluster, 0u);
    EXPECT_EQ(region.producers[0].destination, 1u) << "behind the plain one";
    const plan_destination& destination = pushed(0, region.producers[0].step).at(1);
    EXPECT_EQ(destination.to, plan_destination::kind::parked);
    EXPECT_EQ(destination.parked, 0u);
    EXPECT_EQ(pushed(0, region.producers[0].step).at(0).to, plan_destination::kind::ring);
  }
}

// Two clusters make channels 0..10 and 10..24. A reader wants 4..12 as a block, another all in whatever blocks there
// are.
TEST_F(EdgeBuilder, ASourceHasABlockForEachPartThatAPlainReaderWants) {
  edge_builder edges(plan);
  const unsigned flexible = edges.add_input(5, step_of(4, {1, 0, 1}), ask(map, {0, 24}, false, direct)),
                 plain = edges.add_input(4, step_of(3, {1, 0, 1}), ask(map, {4, 12}, true, direct)), low = output(0),
                 high = output(1);
  edges.add_source(0, map, {0, 10}, step_of(1, {2, 0, 1}), low);
  edges.add_source(1, map, {10, 24}, step_of(1, {2, 0, 1}), high);
  edges.connect();

  // The plain reader's block comes first, so that the other may read it if it is all.
  ASSERT_EQ(ring(0, low).layout.segments.size(), 2u);
  expect_segment(ring(0, low).layout.segments[0], {4, 10}, 0, 6);
  expect_segment(ring(0, low).layout.segments[1], {0, 10}, 32, 10);
  EXPECT_EQ(ring(0, low).layout.bytes, 84u);
  ASSERT_EQ(ring(1, high).layout.segments.size(), 2u);
  expect_segment(ring(1, high).layout.segments[0], {10, 12}, 0, 2);
  expect_segment(ring(1, high).layout.segments[1], {10, 24}, 12, 14);

  ASSERT_EQ(plan.clusters[0].steps.size(), 1u);
  const plan_step& push = plan.clusters[0].steps[0];
  EXPECT_EQ(push.stage, 1);
  EXPECT_EQ(push.makes.tile, 2u);
  EXPECT_EQ(push.output_ring, -1);
  ASSERT_EQ(push.inputs.size(), 1u);
  EXPECT_EQ(push.inputs[0].ring, low);
  ASSERT_EQ(pushed(0, 0).size(), 2u);
  EXPECT_EQ(pushed(0, 0)[0].cluster, 4u);
  EXPECT_EQ(pushed(0, 0)[0].ring, plain);
  EXPECT_EQ(pushed(0, 0)[0].channels, (channel_range{4, 10}));
  expect_copy(pushed(0, 0)[0].copy, 0, 0, 6, height, 6, 8);
  expect_copy(pushed(0, 0)[1].copy, 32, 0, 50);
  ASSERT_EQ(pushed(1, 0).size(), 2u);
  expect_copy(pushed(1, 0)[0].copy, 0, 6, 2, height, 2, 8);
  EXPECT_EQ(pushed(1, 0)[0].producer_index, 1u);
  expect_copy(pushed(1, 0)[1].copy, 12, 52, 70);
  EXPECT_EQ(pushed(1, 0)[1].producer_index, 1u);

  const column_layout& all = ring(5, flexible).layout;
  ASSERT_EQ(all.segments.size(), 2u);
  expect_segment(all.segments[0], {0, 10}, 0, 10);
  expect_segment(all.segments[1], {10, 24}, 52, 14);
  EXPECT_EQ(all.bytes, 124u) << "50 and 70 bytes, each in whole words";
  ASSERT_EQ(ring(5, flexible).producers.size(), 2u);
  EXPECT_EQ(ring(5, flexible).producers[1].cluster, 1u);
  EXPECT_EQ(ring(5, flexible).producers[1].step, 0u);
  EXPECT_EQ(ring(5, flexible).producers[1].destination, 1u);
}

TEST_F(EdgeBuilder, ReplicasOfASourceFillTheSamePlace) {
  edge_builder edges(plan);
  const unsigned index = edges.add_input(5, step_of(4, {1, 0, 1}), ask(map, {0, 24}, false, direct));
  for (unsigned r : {0u, 1u}) edges.add_source(r, map, {0, 8}, step_of(1, {1, r, 2}), output(r));
  for (unsigned r : {0u, 1u}) edges.add_source(2 + r, map, {8, 24}, step_of(1, {1, r, 2}), output(2 + r));
  edges.connect();
  ASSERT_EQ(ring(5, index).layout.segments.size(), 2u);
  EXPECT_EQ(ring(5, index).layout.bytes, 5u * 24);
  ASSERT_EQ(ring(5, index).producers.size(), 4u);
  for (unsigned r : {0u, 1u}) {
    expect_copy(pushed(r, 0)[0].copy, 0, 0, 40);
    expect_copy(pushed(2 + r, 0)[0].copy, 0, 40, 80);
    EXPECT_EQ(pushed(r, 0)[0].producer_index, r);
    EXPECT_EQ(pushed(2 + r, 0)[0].producer_index, 2 + r);
  }
}

// The only output column of a reader needs columns 0 and 1: of four replicas that make columns by turns two send
// nothing.
TEST_F(EdgeBuilder, NothingIsSentToWhomItsColumnsDoNotConcern) {
  graph.tensors[map].width = 4;
  edge_builder edges(plan);
  const plan_step reader = step_of(4, {1, 0, 2}, 2);  // two outputs: 0..1 and 2..3
  const unsigned index = edges.add_input(5, reader, ask(map, {0, 24}, true, direct, window_of(2, 2)));
  for (unsigned r = 0; r < 4; ++r) edges.add_source(r, map, {0, 24}, step_of(1, {1, r, 4}, 4), output(r));
  edges.connect();
  ASSERT_EQ(ring(5, index).producers.size(), 2u);
  for (unsigned r = 0; r < 4; ++r) {
    ASSERT_EQ(plan.clusters[r].steps.size(), 1u);
    EXPECT_EQ(pushed(r, 0).size(), r < 2 ? 1u : 0u) << r;
  }
  const column_demand& demand = pushed(1, 0)[0].demand;
  EXPECT_EQ(demand.size, 2u);
  EXPECT_EQ(demand.stride, 2u);
  EXPECT_EQ(demand.columns, 2u);
  EXPECT_EQ(demand.makes.count, 2u);
}

// 18 channels are five words: three relays get one, two and two. Two replicas of the reader share them.
TEST_F(EdgeBuilder, RelaysShareTheWordsOfAColumnAndHandOnWhatEachReaderNeeds) {
  for (const bool plain : {true, false}) {
    SCOPED_TRACE(plain);
    plan.clusters.assign(8, {});
    edge_builder edges(plan);
    edge_mapping relayed;
    relayed.buffer = buffer_place::relay;
    relayed.relays = {1, 2, 3};
    relayed.columns = 6;
    unsigned rings[2];
    for (unsigned r : {0u, 1u}) {
      auto asked = ask(map, {0, 18}, plain, relayed, window_of(3, 1, 1));
      asked.skip = !plain;
      rings[r] = edges.add_input(4 + r, step_of(3, {2, r, 2}), asked);
    }
    edges.add_source(0, map, {0, 24}, step_of(1, {1, 0, 1}), output(0));
    edges.connect();

    const channel_range shares[] = {{0, 4}, {4, 12}, {12, 18}};
    ASSERT_EQ(pushed(0, 0).size(), 3u);
    for (unsigned i = 0; i < 3; ++i) {
      const unsigned bytes = 5 * static_cast<unsigned>(shares[i].count()), whole = (bytes + 3) / 4 * 4;
      EXPECT_EQ(pushed(0, 0)[i].cluster, 1 + i);
      EXPECT_EQ(pushed(0, 0)[i].channels, shares[i]);
      EXPECT_EQ(pushed(0, 0)[i].demand.makes.count, 1u) << "all columns";
      ASSERT_EQ(plan.clusters[1 + i].rings.size(), 1u) << "one for both readers";
      const plan_ring& waiting = ring(1 + i, 0);
      EXPECT_EQ(waiting.least_columns, 6u);
      EXPECT_EQ(waiting.skip, !plain) << "it waits here";
      EXPECT_EQ(waiting.layout.bytes, whole);
      ASSERT_EQ(waiting.layout.segments.size(), 1u);
      expect_segment(waiting.layout.segments[0], shares[i], 0, static_cast<unsigned>(shares[i].count()));
      ASSERT_EQ(plan.clusters[1 + i].steps.size(), 1u);
      const plan_step& push = plan.clusters[1 + i].steps[0];
      EXPECT_EQ(push.stage, 3);
      EXPECT_EQ(push.columns_per_image, width);
      EXPECT_EQ(push.makes.tile, 4u) << "what both replicas make";
      EXPECT_EQ(push.makes.count, 1u);
      ASSERT_EQ(push.inputs.size(), 1u);
      EXPECT_EQ(push.inputs[0].ring, 0u);
      ASSERT_EQ(pushed(1 + i, 0).size(), 2u);
      for (unsigned r : {0u, 1u}) {
        const plan_destination& to = pushed(1 + i, 0)[r];
        EXPECT_EQ(to.cluster, 4 + r);
        EXPECT_EQ(to.ring, rings[r]);
        EXPECT_EQ(to.channels, shares[i]);
        EXPECT_EQ(to.demand.makes.index, r);
        EXPECT_EQ(to.demand.size, 3u);
        EXPECT_EQ(to.demand.pad, 1);
        EXPECT_EQ(to.producer_index, i);
        if (plain)
          expect_copy(to.copy, 0, static_cast<unsigned>(shares[i].begin), static_cast<unsigned>(shares[i].count()),
                      height, static_cast<unsigned>(shares[i].count()), 18);
        else
          expect_copy(to.copy, 0, 5 * static_cast<unsigned>(shares[i].begin), whole);
      }
    }
    for (unsigned r : {0u, 1u}) {
      const plan_ring& read = ring(4 + r, rings[r]);
      EXPECT_EQ(read.least_columns, 0u);
      EXPECT_FALSE(read.skip);
      EXPECT_EQ(read.layout.bytes, 92u);
      ASSERT_EQ(read.producers.size(), 3u);
      for (unsigned i = 0; i < 3; ++i) {
        EXPECT_EQ(read.producers[i].cluster, 1 + i);
        EXPECT_EQ(read.producers[i].destination, r);
      }
      if (plain) continue;
      ASSERT_EQ(read.layout.segments.size(), 3u);
      for (unsigned i = 0; i < 3; ++i)
        expect_segment(read.layout.segments[i], shares[i], 5 * static_cast<unsigned>(shares[i].begin),
                       static_cast<unsigned>(shares[i].count()));
    }
  }
}

TEST_F(EdgeBuilder, MoreRelaysThanWordsOfAColumnLeaveSomeWithNothing) {
  edge_builder edges(plan);
  edge_mapping relayed;
  relayed.buffer = buffer_place::relay;
  relayed.relays = {1, 2, 3};
  edges.add_input(4, step_of(3, {1, 0, 1}), ask(map, {16, 24}, true, relayed));
  edges.add_source(0, map, {0, 24}, step_of(1, {1, 0, 1}), output(0));
  edges.connect();
  std::vector<channel_range> got;
  for (const plan_destination& to : pushed(0, 0)) got.push_back(to.channels);
  EXPECT_EQ(got, (std::vector<channel_range>{{16, 20}, {20, 24}}));
}

TEST_F(EdgeBuilder, AnImagesRelayPullsItAndHandsItOn) {
  edge_builder edges(plan);
  edge_mapping relayed;
  relayed.buffer = buffer_place::relay;
  relayed.relays = {1};
  relayed.columns = 6;
  const unsigned index = edges.add_input(4, step_of(3, {2, 0, 1}), ask(image, {0, 2}, true, relayed, window_of(3, 2)));
  edges.connect();
  ASSERT_EQ(plan.clusters[1].rings.size(), 1u);
  EXPECT_EQ(ring(1, 0).least_columns, 0u) << "an image waits in HBM";
  EXPECT_EQ(ring(4, index).least_columns, 6u);
  ASSERT_EQ(plan.clusters[1].steps.size(), 2u);
  EXPECT_EQ(std::get<pull_work>(plan.clusters[1].steps[0].work).parked, -1);
  EXPECT_EQ(plan.clusters[1].steps[0].makes.tile, 4u);
  EXPECT_EQ(plan.clusters[1].steps[1].makes.tile, 4u);
  ASSERT_EQ(pushed(1, 1).size(), 1u);
  EXPECT_EQ(pushed(1, 1)[0].cluster, 4u);
  EXPECT_EQ(pushed(1, 1)[0].channels, (channel_range{0, 3}));
  expect_copy(pushed(1, 1)[0].copy, 0, 0, 15);
  EXPECT_TRUE(plan.clusters[4].steps.empty()) << "it pulls nothing itself";
}

}  // namespace
}  // namespace ohmic
