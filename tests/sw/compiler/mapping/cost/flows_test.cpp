// What a mapping moves per image, counted by hand from the shapes of the maps.
#include "sw/compiler/mapping/cost/flows.h"

#include <gtest/gtest.h>

#include <map>

#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/cost/prediction.h"
#include "tests/sw/compiler/mapping/random_mapping.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

/// image 16 x 12 x 3 -> conv0 (3x3) 16 x 12 x 5 -> conv1 (1x1, every second column) 8 x 6 x 5 -> avgpool -> fc.
class Flows : public ::testing::Test {
 protected:
  Flows() : graph(chain_network(random, 16, 12, {window(3, 1, 1), window(1, 2, 0)})) {}
  static graph_window window(int size, int stride, int pad) {
    graph_window w;
    w.size_x = w.size_y = size;
    w.stride_x = w.stride_y = stride;
    w.pad_x = w.pad_y = pad;
    return w;
  }
  deployment_plan plan(unsigned replicas) const {
    mapping_options options;
    options.naive.conv1_replicas = replicas;
    return make_plan(graph, chip, options);
  }

  std::mt19937 random{11};
  integer_graph graph;
  chip_config chip = small_chip(32, 256, 64);
};

TEST_F(Flows, EveryMapTravelsOnceAndWhatStaysAtHomeDoesNot) {
  const deployment_plan p = plan(1);
  std::uint64_t read = 0, results = 0, between = 0;
  for (const flow& f : flows_of(p)) {
    EXPECT_NE(f.from, f.to) << "a cluster's own rings are no flow";
    if (f.read) read += f.bytes;
    if (f.to == link_loads::hbm) results += f.bytes;
    if (!f.read && f.to != link_loads::hbm) between += f.bytes;
  }
  EXPECT_EQ(read, 16u * 12 * 3) << "the image, column by column";
  EXPECT_EQ(results, 4u * 4) << "four logits of 32 bits";
  std::uint64_t codes = 0;
  for (const plan_cluster& cluster : p.clusters)
    for (const plan_step& step : cluster.steps)
      if (const auto* push = std::get_if<push_work>(&step.work))
        for (const plan_destination& to : push->destinations)
          if (to.to == plan_destination::kind::ring &&
              p.clusters[to.cluster].rings[to.ring].content != ring_content::activations)
            ++codes;
  ASSERT_EQ(codes, 0u) << "one cluster a layer makes its sums itself";
  // conv0's map, conv1's map, the five means.
  EXPECT_EQ(between, 16u * 12 * 5 + 8u * 6 * 5 + 5);
}

// Random mappings have pushes to rings of the own cluster, too.
TEST_F(Flows, APredictionCountsTheSameBytes) {
  const integer_graph small = small_network(random, 29, 37, 40);
  const chip_config on = small_chip(128, 40, 64);
  const std::vector<stage> stages = make_stages(small);
  unsigned at_home = 0;
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    const deployment_plan p = build_plan(small, stages, random_mapper(small, stages, on, seed).run());
    for (unsigned c = 0; c < p.clusters.size(); ++c)
      for (const plan_step& step : p.clusters[c].steps)
        if (const auto* push = std::get_if<push_work>(&step.work))
          for (const plan_destination& to : push->destinations)
            at_home += to.to == plan_destination::kind::ring && to.cluster == c ? 1 : 0;
    std::uint64_t moved = 0, predicted = 0;
    for (const flow& f : flows_of(p)) {
      EXPECT_NE(f.from, f.to) << "a cluster's own rings are no flow";
      if (!f.read) moved += f.bytes;
    }
    for (const predicted_cycles& stage : predict(p, on).stages) predicted += stage.bytes;
    EXPECT_EQ(moved, predicted) << "seed " << seed;
  }
  EXPECT_GT(at_home, 0u);
}

}  // namespace
}  // namespace ohmic
