// Where everything of a cluster lies in L1.
#include "sw/compiler/mapping/plan/l1_allocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/plan/digital_layer.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

using ::testing::HasSubstr;

struct place {
  std::uint64_t begin, bytes;
  unsigned alignment;
  std::string what;
};

/// What the deployment's format has in a cluster (sw/deployment/deployment.h), with its bytes.
std::vector<place> places_of(const deployment_plan& plan, std::size_t c, const cluster_addresses& at,
                             const chip_config& chip) {
  const plan_cluster& cluster = plan.clusters[c];
  std::vector<place> all{{at.header, sizeof(ohmic_deployment), 4, "header"},
                         {at.go_word, 4, 4, "go word"},
                         {at.frontiers, 4 * at.frontier_count, 4, "frontiers"},
                         {at.rings, sizeof(ohmic_ring) * cluster.rings.size(), 4, "rings"},
                         {at.steps, 4 * cluster.steps.size(), 4, "steps"},
                         {at.feeders, sizeof(ohmic_feeder) * at.feeder_count, 4, "feeders"},
                         {at.heap, at.heap_bytes, 64, "heap"}};
  if (c == 0) {
    all.push_back({at.participants, 4 * plan.clusters.size(), 4, "participants"});
    all.push_back({at.ready_words, 4 * chip.clusters(), 4, "ready words"});
  } else {
    EXPECT_EQ(at.participants, 0u) << "the coordinator's only";
    EXPECT_EQ(at.ready_words, 0u);
  }
  for (std::size_t r = 0; r < cluster.rings.size(); ++r)
    all.push_back({at.ring[r].base, std::uint64_t{cluster.rings[r].slots} * cluster.rings[r].layout.bytes, 64,
                   "ring " + std::to_string(r)});
  for (std::size_t s = 0; s < cluster.steps.size(); ++s) {
    const plan_step& step = cluster.steps[s];
    const step_addresses& a = at.step[s];
    const std::string name = " of step " + std::to_string(s);
    constexpr std::size_t records[] = {sizeof(ohmic_pull), sizeof(ohmic_ima), sizeof(ohmic_kernel_step),
                                       sizeof(ohmic_push)};
    all.push_back({a.record, records[step.work.index()], 4, "record" + name});
    all.push_back({a.inputs, sizeof(ohmic_window) * step.inputs.size(), 4, "inputs" + name});
    if (const auto* push = std::get_if<push_work>(&step.work))
      all.push_back({a.destinations, sizeof(ohmic_destination) * push->destinations.size(), 4, "destinations" + name});
    const auto* kernel = std::get_if<kernel_work>(&step.work);
    if (kernel == nullptr) continue;
    const auto channels = static_cast<std::uint64_t>(kernel->channels.count());
    if (a.multipliers != 0) {
      all.push_back({a.multipliers, (2 * channels + 3) / 4 * 4, 4, "multipliers" + name});
      all.push_back({a.biases, 4 * channels, 4, "biases" + name});
    }
    if (a.weights != 0)
      all.push_back(
          {a.weights, packed_bytes(plan.graph->nodes[kernel->node].layer(), kernel->channels), 64, "weights" + name});
    if (a.segments != 0)
      all.push_back({a.segments, sizeof(ohmic_segment) * cluster.rings[step.output_ring].layout.segments.size(), 4,
                     "segments" + name});
    if (a.input_segments != 0) {
      const std::size_t input = kernel->residual_input >= 0 ? static_cast<std::size_t>(kernel->residual_input) : 0;
      all.push_back({a.input_segments,
                     sizeof(ohmic_segment) * cluster.rings[step.inputs[input].ring].layout.segments.size(), 4,
                     "input segments" + name});
    }
  }
  return all;
}

/// Networks and chips that have every kind of step among them.
std::vector<std::pair<integer_graph, chip_config>> examples() {
  std::vector<std::pair<integer_graph, chip_config>> all;
  std::mt19937 random(3);
  all.emplace_back(small_network(random, 29, 37, 40), small_chip(64, 40, 8));
  all.emplace_back(network_with_separate_add(random, 13, 15, 256), small_chip(32, 256, 256));
  all.emplace_back(digital_network(random, 16, 16, 64, true), small_chip(48, 64, 16));
  all.emplace_back(digital_network(random, 16, 16, 64, false), small_chip(48, 64, 16));
  return all;
}

