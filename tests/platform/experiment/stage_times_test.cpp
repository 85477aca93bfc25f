#include "platform/experiment/stage_times.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

constexpr auto at(time_class c) { return static_cast<unsigned>(c); }

/// Two stages on cluster 0, the second on cluster 1 too.
struct shared_cluster {
  deployment source;
  run_figures figures;

  shared_cluster() {
    source.stages.resize(2);
    source.stages[0].shares = {{0, 30, 2000}};
    source.stages[1].shares = {{0, 10, 6000}, {1, 5, 500}};
    figures.clusters.resize(2);
    figures.details.resize(2);
    figures.clusters[0].cycles = {4000, 1001, 402, 13, 500};
    figures.clusters[0].master_cycles = 3000;
    figures.details[0].kernels_by_stage = {{1, 800}, {0, 200}};
    figures.clusters[1].cycles = {650, 0, 20, 0, 7};
    figures.clusters[1].master_cycles = 100;
  }
};

TEST(StageTimes, AClusterWithOneStageGivesItAll) {
  const shared_cluster c;
  const auto part = stage_times(c.source, c.figures).of(1, c.source.stages[1].shares[1]);
  EXPECT_EQ(part.cycles, c.figures.clusters[1].cycles);
  EXPECT_EQ(part.service, 650);
}

TEST(StageTimes, MvmsKernelsAndTheMastersWorkAreSplitByWhoseTheyAre) {
  const shared_cluster c;
  const stage_times times(c.source, c.figures);
  const auto first = times.of(0, c.source.stages[0].shares[0]), second = times.of(1, c.source.stages[1].shares[0]);
  EXPECT_EQ(first.cycles[at(time_class::analog)], 3000u) << "30 of 40 MVMs";
  EXPECT_EQ(first.cycles[at(time_class::digital)], 200u) << "a fifth of the kernels' time";
  EXPECT_EQ(first.cycles[at(time_class::communication)], 100u) << "a quarter of the master's work";
  EXPECT_EQ(second.cycles[at(time_class::digital)], 801u);
  // 2000 cycles of the master beside kernels: 500 and 1500.
  EXPECT_EQ(first.service, 3000) << "its crossbar";
  EXPECT_EQ(second.service, 800 + 1500) << "its cores";
}

// A master may sleep while its cores are in a kernel, and has no time of its own then.
TEST(StageTimes, KernelsThatTakeLongerThanTheMasterWasAwakeLeaveItNothing) {
  shared_cluster c;
  c.figures.clusters[0].cycles = {};
  c.figures.clusters[0].master_cycles = 500;  // of 1000 in kernels
  const stage_times times(c.source, c.figures);
  EXPECT_EQ(times.of(0, c.source.stages[0].shares[0]).service, 200);
  EXPECT_EQ(times.of(1, c.source.stages[1].shares[0]).service, 800) << "the other cores run them";
}

// Of no MVMs, kernels or work of a master at all there are no shares: the last stage has what there is.
TEST(StageTimes, NothingIsNotSplit) {
  shared_cluster c;
  c.source.stages[0].shares = {{0, 0, 0}};
  c.source.stages[1].shares = {{0, 0, 0}};
  c.figures.details[0].kernels_by_stage.clear();
  c.figures.clusters[0].cycles = {7, 6, 5, 4, 3};
  const stage_times times(c.source, c.figures);
  const auto first = times.of(0, c.source.stages[0].shares[0]), second = times.of(1, c.source.stages[1].shares[0]);
  EXPECT_EQ(first.cycles, (decltype(first.cycles){0, 0, 0, 0, 0}));
  EXPECT_EQ(second.cycles, c.figures.clusters[0].cycles);
  EXPECT_EQ(first.service, 0);
  const auto fractions = times.of_cluster(0, c.source.stages[0].shares[0]);
  EXPECT_EQ(fractions.mvms, 0);
  EXPECT_EQ(fractions.work, 0);
}

TEST(StageTimes, PartsSumToTheClustersTime) {
  const shared_cluster c;
  const stage_times times(c.source, c.figures);
  const auto first = times.of(0, c.source.stages[0].shares[0]), second = times.of(1, c.source.stages[1].shares[0]);
  for (unsigned k = 0; k < time_class_count; ++k)
    EXPECT_EQ(first.cycles[k] + second.cycles[k], c.figures.clusters[0].cycles[k]) << "class " << k;
}

}  // namespace
}  // namespace ohmic
