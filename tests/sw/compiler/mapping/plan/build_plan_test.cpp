// Rings and steps of mappings written by hand; whole networks prove that they are right (mapping_language_test.cpp).
#include <gtest/gtest.h>

#include <set>

#include "sw/compiler/mapping/plan/plan.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

/// A convolution of 24 channels on 12 columns, an average pool, and a head of four classes.
class BuildPlan : public ::testing::Test {
 protected:
  void make(bool digital, int rows = 256) {
    std::mt19937 random(1);
    graph = chain_network(random, 5, 12, {{3, 3, 1, 1, 1, 1}}, 24);
    for (graph_node& node : graph.nodes) {
      if (!node.has_layer()) continue;
      node.layer().requantise = {};
      node.layer().digital = digital && node.kind() == node_kind::convolution;
    }
    guess_calibration(graph, random, rows);
    stages = make_stages(graph);
    assigned.clusters = 8;
    assigned.stages.resize(3);
    assigned.stages[0].replicas.resize(1);
    assigned.stages[1].replicas = {{{}, 5}};
    channel_part head;
    head.channels = {0, 4};
    head.tiles = {{6, 0, 0, {{0, 0}}}};
    head.sums = {{{6}, {0}, {}}};
    assigned.stages[2].replicas = {{{head}, 0}};
  }
  std::vector<channel_part>& conv() { return assigned.stages[0].replicas[0].parts; }
  deployment_plan build() const { return build_plan(graph, stages, assigned); }

  integer_graph graph;
  std::vector<stage> stages;
  mapping assigned;
};

// Clusters 2 and 3 make the same three parts of every other column, cluster 4 one part alone. A window has 27 bytes,
// in 28; four channels 4 x (28 + 12); twelve 480, in 512 bytes.
TEST_F(BuildPlan, PartsOfTheSameTilesTakeTurnsWithWeightsOfOneRegion) {
  make(true);
  for (const channel_range part : {channel_range{0, 4}, {4, 16}, {16, 20}})
    conv().push_back({part, {}, {{{2, 3}, {}, {}}}});
  conv().push_back({{20, 24}, {}, {{{4}, {}, {}}}});
  assigned.stages[0].weights_in_hbm = true;
  assigned.stages[0].tile_columns = 2;
  const deployment_plan plan = build();
  ASSERT_EQ(plan.weights.size(), 1u);
  const streamed_weights& weights = plan.weights[0];
  EXPECT_EQ(weights.node, stages[0].node);
  EXPECT_EQ(weights.in_blocks, 1u);
  EXPECT_EQ(weights.bytes, 512u);
  EXPECT_EQ(weights.parts, (std::vector<channel_range>{{0, 4}, {4, 16}, {16, 20}}));
  for (const unsigned c : {2u, 3u}) {
    const plan_cluster& cluster = plan.clusters[c];
    std::size_t ring = cluster.rings.size();
    for (std::size_t r = 0; r < cluster.rings.size(); ++r)
      if (cluster.rings[r].content == ring_content::weights) ring = r;
    ASSERT_LT(ring, cluster.rings.size());
    EXPECT_EQ(cluster.rings[ring].turns, 3u);
    EXPECT_EQ(cluster.rings[ring].columns_per_image, 9u) << "three tiles of each cluster, of three parts";
    EXPECT_EQ(cluster.rings[ring].layout.bytes, 512u);
    EXPECT_EQ(cluster.rings[ring].tensor, stages[0].output);
    EXPECT_EQ(cluster.rings[ring].stage, 0);
    unsigned turn = 0, pulls = 0;
    for (const plan_step& step : cluster.steps) {
      if (const auto* const pull = std::get_if<pull_work>(&step.work); pull && pull->weights >= 0) {
        ++pulls;
        EXPECT_EQ(pull->weights, 0);
        EXPECT_EQ(pull->parked, -1);
        EXPECT_EQ(step.output_ring, static_cast<int>(ring));
        EXPECT_EQ(step.columns_per_image, 9u);
        EXPECT_EQ(step.makes.tile, 1u);
        EXPECT_EQ(step.makes.count, 1u);
      }
      const auto* const kernel = std::get_if<kernel_work>(&step.work);
      if (kernel == nullptr) continue;
      EXPECT_EQ(step.makes.index, c - 2);
      EXPECT_EQ(step.makes.count, 2u);
      ASSERT_EQ(kernel->weights_input, 1);
      ASSERT_EQ(step.inputs.size(), 2u);
      EXPECT_EQ(step.inputs[1].ring, ring);
      EXPECT_EQ(step.inputs[1].size, 1u);
      EXPECT_EQ(step.inputs[1].stride, 3u);
      EXPECT_EQ(step.inputs[1].pad, -static_cast<int>(turn));
      EXPECT_EQ(kernel->channels, weights.parts[turn]);
      ++turn;
    }
    EXPECT_EQ(turn, 3u);
    EXPECT_EQ(pulls, 1u);
  }
  for (const plan_ring& ring : plan.clusters[4].rings) EXPECT_NE(ring.content, ring_content::weights) << "it is alone";
  for (const plan_step& step : plan.clusters[4].steps)
    if (const auto* const kernel = std::get_if<kernel_work>(&step.work)) EXPECT_EQ(kernel->weights_input, -1);
}

