// Several clusters on the window engine, talking through remote loads and stores: the same to the last bit for any
// number of threads and any window. Also the program for the thread sanitizer.
#include <gtest/gtest.h>

#include <random>

#include "tests/fresh_seed.h"
#include "tests/platform/cluster/cluster_bench.h"

namespace ohmic {
namespace {

constexpr unsigned clusters = 8, cores = 4;

struct outcome {
  std::vector<std::vector<std::uint8_t>> l1;
  std::vector<std::uint64_t> retired;
  std::vector<std::vector<cycle_t>> cycles;  // of every access of every core
  bool operator==(const outcome& o) const { return l1 == o.l1 && retired == o.retired && cycles == o.cycles; }
};

/// Every core of every cluster stores to and loads from words of all clusters; each word has one writer.
outcome run_traffic(unsigned threads, cycle_t window, unsigned seed, cycle_t start_of_others = 0) {
  chip_config chip = one_cluster(cores);
  chip.network.factors = {1, 1, 1, 1, clusters};
  std::vector<std::vector<std::vector<retire_record>>> records(clusters,
                                                               std::vector<std::vector<retire_record>>(cores));
  std::vector<recorder> observers;
  for (auto& r : records) observers.push_back({&r});
  cluster_bench<recorder> b("traffic", chip, threads, observers);
  std::mt19937 random(seed);
  for (unsigned c = 0; c < clusters; ++c)
    for (unsigned h = 0; h < cores; ++h) {
      // Writers of a cluster's words 4 n: core n / 8 of cluster n % 8.
      const unsigned n = h * clusters + c, target = random() % clusters;
      b.table(h, 0, 20 + random() % 20, c);
      b.table(h, 1, static_cast<std::uint32_t>(chip.cluster_l1(target)) + 0x8000 + 4 * n, c);
      b.table(h, 2, 4 * clusters * cores, c);
    }
  b[0].start(0, true);
  b.touch();
  b.run(start_of_others, window);
  for (unsigned c = 1; c < clusters; ++c) b[c].start(start_of_others, true);
  b.touch();
  b.run(60'000, window);
  outcome o;
  for (unsigned c = 0; c < clusters; ++c) {
    o.l1.emplace_back(b.l1(c), b.l1(c) + chip.cluster.l1_bytes);
    for (unsigned h = 0; h < cores; ++h) {
      EXPECT_EQ(b.result(h, 1, c), 1u) << "core " << c << "." << h << " did not finish";
      const std::uint32_t turns = b.word(64 * h, c);
      EXPECT_EQ(b.result(h, 0, c), turns * (turns + 1) / 2) << "a load did not see the store before it";
      o.retired.push_back(b[c].cores().counters(h).retired);
      o.cycles.emplace_back();
      for (const retire_record& r : records[c][h]) o.cycles.back().push_back(r.cycle);
    }
  }
  EXPECT_TRUE(b.errors().empty());
  return o;
}

TEST(ParallelClusters, AreTheSameForAnyNumberOfThreads) {
  const unsigned seed = fresh_seed();
  SCOPED_TRACE(seed);
  const outcome expected = run_traffic(1, 0, seed);
  for (const unsigned threads : {2u, 3u, 4u})
    EXPECT_TRUE(run_traffic(threads, 0, seed) == expected) << threads << " threads";
}

TEST(ParallelClusters, AreTheSameForAnyWindowUpToTheExactOne) {
  const unsigned seed = fresh_seed();
  SCOPED_TRACE(seed);
  const outcome expected = run_traffic(1, 1, seed);
  for (const cycle_t window : {2, 5, 6}) EXPECT_TRUE(run_traffic(2, window, seed) == expected) << "window " << window;
}

// Cluster 0 alone, then the others from an odd cycle on: windows begin elsewhere, nothing else changes.
TEST(ParallelClusters, DoNotDependOnWhereWindowsBegin) {
  const unsigned seed = fresh_seed();
  SCOPED_TRACE(seed);
  for (const cycle_t shift : {101, 102, 103}) {
    const outcome expected = run_traffic(1, 1, seed, shift);
    EXPECT_TRUE(run_traffic(1, 6, seed, shift) == expected) << shift;
    EXPECT_TRUE(run_traffic(2, 4, seed, shift) == expected) << shift;
  }
}

}  // namespace
}  // namespace ohmic
