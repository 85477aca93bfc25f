// Runs are the same on every machine, to the last cycle and count, and change only where somebody means it: what is
// right other tests say, here nothing changes unnoticed. Whoever changes a program or a model's timing on purpose runs
// this with OHMIC_KEEP=1 and keeps the rows that it prints.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "tests/platform/machine/machine_bench.h"

namespace ohmic {
namespace {

struct kept_run {
  const char *program, *arguments;
  std::vector<unsigned> factors;
  unsigned cores, chip;
  cycle_t end_cycle;
  std::uint64_t retired, memory, activity, counters;
};

/// Chips that differ in everything that has a number.
chip_config chip_of(const kept_run& run) {
  chip_config c = small_chip(run.factors, run.cores);
  if (run.chip == 1) {
    c.network.latency.assign(c.network.factors.size(), 7);
    c.network.width.assign(c.network.factors.size(), 32);
    c.network.width[0] = 8;
    c.network.stage_depth = 1;
    c.network.remap_ids = 4;
    c.network.outstanding_reads = c.network.outstanding_writes = 2;
    c.network.slave_reads = c.network.slave_writes = 1;
    c.network.egress_cycles = 2;
    c.network.max_burst_bytes = 256;
    c.cluster.l1_banks = 16;
    c.cluster.peripheral_cycles = 3;
    c.cluster.wake_cycles = 4;
    c.icache.shared_bytes = 4096;
    c.icache.ways = 2;
    c.icache.banks = 1;
    c.icache.hit_cycles = 5;
    c.dma.channels = 8;
    c.dma.start_cycles = 4;
    c.dma.burst_buffers = 2;
    c.ima.mvm_cycles = 37;
    c.ima.streamer_ports = 4;
    c.ima.job_queue = 2;
    c.hbm.outstanding = 2;
  }
  return c;
}

const std::vector<kept_run>& kept() {
  static const std::vector<kept_run> all = {
#include "tests/platform/machine/kept_runs.inc"
  };
  return all;
}

TEST(KeptRuns, EndInTheirCycleWithTheirCounts) {
  const bool show = std::getenv("OHMIC_KEEP") != nullptr;
  for (const kept_run& k : kept()) {
    run_request r;
    r.program = k.program;
    r.arguments = k.arguments;
    r.chip = chip_of(k);
    r.options.count_activity = true;
    const run_outcome o = run_in_child(r);
    ASSERT_TRUE(o.finished) << k.program << ": " << o.failure;
    EXPECT_EQ(o.end, run_end::exited) << k.program;
    if (show) {
      std::string factors;
      for (const unsigned f : k.factors) factors += (factors.empty() ? "" : ", ") + std::to_string(f);
      std::printf("{\"%s\", \"%s\", {%s}, %u, %u, %llu, %llu, 0x%llx, 0x%llx, 0x%llx},\n", k.program, k.arguments,
                  factors.c_str(), k.cores, k.chip, static_cast<unsigned long long>(o.end_cycle),
                  static_cast<unsigned long long>(o.retired), static_cast<unsigned long long>(o.memory_hash),
                  static_cast<unsigned long long>(o.activity_hash), static_cast<unsigned long long>(o.counters_hash));
      continue;
    }
    SCOPED_TRACE(std::string(k.program) + " on chip " + std::to_string(k.chip));
    EXPECT_EQ(o.end_cycle, k.end_cycle);
    EXPECT_EQ(o.retired, k.retired);
    EXPECT_EQ(o.memory_hash, k.memory) << "L1 and HBM";
    EXPECT_EQ(o.activity_hash, k.activity) << "what clusters did";
    EXPECT_EQ(o.counters_hash, k.counters) << "counters of blocks and links";
  }
}

}  // namespace
}  // namespace ohmic