TEST_F(BuildPlan, LogitsGoToTheirPlaceOfTheResult) {
  make(false);
  conv() = {{{0, 24}, {{0, 0, 0, {{0, 0}}}}, {{{0}, {0}, {}}}}};
  channel_part low = assigned.stages[2].replicas[0].parts[0], high = low;
  low.channels = {0, 3};
  high.channels = {3, 4};
  high.tiles[0].cluster = high.sums[0].clusters[0] = 7;
  assigned.stages[2].replicas[0].parts = {low, high};
  const deployment_plan plan = build();
  for (const auto& [cluster, offset, bytes] : {std::tuple{6u, 0u, 12u}, {7u, 12u, 4u}}) {
    const plan_step& push = plan.clusters[cluster].steps.back();
    const auto& to = std::get<push_work>(push.work).destinations;
    ASSERT_EQ(to.size(), 1u);
    EXPECT_EQ(to[0].to, plan_destination::kind::results);
    EXPECT_EQ(to[0].results_offset, offset);
    EXPECT_EQ(to[0].copy.run_bytes, bytes);
    EXPECT_EQ(to[0].copy.rows, 1u);
    const plan_ring& ring = plan.clusters[cluster].rings[push.inputs.at(0).ring];
    EXPECT_EQ(ring.content, ring_content::logits);
    EXPECT_EQ(ring.layout.element_bytes, 4u);
    EXPECT_EQ(ring.layout.bytes, bytes);
  }
}

