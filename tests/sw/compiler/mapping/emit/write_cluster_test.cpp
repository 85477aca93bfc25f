// The words of a deployment, read back as sw/deployment/deployment.h says. What they make a cluster do is run in
// compile_test.cpp.
#include "sw/compiler/mapping/emit/write_cluster.h"

#include <gtest/gtest.h>

#include <cstring>

#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/plan/l1_allocation.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

template <class record>
record read(const cluster_image& image, std::uint32_t offset) {
  record r;
  std::memcpy(&r, image.bytes.data() + (offset - image.offset), sizeof r);
  return r;
}

// Releases have the last channel, so that none of them waits behind a tile's data.
TEST(WriteCluster, DealsOutTheDmasChannelsInTurnAndLeavesTheLastToReleases) {
  std::mt19937 random(3);
  const integer_graph graph = small_network(random, 29, 37, 40);
  for (const unsigned channels : {2u, 3u, 8u}) {
    chip_config chip = small_chip(64, 40, 8);
    chip.dma.channels = channels;
    unsigned transfers = 0;
    for (const cluster_image& image : compile(graph, chip, {}).clusters) {
      const auto header = read<ohmic_deployment>(image, image.offset);
      unsigned turn = 0;
      for (std::uint32_t s = 0; s < header.step_count; ++s) {
        const auto at = read<std::uint32_t>(image, header.steps + 4 * s);
        const auto kind = read<ohmic_step>(image, at).kind;
        if (kind != OHMIC_STEP_PULL && kind != OHMIC_STEP_PUSH) continue;
        const std::uint32_t channel =
            kind == OHMIC_STEP_PULL ? read<ohmic_pull>(image, at).dma_channel : read<ohmic_push>(image, at).dma_channel;
        EXPECT_LT(channel, channels - 1);
        EXPECT_EQ(channel, turn++ % (channels - 1)) << "cluster " << image.cluster << ", step " << s;
        ++transfers;
      }
    }
    EXPECT_GT(transfers, 8u);
  }
}

// Columns of a ring that is numbered by sequence belong to no image.
TEST(WriteCluster, ARingSaysHowManyColumnsAnImageHasUnlessItIsASequence) {
  std::mt19937 random(3);
  const integer_graph graph = network_with_separate_add(random, 13, 15, 40);
  const chip_config chip = small_chip(64, 40, 8);
  unsigned sequences = 0, others = 0;
  for (const residual_store residuals : {residual_store::l1, residual_store::hbm}) {
    mapping_options options;
    options.naive.residuals = residuals;
    const deployment_plan plan = make_plan(graph, chip, options);
    const deployment made = emit(plan, chip, options);
    for (std::size_t c = 0; c < plan.clusters.size(); ++c) {
      const auto header = read<ohmic_deployment>(made.clusters[c], made.clusters[c].offset);
      ASSERT_EQ(header.ring_count, plan.clusters[c].rings.size());
      for (std::uint32_t r = 0; r < header.ring_count; ++r) {
        const plan_ring& ring = plan.clusters[c].rings[r];
        const auto record =
            read<ohmic_ring>(made.clusters[c], header.rings + r * static_cast<std::uint32_t>(sizeof(ohmic_ring)));
        EXPECT_EQ((record.flags & OHMIC_RING_SEQUENCE) != 0, ring.sequence);
        EXPECT_EQ(record.columns_per_image, ring.sequence ? 0 : ring.columns_per_image);
        EXPECT_EQ(record.slots, ring.slots);
        ++(ring.sequence ? sequences : others);
      }
    }
  }
  EXPECT_GT(others, 10u);
  EXPECT_GT(sequences, 0u);
}

TEST(WriteCluster, TheHeaderSaysWhereEverythingLies) {
  std::mt19937 random(3);
  const integer_graph graph = small_network(random, 29, 37, 40);
  const chip_config chip = small_chip(64, 40, 8);
  const deployment_plan plan = make_plan(graph, chip, {});
  const deployment made = emit(plan, chip, {});
  const std::vector<cluster_addresses> addresses = allocate_l1(plan, chip);
  for (std::size_t c = 0; c < addresses.size(); ++c) {
    const cluster_addresses& at = addresses[c];
    const cluster_image& image = made.clusters[c];
    const auto header = read<ohmic_deployment>(image, at.header);
    EXPECT_EQ(image.offset, at.header);
    EXPECT_EQ(image.offset + image.bytes.size(), at.tables_end);
    EXPECT_EQ(image.l1_end, at.end);
    EXPECT_EQ(header.rings, at.rings);
    EXPECT_EQ(header.steps, at.steps);
    EXPECT_EQ(header.step_count, plan.clusters[c].steps.size());
    EXPECT_EQ(header.feeders, at.feeders);
    EXPECT_EQ(header.feeder_count, at.feeder_count);
    EXPECT_EQ(header.frontiers, at.frontiers);
    EXPECT_EQ(header.frontier_count, at.frontier_count);
    EXPECT_EQ(header.go_word, at.go_word);
    EXPECT_EQ(header.heap, at.heap);
    EXPECT_EQ(header.heap_bytes, at.heap_bytes);
    EXPECT_EQ(header.ready_words, addresses[0].ready_words) << "the coordinator's";
  }
}

TEST(WriteCluster, TheFirstClusterOfThePlanStartsAndEndsTheRun) {
  std::mt19937 random(3);
  const deployment made = compile(small_network(random, 29, 37, 40), small_chip(64, 40, 8), {});
  unsigned sinks = 0, coordinators = 0;
  std::uint32_t told = 0;
  for (const cluster_image& image : made.clusters) {
    const auto header = read<ohmic_deployment>(image, image.offset);
    EXPECT_EQ(header.magic, OHMIC_DEPLOYMENT_MAGIC);
    EXPECT_EQ(header.version, OHMIC_DEPLOYMENT_VERSION);
    sinks += header.is_sink;
    EXPECT_EQ(header.coordinator, made.clusters[0].cluster);
    if (header.participants == 0) continue;
    ++coordinators;
    told = header.sinks;
    EXPECT_EQ(header.participants, made.clusters.size());
    for (std::size_t c = 0; c < made.clusters.size(); ++c)
      EXPECT_EQ(read<std::uint32_t>(image, header.participant_list + 4 * static_cast<std::uint32_t>(c)),
                made.clusters[c].cluster);
  }
  EXPECT_EQ(coordinators, 1u);
  EXPECT_EQ(told, sinks);
  EXPECT_GT(sinks, 0u);
}

}  // namespace
}  // namespace ohmic
