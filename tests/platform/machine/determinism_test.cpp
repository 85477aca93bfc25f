// A program with heavy communication between all clusters: the same to the last cycle and byte however it is simulated.
#include <gtest/gtest.h>

#include "tests/platform/machine/machine_bench.h"

namespace ohmic {
namespace {

run_request traffic(chip_config chip, unsigned rounds = 12) {
  run_request r;
  r.program = "machine_traffic";
  r.chip = std::move(chip);
  r.arguments = std::to_string(rounds);
  return r;
}

void expect_equal(const run_outcome& a, const run_outcome& b) {
  EXPECT_EQ(a.end, b.end);
  EXPECT_EQ(a.end_cycle, b.end_cycle);
  EXPECT_EQ(a.now, b.now) << "where counting stops";
  EXPECT_EQ(a.memory_hash, b.memory_hash);
  EXPECT_EQ(a.activity_hash, b.activity_hash);
  EXPECT_STREQ(a.console, b.console);
}

void expect_classes_sum(const run_outcome& o, unsigned clusters) {
  ASSERT_GT(o.marker_0, 0u);
  for (unsigned i = 0; i < clusters; ++i) {
    std::uint64_t sum = 0;
    for (const std::uint64_t n : o.cycles[i]) sum += n;
    EXPECT_EQ(sum, o.end_cycle - o.marker_0) << "cluster " << i;
    EXPECT_GT(o.cycles[i][static_cast<unsigned>(time_class::digital)], 0u);
    EXPECT_GT(o.cycles[i][static_cast<unsigned>(time_class::communication)], 0u);
  }
}

TEST(DeterminismTest, AnyNumberOfThreadsAndAnyExactWindowGiveTheSameRun) {
  run_request r = traffic(small_chip({2, 2, 4}, 4));
  const run_outcome expected = run_in_child(r);
  ASSERT_EQ(expected.end, run_end::exited) << expected.failure << expected.console;
  EXPECT_EQ(expected.window, 6u);
  expect_classes_sum(expected, 16);
  for (const unsigned threads : {2u, 3u, 4u}) {
    SCOPED_TRACE(threads);
    r.run.threads = threads;
    expect_equal(expected, run_in_child(r));
  }
  for (const cycle_t window : {1, 2, 5}) {
    SCOPED_TRACE(window);
    r.run.threads = 2;
    r.run.window = window;
    expect_equal(expected, run_in_child(r));
  }
}

// One cluster works, the others sleep: nearly all windows are skipped or run by one cluster alone.
TEST(DeterminismTest, SkippedWindowsAndIdleClustersChangeNothing) {
  run_request r = traffic(small_chip({2, 2, 4}, 4));
  r.arguments = "20 1";
  const run_outcome expected = run_in_child(r);
  ASSERT_EQ(expected.end, run_end::exited) << expected.failure << expected.console;
  r.run.threads = 2;
  for (const cycle_t window : {1, 3}) {
    r.run.window = window;
    expect_equal(expected, run_in_child(r));
  }
}

TEST(DeterminismTest, LongerWindowsAreLessAccurateButDeterministic) {
  run_request r = traffic(small_chip({2, 4}, 2));
  r.run.window = 50;
  const run_outcome one = run_in_child(r);
  ASSERT_EQ(one.end, run_end::exited) << one.failure << one.console;
  r.run.threads = 3;
  expect_equal(one, run_in_child(r));
  r.run.window = 0;
  EXPECT_EQ(run_in_child(r).memory_hash, one.memory_hash);
}

TEST(DeterminismTest, NetworkDelaysChangeTheTimeAndNothingElse) {
  run_request r = traffic(small_chip({2, 4}, 4));
  const run_outcome expected = run_in_child(r);
  ASSERT_EQ(expected.end, run_end::exited) << expected.failure;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    r.options.network.random_delay = 1 + static_cast<std::uint32_t>(seed * 9);
    r.options.network.random_seed = seed;
    r.run.window = 0;
    const run_outcome o = run_in_child(r);
    EXPECT_EQ(o.end, run_end::exited) << o.failure << o.console;
    EXPECT_EQ(o.memory_hash, expected.memory_hash);
    EXPECT_NE(o.end_cycle, expected.end_cycle);
    expect_classes_sum(o, 8);
    r.run.window = 1;
    expect_equal(o, run_in_child(r));
  }
}

TEST(DeterminismTest, RandomMemoryChangesNothing) {
  run_request r = traffic(small_chip({2, 2}, 2), 5);
  r.before = [](machine& m) {  // what the program does not write must be the same for the hash
    std::vector<std::uint8_t> zero(m.config().cluster.l1_bytes - 0x10000);
    for (unsigned i = 0; i < m.config().clusters(); ++i)
      m.write(m.config().cluster_l1(i) + 0x10000, zero.data(), zero.size());
    std::vector<std::uint8_t> hbm(64u << 20);
    m.write(chip_config::hbm_base + (16u << 20), hbm.data(), hbm.size());
  };
  const run_outcome expected = run_in_child(r);
  r.options.random_memory_seed = 99;
  r.options.random_hbm_bytes = 128u << 20;
  const run_outcome random = run_in_child(r);
  ASSERT_EQ(expected.end, run_end::exited) << expected.failure;
  expect_equal(expected, random);
}

/// A chip may have any shape; what it computes stays right, and windows stay exact.
struct shape {
  const char* name;
  chip_config chip;
};

void PrintTo(const shape& s, std::ostream* to) { *to << s.name; }

class ShapesTest : public testing::TestWithParam<shape> {};

std::vector<shape> shapes() {
  std::vector<shape> all;
  all.push_back({"OneCluster", small_chip({1}, 16)});
  all.push_back({"OneClusterOfTableIsDepth", small_chip({1, 1, 1, 1}, 4)});
  all.push_back({"OneCore", small_chip({2, 2}, 1)});
  all.push_back({"SixtyFourCores", small_chip({2, 2}, 64)});
  all.push_back({"OddFactors", small_chip({3, 5}, 3)});
  all.push_back({"SmallL1", small_chip({2, 2}, 4, 128u << 10)});
  all.push_back({"LargeL1", small_chip({2, 2}, 4, 4u << 20)});
  all.push_back({"SixtyFourClusters", small_chip({4, 4, 4}, 2)});
  chip_config c = small_chip({2, 4}, 8);
  c.cluster.l1_banks = 16;
  all.push_back({"SixteenBanks", c});
  c.cluster.l1_banks = 32;
  c.network.width = {8, 8, 8};
  c.network.max_burst_bytes = 2048;
  all.push_back({"NarrowLinks", c});
  c.network.width = {64, 4, 32};
  c.network.max_burst_bytes = 1024;
  all.push_back({"MixedLinks", c});
  c = small_chip({2, 4}, 4);
  c.network.latency = {100, 1, 1};
  all.push_back({"LatencyOne", c});
  c.network.latency = {1, 300, 20};
  all.push_back({"LongWays", c});
  c = small_chip({2, 4}, 4);
  c.network.outstanding_reads = c.network.outstanding_writes = 1;
  c.hbm.outstanding = 1;
  c.dma.channels = 1;
  c.dma.burst_buffers = 1;
  c.dma.start_cycles = 1;
  c.cluster.peripheral_cycles = c.cluster.wake_cycles = 1;
  c.icache.shared_bytes = 1024;
  c.icache.ways = 1;
  c.icache.hit_cycles = 1;
  all.push_back({"LeastOfEverything", c});
  c.cluster.peripheral_cycles = 9;
  c.cluster.wake_cycles = 30;
  c.network.egress_cycles = 4;
  c.network.ingress_cycles = 12;
  all.push_back({"SlowEndpoints", c});
  c = small_chip({2, 4}, 8);
  c.network.slave_reads = c.network.slave_writes = 1;
  all.push_back({"OnePlaceAtEveryPort", c});
  c.network.latency = {100, 9, 13};
  c.network.slave_writes = 2;
  all.push_back({"FewPlacesAndLongWays", c});
  return all;
}

TEST_P(ShapesTest, CommunicateCorrectlyInExactWindows) {
  run_request r = traffic(GetParam().chip, 6);
  r.run.threads = 2;
  const run_outcome o = run_in_child(r);
  ASSERT_EQ(o.end, run_end::exited) << o.failure << o.console << " status " << o.status;
  EXPECT_EQ(o.errors, 0u);
  expect_classes_sum(o, std::min(64u, r.chip.clusters()));
  r.run.window = 1;
  expect_equal(o, run_in_child(r));
}

TEST_P(ShapesTest, RunTheExamples) {
  for (const char* program : {"hello", "dot_product", "dma_pingpong", "ima_job"}) {
    SCOPED_TRACE(program);
    if (GetParam().chip.cluster.l1_bytes < 1u << 20 && std::string(program) != "hello") continue;  // they use more
    run_request r;
    r.program = program;
    r.chip = GetParam().chip;
    r.run.max_cycles = 5'000'000;
    const run_outcome o = run_in_child(r);
    EXPECT_EQ(o.end, run_end::exited) << o.failure << o.console;
    EXPECT_EQ(o.status, 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Chips, ShapesTest, testing::ValuesIn(shapes()), [](const auto& i) { return i.param.name; });

}  // namespace
}  // namespace ohmic
