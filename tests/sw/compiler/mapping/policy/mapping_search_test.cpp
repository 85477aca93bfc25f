// What a search changes stays a mapping, and what it is rated by.
#include "sw/compiler/mapping/policy/mapping_search.h"

#include <gtest/gtest.h>

#include "sw/compiler/mapping/cost/flows.h"
#include "sw/compiler/mapping/cost/prediction.h"
#include "sw/compiler/mapping/plan/check_mapping.h"
#include "sw/compiler/mapping/plan/l1_allocation.h"
#include "sw/compiler/mapping/plan/ring_sizing.h"
#include "sw/compiler/mapping/policy/balance.h"
#include "sw/compiler/mapping/policy/mapping_policy.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

class MappingSearch : public ::testing::Test {
 protected:
  explicit MappingSearch(bool digital = false)
      : graph(digital ? digital_network(random, 32, 64, 256, true) : small_network(random, 32, 64, 256)),
        stages(make_stages(graph)) {}
  std::vector<stage_design> smallest() const { return pipeline_balancer(graph, stages, chip, rules).smallest(); }
  mapping placed(const std::vector<stage_design>& designs) const { return place_stages(graph, stages, designs, chip); }

  std::mt19937 random{20261130};
  integer_graph graph;
  std::vector<stage> stages;
  balance_rules rules;
  chip_config chip = small_chip(64, 256, 256);
};

/// One accepted change at a time, far and wide: each is a mapping of no more clusters than there may be.
void expect_mappings(const integer_graph& graph, const std::vector<stage>& stages, const chip_config& chip,
                     const std::vector<stage_design>& from, unsigned most) {
  std::vector<stage_design> here = from;
  unsigned changed = 0;
  for (std::uint32_t seed = 1; seed <= 400; ++seed) {
    if (seed % 40 == 0) here = from;
    mapping_search search(graph, stages, chip, most, seed);
    std::vector<stage_design> next = search.improve(here, 1, nullptr);
    const mapping m = place_stages(graph, stages, next, chip);
    ASSERT_NO_THROW(check_mapping(graph, stages, m, chip)) << "seed " << seed;
    EXPECT_LE(m.clusters, most);
    EXPECT_LE(search.rate(next), search.rate(here));
    changed += place_stages(graph, stages, here, chip).clusters != m.clusters;
    here = std::move(next);
  }
  EXPECT_GT(changed, 5u);
}

TEST_F(MappingSearch, ChangesGiveMappings) {
  for (const bool pack : {false, true}) {
    rules.pack = pack;
    expect_mappings(graph, stages, chip, smallest(), 40);
  }
}

class DigitalSearch : public MappingSearch {
 protected:
  DigitalSearch() : MappingSearch(true) {}
};
TEST_F(DigitalSearch, ChangesGiveMappings) { expect_mappings(graph, stages, chip, smallest(), 30); }

TEST_F(MappingSearch, ABatchTakesAtLeastItsBusiestClusterAndItsLastImage) {
  const std::vector<stage_design> designs = smallest();
  const mapping_search judge(graph, stages, chip, 64, 0);
  const deployment_plan plan = build_plan(graph, stages, placed(designs));
  const plan_prediction expected = predict(plan, chip);
  double busiest = 0, analog = 0;
  for (const predicted_cycles& c : expected.clusters) {
    busiest = std::max({busiest, c.analog, c.digital, c.communication});
    analog = std::max(analog, c.analog);
  }
  const double least = images_of_batch * busiest + expected.drain_cycles;
  EXPECT_GT(judge.rate(designs), least);
  EXPECT_LT(judge.rate(designs), 1.5 * least + images_of_batch * busiest) << "cores that are nearly always at work";
  chip.ima.mvm_cycles *= 100;  // now crossbars bind, and cores do not count
  const mapping_search slow(graph, stages, chip, 64, 0);
  const plan_prediction later = predict(plan, chip);
  double slowest = 0;
  for (const predicted_cycles& c : later.clusters) slowest = std::max(slowest, c.analog);
  EXPECT_NEAR(slowest, 100 * analog, 1e-6 * slowest);
  EXPECT_NEAR(slow.rate(designs), images_of_batch * slowest + later.drain_cycles, 0.02 * slow.rate(designs));
}

TEST_F(MappingSearch, BytesThatTravelAndANarrowLinkToHbmCost) {
  const std::vector<stage_design> designs = smallest();
  const auto rated = [&](const chip_config& with) { return mapping_search(graph, stages, with, 64, 0).rate(designs); };
  chip_config narrow = chip;
  narrow.network.width.front() = 1;
  std::uint64_t read = 0, written = 0, all = 0;
  for (const flow& f : flows_of(build_plan(graph, stages, placed(designs)))) {
    all += f.bytes;
    if (f.from == link_loads::hbm) read += f.bytes;
    if (f.to == link_loads::hbm) written += f.bytes;
  }
  ASSERT_GT(read, written);
  EXPECT_GE(rated(narrow), images_of_batch * static_cast<double>(read)) << "a byte a cycle";
  EXPECT_LT(rated(narrow), images_of_batch * static_cast<double>(read) + rated(chip));
  // The same links above the clusters with half the width, and with a level of routers more.
  chip_config half = chip, quadrants = chip;
  half.network.width.back() /= 2;
  quadrants.network.factors = {1, 1, 4, 1, 16};
  const double bytes = images_of_batch * static_cast<double>(all) / chip.network.width.back();
  EXPECT_GT(rated(half), rated(chip));
  EXPECT_LT(rated(half), rated(chip) + bytes + images_of_batch * static_cast<double>(all) / 8);
  EXPECT_LT(rated(quadrants), rated(chip)) << "four links share what one carried";
  EXPECT_GT(rated(quadrants), rated(chip) - bytes);
}

TEST_F(MappingSearch, WhatDoesNotFitIntoL1CostsManyTimesAsMuch) {
  const std::vector<stage_design> designs = smallest();
  deployment_plan plan = build_plan(graph, stages, placed(designs));
  size_rings_for_tiles(plan);
  const std::vector<std::uint64_t> needs = l1_needs(plan, chip);
  const auto fullest = static_cast<std::uint32_t>(*std::max_element(needs.begin(), needs.end()));
  chip.cluster.l1_bytes = chip.cluster.program_l1_bytes + fullest;
  const mapping_search exact(graph, stages, chip, 64, 0);
  EXPECT_TRUE(exact.fits(designs));
  const double before = exact.rate(designs);
  chip.cluster.l1_bytes -= 4;
  const mapping_search less(graph, stages, chip, 64, 0);
  EXPECT_FALSE(less.fits(designs));
  EXPECT_GT(less.rate(designs), 5 * before);
}

}  // namespace
}  // namespace ohmic
