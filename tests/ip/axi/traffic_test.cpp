// Random traffic on the model and on a beat-by-beat simulator.
#include <gtest/gtest.h>

#include <cmath>
#include <ostream>
#include <random>

#include "tests/ip/axi/beat_simulator.h"
#include "tests/ip/axi/network_bench.h"

namespace ohmic::test {
namespace {

/// Plays a traffic list on the model the way beat_simulator's masters do.
class traffic_player {
 public:
  traffic_player(network_bench& bench, std::vector<traffic_burst>& traffic, unsigned window)
      : bench_(bench), traffic_(traffic), masters_(bench.network.clusters()) {
    for (unsigned i = 0; i < traffic.size(); ++i) {
      master& m = masters_[traffic[i].from];
      (traffic[i].write ? m.writes : m.reads).waiting.push_back(i);
    }
    for (master& m : masters_) {
      for (unsigned k = 0; k < window; ++k) {
        next(m.reads, 1);
        next(m.writes, 1);
      }
    }
    bench.on_response = [this](sent_burst& s) {
      traffic_burst& t = traffic_[index_[s.burst.tag]];
      t.answered = s.response_head;
      t.complete = s.response_last;
      master& m = masters_[t.from];
      next(t.write ? m.writes : m.reads, s.response_last);
    };
  }

