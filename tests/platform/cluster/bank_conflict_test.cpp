// Who gets a bank: reconstructed from when instructions of every core retire, and checked cycle by cycle against the
// rule "first requester from (cycle mod requesters) on", requesters being the cores and six wide ports.
#include <gtest/gtest.h>

#include <random>

#include "tests/fresh_seed.h"
#include "tests/platform/cluster/cluster_bench.h"

namespace ohmic {
namespace {

constexpr unsigned wide_ports = 6;

struct access {
  cycle_t asked, granted;
  unsigned core, bank;
};

class BankConflictTest : public testing::Test {
 protected:
  /// Runs `conflict` with the given start offset and stride per core; returns the accesses of the loop in the cycles
  /// in which all cores are surely inside it with warm instruction caches.
  /// A write of 4 KiB from outside has its first beat at the cluster in cycle `burst_at`.
  void run(const std::vector<std::uint32_t>& offset, const std::vector<std::uint32_t>& stride, unsigned banks = 64,
           cycle_t burst_at = never) {
    const auto cores = static_cast<unsigned>(offset.size());
    chip_config chip = one_cluster(cores);
    chip.cluster.l1_banks = banks;
    std::vector<std::vector<retire_record>> records(cores);
    cluster_bench<recorder> bench("conflict", chip, 1, {recorder{&records}});
    for (unsigned h = 0; h < cores; ++h) {
      bench.table(h, 0, static_cast<std::uint32_t>(chip_config::own_l1_base) + offset[h]);
      bench.table(h, 1, stride[h]);
      bench.table(h, 2, 60);
    }
    if (burst_at != never)
      bench.send(true, chip_config::clusters_base + 0x4000, std::vector<std::uint8_t>(4096, 1), burst_at);
    bench.start();
    bench.run(100'000);
    ASSERT_TRUE(bench.errors().empty());
    counted = bench[0].bank_conflicts();
    const std::uint32_t begin = bench.at("conflict_loop"), end = bench.at("conflict_end");
    from = 0, to = never;
    for (const auto& list : records) {
      unsigned turns = 0;
      cycle_t last = 0;
      for (const retire_record& r : list) {
        if (r.pc < begin || r.pc >= end) continue;
        if (r.pc == begin && ++turns == 2) from = std::max(from, r.cycle);
        last = r.cycle;
      }
      ASSERT_EQ(turns, 60u);
      to = std::min(to, last);
    }
    ASSERT_LT(from, to) << "the cores were never in the loop together";
    for (unsigned h = 0; h < cores; ++h)
      for (std::size_t k = 0; k + 1 < records[h].size(); ++k) {
        const retire_record& r = records[h][k];
        if (r.pc < begin || r.pc >= end || r.mem_size == 0) continue;
        // The next instruction does not use the data: it issues in the cycle after the grant.
        accesses.push_back({r.cycle, records[h][k + 1].cycle - 1, h, r.mem_addr / 4 % banks});
      }
  }

  void check(unsigned cores) {
    const unsigned requesters = cores + wide_ports;
    unsigned decided = 0;
    for (cycle_t c = from; c < to; ++c) {
      std::map<unsigned, std::vector<const access*>> by_bank;
      for (const access& a : accesses)
        if (a.asked <= c && c <= a.granted) by_bank[a.bank].push_back(&a);
      for (const auto& [bank, all] : by_bank) {
        unsigned first = requesters;
        const access* winner = nullptr;
        for (const access* a : all) {
          const unsigned distance = (a->core + requesters - static_cast<unsigned>(c % requesters)) % requesters;
          if (distance < first) first = distance, winner = a;
        }
        decided += all.size() > 1;
        for (const access* a : all)
          ASSERT_EQ(a->granted == c, a == winner)
              << "cycle " << c << " bank " << bank << " core " << a->core << " of " << all.size();
      }
    }
    conflicts = decided;
  }

  std::vector<access> accesses;
  cycle_t from = 0, to = never;
  unsigned conflicts = 0;
  std::uint64_t counted = 0;  // by the cluster
};

TEST_F(BankConflictTest, OneBankServesOneCorePerCycleInRoundRobinOrder) {
  for (const unsigned cores : {2u, 3u, 7u, 8u, 16u}) {
    accesses.clear();
    run(std::vector<std::uint32_t>(cores, 0x9000), std::vector<std::uint32_t>(cores, 0));
    check(cores);
    if (cores > 6) EXPECT_GT(conflicts, 100u);
    // A bank that somebody asks for is never idle: 120 accesses a core, one per cycle, once the cores fill it.
    if (cores >= 7) {
      std::uint64_t granted = 0;
      for (const access& a : accesses) granted += a.granted >= from && a.granted < to;
      EXPECT_EQ(granted, to - from);
    }
    // Nobody starves: the wait is at most one turn of the round robin.
    for (const access& a : accesses) EXPECT_LT(a.granted - a.asked, cores + wide_ports);
  }
}

/// A wide port's place is behind the cores': with one core, requester 0 of 7, a beat that wants its bank comes first in
/// six cycles of seven. Beats follow each other cycle by cycle, so the core gets the bank when it is its turn only.
TEST_F(BankConflictTest, AWidePortTakesItsTurnWithTheCores) {
  run({0x9000}, {0}, 16);
  const cycle_t inside = from;
  unsigned delayed = 0, judged = 0;
  for (unsigned shift = 0; shift < 7; ++shift) {
    accesses.clear();
    const cycle_t burst_at = inside + 20 + shift;
    run({0x9000}, {0}, 16, burst_at);
    for (const access& a : accesses) {
      if (a.asked < burst_at + 4 || a.asked > burst_at + 50) continue;  // surely among the 64 beats
      ++judged;
      delayed += a.granted != a.asked;
      EXPECT_EQ(a.granted, (a.asked + 6) / 7 * 7) << "asked in cycle " << a.asked;
    }
  }
  EXPECT_GT(judged, 40u);
  EXPECT_GT(delayed, 20u);
}

// Tables and results of the two cores lie in other banks than the word that both load.
TEST_F(BankConflictTest, EveryCycleOfAWaitIsCounted) {
  for (const std::uint32_t second : {0x9080u, 0x9180u, 0x9084u}) {
    accesses.clear();
    run({0x9080, second}, {0, 0});
    std::uint64_t waited = 0;
    for (const access& a : accesses) waited += a.granted - a.asked;
    EXPECT_EQ(counted, waited);
    EXPECT_EQ(waited != 0, second % 256 == 0x80) << "in the same bank";
  }
}

TEST_F(BankConflictTest, DifferentBanksDoNotDisturbEachOther) {
  std::vector<std::uint32_t> offset;
  for (unsigned h = 0; h < 16; ++h) offset.push_back(0x9000 + 4 * h);
  run(offset, std::vector<std::uint32_t>(16, 256));
  for (const access& a : accesses)
    if (a.asked >= from) ASSERT_EQ(a.granted, a.asked);
}

TEST_F(BankConflictTest, FollowsTheRuleForRandomAddresses) {
  const unsigned seed = fresh_seed();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  std::uint64_t all_conflicts = 0;  // five cores alone may meet none
  for (const unsigned banks : {16u, 32u, 64u}) {
    for (const unsigned cores : {5u, 16u, 64u}) {
      std::vector<std::uint32_t> offset, stride;
      for (unsigned h = 0; h < cores; ++h) {
        offset.push_back(0x10000 + random() % 0x1000 / 4 * 4);
        stride.push_back(random() % 64 * 4);
      }
      accesses.clear();
      run(offset, stride, banks);
      check(cores);
      all_conflicts += conflicts;
    }
  }
  EXPECT_GT(all_conflicts, 0u);
}

}  // namespace
}  // namespace ohmic