// Two sets of the convolution (rows of 27 inputs in crossbars of 18), two rows of pixels to an MVM. In one crossbar the
// codes of both sets fill a column together: two blocks, whichever of a set and a row comes first.
TEST_F(BuildPlan, CodesLieInTheBlockOfTheirSetAndRow) {
  make(false, 18);
  ASSERT_EQ(graph.nodes[stages[0].node].layer().row_sets.size(), 2u);
  assigned.stages[0].packing = {1, 2};
  conv() = {{{0, 24}, {{1, 0, 0, {{0, 0}, {1, 1}, {0, 1}, {1, 0}}}}, {{{2}, {0, 1}, {}}}}};
  const auto ima_of = [](const deployment_plan& plan, unsigned cluster) {
    for (const plan_step& step : plan.clusters[cluster].steps)
      if (const auto* const work = std::get_if<ima_work>(&step.work)) return std::pair(*work, step.output_ring);
    return std::pair(ima_work{}, -1);
  };
  {
    const deployment_plan plan = build();
    const auto [work, out] = ima_of(plan, 1);
    EXPECT_EQ(work.blocks, (std::vector<unsigned>{0, 0, 1, 1}));
    const plan_ring& codes = plan.clusters[1].rings.at(static_cast<std::size_t>(out));
    EXPECT_EQ(codes.content, ring_content::codes);
    EXPECT_EQ(codes.set, -1) << "of both";
    ASSERT_EQ(codes.layout.segments.size(), 2u);
    EXPECT_EQ(codes.layout.height, 6u) << "five rows, by two";
    EXPECT_EQ(codes.layout.segments[1].offset, 6u * 24);
    std::set<std::uint32_t> sources;
    for (const plan_step& step : plan.clusters[1].steps)
      if (const auto* const push = std::get_if<push_work>(&step.work))
        for (const plan_destination& to : push->destinations) {
          EXPECT_EQ(to.cluster, 2u);
          EXPECT_EQ(to.copy.run_bytes, 5u * 24) << "the rows of the map";
          sources.insert(to.copy.source_offset);
        }
    EXPECT_EQ(sources, (std::set<std::uint32_t>{0, 6 * 24}));
  }
  // A crossbar for each set: blocks of their own, whole.
  conv()[0].tiles = {{1, 0, 0, {{0, 0}, {0, 1}}}, {2, 0, 0, {{1, 0}, {1, 1}}}};
  {
    const deployment_plan plan = build();
    for (const unsigned cluster : {1u, 2u}) {
      const auto [work, out] = ima_of(plan, cluster);
      EXPECT_EQ(work.blocks, (std::vector<unsigned>{0, 0}));
      EXPECT_EQ(plan.clusters[cluster].rings.at(static_cast<std::size_t>(out)).set, static_cast<int>(cluster) - 1);
    }
    unsigned of_set_0 = 0;
    for (const plan_ring& ring : plan.clusters[2].rings)
      if (ring.content == ring_content::codes && ring.set == 0) {
        ++of_set_0;
        EXPECT_EQ(ring.producers.size(), 1u);
        EXPECT_EQ(ring.tensor, stages[0].output);
        EXPECT_EQ(ring.layout.bytes, 120u);
      }
    EXPECT_EQ(of_set_0, 1u) << "the other set's codes are read where they are made";
  }
  // A crossbar for the even rows and one for the odd: of each set two halves of a column, every other row.
  conv()[0].tiles = {{1, 0, 0, {{0, 0}, {1, 0}}}, {3, 0, 0, {{0, 1}, {1, 1}}}};
  {
    const deployment_plan plan = build();
    for (const auto& [cluster, first, rows] : {std::tuple{1u, 0u, 3u}, {3u, 1u, 2u}}) {
      EXPECT_EQ(ima_of(plan, cluster).first.blocks, (std::vector<unsigned>{0, 1}));
      unsigned copies = 0;
      for (const plan_step& step : plan.clusters[cluster].steps)
        if (const auto* const push = std::get_if<push_work>(&step.work))
          for (const plan_destination& to : push->destinations) {
            EXPECT_EQ(to.copy.source_offset, copies * 6 * 24 + first * 24);
            EXPECT_EQ(to.copy.destination_offset, first * 24);
            EXPECT_EQ(to.copy.source_pitch, 48u);
            EXPECT_EQ(to.copy.destination_pitch, 48u);
            EXPECT_EQ(to.copy.run_bytes, 24u);
            EXPECT_EQ(to.copy.rows, rows);
            ++copies;
          }
      EXPECT_EQ(copies, 2u);
    }
  }
}

// A stage knows where it reads and writes: tensors and stages of every ring, for reports.
TEST_F(BuildPlan, RingsNameTheTensorTheyHoldAndTheirStage) {
  make(false);
  conv() = {{{0, 24}, {{0, 0, 0, {{0, 0}}}}, {{{1}, {0}, {}}}}};
  const deployment_plan plan = build();
  const auto rings = [&](unsigned cluster) {
    std::vector<std::tuple<ring_content, int, int, unsigned>> all;
    for (const plan_ring& ring : plan.clusters[cluster].rings)
      all.emplace_back(ring.content, ring.tensor, ring.stage, ring.columns_per_image);
    return all;
  };
  using list = std::vector<std::tuple<ring_content, int, int, unsigned>>;
  const int image = 0, map = stages[0].output, pooled = stages[1].output, logits = stages[2].output;
  EXPECT_EQ(rings(0), (list{{ring_content::activations, image, 0, 12}, {ring_content::codes, map, 0, 12}}));
  EXPECT_EQ(rings(1), (list{{ring_content::codes, map, 0, 12}, {ring_content::activations, map, 0, 12}}));
  EXPECT_EQ(rings(5), (list{{ring_content::activations, map, 1, 12}, {ring_content::activations, pooled, 1, 1}}));
  EXPECT_EQ(rings(6), (list{{ring_content::activations, pooled, 2, 1},
                            {ring_content::codes, logits, 2, 1},
                            {ring_content::logits, logits, 2, 1}}));
  const plan_step& pool = plan.clusters[5].steps[0];
  ASSERT_EQ(pool.inputs.size(), 1u);
  EXPECT_TRUE(pool.inputs[0].whole_image);
  EXPECT_EQ(pool.inputs[0].size, 12u);
}

}  // namespace
}  // namespace ohmic
