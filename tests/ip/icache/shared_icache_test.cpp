#include "ip/icache/shared_icache.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace ohmic {
namespace {

constexpr std::uint32_t text = 0x80000000u;

struct sent_read {
  axi_burst* burst;
  cycle_t ready;
};

/// The master port's place: keeps what was queued.
struct recording_port {
  std::vector<sent_read> sent;
  void queue(axi_burst* burst, cycle_t ready) { sent.push_back({burst, ready}); }
};

class SharedIcacheTest : public ::testing::Test {
 protected:
  using answers = std::map<unsigned, cycle_t>;  // core -> cycle in which its line is valid

  shared_icache_config config;
  recording_port port;
  shared_icache cache{config};

  answers step(cycle_t now) {
    if (cache.next_event() <= now) cache.step(now, port);
    return take();
  }
  answers take() {
    answers out;
    cache.take_ready([&](unsigned core, cycle_t valid) { EXPECT_TRUE(out.emplace(core, valid).second); });
    return out;
  }
  answers respond(std::size_t n, cycle_t now, axi_resp resp = axi_resp::okay) {
    port.sent.at(n).burst->resp = resp;
    cache.on_response(*port.sent.at(n).burst, now);
    return take();
  }
  /// Brings a line in, through core 0.
  void fill(std::uint32_t line, cycle_t now) {
    cache.request(0, line, now);
    step(now);
    respond(port.sent.size() - 1, now + 10);
  }
};

TEST_F(SharedIcacheTest, HitAnswersThreeCyclesAfterTheRequest) {
  fill(text, 0);
  cache.request(5, text, 100);
  EXPECT_EQ(cache.next_event(), 100u);
  EXPECT_EQ(step(100), (answers{{5, 103}}));
  EXPECT_EQ(cache.next_event(), never);
}

TEST_F(SharedIcacheTest, MissReadsOneLineThroughTheNetwork) {
  cache.request(3, text + 0x1C0, 7);
  EXPECT_EQ(step(7), answers{});
  ASSERT_EQ(port.sent.size(), 1u);
  const axi_burst& read = *port.sent[0].burst;
  EXPECT_EQ(port.sent[0].ready, 8u);
  EXPECT_EQ(read.addr, text + 0x1C0u);
  EXPECT_EQ(read.bytes, 64u);
  EXPECT_FALSE(read.write);
  EXPECT_EQ(read.beats(64), 1u);
  ASSERT_NE(read.data, nullptr);
  EXPECT_EQ(respond(0, 140), (answers{{3, 141}}));
  EXPECT_EQ(cache.count().misses, 1u);
}

// Reads that nobody waits for any more hold all entries: who comes then asks again until one is free.
TEST_F(SharedIcacheTest, WhoFindsNoFreeEntryIsServedWhenOneIs) {
  cycle_t now = 0;
  const unsigned cores = config.cores;
  for (unsigned core = 0; core < cores; ++core) {
    cache.request(core, text + core * 64, now);
    step(now++);
    cache.cancel(core);
  }
  ASSERT_EQ(port.sent.size(), cores);
  const std::uint32_t another = text + 0x4000;
  cache.request(3, another, now);
  for (unsigned k = 0; k < 5; ++k) EXPECT_EQ(step(now++), answers{});
  EXPECT_EQ(port.sent.size(), cores);
  EXPECT_EQ(respond(2, now), answers{}) << "nobody waits for that one";
  step(now++);
  step(now++);
  ASSERT_EQ(port.sent.size(), cores + 1);
  EXPECT_EQ(port.sent.back().burst->addr, another);
  EXPECT_EQ(respond(cores, now), (answers{{3, now + config.refill_cycles}}));
}

TEST_F(SharedIcacheTest, OneReadServesAllWhoWaitForItsLine) {
  for (unsigned core = 0; core < 4; ++core) cache.request(core, text, 0);
  for (cycle_t now = 0; now < 4; ++now) EXPECT_EQ(step(now), answers{});
  EXPECT_EQ(port.sent.size(), 1u);
  EXPECT_EQ(cache.next_event(), never);
  EXPECT_EQ(respond(0, 50), (answers{{0, 51}, {1, 51}, {2, 51}, {3, 51}}));
  EXPECT_EQ(cache.count().merged, 3u);
  EXPECT_EQ(cache.count().misses, 1u);
}

TEST_F(SharedIcacheTest, OneBankLooksUpOneLinePerCycleRoundRobin) {
  fill(text, 0);
  // Four cores at one bank in cycle 38 = 6 (mod 16): 9, 15, then 2, 5 as the start moves on to 7, 8, 9.
  for (unsigned core : {2u, 5u, 9u, 15u}) cache.request(core, text, 38);
  EXPECT_EQ(step(38), (answers{{9, 41}}));
  EXPECT_EQ(cache.next_event(), 39u);
  EXPECT_EQ(step(39), (answers{{15, 42}}));
  EXPECT_EQ(step(40), (answers{{2, 43}}));
  EXPECT_EQ(step(41), (answers{{5, 44}}));
  EXPECT_EQ(cache.next_event(), never);
  EXPECT_EQ(cache.count().conflicts, 3u + 2u + 1u);
}

TEST_F(SharedIcacheTest, NeighbouringLinesAreServedInOneCycle) {
  for (unsigned i = 0; i < 5; ++i) fill(text + i * 64, i * 20);
  for (unsigned i = 0; i < 4; ++i) cache.request(i, text + i * 64, 200);
  EXPECT_EQ(step(200), (answers{{0, 203}, {1, 203}, {2, 203}, {3, 203}}));
  cache.request(0, text, 300);
  cache.request(1, text + 4 * 64, 300);
  EXPECT_EQ(step(300).size(), 1u) << "lines four apart share a bank";
}

// 16 KiB, 4 ways, 64 B lines: lines 4 KiB apart share a set.
TEST_F(SharedIcacheTest, FifthLineOfASetReplacesTheFirst) {
  for (unsigned i = 0; i < 5; ++i) fill(text + i * 4096, i * 20);
  const std::size_t reads = port.sent.size();
  for (unsigned i = 1; i < 5; ++i) {
    cache.request(1, text + i * 4096, 200 + i);
    EXPECT_EQ(step(200 + i), (answers{{1, 203 + i}}));
  }
  cache.request(1, text, 300);
  EXPECT_EQ(step(300), answers{});
  EXPECT_EQ(port.sent.size(), reads + 1);
}

TEST_F(SharedIcacheTest, HoldsExactlyItsSize) {
  for (unsigned i = 0; i < 256; ++i) fill(text + i * 64, i * 20);
  for (unsigned i = 0; i < 256; ++i) {
    cache.request(1, text + i * 64, 10000 + i);
    EXPECT_EQ(step(10000 + i).count(1), 1u) << "line " << i;
  }
  EXPECT_EQ(cache.count().misses, 256u);
  EXPECT_EQ(cache.count().hits, 256u);
}

TEST_F(SharedIcacheTest, FlushForgetsLinesAndThoseOnTheirWay) {
  fill(text, 0);
  cache.request(1, text + 64, 50);
  step(50);
  cache.flush();
  cache.request(2, text + 64, 51);  // after fence.i: must not get the older read's line
  step(51);
  ASSERT_EQ(port.sent.size(), 3u);
  EXPECT_EQ(respond(1, 60), (answers{{1, 61}}));
  EXPECT_EQ(respond(2, 70), (answers{{2, 71}}));
  cache.request(1, text, 80);
  EXPECT_EQ(step(80), answers{});
  cache.request(3, text + 64, 81);
  EXPECT_EQ(step(81), (answers{{3, 84}}));
}

TEST_F(SharedIcacheTest, FailedReadAnswersButIsNotKept) {
  cache.request(1, 0x100, 0);
  step(0);
  EXPECT_EQ(respond(0, 9, axi_resp::decerr), (answers{{1, 10}}));
  cache.request(1, 0x100, 20);
  EXPECT_EQ(step(20), answers{});
  EXPECT_EQ(port.sent.size(), 2u);
}

TEST_F(SharedIcacheTest, CancelledCoreGetsNoAnswer) {
  cache.request(1, text, 0);
  cache.cancel(1);
  EXPECT_EQ(cache.next_event(), never);
  cache.request(2, text, 5);
  step(5);
  cache.cancel(2);
  EXPECT_EQ(respond(0, 20), answers{});
  cache.request(2, text, 30);
  EXPECT_EQ(step(30), (answers{{2, 33}})) << "the line came all the same";
}

TEST_F(SharedIcacheTest, ACoreThatIsCancelledWithItsLineReadyGetsNoAnswer) {
  fill(text, 0);
  for (const unsigned core : {1u, 2u, 3u}) cache.request(core, text + 0, 32 + core);
  for (const cycle_t now : {35, 36, 37}) cache.step(now, port);
  cache.cancel(2);
  const answers got = take();
  EXPECT_EQ(got.count(2), 0u);
  EXPECT_EQ(got.size(), 2u) << "the others' stay";
}

TEST_F(SharedIcacheTest, CancellingOneCoreLeavesTheOthersTheirLine) {
  for (const unsigned core : {1u, 2u, 3u}) cache.request(core, text, 0);
  for (cycle_t now = 0; now < 3; ++now) step(now);
  cache.request(4, text + 64, 5);
  cache.request(5, text + 64, 5);
  cache.cancel(2);
  cache.cancel(4);
  EXPECT_EQ(cache.next_event(), 5u) << "core 5 waits for its bank";
  step(5);
  ASSERT_EQ(port.sent.size(), 2u);
  EXPECT_EQ(port.sent[1].burst->core, 5u);
  EXPECT_EQ(respond(0, 50), (answers{{1, 51}, {3, 51}}));
  EXPECT_EQ(respond(1, 60), (answers{{5, 61}}));
}

TEST_F(SharedIcacheTest, AnEntryForgetsTheErrorOfItsLastRead) {
  cache.request(1, text, 0);
  step(0);
  respond(0, 9, axi_resp::decerr);
  cache.request(1, text + 64, 20);
  step(20);
  ASSERT_EQ(port.sent.size(), 2u);
  ASSERT_EQ(port.sent[1].burst, port.sent[0].burst) << "the same entry";
  EXPECT_EQ(port.sent[1].burst->resp, axi_resp::okay);
  cache.on_response(*port.sent[1].burst, 30);
  take();
  cache.request(1, text + 64, 40);
  EXPECT_EQ(step(40), (answers{{1, 43}}));
}

TEST(SharedIcacheSizeTest, AnotherShapeWithOtherTimes) {
  shared_icache_config config;
  config.cores = 5, config.bytes = 1536, config.ways = 3, config.line_bytes = 32, config.banks = 2;
  config.hit_cycles = 5, config.miss_cycles = 4, config.refill_cycles = 7;
  config.axi_id = 9, config.initiator = 77;
  shared_icache cache(config);
  recording_port port;
  cycle_t valid = 0;
  const auto look_up = [&](unsigned core, std::uint32_t line, cycle_t now) {
    const std::size_t before = port.sent.size();
    cache.request(core, line, now);
    cache.step(now, port);
    if (port.sent.size() != before) cache.on_response(*port.sent.back().burst, now + 20);
    cache.take_ready([&](unsigned, cycle_t at) { valid = at; });
    return port.sent.size() != before;
  };
  EXPECT_TRUE(look_up(4, text + 0x20, 10));
  EXPECT_EQ(valid, 37u);
  EXPECT_EQ(port.sent[0].ready, 14u);
  const axi_burst& read = *port.sent[0].burst;
  EXPECT_EQ(read.addr, text + 0x20u);
  EXPECT_EQ(read.bytes, 32u);
  EXPECT_EQ(read.id, 9u);
  EXPECT_EQ(read.initiator, 77u);
  EXPECT_EQ(read.core, 4u);
  EXPECT_FALSE(look_up(1, text + 0x20, 50));
  EXPECT_EQ(valid, 55u);
  // 16 sets of three ways: lines 512 bytes apart share one, and the fourth replaces the first.
  for (unsigned i = 1; i < 4; ++i) EXPECT_TRUE(look_up(0, text + 0x20 + 512 * i, 100 + 50 * i));
  for (unsigned i = 1; i < 4; ++i) EXPECT_FALSE(look_up(0, text + 0x20 + 512 * i, 300 + 50 * i));
  EXPECT_TRUE(look_up(0, text + 0x20, 500));
  EXPECT_FALSE(look_up(0, text + 0x20 + 512 * 3, 550));
  EXPECT_TRUE(look_up(0, text + 0x20 + 512, 600)) << "replaced by the one before";
}

TEST(SharedIcacheSizeTest, SixtyFourCoresMissAtOnce) {
  shared_icache_config config;
  config.cores = 64;
  shared_icache cache(config);
  recording_port port;
  for (unsigned core = 0; core < 64; ++core) cache.request(core, text + core * 64, 0);
  cycle_t now = 0;
  while (cache.next_event() != never) cache.step(now = cache.next_event(), port);
  EXPECT_EQ(now, 15u) << "64 lines over 4 banks";
  EXPECT_EQ(port.sent.size(), 64u);
  EXPECT_EQ(cache.lines_on_their_way(), 64u);
  for (const sent_read& s : port.sent) cache.on_response(*s.burst, 100);
  unsigned answered = 0;
  cache.take_ready([&](unsigned, cycle_t valid) {
    EXPECT_EQ(valid, 101u);
    ++answered;
  });
  EXPECT_EQ(answered, 64u);
}

// Random traffic with random latencies: every request is answered exactly once, never before its line can be there,
// and a line is on its way at most once at a time.
TEST(SharedIcacheRandomTest, EveryRequestIsAnsweredOnce) {
  const unsigned seed = 4711;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  shared_icache_config config;
  config.bytes = 2048;  // small: many replacements
  shared_icache cache(config);
  recording_port port;
  std::multimap<cycle_t, axi_burst*> network;
  std::map<std::uint64_t, int> on_their_way;
  std::vector<cycle_t> asked(16, never), free_at(16, 0);
  std::uint64_t requests = 0, answered = 0;
  for (cycle_t now = 0; now < 50000; ++now) {
    for (auto it = network.begin(); it != network.end() && it->first == now; it = network.erase(it)) {
      --on_their_way[it->second->addr];
      cache.on_response(*it->second, now);
    }
    for (unsigned core = 0; core < 16; ++core) {
      if (asked[core] != never || free_at[core] > now || random() % 4 != 0) continue;
      cache.request(core, text + random() % 48 * 64, now);
      asked[core] = now;
      ++requests;
    }
    if (cache.next_event() <= now) cache.step(now, port);
    for (const sent_read& s : port.sent) {
      EXPECT_EQ(on_their_way[s.burst->addr]++, 0);
      network.emplace(s.ready + 20 + random() % 100, s.burst);
    }
    port.sent.clear();
    cache.take_ready([&](unsigned core, cycle_t valid) {
      ASSERT_NE(asked[core], never) << "answered twice";
      EXPECT_GE(valid, asked[core] + 1);
      asked[core] = never;
      free_at[core] = valid;
      ++answered;
    });
  }
  EXPECT_GT(cache.count().hits, 1000u);
  EXPECT_GT(cache.count().merged, 100u);
  EXPECT_LE(requests - answered, 16u);
  EXPECT_GE(cache.count().hits + cache.count().misses + cache.count().merged + 16, requests);
}

}  // namespace
}  // namespace ohmic
