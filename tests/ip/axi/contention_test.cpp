// Hand-computed times where bursts meet. Slaves answer at once; every router takes 4 cycles.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "ip/axi/fabric.h"
#include "tests/ip/axi/network_bench.h"

namespace ohmic::test {
namespace {

class ContentionTest : public testing::Test {
 protected:
  void SetUp() override { fresh_simulation(); }

  static channel_counters count(network_bench& bench, const std::string& link, axi_lane of) {
    channel_counters found;
    bench.network.fabric().for_each_lane([&](const std::string& name, axi_lane lane, const channel_counters& c) {
      if (name == link && lane == of) found = c;
    });
    return found;
  }
};

TEST_F(ContentionTest, TwoWritersShareATargetBurstByBurst) {
  network_bench bench(chip({4}));
  const sent_burst& a = bench.send(1, 10, true, bench.l1(0), 4096);
  const sent_burst& b = bench.send(2, 10, true, bench.l1(0), 4096);
  bench.run();
  EXPECT_EQ(a.request_head, 14u);
  EXPECT_EQ(a.request_last, 77u);
  EXPECT_EQ(a.response_head, 81u);
  EXPECT_EQ(b.request_head, 78u) << "starts on the output when the first 64 beats are through, in cycle 74";
  EXPECT_EQ(b.request_last, 141u);
  EXPECT_EQ(b.response_head, 145u);
  EXPECT_EQ(count(bench, "cluster_2.up", axi_lane::w).blocked_order, 64u) << "its first beat, for all of the other's";
  EXPECT_EQ(count(bench, "cluster_1.up", axi_lane::w).blocked_order, 0u);
}

TEST_F(ContentionTest, ArbitrationIsRoundRobin) {
  network_bench bench(chip({4}));
  const sent_burst& first = bench.send(1, 10, true, bench.l1(0), 256);
  const sent_burst& second = bench.send(1, 14, true, bench.l1(0), 256);
  const sent_burst& other = bench.send(2, 10, true, bench.l1(0), 256);
  const sent_burst& last = bench.send(3, 10, true, bench.l1(0), 256);
  bench.run();
  EXPECT_EQ(first.request_head, 14u);
  // The arbiter's state stands at 1 then: 3 differs from it in a lower bit than 2.
  EXPECT_EQ(last.request_head, 18u);
  EXPECT_EQ(other.request_head, 22u);
  EXPECT_EQ(second.request_head, 26u) << "cluster 1 had its turn";
}

TEST_F(ContentionTest, ReadDataOfOneSlaveFollowEachOther) {
  network_bench bench(chip({4}));
  const sent_burst& a = bench.send(1, 10, false, bench.l1(0), 4096);
  const sent_burst& b = bench.send(2, 10, false, bench.l1(0), 4096);
  bench.run();
  EXPECT_EQ(a.request_head, 14u);
  EXPECT_EQ(b.request_head, 15u) << "one AR per cycle";
  EXPECT_EQ(a.response_head, 18u);
  EXPECT_EQ(a.response_last, 81u);
  EXPECT_EQ(b.response_head, 82u) << "the slave's R channel carries one beat per cycle";
  EXPECT_EQ(b.response_last, 145u);
}

TEST_F(ContentionTest, ReadDataOfTwoSlavesMeetAtTheMaster) {
  network_bench bench(chip({4}));
  const sent_burst& a = bench.send(0, 10, false, bench.l1(1), 4096);
  const sent_burst& b = bench.send(0, 11, false, bench.l1(2), 4096, 1);
  bench.run();
  EXPECT_EQ(a.response_head, 18u);
  EXPECT_EQ(b.request_head, 15u);
  EXPECT_EQ(b.response_head, 20u)
      << "there in 19, when the arbiter's state stands at the other one; then they take turns";
  EXPECT_EQ(std::max(a.response_last, b.response_last), 18u + 127) << "the link is never idle";
  EXPECT_GE(std::min(a.response_last, b.response_last), 18u + 124);
  // From 19 on, until one of them is through, there are two beats in every cycle and one loses.
  EXPECT_EQ(count(bench, "cluster_1.up", axi_lane::r).lost_arbitration +
                count(bench, "cluster_2.up", axi_lane::r).lost_arbitration,
            std::min(a.response_last, b.response_last) - 18);
}

TEST_F(ContentionTest, ChannelsAndDirectionsDoNotDisturbEachOther) {
  network_bench bench(chip({4, 4}));
  const sent_burst* all[] = {&bench.send(0, 10, true, bench.l1(5), 4096), &bench.send(0, 10, false, bench.l1(5), 4096),
                             &bench.send(5, 10, true, bench.l1(0), 4096), &bench.send(5, 10, false, bench.l1(0), 4096)};
  bench.run();
  for (const sent_burst* s : all) EXPECT_EQ(s->latency(), s->burst.write ? 24u + 63 : 24u);
}

TEST_F(ContentionTest, PathsWithoutACommonLinkDoNotDisturbEachOther) {
  network_bench bench(chip({4, 4}));
  std::vector<const sent_burst*> all;
  for (unsigned c = 0; c < 16; ++c) all.push_back(&bench.send(c, 10, true, bench.l1(c / 4 * 4 + (c + 1) % 4), 4096));
  bench.run();
  for (const sent_burst* s : all) EXPECT_EQ(s->latency(), 8u + 63);
}

// Clusters 0 and 1 share a quadrant, 2 and 3 another. A holds the way up from cycle 10 to 73; B's AW runs
// ahead of its data up to the second quadrant's router, where it goes to another output than A's data, which are
// still to come: it waits for them. C, which is there in cycle 30, does not find it in front.
TEST_F(ContentionTest, AnAddressWaitsForEarlierDataOfItsInput) {
  network_bench bench(chip({2, 2}));
  const sent_burst& a = bench.send(0, 10, true, bench.l1(2), 4096);
  const sent_burst& b = bench.send(1, 11, true, bench.l1(3), 64);
  const sent_burst& c = bench.send(2, 30, true, bench.l1(3), 64);
  bench.run();
  EXPECT_EQ(a.request_head, 22u);
  EXPECT_EQ(b.request_head, 86u);
  EXPECT_EQ(c.request_head, 34u);
  EXPECT_EQ(c.response_head, 38u);
}

// 32 bursts at a time: the 33rd of a stream of one read per cycle waits for the first one's slot, which is
// free in the cycle after its data.
TEST_F(ContentionTest, HbmTakes32BurstsAtATime) {
  network_bench::options o = chip({4});
  o.network.port.outstanding_reads = 64;
  network_bench bench(o);
  std::vector<const sent_burst*> reads;
  for (unsigned i = 0; i < 40; ++i) reads.push_back(&bench.send(0, 10 + i, false, 0x8000'0000 + 64 * i, 64));
  bench.run();
  for (unsigned i = 0; i < 32; ++i) EXPECT_EQ(reads[i]->response_head, 10 + i + 4 + 100 + 4) << i;
  // Read 32 is at HBM in cycle 46. Read 0's data leave HBM in cycle 114.
  for (unsigned i = 32; i < 40; ++i) EXPECT_EQ(reads[i]->response_head, 115 + (i - 32) + 100 + 4) << i;
}

TEST_F(ContentionTest, HbmStreamsPagesAtOneBeatPerCycleAndDirection) {
  network_bench bench(chip({4}));
  std::vector<const sent_burst*> reads, writes;
  for (unsigned i = 0; i < 16; ++i) {
    reads.push_back(&bench.send(0, 10 + i, false, 0x8000'0000 + 4096 * i, 4096));
    writes.push_back(&bench.send(1, 10 + 64 * i, true, 0x8010'0000 + 4096 * i, 4096));
  }
  bench.run();
  for (unsigned i = 0; i < 16; ++i) {
    EXPECT_EQ(reads[i]->response_head, 118 + 64 * i);
    EXPECT_EQ(writes[i]->latency(), 8u + 63 + 100);
  }
}

TEST_F(ContentionTest, NarrowLinksStretchBursts) {
  network_bench::options o = chip({2, 2});
  o.network.levels[1].width = 8;  // cluster links: eight beats for 64 bytes
  network_bench bench(o);
  const sent_burst& write = bench.send(0, 10, true, bench.l1(2), 64);
  const sent_burst& read = bench.send(0, 100, false, bench.l1(2), 64);
  bench.run();
  EXPECT_EQ(write.address, 22u);
  EXPECT_EQ(write.request_head, 22u + 7) << "eight narrow beats make the wide one that goes up";
  EXPECT_EQ(write.request_last, 29u + 7) << "which becomes eight again";
  EXPECT_EQ(write.response_head, 36u + 12);
  EXPECT_EQ(read.latency(), 24u + 7);
  EXPECT_EQ(read.response_last - read.response_head, 7u);
}

TEST_F(ContentionTest, ANarrowLinkInTheMiddleLimitsTheStream) {
  network_bench::options o = chip({2, 2});
  o.network.levels[0].width = 16;  // four beats for 64 bytes, between the quadrants
  network_bench bench(o);
  const sent_burst& a = bench.send(0, 10, true, bench.l1(2), 4096);
  const sent_burst& b = bench.send(1, 10, true, bench.l1(3), 4096);
  bench.run();
  EXPECT_EQ(a.request_head, 22u + 3) << "four narrow beats make one";
  EXPECT_EQ(a.request_last, 22u + 255) << "a wide link behind a narrow one carries what comes";
  EXPECT_EQ(b.request_head, 22u + 256 + 3);
}

TEST_F(ContentionTest, CountersTellWhatEachLinkCarried) {
  network_bench bench(chip({2, 2}));
  bench.send(0, 10, true, bench.l1(2), 4096);
  bench.send(0, 200, false, bench.l1(1), 128);
  bench.send(3, 300, false, 0x8000'0000, 64);
  bench.run();
  std::map<std::string, channel_counters> links;
  bench.network.fabric().for_each_lane([&](const std::string& name, axi_lane, const channel_counters& c) {
    channel_counters& sum = links[name];
    sum.bursts += c.bursts;
    sum.bytes += c.bytes;
    sum.beats = std::max(sum.beats, c.beats);
  });
  EXPECT_EQ(links.size(), 2u * (4 + 3 + 1)) << "clusters, routers with HBM's link as the top's, platform control";
  EXPECT_EQ(links["cluster_0.up"].bytes, 4096u);
  EXPECT_EQ(links["cluster_0.up"].beats, 64u);
  EXPECT_EQ(links["l1_0.up"].bytes, 4096u);
  EXPECT_EQ(links["l1_1.down"].bytes, 4096u + 64);
  EXPECT_EQ(links["cluster_2.down"].bytes, 4096u);
  EXPECT_EQ(links["cluster_0.down"].bytes, 128u);
  EXPECT_EQ(links["cluster_0.down"].bursts, 2u) << "a B and an R burst";
  EXPECT_EQ(links["top.down"].bytes, 64u);
  EXPECT_EQ(links["top.up"].bursts, 1u) << "the AR";
  EXPECT_EQ(links["platform.up"].bursts, 0u);
}

}  // namespace
}  // namespace ohmic::test
