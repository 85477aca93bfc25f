// What a deployment's report says of rings and stages, against the words that the firmware gets.
#include "sw/compiler/mapping/emit/reports.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <set>

#include "sw/compiler/mapping/compile.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

template <class record>
record read(const cluster_image& image, std::uint32_t offset) {
  record r;
  std::memcpy(&r, image.bytes.data() + (offset - image.offset), sizeof r);
  return r;
}

std::uint64_t join(const ohmic_address& a) { return a.lo | std::uint64_t{a.hi} << 32; }

/// A PUSH step's destination as the producer has it.
struct edge {
  unsigned cluster;
  ohmic_step step;
  ohmic_destination to;
};

/// By the address of the word that counts what was produced.
std::map<std::uint64_t, edge> edges_of(const deployment& made) {
  std::map<std::uint64_t, edge> edges;
  for (const cluster_image& image : made.clusters) {
    const auto header = read<ohmic_deployment>(image, image.offset);
    for (std::uint32_t s = 0; s < header.step_count; ++s) {
      const auto at = read<std::uint32_t>(image, header.steps + 4 * s);
      if (read<ohmic_step>(image, at).kind != OHMIC_STEP_PUSH) continue;
      const auto push = read<ohmic_push>(image, at);
      for (std::uint32_t d = 0; d < push.destination_count; ++d) {
        const auto to = read<ohmic_destination>(
            image, push.destinations + d * static_cast<std::uint32_t>(sizeof(ohmic_destination)));
        if (to.produced.lo != OHMIC_NONE) edges[join(to.produced)] = {image.cluster, push.step, to};
      }
    }
  }
  return edges;
}

class Reports : public testing::Test {
 protected:
  Reports() {
    std::mt19937 random(3);
    networks.push_back(small_network(random, 29, 37, 40));
    networks.push_back(network_with_separate_add(random, 13, 15, 40));
    chip.name = "small";
    replicated.policy = "replicated";
  }
  std::vector<integer_graph> networks;
  chip_config chip = small_chip(64, 40, 8);
  mapping_options naive, replicated;
};

TEST_F(Reports, RingsAreWhatTheirClustersAndProducersAreTold) {
  unsigned producers = 0, replicas = 0, sets = 0;
  for (const integer_graph& graph : networks)
    for (const mapping_options& options : {naive, replicated}) {
      const deployment made = compile(graph, chip, options);
      const std::map<std::uint64_t, edge> edges = edges_of(made);
      std::map<unsigned, const cluster_image*> images;
      for (const cluster_image& image : made.clusters) images[image.cluster] = &image;
      std::set<std::uint64_t> reported;
      for (const ring_report& r : made.rings) {
        ASSERT_TRUE(images.count(r.cluster));
        const cluster_image& image = *images[r.cluster];
        const auto header = read<ohmic_deployment>(image, image.offset);
        ohmic_ring ring{};
        for (std::uint32_t n = 0; n < header.ring_count; ++n)
          if (const auto record = read<ohmic_ring>(image, header.rings + n * std::uint32_t{sizeof(ohmic_ring)});
              record.base == r.base)
            ring = record;
        ASSERT_EQ(ring.base, r.base);
        EXPECT_EQ(ring.column_bytes, r.column_bytes);
        EXPECT_EQ(ring.slots, r.slots);
        EXPECT_EQ(ring.columns_per_image, r.sequence ? 0 : r.columns_per_image);
        EXPECT_EQ((ring.flags & OHMIC_RING_SEQUENCE) != 0, r.sequence);
        ASSERT_EQ(ring.produced_count, r.producers.size());
        for (std::uint32_t p = 0; p < ring.produced_count; ++p) {
          const ring_producer& producer = r.producers[p];
          EXPECT_EQ(producer.produced_word, header.frontiers + 4 * (ring.produced_first + p));
          const std::uint64_t word = chip.cluster_l1(r.cluster) + producer.produced_word;
          ASSERT_TRUE(edges.count(word)) << "nobody counts there";
          reported.insert(word);
          const edge& e = edges.at(word);
          EXPECT_EQ(producer.cluster, e.cluster);
          EXPECT_EQ(producer.tile, e.step.tile_columns);
          EXPECT_EQ(producer.replica, e.step.replica);
          EXPECT_EQ(producer.replicas, e.step.replicas);
          EXPECT_EQ(r.wanted_tile, e.to.want_tile);
          EXPECT_EQ(r.wanted_replica, e.to.want_replica);
          EXPECT_EQ(r.wanted_replicas, e.to.want_replicas);
          EXPECT_EQ(r.wanted_size, e.to.want_size);
          EXPECT_EQ(r.wanted_stride, e.to.want_stride);
          EXPECT_EQ(r.wanted_pad, e.to.want_pad);
          EXPECT_EQ(r.wanted_columns, e.to.want_columns);
          ++producers;
          replicas += producer.replicas > 1 || r.wanted_replicas > 1;
        }
        if (r.content == "codes") {
          sets += r.set > 0;
          EXPECT_GE(r.set, 0) << "a crossbar of one row set each";
        } else {
          EXPECT_EQ(r.set, -1) << r.content;
        }
      }
      for (const auto& [word, e] : edges) {
        bool parked = true;  // those count in a PULL step's words
        for (const auto& [cluster, image] : images) {
          const auto header = read<ohmic_deployment>(*image, image->offset);
          for (std::uint32_t n = 0; n < header.ring_count; ++n) {
            const auto ring = read<ohmic_ring>(*image, header.rings + n * std::uint32_t{sizeof(ohmic_ring)});
            const std::uint64_t first = chip.cluster_l1(cluster) + header.frontiers + 4 * ring.produced_first;
            parked = parked && !(word >= first && word < first + 4 * ring.produced_count);
          }
        }
        EXPECT_EQ(reported.count(word), parked ? 0u : 1u);
      }
    }
  EXPECT_GT(producers, 50u);
  EXPECT_GT(replicas, 10u);
  EXPECT_GT(sets, 0u);
}

TEST_F(Reports, StagesNameTheirLayersAndClusters) {
  for (const integer_graph& graph : networks)
    for (const mapping_options& options : {naive, replicated}) {
      const deployment_plan plan = make_plan(graph, chip, options);
      const deployment made = emit(plan, chip, options);
      ASSERT_EQ(made.stages.size(), plan.stages.size());
      std::set<std::string> layers;
      std::set<unsigned> clusters;
      for (std::size_t s = 0; s < made.stages.size(); ++s) {
        const stage_report& stage = made.stages[s];
        EXPECT_EQ(stage.name, plan.stages[s].name);
        EXPECT_EQ(stage.tile_columns, plan.assignment.stages[s].tile_columns);
        EXPECT_EQ(stage.replicas, plan.assignment.stages[s].replicas.size());
        for (const std::string& layer : stage.layers) EXPECT_TRUE(layers.insert(layer).second) << layer;
        EXPECT_TRUE(std::is_sorted(stage.clusters.begin(), stage.clusters.end()));
        EXPECT_TRUE(std::is_sorted(stage.shares.begin(), stage.shares.end(),
                                   [](const auto& a, const auto& b) { return a.cluster < b.cluster; }));
        clusters.insert(stage.clusters.begin(), stage.clusters.end());
        for (const stage_share& share : stage.shares)
          EXPECT_TRUE(std::count(stage.clusters.begin(), stage.clusters.end(), share.cluster)) << stage.name;
      }
      EXPECT_EQ(layers.size(), graph.nodes.size() - 1) << "all but the input";
      EXPECT_EQ(clusters.size(), made.clusters.size());
    }
}

}  // namespace
}  // namespace ohmic
