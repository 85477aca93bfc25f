// Slots of rings, counted by hand on plans of a few steps.
#include "sw/compiler/mapping/plan/ring_sizing.h"

#include <gtest/gtest.h>

#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/plan/token_run.h"

namespace ohmic {
namespace {

constexpr unsigned width = 48;

/// A plan that grows ring by ring and step by step; all maps have `width` columns unless said otherwise.
struct hand_made_plan {
  integer_graph graph;
  deployment_plan plan;

  hand_made_plan() {
    graph.tensors.emplace_back();
    plan.graph = &graph;
    plan.stages.emplace_back();
  }
  hand_made_plan(const hand_made_plan&) = delete;
  hand_made_plan& operator=(const hand_made_plan&) = delete;

  unsigned ring(unsigned cluster, bool skip = false, unsigned columns = width) {
    if (plan.clusters.size() <= cluster) plan.clusters.resize(cluster + 1);
    plan_ring r;
    r.tensor = 0;
    r.columns_per_image = columns;
    r.skip = skip;
    plan.clusters[cluster].rings.push_back(r);
    return static_cast<unsigned>(plan.clusters[cluster].rings.size() - 1);
  }
  void pull(unsigned cluster, unsigned into, unsigned tile) {
    plan_step step;
    step.columns_per_image = width;
    step.makes.tile = tile;
    step.output_ring = static_cast<int>(into);
    step.work = pull_work{};
    plan.clusters[cluster].steps.push_back(step);
  }
  void kernel(unsigned cluster, std::vector<plan_window> inputs, unsigned into, unsigned tile,
              unsigned columns = width) {
    plan_step step;
    step.columns_per_image = columns;
    step.makes.tile = tile;
    step.inputs = std::move(inputs);
    step.output_ring = static_cast<int>(into);
    step.work = kernel_work{};
    plan.clusters[cluster].steps.push_back(step);
  }
  struct target {
    unsigned cluster, ring;
  };
  void push(unsigned cluster, unsigned from, const std::vector<target>& to, unsigned tile) {
    plan_step step;
    step.columns_per_image = plan.clusters[cluster].rings[from].columns_per_image;
    step.makes.tile = tile;
    step.inputs = {plan_window{from}};
    push_work work;
    for (const target& t : to) {
      plan_destination d;
      d.cluster = t.cluster;
      d.ring = t.ring;
      d.producer_index = static_cast<unsigned>(plan.clusters[t.cluster].rings[t.ring].producers.size());
      work.destinations.push_back(d);
      plan.clusters[t.cluster].rings[t.ring].producers.push_back(
          {cluster, static_cast<unsigned>(plan.clusters[cluster].steps.size()),
           static_cast<unsigned>(work.destinations.size() - 1)});
    }
    step.work = work;
    plan.clusters[cluster].steps.push_back(step);
  }
  unsigned slots(unsigned cluster, unsigned r) const { return plan.clusters[cluster].rings[r].slots; }
};

/// image -> push of tiles of `producer` columns -> a pool of kernel 3 and stride 2 that makes tiles of two.
unsigned slots_of_stride_two(unsigned producer, unsigned prefetch) {
  hand_made_plan p;
  const unsigned image = p.ring(0), input = p.ring(1), output = p.ring(1, false, width / 2);
  p.pull(0, image, producer);
  p.push(0, image, {{1, input}}, producer);
  plan_window window;
  window.ring = input;
  window.size = 3;
  window.stride = 2;
  window.pad = 1;
  p.kernel(1, {window}, output, 2, width / 2);
  p.push(1, output, {}, 2);
  p.plan.assignment.prefetch_tiles = prefetch;
  size_rings(p.plan);
  prove_live(p.plan);
  EXPECT_EQ(p.slots(1, output), 2 * (1 + prefetch)) << "whole tiles of two";
  return p.slots(1, input);
}

TEST(RingSizing, HoldsAWindowAndTheTilesAhead) {
  // Two windows of three columns, two apart, are five columns; the next tile needs four more.
  EXPECT_EQ(slots_of_stride_two(1, 1), 5u + 4u);
  EXPECT_EQ(slots_of_stride_two(1, 2), 5u + 8u);
  EXPECT_EQ(slots_of_stride_two(3, 1), 9u) << "three columns arrive together, four are ahead anyway";
}

TEST(RingSizing, HoldsWhatArrivesWithAProducersTileInWholeTiles) {
  EXPECT_EQ(slots_of_stride_two(8, 1), 16u) << "five and the eight that arrive, in tiles of eight";
  EXPECT_EQ(slots_of_stride_two(6, 1), 12u) << "five and six, in tiles of six";
  EXPECT_EQ(slots_of_stride_two(8, 3), 24u) << "five and twelve, in tiles of eight";
}

/// image -> push of tiles of three -> a kernel of tiles of two.
unsigned slots_of_window(unsigned size, unsigned stride, int pad) {
  hand_made_plan p;
  const unsigned columns = width / stride, image = p.ring(0), input = p.ring(1), output = p.ring(1, false, columns);
  p.pull(0, image, 3);
  p.push(0, image, {{1, input}}, 3);
  plan_window window;
  window.ring = input;
  window.size = size;
  window.stride = stride;
  window.pad = pad;
  p.kernel(1, {window}, output, 2, columns);
  p.push(1, output, {}, 2);
  p.plan.assignment.prefetch_tiles = 1;
  size_rings(p.plan);
  prove_live(p.plan);
  return p.slots(1, input);
}

TEST(RingSizing, IsAMultipleOfAReadersTileOnlyWhereThatIsMovedAsItLies) {
  EXPECT_EQ(slots_of_window(1, 1, 0), 6u) << "two and three, in whole tiles of three and of two";
  EXPECT_EQ(slots_of_window(1, 2, 0), 9u) << "columns one apart: three, and four ahead, in tiles of three";
  EXPECT_EQ(slots_of_window(3, 1, 1), 9u) << "windows overlap: four and three ahead";
}

// Eight replicas make a column each at a time, and the eight arrive together: five and eight, though four ahead are
// asked for.
TEST(RingSizing, HoldsWhatAllReplicasOfTheProducerMakeAtATime) {
  constexpr unsigned replicas = 8;
  hand_made_plan p;
  const unsigned input = p.ring(replicas), output = p.ring(replicas, false, width / 2);
  for (unsigned k = 0; k < replicas; ++k) {
    const unsigned image = p.ring(k);
    p.pull(k, image, 1);
    p.push(k, image, {{replicas, input}}, 1);
    for (plan_step& step : p.plan.clusters[k].steps) step.makes = {1, k, replicas};
  }
  plan_window window;
  window.ring = input;
  window.size = 3;
  window.stride = 2;
  window.pad = 1;
  p.kernel(replicas, {window}, output, 2, width / 2);
  p.push(replicas, output, {}, 2);
  p.plan.assignment.prefetch_tiles = 1;
  mark_followers(p.plan);
  size_rings(p.plan);
  prove_live(p.plan);
  EXPECT_EQ(p.slots(replicas, input), 5u + 8u);
}

/// image -> source; source -> convolution of three columns -> add; source -> add.
struct residual_block : hand_made_plan {
  unsigned source, skip, image, windowed, made, arrived, sum;

