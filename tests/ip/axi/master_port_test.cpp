#include "ip/axi/master_port.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "ip/axi/burst_pool.h"

namespace ohmic {
namespace {

struct piece {
  std::uint64_t addr;
  std::uint32_t bytes;
  bool operator==(const piece& o) const { return addr == o.addr && bytes == o.bytes; }
};

std::vector<piece> pieces(std::uint64_t addr, std::uint64_t bytes, std::uint32_t width, std::uint32_t max) {
  std::vector<piece> all;
  split(addr, bytes, width, max, [&](std::uint64_t a, std::uint32_t b) { all.push_back({a, b}); });
  return all;
}

TEST(SplitTest, CutsAt4KiBBoundaries) {
  EXPECT_EQ(pieces(0x1000, 64, 64, 4096), (std::vector<piece>{{0x1000, 64}}));
  EXPECT_EQ(pieces(0x1000, 4096, 64, 4096), (std::vector<piece>{{0x1000, 4096}}));
  EXPECT_EQ(pieces(0x1FFF, 2, 64, 4096), (std::vector<piece>{{0x1FFF, 1}, {0x2000, 1}}));
  EXPECT_EQ(pieces(0x1F00, 8192, 64, 4096), (std::vector<piece>{{0x1F00, 256}, {0x2000, 4096}, {0x3000, 3840}}));
}

TEST(SplitTest, CutsAt256Beats) {
  EXPECT_EQ(max_burst_bytes(64), 4096u);
  EXPECT_EQ(max_burst_bytes(16), 4096u);
  EXPECT_EQ(max_burst_bytes(8), 2048u);
  EXPECT_EQ(pieces(0x1000, 4096, 8, 2048), (std::vector<piece>{{0x1000, 2048}, {0x1800, 2048}}));
  EXPECT_EQ(pieces(0x1003, 3000, 8, 2048), (std::vector<piece>{{0x1003, 2045}, {0x1800, 955}}))
      << "an unaligned start uses up a part of the first beat";
}

TEST(SplitTest, NothingGivesNothing) { EXPECT_TRUE(pieces(0x1234, 0, 64, 4096).empty()); }

TEST(SplitTest, RandomTransfersAreCoveredByLegalBursts) {
  std::mt19937_64 random(99);
  for (int i = 0; i < 20000; ++i) {
    const std::uint32_t width = 1u << random() % 8;
    const std::uint32_t max = std::min<std::uint32_t>(max_burst_bytes(width), width << random() % 9);
    const std::uint64_t addr = random() % 0x1'0000'0000;
    const std::uint64_t bytes = 1 + random() % 20000;
    std::uint64_t next = addr;
    for (const piece& p : pieces(addr, bytes, width, max)) {
      ASSERT_EQ(p.addr, next) << "seed 99, transfer " << i;
      ASSERT_EQ(p.addr / 4096, (p.addr + p.bytes - 1) / 4096);
      axi_burst burst;
      burst.addr = p.addr;
      burst.bytes = p.bytes;
      ASSERT_LE(burst.beats(width), max / width);
      ASSERT_LE(burst.beats(width), 256u);
      next += p.bytes;
    }
    ASSERT_EQ(next, addr + bytes);
  }
}

class MasterPortTest : public testing::Test {
 protected:
  static constexpr std::uint64_t cluster(unsigned i) { return 0x4000'0000 + i * 0x20'0000ull; }

  axi_burst* queue(unsigned id, bool write, std::uint64_t addr, std::uint32_t bytes, cycle_t ready) {
    axi_burst* const b = pool.get(bytes);
    b->id = static_cast<std::uint16_t>(id);
    b->write = write;
    b->addr = addr;
    port->queue(b, ready);
    return b;
  }
  /// Runs until nothing can leave any more and returns what left.
  std::vector<axi_message> drain() {
    std::vector<axi_message> sent;
    for (cycle_t c = port->next_event(); c != never; c = port->next_event()) {
      port->issue(c, [&](const axi_message& m) { sent.push_back(m); });
    }
    return sent;
  }
  void configure(const master_port_config& c) { port = std::make_unique<axi_master_port>(address_map{}, c); }
  void SetUp() override { configure({}); }

