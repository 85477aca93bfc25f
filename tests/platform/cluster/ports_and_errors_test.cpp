// The wide ports against cores, the DMA with its notifications, and guest errors.
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "ip/dma/descriptor.h"
#include "tests/ip/ima/ima_bench.h"
#include "tests/platform/cluster/cluster_bench.h"

namespace ohmic {
namespace {

constexpr std::uint32_t own = static_cast<std::uint32_t>(chip_config::own_l1_base);
constexpr std::uint32_t l1_bytes = 1u << 20;
constexpr std::uint64_t global = chip_config::clusters_base;

std::vector<std::uint8_t> pattern(std::size_t n) {
  std::vector<std::uint8_t> v(n);
  for (std::size_t k = 0; k < n; ++k) v[k] = static_cast<std::uint8_t>(3 * k + 1);
  return v;
}

TEST(PortsTest, ABurstIntoAnIdleClusterTakesABeatPerCycle) {
  cluster_bench<> b("idle");
  b.start();
  b.run(1000);
  const axi_burst& w = b.send(true, global + 0x2000, pattern(256), 1000);
  const axi_burst& r = b.send(false, global + 0x2000, std::vector<std::uint8_t>(256), 1100);
  b.run(2000);
  // Beats 1000..1003; B in 1004 at the port, in 1005 behind its egress register.
  EXPECT_EQ(b.answered(w), 1004u + 1);
  // AR in 1100; four beats are read in 1100..1103; R leaves in 1104.
  EXPECT_EQ(b.answered(r), 1104u + 1);
  EXPECT_EQ(std::memcmp(r.data, pattern(256).data(), 256), 0);
}

// The cluster knows of a write's beats one by one. B leaves behind the last one, and its egress register.
TEST(PortsTest, AWritesBeatsAreWrittenAsTheyCome) {
  cluster_bench<> b("idle");
  b.start();
  b.run(1000);
  std::vector<std::uint8_t> data = pattern(256);
  axi_burst burst;
  burst.addr = global + 0x2000;
  burst.bytes = 256;
  burst.write = true;
  burst.initiator = 0xFFFF;
  burst.data = data.data();
  b[0].deliver({1000, &burst, axi_message::kind::request});
  b[0].deliver({1000, &burst, axi_message::kind::data, false, 1});
  b.touch();
  b.run(1010);
  EXPECT_EQ(b.l1(0)[0x2000 + 63], data[63]);
  EXPECT_EQ(b.l1(0)[0x2000 + 64], 0);
  b[0].deliver({1020, &burst, axi_message::kind::data, false, 2});
  b.touch();
  b.run(1021);
  EXPECT_EQ(b.l1(0)[0x2000 + 127], data[127]);
  EXPECT_EQ(b.l1(0)[0x2000 + 128], 0);
  b.run(1040);
  EXPECT_TRUE(b[0].transfers_pending());
  b[0].deliver({1050, &burst, axi_message::kind::data, true, 1});
  b.touch();
  b.run(1100);
  EXPECT_EQ(b.answered(burst), 1051u + 1);
  EXPECT_EQ(std::memcmp(b.l1(0) + 0x2000, data.data(), 256), 0);
  EXPECT_FALSE(b[0].transfers_pending());
}

TEST(PortsTest, ACoresBurstSaysWhoSentItAndWhy) {
  cluster_bench<> b("mistakes", one_cluster(3));
  for (unsigned h = 0; h < 3; ++h) b.table(h, 0, 0x2000'0000u + 0x100 * h), b.table(h, 1, 0x3000'0000u);
  b.start();
  b.run(10'000);
  unsigned seen = 0;
  for (const axi_burst& r : b.requests())
    for (unsigned h = 0; h < 3; ++h) {
      if (r.addr - (0x2000'0000u + 0x100 * h) >= 8) continue;
      const std::uint64_t at = r.addr - (0x2000'0000u + 0x100 * h);
      EXPECT_EQ(r.core, h);
      EXPECT_EQ(r.id, h);
      EXPECT_EQ(r.initiator, 0u);
      EXPECT_EQ(r.pc, b.at(at == 0 ? "mistake_0" : at == 2 ? "mistake_1" : "mistake_2"));
      EXPECT_EQ(r.bytes, at == 2 ? 2u : 4u);
      EXPECT_EQ(r.write, at == 4);
      ++seen;
    }
  EXPECT_EQ(seen, 9u);
}

TEST(PortsTest, ABeatAndACoreTakeTurnsByTheCycle) {
  // Requesters: core 0, then six ports; the slave's write port is the last.
  // It loses against the core only when cycle mod 7 is 0.
  unsigned waited = 0;
  for (cycle_t arrival = 700; arrival < 721; ++arrival) {
    cluster_bench<> b("restart");
    b.table(0, 0, 4);
    b.table(0, 1, own + 0x3008);  // stored to in every third cycle: a store, and a jump of 2 cycles
    b.start();
    b.run(680);
    const axi_burst& w = b.send(true, global + 0x3000, pattern(64), arrival);
    b.run(800);
    const cycle_t b_at = b.answered(w);
    EXPECT_TRUE(b_at == arrival + 2 || (arrival % 7 == 0 && b_at == arrival + 3)) << arrival << ": " << b_at;
    waited += b_at == arrival + 3;
  }
  EXPECT_EQ(waited, 1u) << "of 21 cycles one has the core's store and cycle mod 7 = 0";
}

TEST(PortsTest, NeitherCoresNorBeatsStarve) {
  constexpr unsigned cores = 16;
  cluster_bench<> b("conflict", one_cluster(cores));
  for (unsigned h = 0; h < cores; ++h) {
    b.table(h, 0, own + 0x8000 + 4 * (h % 4));
    b.table(h, 2, 400);
  }
  b.start();
  b.run(500);
  std::vector<const axi_burst*> bursts;
  for (unsigned k = 0; k < 40; ++k) {
    bursts.push_back(&b.send(true, global + 0x8040, pattern(256), 500 + 20 * k));
    bursts.push_back(&b.send(false, global + 0x7FE0, std::vector<std::uint8_t>(256), 500 + 20 * k));
  }
  b.run(20'000);
  EXPECT_EQ(b[0].sleeping(), 0xFFFFu) << "all cores finished their loops";
  // A beat waits at most a turn of the round robin, 22 cycles; 40 bursts of 4 (5 unaligned) beats queue up.
  for (std::size_t k = 0; k < bursts.size(); ++k) {
    ASSERT_NE(b.answered(*bursts[k]), never) << k;
    EXPECT_LE(b.answered(*bursts[k]), 500 + (k / 2 + 1) * 5 * 22 + 20) << k;
  }
  EXPECT_EQ(std::memcmp(b.l1(0) + 0x8040, pattern(256).data(), 256), 0);
}

/// Classes of a job's cycles: the MVM's 130 are analog, the cycle of PUSH and its beats are communication, save the
/// last beat's cycle, which ends the job and so begins what comes next.
TEST(PortsTest, AJobsStreamingIsCommunicationAndItsMvmAnalog) {
  cluster_bench<> b("idle");
  b.start();
  b.run(1000);
  struct remote_registers {
    cluster_bench<>& bench;
    cycle_t at;
    void write(std::uint32_t offset, std::uint32_t value) {
      bench.send_word(global + l1_bytes + registers::cluster_peripherals::ima_base + offset, value, at);
      at += 10;
    }
  } to{b, 1000};
  job_spec job;
  job.loops[0] = {64, 1};  // three runs of a beat each
  job.loops[1] = {3, 64};
  job.ring_base = 0x4000;
  job.ring_bytes = 192;
  job.groups = {{0, 128, 0x8000, 128, 128}};  // two beats of codes
  job.write_to(to);
  const cycle_t push = to.at;
  to.write(registers::ima::push_offset, 1);
  b.run(push);
  b[0].times().restart(push);
  // In the middle of the MVM, which begins behind the cycle of PUSH and three beats.
  b.run(push + 50);
  EXPECT_EQ(b[0].times().cycles(push + 50)[static_cast<unsigned>(time_class::communication)], 4u);
  EXPECT_EQ(b[0].times().cycles(push + 50)[static_cast<unsigned>(time_class::analog)], 46u);
  b.run(push + 1000);
  const auto cycles = b[0].times().cycles(push + 1000);
  const auto of = [&](time_class c) { return cycles[static_cast<unsigned>(c)]; };
  EXPECT_EQ(of(time_class::analog), 130u);
  EXPECT_EQ(of(time_class::communication), 1u + 3 + 2 - 1);
  EXPECT_EQ(of(time_class::idle), 1000u - 130 - 5);
}

TEST(PortsTest, DataThenFlagThenDoorbellArriveInOrder) {
  cluster_bench<> b("interrupted");
  b.start();
  b.run(500);
  b.send(true, global + 0x4000, pattern(4096), 600);
  b.send_word(global + 0x6000, 77, 664);
  const axi_burst& bell = b.send_word(global + l1_bytes + 0x1B00, 1, 665);
  cycle_t now = 600;
  while (b.word(0x6000) != 77) {
    b.run(++now);
    ASSERT_LT(now, 2000u);
  }
  EXPECT_EQ(std::memcmp(b.l1(0) + 0x4000, pattern(4096).data(), 4096), 0) << "the flag is behind the data";
  EXPECT_EQ(b.answered(bell), never) << "the doorbell is behind the flag";
  b.run(2000);
  EXPECT_EQ(b.result(0, 0), 1u);
}

class DmaInCluster : public testing::Test {
 protected:
  dma_descriptor descriptor(std::uint64_t to, std::uint64_t from, std::uint32_t bytes) {
    dma_descriptor d{};
    d.flags = 1 | DMA_EVENT;
    d.next = DMA_CHAIN_END;
    d.bytes = bytes;
    d.src_lo = static_cast<std::uint32_t>(from);
    d.dst_lo = static_cast<std::uint32_t>(to);
    return d;
  }
  void run(cluster_bench<>& b, const dma_descriptor& d, cycle_t end = 5000) {
    std::memcpy(b.l1(0) + 0x3000, &d, sizeof d);
    b.table(0, 0, 0x3000);
    b.start();
    b.run(end);
  }
};

TEST_F(DmaInCluster, FetchesFromMemoryAndWakesTheCore) {
  cluster_bench<> b("move");
  run(b, descriptor(own + 0x10001, cluster_bench<>::memory_base + 3, 5000));
  EXPECT_EQ(std::memcmp(b.l1(0) + 0x10001, b.memory().data() + 3, 5000), 0);
  EXPECT_EQ(b.result(0, 0), 1u << 20);
  EXPECT_EQ(b.result(0, 1), 1u);
  EXPECT_EQ(b[0].sleeping(), 1u);
  EXPECT_TRUE(b.errors().empty());
}

TEST_F(DmaInCluster, NotifiesTheOwnCountThenTheOwnDoorbell) {
  cluster_bench<> b("move");
  dma_descriptor d = descriptor(cluster_bench<>::memory_base + 0x80000, own + 0x8000, 4096);
  d.flags |= DMA_NOTIFY;
  d.notify_lo = own + 0x7000;
  d.notify_value = 42;
  d.doorbell_lo = own + l1_bytes + 0x1B04;
  d.doorbell_value = 1;
  const auto data = pattern(4096);
  std::memcpy(b.l1(0) + 0x8000, data.data(), data.size());
  run(b, d);
  EXPECT_EQ(std::memcmp(b.memory().data() + 0x80000, data.data(), data.size()), 0);
  EXPECT_EQ(b.word(0x7000), 42u);
  EXPECT_EQ(b.result(0, 2), 1u << 20 | 1u << 29) << "DMA event and doorbell 1";
}

TEST_F(DmaInCluster, ReportsANotificationOfARegisterThatDoesNotExist) {
  cluster_bench<> b("move");
  dma_descriptor d = descriptor(own + 0x9000, own + 0x8000, 64);
  d.flags |= DMA_NOTIFY_DOORBELL;
  d.doorbell_lo = own + l1_bytes + 0x7000;
  run(b, d);
  ASSERT_EQ(b.errors().size(), 1u);
  EXPECT_EQ(b.errors()[0].from, guest_error::source::dma);
  EXPECT_EQ(b.errors()[0].addr, own + l1_bytes + 0x7000);
}

TEST_F(DmaInCluster, AFailingTransferIsAGuestErrorOfTheDma) {
  cluster_bench<> b("move");
  run(b, descriptor(own + 0x9000, 0x2000'0000, 64));
  ASSERT_EQ(b.errors().size(), 1u);
  EXPECT_EQ(b.errors()[0].from, guest_error::source::dma);
  EXPECT_EQ(b.errors()[0].addr, 0x2000'0000u);
}

TEST(GuestErrorTest, EveryMistakeIsLoggedWithItsPlaceAndAnswersThePattern) {
  chip_config chip = one_cluster(2);
  chip.network.factors = {1, 1, 1, 1, 2};
  cluster_bench<> b("mistakes", chip);
  const auto other = static_cast<std::uint32_t>(chip.cluster_peripherals(1)) + 0x2C;
  // Only core 1 of cluster 0 makes them.
  b[0].start(0, false);
  std::uint32_t one = 2;
  b.table(1, 0, 0x2000'0000u);
  b.table(1, 1, other);
  b[0].debug_access(l1_bytes + 0x30, reinterpret_cast<std::uint8_t*>(&one), 4, true, 0);
  b.touch();
  b.run(10'000);
  struct expected {
    const char* at;
    std::uint64_t addr;
    bool write;
  };
  const expected mistakes[] = {{"mistake_0", 0x2000'0000, false},
                               {"mistake_1", 0x2000'0002, false},
                               {"mistake_2", 0x2000'0004, true},
                               {"mistake_3", own + l1_bytes + 0x2C, false},
                               {"mistake_4", own + l1_bytes + 0x2D, false},
                               {"mistake_5", own + l1_bytes, true},
                               {"mistake_6", other, false},
                               {"mistake_7", other + 1, false}};
  ASSERT_EQ(b.errors().size(), std::size(mistakes) + 1);
  for (unsigned n = 0; n < std::size(mistakes); ++n) {
    const guest_error& e = b.errors()[n];
    EXPECT_EQ(e.pc, b.at(mistakes[n].at)) << n;
    EXPECT_EQ(e.addr, mistakes[n].addr) << n;
    EXPECT_EQ(e.act, mistakes[n].write ? guest_act::write : guest_act::read) << n;
    EXPECT_EQ(e.core, 1u);
    EXPECT_EQ(e.cluster, 0u);
    EXPECT_EQ(e.from, guest_error::source::core_access);
  }
  EXPECT_EQ(b.errors().back().from, guest_error::source::core_fetch);
  EXPECT_EQ(b.errors().back().act, guest_act::fetch);
  EXPECT_EQ(b.errors().back().pc, 0x80F0'0000u);
  const std::uint32_t answers[] = {0xBADACCE5,         0xBADA,     0xBADACCE5,           0xCC,
                                   0xBADACCE5,         0xFFFFFFCC, 1 /* ERROR_STATUS */, 0x2000'0000 /* ERROR_ADDR */,
                                   1 /* ERROR_CORE */, 0 /* cleared */};
  for (unsigned n = 0; n < std::size(answers); ++n) EXPECT_EQ(b.result(1, n), answers[n]) << n;
  EXPECT_EQ(b.word(0x2C0C), 0u);
}

}  // namespace
}  // namespace ohmic