 private:
  struct lane {
    std::deque<unsigned> waiting;
    cycle_t free = 1;
  };
  struct master {
    lane reads, writes;
  };
  void next(lane& l, cycle_t slot_free) {
    if (l.waiting.empty()) return;
    const unsigned i = l.waiting.front();
    l.waiting.pop_front();
    traffic_burst& t = traffic_[i];
    t.sent = std::max({slot_free, l.free, t.earliest});
    l.free = t.sent + (t.write ? t.beats : 1);
    index_.push_back(i);
    const std::uint64_t addr = t.to < 0 ? 0x8000'0000 : bench_.l1(static_cast<unsigned>(t.to));
    bench_.send(t.from, t.sent, t.write, addr, 64 * t.beats);
  }
  network_bench& bench_;
  std::vector<traffic_burst>& traffic_;
  std::vector<master> masters_;
  std::vector<unsigned> index_;  // traffic entry of the bench's k-th burst
};

struct load {
  const char* name;
  std::vector<unsigned> factors;
  unsigned bursts_per_cluster;
  double hbm_share, write_share, near_share;
  std::vector<unsigned> sizes;  // beats
  double gap;                   // mean cycles between a cluster's bursts; 0: as fast as the window lets it
  unsigned window;
};

void PrintTo(const load& l, std::ostream* out) { *out << l.name; }

std::vector<traffic_burst> random_traffic(const load& l, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> chance(0, 1);
  unsigned clusters = 1;
  for (const unsigned f : l.factors) clusters *= f;
  std::vector<traffic_burst> traffic;
  for (unsigned c = 0; c < clusters; ++c) {
    double at = 1;
    for (unsigned k = 0; k < l.bursts_per_cluster; ++k) {
      traffic_burst t;
      t.from = c;
      t.write = chance(random) < l.write_share;
      t.beats = l.sizes[random() % l.sizes.size()];
      if (chance(random) < l.hbm_share) {
        t.to = -1;
      } else if (chance(random) < l.near_share) {
        t.to = static_cast<int>(c / l.factors.back() * l.factors.back() + random() % l.factors.back());
      } else {
        t.to = static_cast<int>(random() % clusters);
      }
      if (l.gap > 0) {
        at -= l.gap * std::log(1 - chance(random));
        t.earliest = static_cast<std::uint64_t>(at);
      }
      traffic.push_back(t);
    }
  }
  return traffic;
}

struct result {
  double latency = 0;     // mean, first response beat
  std::uint64_t end = 0;  // last response beat of all
  double throughput = 0;  // data beats per cycle while at most half of the bursts are finished
};

result evaluate(const std::vector<traffic_burst>& traffic) {
  result r;
  std::vector<std::pair<std::uint64_t, unsigned>> finished;
  for (const traffic_burst& t : traffic) {
    r.latency += static_cast<double>(t.answered - t.sent) / static_cast<double>(traffic.size());
    r.end = std::max(r.end, t.complete);
    finished.emplace_back(t.complete, t.beats);
  }
  std::sort(finished.begin(), finished.end());
  double beats = 0;
  for (std::size_t i = 0; i < finished.size() / 2; ++i) beats += finished[i].second;
  r.throughput = beats / static_cast<double>(finished[finished.size() / 2].first);
  return r;
}

class TrafficTest : public testing::TestWithParam<load> {};

// The requirement is 10 % in mean latency and throughput. The model does better: it has the same channels,
// queues and round robin (from the input after the last winner), so every single burst must be answered in
// the same cycle.
TEST_P(TrafficTest, AgreesWithBeatByBeatSimulation) {
  const load& l = GetParam();
  const unsigned seed = 20231;
  std::vector<traffic_burst> expected = random_traffic(l, seed), actual = expected;

  beat_simulator::shape shape;
  shape.factors = l.factors;
  shape.latencies.assign(l.factors.size(), 4);
  shape.window = l.window;
  beat_simulator(shape).run(expected);

  fresh_simulation();
  network_bench bench(chip(l.factors));
  traffic_player player(bench, actual, l.window);
  bench.run();

  const result want = evaluate(expected), got = evaluate(actual);
  std::size_t equal = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ASSERT_GT(actual[i].complete, 0u) << "burst " << i << " was never answered, seed " << seed;
    equal += actual[i].answered == expected[i].answered && actual[i].complete == expected[i].complete;
  }
  std::printf(
      "%-22s latency %8.2f / %8.2f (%+.2f %%)  beats/cycle %7.3f / %7.3f (%+.2f %%)  end %llu / %llu  "
      "same cycle: %.1f %%\n",
      l.name, got.latency, want.latency, 100 * (got.latency / want.latency - 1), got.throughput, want.throughput,
      100 * (got.throughput / want.throughput - 1), static_cast<unsigned long long>(got.end),
      static_cast<unsigned long long>(want.end),
      100.0 * static_cast<double>(equal) / static_cast<double>(actual.size()));
  EXPECT_EQ(equal, actual.size()) << "seed " << seed;
  EXPECT_NEAR(got.latency / want.latency, 1, 0.10) << "seed " << seed;
  EXPECT_NEAR(got.throughput / want.throughput, 1, 0.10) << "seed " << seed;
  EXPECT_NEAR(static_cast<double>(got.end) / static_cast<double>(want.end), 1, 0.10) << "seed " << seed;
}

INSTANTIATE_TEST_SUITE_P(Loads, TrafficTest,
                         testing::Values(load{"reads_light", {4, 4, 4}, 20, 0, 0, 0, {1, 16, 64}, 2000, 16},
                                         load{"reads_medium", {4, 4, 4}, 60, 0, 0, 0, {1, 16, 64}, 200, 16},
                                         load{"reads_saturated", {4, 4, 4}, 60, 0, 0, 0, {1, 16, 64}, 0, 16},
                                         load{"writes_light", {4, 4, 4}, 20, 0, 1, 0, {1, 16, 64}, 2000, 16},
                                         load{"writes_medium", {4, 4, 4}, 60, 0, 1, 0, {1, 16, 64}, 200, 16},
                                         load{"writes_saturated", {4, 4, 4}, 60, 0, 1, 0, {1, 16, 64}, 0, 16},
                                         load{"mixed_medium", {4, 4, 4}, 40, 0.2, 0.5, 0.5, {1, 2, 8, 64}, 300, 16},
                                         load{"mixed_saturated", {4, 4, 4}, 60, 0.2, 0.5, 0.5, {1, 2, 8, 64}, 0, 16},
                                         load{"hbm_pages", {4, 4, 4}, 20, 1, 0.5, 0, {64}, 0, 16},
                                         load{"hbm_lines", {4, 4, 4}, 50, 1, 0.3, 0, {1}, 0, 16},
                                         load{"hbm_light", {4, 4, 4}, 10, 1, 0.5, 0, {1, 64}, 4000, 16},
                                         load{"near_saturated", {4, 4, 4}, 60, 0, 0.7, 1, {4, 64}, 0, 16},
                                         load{"one_open", {2, 8}, 100, 0.1, 0.5, 0.2, {1, 64}, 0, 1},
                                         load{"table_one", {8, 4, 4, 4}, 12, 0.1, 0.5, 0.5, {1, 64}, 400, 16}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace ohmic::test