  explicit residual_block(unsigned tile) {
    image = ring(0), source = ring(0), windowed = ring(1), made = ring(1), arrived = ring(2), skip = ring(2, true),
    sum = ring(2);
    pull(0, image, 1);
    kernel(0, {plan_window{image}}, source, tile);
    push(0, source, {{1, windowed}, {2, skip}}, tile);
    plan_window window;
    window.ring = windowed;
    window.size = 3;
    window.pad = 1;
    kernel(1, {window}, made, tile);
    push(1, made, {{2, arrived}}, tile);
    kernel(2, {plan_window{arrived}, plan_window{skip}}, sum, tile);
    push(2, sum, {}, tile);
  }
};

// A ring numbered by sequence gets a tile of each producer at a time, however many replicas they have.
TEST(RingSizing, OfASequenceTheReplicasTilesComeOneByOne) {
  hand_made_plan p;
  const unsigned image = p.ring(0), input = p.ring(1), output = p.ring(1, false, width / 4);
  p.plan.clusters[1].rings[input].sequence = true;
  p.pull(0, image, 1);
  p.push(0, image, {{1, input}}, 1);
  std::get<push_work>(p.plan.clusters[0].steps.back().work).destinations[0].sequence = true;
  p.kernel(1, {plan_window{input}}, output, 1, width / 4);
  p.push(1, output, {}, 1);
  for (plan_step& step : p.plan.clusters[0].steps) step.makes = {1, 0, 4};
  for (plan_step& step : p.plan.clusters[1].steps) step.makes = {1, 0, 4};
  p.plan.assignment.prefetch_tiles = 1;
  size_rings_for_tiles(p.plan);
  EXPECT_EQ(p.slots(1, input), 2u) << "the one in use and the next one, not four";
}

TEST(RingSizing, ARingHasWhatTheMappingAsksForAndNeverLessThanItNeeds) {
  for (const auto& [least, slots] : {std::pair{0u, 4u}, {1u, 4u}, {4u, 4u}, {5u, 5u}, {30u, 30u}}) {
    residual_block block(1);
    block.plan.clusters[1].rings[block.windowed].least_columns = least;
    size_rings(block.plan);
    EXPECT_EQ(block.slots(1, block.windowed), slots) << "at least " << least;
  }
  residual_block block(4);
  block.plan.clusters[1].rings[block.windowed].least_columns = 13;
  size_rings(block.plan);
  EXPECT_EQ(block.slots(1, block.windowed), 16u) << "in tiles of four";
}

// A skip connection whose maker is in the same cluster waits for nothing that is on its way from elsewhere.
TEST(RingSizing, ASkipRingThatItsOwnClusterFillsIsSizedAsAnyOther) {
  residual_block block(1);
  const unsigned local = block.ring(2, true);
  block.kernel(2, {plan_window{block.sum}}, local, 1);
  block.push(2, local, {}, 1);
  size_rings(block.plan);
  EXPECT_EQ(block.slots(2, local), 2u) << "the one that is pushed and the next one";
  EXPECT_EQ(block.slots(2, block.skip), 2u + 2u + 4u);
}

// Columns of an image and a ring that holds three and a bit of them: a run repeats itself when the ring has gone round.
TEST(TokenRun, ProvesMoreImagesThanAnyRingHolds) {
  token_net net;
  net.buffers.resize(2);
  net.buffers[0].columns_per_image = 10;
  net.buffers[1].columns_per_image = 10;
  net.buffers[0].slots = 5;
  net.buffers[1].slots = 10;
  EXPECT_EQ(images_to_prove(net), 4u) << "never fewer";
  net.buffers[1].slots = 31;
  EXPECT_GT(images_to_prove(net), 2u * 4) << "four in the ring, and as many behind them";
  net.buffers[1].sequence = true;
  EXPECT_EQ(images_to_prove(net), 4u) << "not by columns of an image";
}

TEST(RingSizing, ASkipRingHoldsWhatIsInFlightOnTheLongBranch) {
  residual_block block(1);
  size_rings(block.plan);
  prove_live(block.plan);
  EXPECT_EQ(block.slots(1, block.windowed), 4u) << "a window of three and one ahead";
  EXPECT_EQ(block.slots(1, block.made), 2u);
  EXPECT_EQ(block.slots(2, block.arrived), 2u);
  // Fullest between two images, where the next window has no column of the last one: of the two columns that have
  // arrived for the add and two that are made, the window's first is the fifth, and four from there on are in the ring.
  EXPECT_EQ(block.slots(2, block.skip), 2u + 2u + 4u);
}

TEST(RingSizing, ASkipRingIsAMultipleOfItsTiles) {
  residual_block block(4);
  size_rings(block.plan);
  prove_live(block.plan);
  EXPECT_EQ(block.slots(1, block.windowed), 12u) << "six and four ahead, in tiles of four";
  EXPECT_EQ(block.slots(2, block.skip), 8u + 8u + 12u);
}

TEST(RingSizing, ARingIsNeverSmallerThanWhatIsLive) {
  for (unsigned tile : {1u, 2u, 3u, 4u, 6u, 8u}) {
    residual_block block(tile);
    size_rings(block.plan);
    for (unsigned c = 0; c < block.plan.clusters.size(); ++c)
      for (unsigned r = 0; r < block.plan.clusters[c].rings.size(); ++r) size_just_live(block.plan, c, r);
    prove_live(block.plan);
    EXPECT_GE(block.slots(1, block.windowed), tile + 2) << "its window";
    for (unsigned c = 0; c < block.plan.clusters.size(); ++c)
      for (unsigned r = 0; r < block.plan.clusters[c].rings.size(); ++r) {
        deployment_plan smaller = block.plan;
        unsigned& slots = smaller.clusters[c].rings[r].slots;
        if (slots == tile) continue;
        slots -= tile;
        EXPECT_THROW(prove_live(smaller), mapping_error) << "cluster " << c << " ring " << r << " tile " << tile;
      }
  }
}

}  // namespace
}  // namespace ohmic