  burst_pool pool;
  std::unique_ptr<axi_master_port> port;
};

TEST_F(MasterPortTest, SendsOneReadAndOneWritePerCycle) {
  axi_burst* const read0 = queue(0, false, cluster(1), 64, 5);
  axi_burst* const read1 = queue(1, false, cluster(1), 64, 5);
  axi_burst* const write0 = queue(2, true, cluster(1), 4, 5);
  axi_burst* const write1 = queue(3, true, cluster(1), 4, 5);
  const auto sent = drain();
  ASSERT_EQ(sent.size(), 4u);
  EXPECT_EQ(sent[0].burst, read0);
  EXPECT_EQ(sent[1].burst, write0);
  EXPECT_EQ(sent[0].cycle, 5u);
  EXPECT_EQ(sent[1].cycle, 5u);
  EXPECT_EQ(sent[2].burst, read1);
  EXPECT_EQ(sent[3].burst, write1);
  EXPECT_EQ(sent[2].cycle, 6u);
  EXPECT_EQ(sent[3].cycle, 6u);
}

TEST_F(MasterPortTest, WriteDataOccupyTheChannelBeatByBeat) {
  queue(0, true, cluster(1), 4096, 10);
  queue(1, true, cluster(2), 65, 10);
  queue(2, true, cluster(3), 4, 10);
  const auto sent = drain();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[0].cycle, 10u);
  EXPECT_EQ(sent[0].last, 73u);
  EXPECT_EQ(sent[1].cycle, 74u);
  EXPECT_EQ(sent[1].last, 75u);
  EXPECT_EQ(sent[2].cycle, 76u);
}

TEST_F(MasterPortTest, HoldsBurstsUntilTheyAreReady) {
  queue(0, false, cluster(1), 64, 100);
  EXPECT_EQ(port->next_event(), 100u);
  port->issue(99, [](const axi_message&) { FAIL(); });
  queue(1, false, cluster(1), 64, 50);
  EXPECT_EQ(port->next_event(), 50u);
  const auto sent = drain();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].burst->id, 1u);
  EXPECT_EQ(sent[1].cycle, 100u);
}

TEST_F(MasterPortTest, AtMost16ReadsAnd16WritesAreOutstanding) {
  for (unsigned i = 0; i < 20; ++i) {
    queue(i, false, cluster(i), 64, 0);
    queue(i, true, cluster(i), 64, 0);
  }
  const auto sent = drain();
  EXPECT_EQ(sent.size(), 32u);
  EXPECT_EQ(port->in_flight(), 32u);
  EXPECT_EQ(port->next_event(), never);
  port->on_response(*sent[0].burst);  // a read
  ASSERT_NE(port->next_event(), never);
  std::vector<axi_message> more;
  port->issue(500, [&](const axi_message& m) { more.push_back(m); });
  ASSERT_EQ(more.size(), 1u) << "only a read's slot is free";
  EXPECT_FALSE(more[0].burst->write);
  EXPECT_EQ(more[0].burst->id, 16u);
}

TEST_F(MasterPortTest, ASourceWaitsWhileItsIdIsInFlightElsewhere) {
  axi_burst* const a = queue(0, true, cluster(1), 64, 0);
  axi_burst* const b = queue(0, true, cluster(1) + 64, 64, 0);
  axi_burst* const c = queue(0, true, cluster(2), 64, 0);
  axi_burst* const other = queue(1, true, cluster(2), 64, 0);
  auto sent = drain();
  ASSERT_EQ(sent.size(), 3u) << "c goes to another cluster and waits, other sources do not";
  EXPECT_EQ(sent[0].burst, a);
  EXPECT_EQ(sent[1].burst, other);
  EXPECT_EQ(sent[2].burst, b);
  port->on_response(*a);
  EXPECT_TRUE(drain().empty());
  port->on_response(*b);
  sent = drain();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].burst, c);
}

TEST_F(MasterPortTest, ReadsAndWritesOfASourceAreApart) {
  queue(0, true, cluster(1), 64, 0);
  queue(0, false, cluster(2), 64, 0);
  EXPECT_EQ(drain().size(), 2u);
}

TEST_F(MasterPortTest, DifferentRegionsAreDifferentTargets) {
  queue(0, false, 0x8000'0000, 64, 0);
  queue(0, false, 0xF000'0000, 64, 0);
  queue(0, false, cluster(511), 64, 0);
  EXPECT_EQ(drain().size(), 1u);
}

TEST_F(MasterPortTest, SourcesTakeTurns) {
  for (unsigned k = 0; k < 3; ++k) {
    for (const unsigned id : {0u, 5u, 31u}) queue(id, false, cluster(1), 64, 0);
  }
  const auto sent = drain();
  std::vector<unsigned> ids;
  for (const axi_message& m : sent) ids.push_back(m.burst->id);
  EXPECT_EQ(ids, (std::vector<unsigned>{0, 5, 31, 0, 5, 31, 0, 5, 31}));
}

TEST_F(MasterPortTest, SixtyFourCoresDmaAndCacheTakeTurns) {
  configure({73, 16, 16, 64});
  for (unsigned k = 0; k < 2; ++k) {
    for (const unsigned id : {2u, 63u, 64u, 72u}) queue(id, false, cluster(1), 64, 0);
  }
  const auto sent = drain();
  std::vector<unsigned> ids;
  for (const axi_message& m : sent) ids.push_back(m.burst->id);
  EXPECT_EQ(ids, (std::vector<unsigned>{2, 63, 64, 72, 2, 63, 64, 72}));
}

TEST_F(MasterPortTest, LimitsAndWidthAreParameters) {
  configure({64, 1, 2, 8});
  queue(63, false, cluster(1), 64, 0);
  queue(63, false, cluster(1), 64, 0);
  for (int i = 0; i < 3; ++i) queue(63, true, cluster(1), 64, 0);
  const auto sent = drain();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[2].cycle, 8u) << "eight beats of eight bytes";
  EXPECT_FALSE(port->idle());
}

}  // namespace
}  // namespace ohmic
