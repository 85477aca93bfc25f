// Order, determinism and disturbances.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <tuple>

#include "tests/ip/axi/network_bench.h"

namespace ohmic::test {
namespace {

constexpr std::uint64_t hbm_base = 0x8000'0000;

class OrderTest : public testing::Test {
 protected:
  void SetUp() override { fresh_simulation(); }
};

struct request {
  unsigned from;
  cycle_t cycle;
  bool write;
  std::uint64_t addr;
  std::uint32_t bytes;
  std::uint16_t id;
};

// Each (cluster, id) has one target, as a master port would see to.
std::vector<request> random_requests(const network_bench::options& o, unsigned seed, unsigned count) {
  std::mt19937 random(seed);
  const unsigned clusters = o.network.map.cluster_count;
  std::vector<request> all;
  for (unsigned c = 0; c < clusters; ++c) {
    cycle_t cycle = 10;
    for (unsigned k = 0; k < count; ++k) {
      request r{c, cycle, random() % 2 == 0, 0, 64u << random() % 5, static_cast<std::uint16_t>(random() % 4)};
      const unsigned target = (c * 7 + r.id * 5 + 1) % (clusters + 1);
      const std::uint64_t offset = 1024 * (random() % 8);
      r.addr = target == clusters ? hbm_base + offset
                                  : o.network.map.cluster_base + target * o.network.map.cluster_stride + offset;
      all.push_back(r);
      cycle += r.bytes / 64 + random() % 8;
    }
  }
  return all;
}

void send_all(network_bench& bench, const std::vector<request>& requests) {
  for (const request& r : requests) bench.send(r.from, r.cycle, r.write, r.addr, r.bytes, r.id);
}

using stream = std::tuple<unsigned, unsigned, bool>;  // cluster, id, direction

stream stream_of(const sent_burst& s) { return {s.burst.initiator, s.burst.id, s.burst.write}; }

void expect_order_kept(const network_bench& bench, const std::string& note) {
  std::map<stream, const sent_burst*> previous;
  for (const sent_burst* s : bench.arrivals) {
    const sent_burst*& before = previous[stream_of(*s)];
    if (before) {
      ASSERT_LT(before->burst.tag, s->burst.tag) << note;
      ASSERT_LT(before->request_head, s->request_head) << note;
    }
    before = s;
  }
  previous.clear();
  for (const sent_burst* s : bench.responses) {
    const sent_burst*& before = previous[stream_of(*s)];
    if (before) {
      ASSERT_LT(before->burst.tag, s->burst.tag) << note;
      ASSERT_LT(before->response_head, s->response_head) << note;
    }
    before = s;
  }
  ASSERT_EQ(bench.responses.size(), bench.bursts.size()) << note;
  ASSERT_EQ(bench.network.in_flight(), 0u) << note;
}

TEST_F(OrderTest, SameIdBurstsStayInOrder) {
  const network_bench::options o = chip({4, 4});
  network_bench bench(o);
  send_all(bench, random_requests(o, 11, 100));
  bench.run();
  expect_order_kept(bench, "seed 11");
}

// 100 seeds: order holds, every seed gives other times, the same seed the same ones.
TEST_F(OrderTest, RandomDelaysKeepOrder) {
  std::map<cycle_t, int> sums;
  for (unsigned seed = 1; seed <= 100; ++seed) {
    cycle_t sum = 0;
    for (int again = 0; again < (seed == 7 ? 2 : 1); ++again) {
      fresh_simulation();
      network_bench::options o = chip({2, 4});
      o.network.options.random_delay = 200;
      o.network.options.random_seed = seed;
      o.memory.bytes = 1 << 20;
      network_bench bench(o);
      send_all(bench, random_requests(o, 5, 30));
      bench.run();
      expect_order_kept(bench, "delay seed " + std::to_string(seed));
      cycle_t total = 0;
      for (const sent_burst& s : bench.bursts) total = total * 31 + s.response_head;
      if (again) EXPECT_EQ(total, sum);
      sum = total;
    }
    ++sums[sum];
  }
  EXPECT_EQ(sums.size(), 100u) << "each seed has its own times";
}

TEST_F(OrderTest, ARandomDelayNeverMakesABurstFaster) {
  network_bench::options o = table_one();
  o.network.options.random_delay = 50;
  network_bench bench(o);
  for (unsigned i = 0; i < 100; ++i) bench.send(i, 10, i % 2 == 0, bench.l1(511 - i), 64);
  bench.run();
  std::map<cycle_t, int> latencies;
  for (const sent_burst& s : bench.bursts) {
    EXPECT_GE(s.latency(), 56u);
    EXPECT_LE(s.latency(), 56u + 2 * 50 + 40) << "two delays, and some meet on the way";
    ++latencies[s.latency()];
  }
  EXPECT_GT(latencies.size(), 30u);
}

TEST_F(OrderTest, AWriteIsVisibleOnceAnswered) {
  network_bench::options o = chip({4, 4});
  o.network.options.random_delay = 100;
  network_bench bench(o);
  const std::uint64_t addresses[] = {bench.l1(9), hbm_base + 128};
  std::map<std::uint32_t, std::uint32_t> read_of;  // read's tag -> write's tag
  for (unsigned i = 0; i < 50; ++i) {
    bench.send(i % 16, 10 + 300 * i, true, addresses[i % 2] + 64 * (i / 2), 64, 0);
  }
  bench.on_response = [&](sent_burst& s) {
    if (!s.burst.write) return;
    // Another cluster, told in the very cycle of the response.
    const std::uint32_t tag = s.burst.tag;
    const sent_burst& read = bench.send((s.burst.initiator + 5) % 16, s.response_head, false, s.burst.addr, 64, 1);
    read_of[read.burst.tag] = tag;
  };
  bench.run();
  EXPECT_EQ(read_of.size(), 50u);
  for (const auto& [read, write] : read_of) EXPECT_EQ(bench.bursts[read].bytes, bench.bursts[write].bytes);
}

TEST_F(OrderTest, LaterWritesOfASourceWin) {
  network_bench::options o = chip({4, 4});
  o.network.options.random_delay = 100;
  network_bench bench(o);
  for (unsigned i = 0; i < 20; ++i) bench.send(3, 10 + i, true, bench.l1(12) + 256, 64);
  bench.run();
  const std::vector<std::uint8_t>& last = bench.bursts.back().bytes;
  EXPECT_TRUE(std::equal(last.begin(), last.end(), bench.l1_bytes(12).begin() + 256));
}

// Which cluster calls first within a cycle, and in which delta cycle, must not matter: only ports and times do.
TEST_F(OrderTest, TheOrderOfCallsWithinACycleDoesNotMatter) {
  network_bench::options o = chip({4, 4});
  std::vector<request> requests = random_requests(o, 3, 60);
  std::vector<std::vector<cycle_t>> runs;
  for (unsigned run = 0; run < 3; ++run) {
    fresh_simulation();
    // Clusters in another order, each one's own bursts in order.
    std::vector<std::size_t> order(requests.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      const unsigned cluster_a = (requests[a].from * (2 * run + 1) + run) % 16;
      const unsigned cluster_b = (requests[b].from * (2 * run + 1) + run) % 16;
      return cluster_a != cluster_b ? cluster_a < cluster_b : a < b;
    });
    o.deltas = run;
    network_bench bench(o);
    std::vector<const sent_burst*> sent(requests.size());
    for (const std::size_t i : order) {
      const request& r = requests[i];
      sent[i] = &bench.send(r.from, r.cycle, r.write, r.addr, r.bytes, r.id);
    }
    bench.run();
    runs.emplace_back();
    for (const sent_burst* s : sent) {
      runs.back().push_back(s->request_head);
      runs.back().push_back(s->response_head);
    }
  }
  EXPECT_EQ(runs[0], runs[1]);
  EXPECT_EQ(runs[0], runs[2]);
}

TEST_F(OrderTest, ExactlyTheChosenWriteIsDropped) {
  network_bench::options o = chip({4});
  o.network.options.drop_write = 2;
  network_bench bench(o);
  const sent_burst& first = bench.send(0, 10, true, bench.l1(1), 64);
  const sent_burst& read = bench.send(0, 15, false, bench.l1(1), 64);
  const sent_burst& lost = bench.send(0, 20, true, bench.l1(1) + 64, 64);
  const sent_burst& third = bench.send(0, 30, true, bench.l1(1) + 128, 64);
  bench.run();
  const std::vector<std::uint8_t>& l1 = bench.l1_bytes(1);
  EXPECT_TRUE(std::equal(first.bytes.begin(), first.bytes.end(), l1.begin()));
  EXPECT_TRUE(std::all_of(l1.begin() + 64, l1.begin() + 128, [](std::uint8_t b) { return b == 0; }));
  EXPECT_TRUE(std::equal(third.bytes.begin(), third.bytes.end(), l1.begin() + 128));
  EXPECT_TRUE(lost.done);
  EXPECT_EQ(lost.burst.resp, axi_resp::okay) << "nobody is told";
  EXPECT_TRUE(read.done);
  EXPECT_EQ(bench.arrivals.size(), 3u);
}

}  // namespace
}  // namespace ohmic::test