std::vector<mapping_options> option_sets() {
  mapping_options naive, hbm, replicated;
  hbm.naive.residuals = residual_store::hbm;
  replicated.policy = "replicated";
  return {naive, hbm, replicated};
}

TEST(L1Allocation, NothingOverlapsAndNothingIsWasted) {
  for (const auto& [graph, chip] : examples())
    for (const mapping_options& options : option_sets()) {
      const deployment_plan plan = make_plan(graph, chip, options);
      const std::vector<cluster_addresses> addresses = allocate_l1(plan, chip);
      const std::vector<std::uint64_t> needs = l1_needs(plan, chip);
      for (std::size_t c = 0; c < plan.clusters.size(); ++c) {
        const cluster_addresses& at = addresses[c];
        std::vector<place> all = places_of(plan, c, at, chip);
        std::stable_sort(all.begin(), all.end(), [](const place& a, const place& b) {
          return a.begin != b.begin ? a.begin < b.begin : a.bytes < b.bytes;
        });
        std::uint64_t end = chip.cluster.program_l1_bytes;
        for (const place& p : all) {
          const std::uint64_t expected = (end + p.alignment - 1) / p.alignment * p.alignment;
          EXPECT_EQ(p.begin, expected) << p.what << " of cluster " << c << " of " << graph.name;
          end = p.begin + p.bytes;
        }
        EXPECT_EQ(at.end, end);
        EXPECT_EQ(needs[c], end - chip.cluster.program_l1_bytes);
        EXPECT_LE(at.tables_end, at.heap) << "tables, heap, rings";
      }
    }
}

// The heaps of all clusters together, with policy naive: they have no oracle but the firmware, which runs with them
// elsewhere. A change of these numbers has to be meant.
TEST(L1Allocation, HeapsAreAsLargeAsBefore) {
  std::vector<std::uint64_t> heaps;
  for (const auto& [graph, chip] : examples())
    for (const residual_store residuals : {residual_store::l1, residual_store::hbm}) {
      mapping_options options;
      options.naive.residuals = residuals;
      std::uint64_t heap = 0;
      for (const cluster_addresses& at : allocate_l1(make_plan(graph, chip, options), chip)) heap += at.heap_bytes;
      heaps.push_back(heap);
    }
  EXPECT_THAT(heaps, ::testing::ElementsAre(548544, 556864, 194624, 207040, 453440, 470080, 298240, 302400));
}

TEST(L1Allocation, SegmentsAreThePartsThatAreAskedFor) {
  column_layout layout;
  layout.height = 3;
  layout.element_bytes = 2;
  for (const channel_range channels : {channel_range{0, 4}, {4, 12}, {12, 20}}) layout.append(channels);
  const std::vector<ohmic_segment> middle = format_segments(layout, {4, 12});
  ASSERT_EQ(middle.size(), 1u) << "neighbours have no part in it";
  EXPECT_EQ(middle[0].channel, 0u);
  EXPECT_EQ(middle[0].count, 8u);
  EXPECT_EQ(middle[0].offset, layout.segments[1].offset);
  const std::vector<ohmic_segment> across = format_segments(layout, {10, 13});
  ASSERT_EQ(across.size(), 2u);
  EXPECT_EQ(across[0].count, 2u);
  EXPECT_EQ(across[0].offset, layout.segments[1].offset + 6 * 2);
  EXPECT_EQ(across[1].channel, 2u);
  EXPECT_EQ(across[1].count, 1u);
  EXPECT_EQ(across[1].offset, layout.segments[2].offset);
  EXPECT_TRUE(format_segments(layout, {20, 24}).empty());
}

TEST(L1Allocation, AnL1ThatIsTheFirmwaresAloneIsRefused) {
  chip_config chip = small_chip(4, 64, 64);
  chip.cluster.l1_bytes = chip.cluster.program_l1_bytes + 64;
  EXPECT_EQ(available_l1(chip), 64u);
  for (const std::uint32_t less : {0u, 64u}) {
    chip.cluster.l1_bytes = chip.cluster.program_l1_bytes - less;
    try {
      available_l1(chip);
      ADD_FAILURE() << less << " bytes less than the firmware's part";
    } catch (const mapping_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("cluster.l1_bytes must be larger"));
    }
  }
}

}  // namespace
}  // namespace ohmic
