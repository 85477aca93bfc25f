#include <gtest/gtest.h>

#include "tests/ip/axi/network_bench.h"

namespace ohmic::test {
namespace {

constexpr std::uint64_t hbm_base = 0x8000'0000;

class ZeroLoadTest : public testing::Test {
 protected:
  void SetUp() override { fresh_simulation(); }
};

// Table I: every router 4 cycles, requests and responses alike. Clusters 0..3 share an L1 quadrant, 0..15 an
// L2 quadrant, 0..63 an L3 quadrant. Routers on a path: 1, 3, 5, 7, so round trips of 8, 24, 40, 56.
TEST_F(ZeroLoadTest, ReadsBetweenClustersTakeFourCyclesPerRouterAndDirection) {
  network_bench bench(table_one());
  const struct {
    unsigned from, to;
    cycle_t round_trip;
  } cases[] = {{0, 1, 8},    {0, 3, 8},     {0, 4, 24},     {0, 15, 24},    {0, 16, 40},  {0, 63, 40},  {0, 64, 56},
               {0, 511, 56}, {511, 508, 8}, {511, 496, 24}, {511, 448, 40}, {511, 0, 56}, {200, 201, 8}};
  cycle_t cycle = 10;
  for (const auto& c : cases) {
    bench.send(c.from, cycle, false, bench.l1(c.to), 4);
    cycle += 200;
  }
  bench.run();
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    const sent_burst& s = bench.bursts[i];
    EXPECT_TRUE(s.done);
    EXPECT_EQ(s.latency(), cases[i].round_trip) << cases[i].from << " to " << cases[i].to;
    EXPECT_EQ(s.request_head - s.sent, cases[i].round_trip / 2);
    EXPECT_EQ(s.response_last, s.response_head);
    EXPECT_EQ(zero_load_round_trip(bench.network.config(), cases[i].from, cases[i].to), cases[i].round_trip);
  }
}

TEST_F(ZeroLoadTest, WriteResponsesFollowTheLastBeat) {
  network_bench bench(table_one());
  const sent_burst& word = bench.send(0, 10, true, bench.l1(1), 4);
  const sent_burst& page = bench.send(0, 200, true, bench.l1(511), 4096);
  bench.run();
  EXPECT_EQ(word.latency(), 8u);
  EXPECT_EQ(page.request_head, 200u + 28);
  EXPECT_EQ(page.request_last, 200u + 28 + 63);
  EXPECT_EQ(page.response_head, 200u + 28 + 63 + 28);
}

TEST_F(ZeroLoadTest, ReadDataFollowOneBeatPerCycle) {
  network_bench bench(table_one());
  const sent_burst& page = bench.send(3, 0, false, bench.l1(100), 4096);
  const sent_burst& unaligned = bench.send(3, 500, false, bench.l1(100) + 60, 8);
  bench.run();
  EXPECT_EQ(page.response_head, 56u);
  EXPECT_EQ(page.response_last, 56u + 63);
  EXPECT_EQ(unaligned.response_last - unaligned.response_head, 1u) << "bytes on both sides of a beat boundary";
}

// 4 routers each way (16 + 16) and 100 cycles of access, charged once per burst.
TEST_F(ZeroLoadTest, HbmAnswersAfter132Cycles) {
  network_bench bench(table_one());
  const sent_burst& read = bench.send(0, 10, false, hbm_base, 64);
  const sent_burst& write = bench.send(511, 400, true, hbm_base + 0x1000, 64);
  const sent_burst& read_page = bench.send(77, 800, false, hbm_base + 0x2000, 4096);
  const sent_burst& write_page = bench.send(78, 1200, true, hbm_base + 0x3000, 4096);
  bench.run();
  EXPECT_EQ(read.latency(), 132u);
  EXPECT_EQ(write.latency(), 132u);
  EXPECT_EQ(read_page.latency(), 132u);
  EXPECT_EQ(read_page.response_last - read_page.sent, 132u + 63);
  EXPECT_EQ(write_page.latency(), 132u + 63) << "the access begins when the last beat is there";
}

TEST_F(ZeroLoadTest, SmallChipsHaveFewerRouters) {
  const struct {
    std::vector<unsigned> factors;
    cycle_t hbm;
  } cases[] = {{{1}, 108}, {{4}, 108}, {{4, 4}, 116}, {{1, 4, 4, 4}, 132}, {{2, 3, 5, 2, 2}, 140}};
  for (const auto& c : cases) {
    fresh_simulation();
    network_bench bench(chip(c.factors));
    const unsigned far = bench.network.clusters() - 1;
    const sent_burst& s = bench.send(far, 7, false, hbm_base, 64);
    const sent_burst& own = bench.send(0, 500, false, bench.l1(0), 4);
    bench.run();
    EXPECT_EQ(s.latency(), c.hbm) << far + 1 << " clusters";
    EXPECT_EQ(own.latency(), 8u) << "a cluster's own address turns around in its first router";
  }
}

TEST_F(ZeroLoadTest, EveryLevelHasItsOwnLatency) {
  network_bench::options o = chip({2, 2, 2});
  o.network.levels[0].latency = 10;
  o.network.levels[1].latency = 5;
  o.network.levels[2].latency = 1;
  network_bench bench(o);
  const sent_burst& near = bench.send(0, 0, false, bench.l1(1), 4);
  const sent_burst& middle = bench.send(0, 100, false, bench.l1(2), 4);
  const sent_burst& far = bench.send(0, 200, false, bench.l1(4), 4);
  const sent_burst& memory = bench.send(0, 300, false, hbm_base, 4);
  bench.run();
  EXPECT_EQ(near.latency(), 2u);
  EXPECT_EQ(middle.latency(), 2u * (1 + 5 + 1));
  EXPECT_EQ(far.latency(), 2u * (1 + 5 + 10 + 5 + 1));
  EXPECT_EQ(memory.latency(), 2u * (1 + 5 + 10) + 100);
  EXPECT_EQ(bench.network.lookahead(), 1u);
}

TEST_F(ZeroLoadTest, DataArriveWhereTheyBelong) {
  network_bench bench(table_one());
  bench.send(5, 0, true, bench.l1(300) + 0x123, 1000);
  bench.send(5, 0, true, hbm_base + 0x777, 500, 1);
  sent_burst& from_cluster = bench.send(9, 1000, false, bench.l1(300) + 0x123, 1000);
  sent_burst& from_hbm = bench.send(9, 1000, false, hbm_base + 0x777, 500, 1);
  const std::vector<std::uint8_t> to_cluster = bench.bursts[0].bytes, to_hbm = bench.bursts[1].bytes;
  bench.run();
  EXPECT_EQ(from_cluster.bytes, to_cluster);
  EXPECT_EQ(from_hbm.bytes, to_hbm);
  EXPECT_EQ(bench.network.in_flight(), 0u);
}

// 16 cycles up, 16 down, and one in the error responder.
TEST_F(ZeroLoadTest, UnmappedAddressesAnswerDecodeErrorFromTheTop) {
  network_bench bench(table_one());
  const sent_burst& read = bench.send(17, 5, false, 0x3000'0000, 64);
  const sent_burst& write = bench.send(17, 100, true, 0xFFFF'F000'0000, 256);
  const sent_burst& last = bench.send(17, 200, false, 0x8000'0000 + 0x6000'0000, 4, 1);
  const sent_burst& unbound = bench.send(17, 300, false, 0xF000'0000, 4, 2);
  bench.run();
  EXPECT_EQ(read.burst.resp, axi_resp::decerr);
  EXPECT_EQ(read.latency(), 33u);
  EXPECT_EQ(write.burst.resp, axi_resp::decerr);
  EXPECT_EQ(write.latency(), 33u + 3);
  EXPECT_EQ(last.burst.resp, axi_resp::decerr);
  EXPECT_EQ(unbound.burst.resp, axi_resp::decerr) << "platform control is not bound in this bench";
}

TEST_F(ZeroLoadTest, TargetsMayAnswerInTheForwardCall) {
  network_bench::options o = table_one();
  o.instant = true;
  network_bench bench(o);
  const sent_burst& read = bench.send(0, 0, false, bench.l1(20), 64);
  const sent_burst& error = bench.send(0, 200, false, bench.l1(20) + 0x10'0000, 64);
  bench.run();
  EXPECT_EQ(read.latency(), 40u);
  EXPECT_EQ(error.burst.resp, axi_resp::decerr) << "the target's address error becomes a decode error";
}

}  // namespace
}  // namespace ohmic::test
