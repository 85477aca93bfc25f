// Accesses to L1, word by word and by who asks, against what the programs and jobs are known to do.
#include <gtest/gtest.h>

#include "ip/dma/descriptor.h"
#include "registers/cluster_peripherals.h"
#include "registers/ima.h"
#include "tests/ip/ima/ima_bench.h"
#include "tests/platform/cluster/cluster_bench.h"

namespace ohmic {
namespace {

constexpr std::uint64_t global = chip_config::clusters_base;
constexpr std::uint32_t l1_bytes = 1u << 20;

TEST(L1Counting, NothingIsCountedForAnObserverThatDoesNotAsk) {
  cluster_bench<> b("conflict", one_cluster(2));
  b.table(0, 2, 60);
  b.start();
  b.run(5000);
  visit_counters(b[0].l1_accesses(), [](const char* name, const char*, std::uint64_t n) { EXPECT_EQ(n, 0u) << name; });
}

/// Records, and counts.
struct counting_recorder : recorder {
  static constexpr bool counts = true;
};

TEST(L1Counting, EveryAccessOfACoreCountsByItsWords) {
  std::vector<std::vector<retire_record>> records(4);
  counting_recorder observer;
  observer.by_hart = &records;
  cluster_bench<counting_recorder> b("conflict", one_cluster(4), 1, {observer});
  for (unsigned h = 0; h < 4; ++h) {
    b.table(h, 0, static_cast<std::uint32_t>(chip_config::own_l1_base) + 0x8000 + 4 * h + (h == 3 ? 2 : 0));
    b.table(h, 1, 64 * h);
    b.table(h, 2, 60);
  }
  b.start();
  b.run(20'000);
  std::uint64_t reads = 0, writes = 0;
  for (const auto& list : records)
    for (const retire_record& r : list) {
      if (r.mem_size == 0 || r.mem_addr - chip_config::own_l1_base >= l1_bytes) continue;
      (r.mem_write ? writes : reads) += (r.mem_addr & 3) + r.mem_size > 4 ? 2 : 1;
    }
  EXPECT_GT(reads + writes, 200u);
  EXPECT_EQ(b[0].l1_accesses().core_reads, reads);
  EXPECT_EQ(b[0].l1_accesses().core_writes, writes);
  EXPECT_EQ(b[0].l1_accesses().network_reads + b[0].l1_accesses().dma_reads + b[0].l1_accesses().ima_reads, 0u);
}

TEST(L1Counting, StoresOfACoreAreWrites) {
  std::vector<std::vector<retire_record>> records(1);
  counting_recorder observer;
  observer.by_hart = &records;
  cluster_bench<counting_recorder> b("restart", one_cluster(), 1, {observer});
  b.table(0, 0, 2);
  b.table(0, 1, 0x80000000u);
  b.start();
  b.run(2000);
  std::uint64_t writes = 0;
  for (const retire_record& r : records[0])
    if (r.mem_write && r.mem_addr - chip_config::own_l1_base < l1_bytes)
      writes += (r.mem_addr & 3) + r.mem_size > 4 ? 2 : 1;
  EXPECT_GT(writes, 0u);
  EXPECT_EQ(b[0].l1_accesses().core_writes, writes);
}

// Its load is answered before the core is reset, and so it is a load that was done.
TEST(InstructionCounting, AnAccessUnderWayAtAResetCountsAsWhatItIs) {
  cluster_bench<counting_observer> b("restart");
  b.table(0, 0, 2);
  b.table(0, 1, 0x80000000u);
  b.start();
  cycle_t now = 0;
  while (b[0].waiting_for_bus() == 0) b.run(++now);
  std::uint32_t none = 0;
  b[0].debug_access(l1_bytes + 0x30, reinterpret_cast<std::uint8_t*>(&none), 4, true, now);
  b.touch();
  b.run(now + 1000);
  const instruction_counts counts = b[0].cores().instructions();
  EXPECT_EQ(counts[instruction_class::load], 4u);
  EXPECT_EQ(counts[instruction_class::store], 1u);
  EXPECT_EQ(counts.total(), b[0].cores().counters(0).retired);
}

TEST(L1Counting, OtherMastersCountTheWordsTheyTouch) {
  cluster_bench<counting_observer> b("idle");
  b.start();
  b.run(500);
  const l1_counters before = b[0].l1_accesses();
  b.send(true, global + 0x8040, std::vector<std::uint8_t>(256, 1), 500);  // 64 words
  b.send(true, global + 0x9002, std::vector<std::uint8_t>(4, 1), 600);    // half of two
  b.send(false, global + 0x7fe0, std::vector<std::uint8_t>(128), 700);    // 32 words
  b.send_word(global + l1_bytes + 0x1B00, 1, 800);                        // a register
  b.run(2000);
  EXPECT_EQ(b[0].l1_accesses().network_writes - before.network_writes, 64u + 2);
  EXPECT_EQ(b[0].l1_accesses().network_reads - before.network_reads, 32u);
  EXPECT_EQ(b[0].l1_accesses().core_reads, before.core_reads);
}

TEST(L1Counting, AJobReadsItsInputsAndWritesItsCodes) {
  cluster_bench<counting_observer> b("idle");
  b.start();
  b.run(1000);
  struct remote_registers {
    cluster_bench<counting_observer>& bench;
    cycle_t at;
    void write(std::uint32_t offset, std::uint32_t value) {
      bench.send_word(global + l1_bytes + registers::cluster_peripherals::ima_base + offset, value, at);
      at += 10;
    }
  } to{b, 1000};
  job_spec job;
  job.loops[0] = {64, 1};  // three runs of 16 words
  job.loops[1] = {3, 64};
  job.ring_base = 0x4000;
  job.ring_bytes = 192;
  job.groups = {{0, 128, 0x8000, 128, 128}};  // 32 words of codes
  job.write_to(to);
  to.write(registers::ima::push_offset, 1);
  b.run(3000);
  EXPECT_EQ(b[0].l1_accesses().ima_reads, 48u);
  EXPECT_EQ(b[0].l1_accesses().ima_writes, 32u);
  EXPECT_EQ(b[0].accelerator().counters().mvms, 1u);
  EXPECT_EQ(b[0].accelerator().counters().rows, 192u);
  EXPECT_EQ(b[0].accelerator().counters().columns, 128u);
  EXPECT_EQ(b[0].accelerator().counters().cells, 192u * 128);
}

TEST(L1Counting, ATransferReadsItsDescriptorAndItsData) {
  cluster_bench<counting_observer> b("move");
  dma_descriptor d{};
  d.flags = 1 | DMA_EVENT;
  d.next = DMA_CHAIN_END;
  d.bytes = 200;
  d.src_lo = static_cast<std::uint32_t>(chip_config::own_l1_base) + 0x4000;
  d.dst_lo = 0x80080000u;
  std::memcpy(b.l1(0) + 0x3000, &d, sizeof d);
  b.table(0, 0, 0x3000);
  b.start();
  b.run(5000);
  EXPECT_EQ(b[0].mover().counters().bytes_written, 200u);
  EXPECT_EQ(b[0].l1_accesses().dma_reads, sizeof d / 4 + 50);
  EXPECT_EQ(b[0].l1_accesses().dma_writes, 0u);
}

}  // namespace
}  // namespace ohmic
