// Who shares clusters with whom, for stages whose times are tiles shared out by hand.
#include "sw/compiler/mapping/policy/stage_groups.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "tests/fresh_seed.h"

namespace ohmic {
namespace {

/// So many tiles, each for one cluster; on a make with c times the cores they take a c-th.
struct work {
  unsigned tiles;
  double cycles;
};

stage_grouper::offers offers_of(const std::vector<work>& stages, const std::vector<double>& cores) {
  return [=](std::size_t s, std::size_t make, unsigned clusters) {
    stage_offer offer;
    offer.design.replicas = std::min(clusters, stages[s].tiles);
    offer.design.core_make = make;
    offer.of_tile = stages[s].cycles / cores[make];
    offer.cycles = std::ceil(double(stages[s].tiles) / offer.design.replicas) * offer.of_tile;
    return offer;
  };
}

std::vector<std::size_t> first(std::size_t n) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < n; ++i) all.push_back(i);
  return all;
}

// 8 tiles on 3, 3 and 2 of 8 clusters: 4 rounds of the last stage. On all 8 each takes one: 3 rounds, and a tenth of a
// round for waiting.
TEST(StageGroups, StagesWhoseTilesLeaveARestShareAllClusters) {
  const std::vector<work> stages(3, {8, 1000});
  const stage_grouper grouper(first(3), {8}, offers_of(stages, {1}));
  EXPECT_GE(grouper.least_cycles(), 3100);
  EXPECT_LE(grouper.least_cycles(), 3100 * 1.01);
  for (const stage_design& design : grouper.designs(grouper.least_cycles())) {
    EXPECT_EQ(design.group, 1u);
    EXPECT_EQ(design.replicas, 8u);
  }
}

TEST(StageGroups, StagesThatFillTheirClustersKeepThem) {
  const std::vector<work> stages = {{4, 1000}, {8, 1000}};
  const stage_grouper grouper(first(2), {12}, offers_of(stages, {1}));
  EXPECT_LE(grouper.least_cycles(), 1000 * 1.01);
  const std::vector<stage_design> designs = grouper.designs(grouper.least_cycles());
  EXPECT_EQ(designs[0].group, 0u);
  EXPECT_EQ(designs[1].group, 0u);
  EXPECT_EQ(designs[0].replicas, 4u);
  EXPECT_EQ(designs[1].replicas, 8u);
}

// The second stage's only tile takes 8,000 cycles where cores are few and 1,000 where they are many; the first has 16
// tiles, for 16 clusters.
TEST(StageGroups, WhatCannotBeSharedOutGoesWhereCoresAreMany) {
  const std::vector<work> stages = {{16, 1000}, {1, 8000}};
  const stage_grouper grouper(first(2), {16, 1}, offers_of(stages, {1, 8}));
  EXPECT_LE(grouper.least_cycles(), 1000 * 1.01);
  const std::vector<stage_design> designs = grouper.designs(grouper.least_cycles());
  EXPECT_EQ(designs[0].core_make, 0u);
  EXPECT_EQ(designs[1].core_make, 1u);
}

TEST(StageGroups, NoClustersHaveNoTime) {
  EXPECT_TRUE(std::isinf(stage_grouper(first(2), {0}, offers_of({{4, 1000}, {4, 1000}}, {1})).least_cycles()));
}

// Never worse than everything on all clusters of one make, and what is said of a time is true.
TEST(StageGroups, DesignsOfATimeKeepItWithTheClustersThatThereAre) {
  std::mt19937 random(fresh_seed());
  for (unsigned round = 0; round < 50; ++round) {
    std::vector<work> stages(2 + random() % 12);
    for (work& one : stages) one = {1 + static_cast<unsigned>(random() % 32), 100.0 + random() % 1000};
    const std::vector<unsigned> clusters = {1 + static_cast<unsigned>(random() % 40),
                                            1 + static_cast<unsigned>(random() % 8)};
    const std::vector<double> cores = {1, 8};
    const stage_grouper::offers offer = offers_of(stages, cores);
    const stage_grouper grouper(first(stages.size()), clusters, offer);
    if (stages.size() <= 8)
      for (const std::size_t make : {0, 1}) {
        double all = 0, longest = 0;
        for (std::size_t s = 0; s < stages.size(); ++s) {
          all += offer(s, make, clusters[make]).cycles;
          longest = std::max(longest, offer(s, make, clusters[make]).of_tile);
        }
        EXPECT_LE(grouper.least_cycles(), (all + 0.1 * longest) * 1.01);
      }
    for (const double slower : {1.0, 1.1, 2.0}) {
      const double cycles = grouper.least_cycles() * slower;
      const std::vector<stage_design> designs = grouper.designs(cycles);
      ASSERT_EQ(designs.size(), stages.size());
      std::map<unsigned, double> in_group;
      std::vector<unsigned> taken(2, 0);
      std::map<unsigned, unsigned> sizes = group_sizes(designs);
      std::map<unsigned, std::size_t> makes;
      for (std::size_t s = 0; s < stages.size(); ++s) {
        const stage_design& design = designs[s];
        ASSERT_GE(design.replicas, 1u);
        const double takes =
            std::ceil(double(stages[s].tiles) / design.replicas) * stages[s].cycles / cores[design.core_make];
        EXPECT_LE(in_group[design.group == 0 ? ~static_cast<unsigned>(s) : design.group] += takes, cycles);
        if (design.group == 0)
          taken[design.core_make] += design.replicas;
        else
          EXPECT_EQ(makes.try_emplace(design.group, design.core_make).first->second, design.core_make);
      }
      for (const auto& [group, size] : sizes) taken[makes.at(group)] += size;
      EXPECT_LE(taken[0], clusters[0]);
      EXPECT_LE(taken[1], clusters[1]);
    }
  }
}

}  // namespace
}  // namespace ohmic
