#include "ip/dma/dma.h"

#include <gtest/gtest.h>

#include "dma_bench.h"

namespace ohmic {
namespace {

constexpr std::uint64_t hbm = dma_bench::hbm, peer = dma_bench::peer, own = dma_bench::own;
constexpr std::uint32_t error_bit = registers::dma::channel_status_error_mask;
constexpr std::uint32_t busy_bit = registers::dma::channel_status_busy_mask;

/// Bytes that tell their place.
void count_up(std::vector<std::uint8_t>& bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i ^ i >> 8);
}

TEST(Dma, WritesToTheNetworkInTheCyclesItPromises) {
  dma_bench bench;
  bench.put(0x100, copy(own + 0x1000, peer, 256));
  bench.start(2, 0x100);
  EXPECT_EQ(bench.status(2), busy_bit);
  bench.run();
  ASSERT_EQ(bench.beats.size(), 5u);
  EXPECT_EQ(bench.beats[0].granted, 10u) << "descriptor";
  for (unsigned i = 1; i <= 4; ++i) EXPECT_EQ(bench.beats[i].granted, 10u + i);
  ASSERT_EQ(bench.bursts.size(), 1u);
  EXPECT_EQ(bench.bursts[0].cycle, 15u);
  // W beats 15..18, B in 18 + 20, the channel is free in the cycle after it.
  EXPECT_EQ(bench.now, 39u);
  EXPECT_EQ(bench.completed(2), 1u);
  EXPECT_EQ(bench.status(2), 0u);
  EXPECT_EQ(bench.dut.counters().active_cycles, 38u);
}

TEST(Dma, ReadsFromTheNetworkInTheCyclesItPromises) {
  dma_bench bench;
  count_up(bench.hbm_bytes);
  bench.put(0, copy(hbm + 0x40, own + 0x1000, 256));
  bench.start(0, 0);
  bench.run();
  ASSERT_EQ(bench.bursts.size(), 1u);
  EXPECT_EQ(bench.bursts[0].cycle, 11u);
  ASSERT_EQ(bench.beats.size(), 5u);
  for (unsigned i = 1; i <= 4; ++i) EXPECT_EQ(bench.beats[i].granted, 30u + i) << "R beats 31..34 go straight on";
  EXPECT_EQ(bench.now, 36u) << "complete in 35";
  EXPECT_EQ(std::memcmp(&bench.l1[0x1000], &bench.hbm_bytes[0x40], 256), 0);
}

TEST(Dma, NeedsTheNextBeatOfDataForAnUnalignedDestination) {
  dma_bench bench;
  count_up(bench.hbm_bytes);
  bench.put(0, copy(hbm, own + 0x1001, 128));
  bench.start(0, 0);
  bench.run();
  // R beats in 31, 32. 63 bytes in 31; the next 64 need beat 2: 32; the last byte: 33.
  ASSERT_EQ(bench.beats.size(), 4u);
  EXPECT_EQ(bench.beats[1].granted, 31u);
  EXPECT_EQ(bench.beats[1].bytes, 63u);
  EXPECT_EQ(bench.beats[2].granted, 32u);
  EXPECT_EQ(bench.beats[3].granted, 33u);
  EXPECT_EQ(std::memcmp(&bench.l1[0x1001], &bench.hbm_bytes[0], 128), 0);
}

// A slow network draws the beats of a burst apart: beat k of n is there k/(n-1) of the way, in whole cycles and never
// before its time.
TEST(Dma, TakesTheBeatsOfAReadInTheCycleInWhichEachIsThere) {
  struct expected {
    cycle_t comes[4], granted[4];
  };
  for (const expected& e : {expected{{0, 1, 2, 3}, {31, 32, 33, 34}}, expected{{0, 2, 4, 6}, {31, 33, 35, 37}},
                            expected{{0, 1, 9, 10}, {31, 32, 40, 41}}, expected{{0, 7, 8, 30}, {31, 38, 39, 61}}}) {
    dma_bench bench;
    count_up(bench.hbm_bytes);
    bench.beat_at = [&](const axi_burst&, unsigned n) { return e.comes[n]; };
    bench.put(0, copy(hbm, own + 0x1000, 256));
    bench.start(0, 0);
    bench.run();
    ASSERT_EQ(bench.beats.size(), 5u);
    for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(bench.beats[i + 1].granted, e.granted[i]) << "beat " << i;
    EXPECT_EQ(std::memcmp(&bench.l1[0x1000], &bench.hbm_bytes[0], 256), 0);
  }
}

TEST(Dma, KeepsOneL1BeatPerCycleAcrossBursts) {
  dma_bench bench;
  auto d = copy(own + 0x1000, peer, 64);
  d.flags = 2;
  d.counts = 10;
  d.src_stride1 = 128;
  d.dst_stride1 = 64;
  bench.put(0, d);
  bench.start(0, 0);
  bench.run();
  ASSERT_EQ(bench.bursts.size(), 10u);
  for (unsigned i = 0; i < 10; ++i) EXPECT_EQ(bench.bursts[i].cycle, 12u + i);
}

TEST(Dma, SplitsBurstsAt4KiB) {
  dma_bench bench;
  count_up(bench.l1);
  bench.put(0, copy(own + 0x2003, hbm + 0x0FFE, 9000));
  bench.start(0, 0);
  bench.run();
  ASSERT_EQ(bench.bursts.size(), 4u);
  EXPECT_EQ(bench.bursts[0].bytes, 2u);
  EXPECT_EQ(bench.bursts[1].bytes, 4096u);
  EXPECT_EQ(bench.bursts[2].bytes, 4096u);
  EXPECT_EQ(bench.bursts[3].bytes, 9000u - 2 - 2 * 4096);
  EXPECT_EQ(std::memcmp(&bench.hbm_bytes[0x0FFE], &bench.l1[0x2003], 9000), 0);
}

TEST(Dma, SplitsBurstsAtTheConfiguredLength) {
  auto p = dma_bench::make_parameters();
  p.max_burst_bytes = 256;
  dma_bench bench(p);
  bench.put(0, copy(hbm, own + 0x1000, 1000));
  bench.start(0, 0);
  bench.run();
  ASSERT_EQ(bench.bursts.size(), 4u);
  EXPECT_EQ(bench.bursts[3].bytes, 1000u - 3 * 256);
}

TEST(Dma, CopiesWithinL1) {
  dma_bench bench;
  count_up(bench.l1);
  bench.put(0, copy(own + 0x1001, dma_bench::own_global + 0x8002, 5000));
  bench.start(0, 0);
  bench.run();
  EXPECT_EQ(bench.bursts.size(), 0u);
  EXPECT_EQ(std::memcmp(&bench.l1[0x1001], &bench.l1[0x8002], 5000), 0);
  EXPECT_EQ(bench.dut.counters().bytes_copied, 5000u);
}

TEST(Dma, WritesCountThenDoorbellAfterTheLastResponse) {
  dma_bench bench;
  bench.put(0, notifying(copy(own + 0x1000, peer + 0x100, 2048, DMA_EVENT), peer + 0x40, 7, peer + 0x80, 0xD00B));
  bench.start(3, 0);
  bench.run();
  ASSERT_EQ(bench.writes.size(), 3u);
  EXPECT_EQ(bench.writes[1].addr, peer + 0x40);
  EXPECT_EQ(bench.writes[1].first_word, 7u);
  EXPECT_EQ(bench.writes[2].addr, peer + 0x80);
  EXPECT_EQ(bench.writes[2].first_word, 0xD00Bu);
  ASSERT_EQ(bench.bursts.size(), 3u);
  EXPECT_EQ(bench.bursts[1].cycle, bench.writes[0].cycle) << "issued with the data's B response, not before";
  EXPECT_EQ(bench.bursts[2].cycle, bench.bursts[1].cycle + 1) << "same id, same target: back to back";
  ASSERT_EQ(bench.events.size(), 1u);
  EXPECT_EQ(bench.events[0].first, bench.writes[2].cycle);
  EXPECT_EQ(bench.events[0].second, 1u << 23);
}

TEST(Dma, HoldsADoorbellElsewhereUntilTheCountIsThere) {
  dma_bench bench;
  bench.put(0, notifying(copy(own + 0x1000, peer, 64), peer + 0x1000, 7, hbm, 1));
  bench.start(0, 0);
  bench.run();
  ASSERT_EQ(bench.writes.size(), 3u);
  EXPECT_EQ(bench.writes[1].addr, peer + 0x1000);
  EXPECT_EQ(bench.writes[2].addr, hbm);
  EXPECT_GE(bench.bursts[2].cycle, bench.writes[1].cycle);
}

// Whatever side each of the two lies on, the doorbell never comes before the count word can be read.
TEST(Dma, RingsItsOwnDoorbellWhenTheCountAtThePeerIsThere) {
  dma_bench bench;
  bench.put(0, notifying(copy(own + 0x1000, peer, 64), peer + 0x1000, 7, dma_bench::own_peripherals + 0x1B00, 1));
  bench.start(0, 0);
  bench.run();
  ASSERT_EQ(bench.writes.size(), 2u);
  ASSERT_EQ(bench.own_writes.size(), 1u);
  EXPECT_EQ(bench.own_write_at[0], bench.writes[1].cycle) << "with the count's B response";
  EXPECT_EQ(bench.completed(0), 1u);
}

TEST(Dma, RingsThePeersDoorbellWhenTheCountInTheOwnL1IsThere) {
  dma_bench bench;
  bench.bank_taken = [](cycle_t now, unsigned bank) { return bank == 0x2000 / 4 % 64 && now < 100; };
  bench.put(0x40, notifying(copy(own + 0x1004, peer, 32), own + 0x2000, 7, peer + 0x1000, 1));
  bench.start(0, 0x40);
  bench.run();
  ASSERT_EQ(bench.bursts.size(), 2u);
  EXPECT_EQ(bench.beats.back().addr, 0x2000u);
  EXPECT_GT(bench.bursts[1].cycle, bench.beats.back().granted);
}

TEST(Dma, NotifiesItsOwnCluster) {
  for (const std::uint64_t base : {dma_bench::own, dma_bench::own_global}) {
    dma_bench bench;
    bench.put(0, notifying(copy(hbm, own + 0x1000, 64, DMA_EVENT), base + 0x2000, 9, base + (1 << 20) + 0x1B04, 5));
    bench.start(1, 0);
    bench.run();
    std::uint32_t count = 0;
    std::memcpy(&count, &bench.l1[0x2000], 4);
    EXPECT_EQ(count, 9u);
    ASSERT_EQ(bench.own_writes.size(), 1u);
    EXPECT_EQ(bench.own_writes[0].offset, 0x1B04u);
    EXPECT_EQ(bench.own_writes[0].value, 5u);
    EXPECT_EQ(bench.beats.back().addr, 0x2000u);
    EXPECT_GT(bench.own_write_at[0], bench.beats.back().granted) << "the doorbell comes after the count word";
    EXPECT_EQ(bench.events.size(), 1u);
    EXPECT_EQ(bench.completed(1), 1u);
  }
}

TEST(Dma, SendsAPureNotification) {
  dma_bench bench;
  bench.put(0, notifying(copy(0, 0, 0), peer, 3, peer + 4, 4));
  bench.start(0, 0);
  bench.run();
  ASSERT_EQ(bench.writes.size(), 2u);
  EXPECT_EQ(bench.bursts[0].cycle, 11u);
  EXPECT_EQ(bench.completed(0), 1u);
  EXPECT_EQ(bench.errors.size(), 0u);
}

TEST(Dma, RunsAChainInOrder) {
  dma_bench bench;
  count_up(bench.hbm_bytes);
  for (unsigned i = 0; i < 5; ++i) {
    auto d = copy(hbm + i * 0x100, own + 0x1000 + i * 0x100, 200);
    d.next = i < 4 ? 0x40 * (i + 1) : DMA_CHAIN_END;
    bench.put(0x40 * i, d);
  }
  bench.start(0, 0);
  bench.run();
  EXPECT_EQ(bench.completed(0), 5u);
  for (unsigned i = 0; i < 5; ++i)
    EXPECT_EQ(std::memcmp(&bench.l1[0x1000 + i * 0x100], &bench.hbm_bytes[i * 0x100], 200), 0);
  // Descriptor i+1 is fetched in the cycle in which i completes: 1 fetch, 21 to the 4 beats (3 more), 1 to
  // complete.
  EXPECT_EQ(bench.now, 10u + 5 * 25u + 1u);
}

TEST(Dma, ReadsAChainedDescriptorOnlyWhenItsTurnComes) {
  dma_bench bench;
  auto first = copy(hbm, own + 0x40, 64);  // overwrites the next descriptor
  first.next = 0x40;
  const auto second = notifying(copy(0, 0, 0), peer, 1, peer + 4, 2);
  std::memcpy(&bench.hbm_bytes[0], &second, 64);
  bench.put(0, first);
  bench.start(0, 0);
  bench.run();
  EXPECT_EQ(bench.completed(0), 2u);
  EXPECT_EQ(bench.writes.size(), 2u);
}

TEST(Dma, ServesTwoChannelsInTurnBurstByBurst) {
  dma_bench bench;
  bench.put(0x00, copy(own + 0x1000, hbm, 4 * 4096));
  bench.put(0x40, copy(own + 0x9000, peer, 4 * 4096));
  bench.start(0, 0x00);
  bench.start(5, 0x40);
  bench.run();
  ASSERT_EQ(bench.bursts.size(), 8u);
  for (unsigned i = 0; i < 8; ++i) EXPECT_EQ(bench.bursts[i].channel, i % 2 == 0 ? 0u : 5u) << i;
}

TEST(Dma, LetsAnotherIdOvertake) {
  // Channel 0 reads from a slow place, channel 1 from a fast one: the second must not wait for the first.
  dma_bench bench;
  count_up(bench.hbm_bytes);
  count_up(bench.peer_bytes);
  bench.latency = [](const axi_burst& b) { return b.addr >= hbm ? cycle_t{500} : cycle_t{20}; };
  bench.put(0x00, copy(hbm, own + 0x1000, 512, DMA_EVENT));
  bench.put(0x40, copy(peer, own + 0x2000, 512, DMA_EVENT));
  bench.start(0, 0x00);
  bench.start(1, 0x40);
  bench.run();
  ASSERT_EQ(bench.events.size(), 2u);
  EXPECT_EQ(bench.events[0].second, 1u << 21);
  EXPECT_LT(bench.events[0].first, 60u);
  EXPECT_EQ(bench.events[1].second, 1u << 20);
  EXPECT_EQ(std::memcmp(&bench.l1[0x1000], &bench.hbm_bytes[0], 512), 0);
  EXPECT_EQ(std::memcmp(&bench.l1[0x2000], &bench.peer_bytes[0], 512), 0);
}

TEST(Dma, WaitsForTakenBanks) {
  dma_bench bench;
  count_up(bench.l1);
  bench.bank_taken = [](cycle_t now, unsigned bank) { return bank == 3 && now >= 11 && now < 20; };
  bench.put(0, copy(own + 0x1000, peer, 128));
  bench.start(0, 0);
  bench.run();
  EXPECT_EQ(bench.beats[1].granted, 20u);
  EXPECT_EQ(bench.dut.counters().stall_cycles, 9u);
  EXPECT_EQ(bench.bursts[0].cycle, 22u);
  EXPECT_EQ(std::memcmp(&bench.l1[0x1000], &bench.peer_bytes[0], 128), 0);
}

TEST(Dma, HoldsNoMoreBurstsThanItHasBuffers) {
  auto p = dma_bench::make_parameters();
  p.burst_buffers = 2;
  dma_bench bench(p);
  bench.latency = [](const axi_burst&) { return cycle_t{1000}; };
  bench.put(0x00, copy(own + 0x1000, hbm, 8 * 4096));
  bench.put(0x40, copy(peer, own + 0x9000, 8 * 4096));
  bench.start(0, 0x00);
  bench.start(1, 0x40);
  while (bench.now < 900) bench.cycle();
  EXPECT_EQ(bench.bursts.size(), 4u) << "two each way";
  bench.run();
  EXPECT_EQ(bench.bursts.size(), 16u);
}

struct refused {
  const char* name;
  std::function<void(dma_descriptor&)> spoil;
  std::uint32_t address;  // reported, low word
};

class DmaRefuses : public testing::TestWithParam<refused> {};

TEST_P(DmaRefuses, WithErrorLineAndReport) {
  dma_bench bench;
  auto d = copy(own + 0x1000, peer, 64);
  GetParam().spoil(d);
  bench.put(0x40, d);
  bench.start(4, 0x40);
  bench.run();
  EXPECT_EQ(bench.status(4), error_bit);
  EXPECT_EQ(bench.completed(4), 0u);
  ASSERT_EQ(bench.errors.size(), 1u);
  EXPECT_EQ(bench.errors[0].unit, 4u);
  EXPECT_EQ(static_cast<std::uint32_t>(bench.errors[0].address), GetParam().address);
  EXPECT_EQ(bench.error_addr(4), GetParam().address);
  ASSERT_EQ(bench.events.size(), 1u);
  EXPECT_EQ(bench.events[0].second, 1u << 17);
  // The channel can be used again.
  bench.put(0x40, copy(own + 0x1000, peer, 64));
  bench.start(4, 0x40);
  bench.run();
  EXPECT_EQ(bench.status(4), 0u);
  EXPECT_EQ(bench.completed(4), 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Descriptors, DmaRefuses,
    testing::Values(
        refused{"dims_0", [](dma_descriptor& d) { d.flags = 0; }, 0},
        refused{"unknown_flag", [](dma_descriptor& d) { d.flags |= 0x20; }, 0x21},
        refused{"count_0", [](dma_descriptor& d) { d.flags = 2; }, 0},
        refused{"outer_count_0", [](dma_descriptor& d) { d.flags = 3, d.counts = 5; }, 5},
        refused{"no_bytes", [](dma_descriptor& d) { d.bytes = 0; }, 0},
        refused{"source_leaves_l1", [](dma_descriptor& d) { d.src_lo = own + (1 << 20) - 63; }, own + (1 << 20) - 63},
        refused{"stride_leaves_l1", [](dma_descriptor& d) { d.flags = 2, d.counts = 3, d.src_stride1 = -0x900; },
                own + 0x1000},
        refused{"nothing_own", [](dma_descriptor& d) { d.src_lo = hbm; }, hbm},
        refused{"own_peripherals", [](dma_descriptor& d) { d.dst_lo = own + (1 << 20); }, own + (1 << 20)},
        refused{"unaligned_count_word", [](dma_descriptor& d) { d.flags |= DMA_NOTIFY_COUNT, d.notify_lo = peer + 2; },
                peer + 2},
        refused{"unaligned_doorbell",
                [](dma_descriptor& d) { d.flags |= DMA_NOTIFY_DOORBELL, d.doorbell_lo = peer + 1; }, peer + 1},
        refused{"half_aligned_doorbell",
                [](dma_descriptor& d) { d.flags |= DMA_NOTIFY_DOORBELL, d.doorbell_lo = peer + 2; }, peer + 2},
        refused{"odd_count_word", [](dma_descriptor& d) { d.flags |= DMA_NOTIFY_COUNT, d.notify_lo = peer + 1; },
                peer + 1},
        refused{"runs_into_the_own_cluster",
                [](dma_descriptor& d) { d.flags = 2, d.counts = 2, d.dst_stride1 = -0x200000; }, dma_bench::own_global},
        refused{"unmapped_destination", [](dma_descriptor& d) { d.dst_lo = 0x20000000; }, 0x20000000},
        refused{"unmapped_source", [](dma_descriptor& d) { d.dst_lo = d.src_lo, d.src_lo = 0x20000040; }, 0x20000040},
        refused{"unmapped_above_4GiB", [](dma_descriptor& d) { d.src_dst_hi = 0x10000; }, peer},
        refused{"unmapped_count_word", [](dma_descriptor& d) { d.flags |= DMA_NOTIFY_COUNT, d.notify_lo = 0x30; },
                0x30}),
    [](const auto& p) { return std::string(p.param.name); });

TEST(Dma, RefusesAStartThatIsNotADescriptorsAddress) {
  for (const std::uint32_t offset : {0x20u, 1u << 20, 0xFFFFFFFFu}) {
    dma_bench bench;
    bench.start(0, offset);
    bench.cycle();
    EXPECT_EQ(bench.status(0), error_bit);
    EXPECT_EQ(bench.error_addr(0), offset);
    EXPECT_EQ(bench.errors.size(), 1u);
    EXPECT_TRUE(bench.dut.idle());
  }
}

TEST(Dma, RefusesAChainThatLeadsNowhere) {
  dma_bench bench;
  auto d = copy(own + 0x1000, peer, 64);
  d.next = 0x41;
  bench.put(0, d);
  bench.start(0, 0);
  bench.run();
  EXPECT_EQ(bench.completed(0), 1u) << "the first descriptor was done";
  EXPECT_EQ(bench.status(0), error_bit);
  EXPECT_EQ(bench.error_addr(0), 0x41u);
}

TEST(Dma, RefusesAStartWhileBusyAndRunsOn) {
  dma_bench bench;
  bench.put(0, copy(own + 0x1000, peer, 64));
  bench.start(0, 0);
  for (int i = 0; i < 12; ++i) bench.cycle();
  bench.start(0, 0x40);
  EXPECT_EQ(bench.status(0), busy_bit) << "the chain that runs is not in error";
  EXPECT_EQ(bench.error_addr(0), 0u);
  bench.run();
  ASSERT_EQ(bench.errors.size(), 1u);
  EXPECT_EQ(bench.errors[0].address, 0x40u);
  EXPECT_NE(std::string(bench.errors[0].what).find("busy"), std::string::npos);
  EXPECT_EQ(bench.errors[0].act, guest_act::value) << "no access has failed";
  EXPECT_EQ(bench.completed(0), 1u);
  EXPECT_EQ(bench.status(0), 0u);
  EXPECT_EQ(bench.error_addr(0), 0u);
}

TEST(Dma, EachChannelIsBusyByItself) {
  dma_bench bench;
  bench.put(0, copy(own + 0x1000, peer, 64));
  bench.start(5, 0);
  for (unsigned c = 0; c < 8; ++c) EXPECT_EQ(bench.status(c), c == 5 ? busy_bit : 0u) << c;
  bench.run();
  EXPECT_EQ(bench.status(5), 0u);
}

// The cluster takes one error a cycle: the first of several is the one that is told.
TEST(Dma, OfTwoRefusedStartsTheFirstIsReported) {
  dma_bench bench;
  bench.start(1, 0x41);
  bench.start(2, 0x82);
  bench.cycle();
  ASSERT_EQ(bench.errors.size(), 1u);
  EXPECT_EQ(bench.errors[0].address, 0x41u);
  EXPECT_EQ(bench.errors[0].unit, 1u);
  EXPECT_EQ(bench.status(2), error_bit) << "and both channels say so themselves";
  EXPECT_EQ(bench.error_addr(2), 0x82u);
}

TEST(Dma, AChainThatStartsForgetsTheErrorBeforeIt) {
  dma_bench bench;
  bench.put(0, copy(own + 0x1000, 0x20000000u, 64));
  bench.put(0x40, copy(own + 0x1000, peer, 64));
  bench.start(0, 0);
  bench.run();
  EXPECT_EQ(bench.status(0), error_bit);
  bench.start(0, 0x40);
  EXPECT_EQ(bench.status(0), busy_bit);
  bench.run();
  EXPECT_EQ(bench.status(0), 0u);
  EXPECT_EQ(bench.completed(0), 1u);
}

// The other channels' chains, and what of the failed one is under way, end as if nothing had happened.
TEST(Dma, AnErrorOfOneChannelDisturbsNoOther) {
  dma_bench bench;
  count_up(bench.hbm_bytes);
  bench.fails = [](const axi_burst& b) { return b.addr == hbm + 4096; };
  bench.put(0, copy(hbm, own + 0x8000, 3 * 4096));
  bench.put(0x40, copy(hbm + 0x8000, own + 0x4000, 2 * 4096));
  bench.start(0, 0);
  bench.start(1, 0x40);
  bench.run();
  EXPECT_EQ(bench.status(0), error_bit);
  EXPECT_EQ(bench.completed(0), 0u);
  EXPECT_EQ(bench.status(1), 0u);
  EXPECT_EQ(bench.completed(1), 1u);
  EXPECT_EQ(std::memcmp(&bench.l1[0x4000], &bench.hbm_bytes[0x8000], 2 * 4096), 0);
}

TEST(Dma, SaysWhetherAReadOrAWriteFailed) {
  constexpr std::uint64_t nowhere = 0xe0000000u;
  for (const bool write : {false, true}) {
    dma_bench bench;
    bench.put(0, write ? copy(own + 0x1000, nowhere, 64) : copy(nowhere, own + 0x1000, 64));
    bench.start(0, 0);
    bench.run();
    ASSERT_EQ(bench.errors.size(), 1u);
    EXPECT_EQ(bench.errors[0].act, write ? guest_act::write : guest_act::read);
    EXPECT_EQ(bench.errors[0].address, nowhere);
  }
}

TEST(Dma, StopsAtASlaveErrorWithItsAddress) {
  dma_bench bench;
  bench.fails = [](const axi_burst& b) { return b.addr == hbm + 2 * 4096; };
  bench.put(0, notifying(copy(own + 0x1000, hbm, 5 * 4096), peer, 1, peer + 4, 1));
  bench.start(0, 0);
  bench.run();
  EXPECT_EQ(bench.error_addr(0), hbm + 2 * 4096);
  EXPECT_EQ(bench.errors.size(), 1u);
  for (const auto& w : bench.writes) EXPECT_NE(w.addr, peer) << "no notification of a failed transfer";
}

// What is in flight behind the first failure may fail, too.
TEST(Dma, KeepsTheAddressOfTheFirstFailure) {
  dma_bench bench;
  bench.fails = [](const axi_burst& b) { return b.addr >= hbm + 2 * 4096; };
  bench.put(0, copy(own + 0x1000, hbm, 6 * 4096));
  bench.start(0, 0);
  bench.run();
  EXPECT_GT(bench.errors.size(), 1u);
  EXPECT_EQ(bench.errors[0].address, hbm + 2 * 4096);
  EXPECT_EQ(bench.error_addr(0), hbm + 2 * 4096);
}

TEST(Dma, StopsReadingAtASlaveError) {
  dma_bench bench;
  bench.fails = [](const axi_burst& b) { return b.addr == hbm + 4096; };
  bench.put(0, copy(hbm, own + 0x1000, 3 * 4096));
  bench.start(0, 0);
  bench.run();
  EXPECT_EQ(bench.status(0), error_bit);
  EXPECT_EQ(bench.error_addr(0), hbm + 4096);
}

// By hand: a write of 5000 bytes from an odd page offset, a read of three runs, a copy, both notifications.
TEST(Dma, CountsWhatItDid) {
  dma_bench bench;
  bench.put(0x00, notifying(copy(own + 0x1000, hbm + 0xF80, 5000), peer, 1, peer + 4, 1));
  auto runs = copy(peer, own + 0x4000, 128);
  runs.flags = 2, runs.counts = 3, runs.src_stride1 = 4096, runs.dst_stride1 = 256;
  bench.put(0x40, runs);
  auto local = copy(own + 0x8000, own + 0xA000, 640);
  local.next = 0xC0;
  bench.put(0x80, local);
  bench.put(0xC0, copy(own + 0x8000, peer, 64));
  bench.start(0, 0x00);
  bench.start(1, 0x40);
  bench.start(2, 0x80);
  bench.run();
  const dma_counters& c = bench.dut.counters();
  EXPECT_EQ(c.descriptors, 4u);
  EXPECT_EQ(c.bytes_written, 5000u + 64);
  EXPECT_EQ(c.bytes_read, 3u * 128);
  EXPECT_EQ(c.bytes_copied, 640u);
  EXPECT_EQ(c.bursts_written, 3u + 1) << "128 bytes to the page's end, a page, the rest";
  EXPECT_EQ(c.bursts_read, 3u);
  EXPECT_EQ(c.notifications, 2u);
  EXPECT_EQ(c.l1_beats, 4u + (2 + 64 + 13) + 3 * 2 + 2 * 10 + 1) << "descriptors, write, read, copy, write";
  EXPECT_EQ(c.active_cycles, bench.now - 1) << "from the first START on, whichever channels are busy";
}

TEST(Dma, SleepsWhenIdle) {
  dma_bench bench;
  EXPECT_EQ(bench.dut.next_event(), never);
  bench.put(0, copy(own + 0x1000, peer, 64));
  bench.start(0, 0);
  EXPECT_EQ(bench.dut.next_event(), 10u);
  bench.run();
  EXPECT_EQ(bench.dut.next_event(), never);
}

}  // namespace
}  // namespace ohmic
