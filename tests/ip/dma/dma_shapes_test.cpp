// DMAs with fewer channels, few buffers, narrow links and other times than those of the defaults.
#include <gtest/gtest.h>

#include <string>

#include "dma_bench.h"

namespace ohmic {
namespace {

constexpr std::uint64_t hbm = dma_bench::hbm, peer = dma_bench::peer, own = dma_bench::own;

void count_up(std::vector<std::uint8_t>& bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i ^ i >> 8);
}

TEST(DmaShape, AStartTakesTheConfiguredCycles) {
  for (const std::uint32_t cycles : {1u, 3u, 25u}) {
    auto p = dma_bench::make_parameters();
    p.start_cycles = cycles;
    dma_bench bench(p);
    bench.put(0, copy(own + 0x1000, peer, 64));
    bench.start(0, 0);
    bench.run();
    EXPECT_EQ(bench.beats[0].granted, cycles);
  }
}

TEST(DmaShape, ChannelsBeyondItsOwnDoNotExist) {
  auto p = dma_bench::make_parameters();
  p.channels = 3;
  dma_bench bench(p);
  bench.put(0, copy(own + 0x1000, peer, 64));
  bench.start(2, 0);
  EXPECT_EQ(bench.dut.busy_channels(), 4u);
  bench.run();
  EXPECT_EQ(bench.completed(2), 1u);
  bench.start(3, 0);
  EXPECT_TRUE(bench.dut.idle());
  bench.cycle();
  ASSERT_EQ(bench.errors.size(), 1u);
  EXPECT_EQ(bench.errors[0].unit, 3u);
  EXPECT_NE(std::string(bench.errors[0].what).find("does not exist"), std::string::npos);
}

TEST(DmaShape, BurstsCarryTheirClustersNumberAndTheirChannelsId) {
  auto p = dma_bench::make_parameters();
  p.initiator = 77;
  p.first_id = 16;
  dma_bench bench(p);
  unsigned seen = 0;
  bench.latency = [&](const axi_burst& b) {
    EXPECT_EQ(b.initiator, 77u);
    EXPECT_EQ(b.id, b.addr >= hbm ? 16u + 2 : 16u + 5);
    ++seen;
    return cycle_t{20};
  };
  bench.put(0x00, copy(hbm, own + 0x1000, 64));
  bench.put(0x40, copy(own + 0x2000, peer, 64));
  bench.start(2, 0x00);
  bench.start(5, 0x40);
  bench.run();
  EXPECT_EQ(seen, 2u);
}

TEST(DmaShape, CopiesMorePiecesThanItHasBuffers) {
  auto p = dma_bench::make_parameters();
  p.burst_buffers = 2;
  dma_bench bench(p);
  count_up(bench.l1);
  bench.put(0x00, copy(own + 0x10000, own + 0x30000, 7 * 4096));
  bench.put(0x40, copy(own + 0x10000, hbm, 3 * 4096));
  bench.put(0x80, copy(hbm, own + 0x50000, 3 * 4096));
  bench.start(0, 0x00);
  bench.run();
  EXPECT_EQ(std::memcmp(&bench.l1[0x10000], &bench.l1[0x30000], 7 * 4096), 0);
  for (const std::uint32_t next : {0x40u, 0x80u}) {  // every buffer of both directions is free again
    bench.start(0, next);
    bench.run();
  }
  EXPECT_EQ(std::memcmp(&bench.l1[0x10000], &bench.l1[0x50000], 3 * 4096), 0);
}

// 16 bytes from 4 behind a beat's begin: three beats of 8, the last of which completes the only beat of L1.
TEST(DmaShape, WaitsForTheBeatsOfANarrowLink) {
  auto p = dma_bench::make_parameters();
  p.width = 8;
  p.max_burst_bytes = 2048;
  dma_bench bench(p);
  count_up(bench.hbm_bytes);
  bench.put(0x00, copy(hbm + 0x2C, own + 0x1000, 16));
  bench.put(0x40, copy(hbm + 0x40, own + 0x2000, 128));
  bench.start(0, 0x00);
  bench.run();
  ASSERT_EQ(bench.beats.size(), 2u);
  EXPECT_EQ(bench.bursts[0].cycle, 11u);
  EXPECT_EQ(bench.beats[1].granted, 31u + 2);
  EXPECT_EQ(std::memcmp(&bench.l1[0x1000], &bench.hbm_bytes[0x2C], 16), 0);
  const cycle_t begin = bench.now;
  bench.start(0, 0x40);
  bench.run();
  ASSERT_EQ(bench.beats.size(), 5u);
  EXPECT_EQ(bench.beats[3].granted - begin, 31u + 7) << "eight beats make one of L1";
  EXPECT_EQ(bench.beats[4].granted - begin, 31u + 15);
}

TEST(DmaShape, UnalignedBytesAreTakenWordByWord) {
  dma_bench bench;
  count_up(bench.hbm_bytes);
  bench.put(0, copy(hbm, own + 0x1001, 200));
  bench.start(0, 0);
  bench.run();
  ASSERT_EQ(bench.beats.size(), 5u);
  for (const auto& [n, bytes] : {std::pair{1u, 63u}, {2u, 64u}, {3u, 64u}, {4u, 9u}}) {
    EXPECT_EQ(bench.beats[n].bytes, bytes) << n;
    EXPECT_EQ(bench.beats[n].addr, n == 1 ? 0x1001u : 0x1000u + 64 * (n - 1)) << n;
  }
}

TEST(DmaShape, BeatsThatWaitCountOnBothPorts) {
  for (const bool writes_l1 : {false, true}) {
    dma_bench bench;
    bench.bank_taken = [](cycle_t now, unsigned bank) { return bank == 3 && now >= 11 && now < 40; };
    bench.put(0, writes_l1 ? copy(hbm, own + 0x1000, 64) : copy(own + 0x1000, hbm, 64));
    bench.start(0, 0);
    bench.run();
    EXPECT_EQ(bench.beats[1].granted, 40u);
    EXPECT_EQ(bench.dut.counters().stall_cycles, writes_l1 ? 40u - 31 : 40u - 11);
  }
}

TEST(DmaShape, ActiveCyclesBeginWithTheFirstChannelAndEndWithTheLast) {
  dma_bench bench;
  bench.put(0x00, copy(own + 0x1000, hbm, 4 * 4096));
  bench.put(0x40, copy(own + 0x9000, peer, 64));
  bench.start(0, 0x00);
  while (bench.now < 30) bench.cycle();
  bench.start(1, 0x40);
  bench.run();
  EXPECT_EQ(bench.dut.counters().active_cycles, bench.now - 1);
  while (bench.now < 2000) bench.cycle();
  bench.start(1, 0x40);
  const cycle_t before = bench.dut.counters().active_cycles;
  bench.run();
  EXPECT_EQ(bench.dut.counters().active_cycles - before, bench.now - 1 - 2000) << "the pause does not count";
}

TEST(DmaShape, ADoorbellAloneIsANotification) {
  dma_bench bench;
  auto d = notifying(copy(0, 0, 0), peer, 3, peer + 8, 4);
  d.flags = 1 | DMA_NOTIFY_DOORBELL;
  bench.put(0, d);
  bench.start(0, 0);
  bench.run();
  ASSERT_EQ(bench.writes.size(), 1u);
  EXPECT_EQ(bench.writes[0].addr, peer + 8);
  EXPECT_EQ(bench.writes[0].first_word, 4u);
  EXPECT_EQ(bench.completed(0), 1u);
  EXPECT_EQ(bench.dut.counters().notifications, 1u);
}

// What a channel has not begun by the time of its error it does not begin any more.
TEST(DmaErrors, NoFurtherBurstFollowsAFailedOne) {
  for (const bool write : {false, true}) {
    auto p = dma_bench::make_parameters();
    p.burst_buffers = 1;
    dma_bench bench(p);
    bench.fails = [](const axi_burst& b) { return b.addr == hbm; };
    bench.put(0, write ? copy(own + 0x1000, hbm, 3 * 4096) : copy(hbm, own + 0x1000, 3 * 4096));
    bench.start(0, 0);
    bench.run();
    EXPECT_EQ(bench.status(0), registers::dma::channel_status_error_mask);
    EXPECT_EQ(bench.errors.size(), 1u);
    EXPECT_EQ(bench.bursts.size(), 1u) << (write ? "writes" : "reads");
    for (unsigned i = 0; i < 200; ++i) bench.cycle();
    EXPECT_EQ(bench.bursts.size(), 1u);
  }
}

TEST(DmaErrors, ATransferBehindAFailedOneStartsAtItsBegin) {
  auto p = dma_bench::make_parameters();
  p.burst_buffers = 1;
  dma_bench bench(p);
  count_up(bench.l1);
  bench.fails = [](const axi_burst& b) { return b.addr >= hbm; };
  bench.put(0x00, copy(own + 0x1000, hbm, 3 * 4096));
  bench.put(0x40, copy(own + 0x8000, peer + 0x100, 6000));
  bench.start(0, 0x00);
  bench.run();
  bench.start(0, 0x40);
  bench.run();
  EXPECT_EQ(bench.completed(0), 1u);
  EXPECT_EQ(std::memcmp(&bench.peer_bytes[0x100], &bench.l1[0x8000], 6000), 0);
  EXPECT_EQ(bench.dut.counters().bytes_written, 4096u + 6000);
}

TEST(DmaErrors, WhatRunsIntoTheOwnClusterIsTheReadOrTheWriteThatItWas) {
  for (const bool write : {false, true}) {
    dma_bench bench;
    auto d = write ? copy(own + 0x1000, peer, 64) : copy(peer, own + 0x1000, 64);
    d.flags = 2, d.counts = 2;
    (write ? d.dst_stride1 : d.src_stride1) = -0x200000;
    bench.put(0, d);
    bench.start(0, 0);
    bench.run();
    ASSERT_EQ(bench.errors.size(), 1u);
    EXPECT_EQ(bench.errors[0].address, dma_bench::own_global);
    EXPECT_EQ(bench.errors[0].act, write ? guest_act::write : guest_act::read);
  }
}

}  // namespace
}  // namespace ohmic
