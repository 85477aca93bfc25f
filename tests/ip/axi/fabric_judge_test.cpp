// The network against the simulator of the RTL's rules where no RTL was run: random trees, traffic, limits, loads.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/ip/axi/judge_case.h"

namespace ohmic::test {
namespace {

struct summary {
  unsigned cases = 0, exact = 0;
  double latency = 0, throughput = 0;  // means of the absolute errors
  double worst_latency = 0, worst_throughput = 0;
  std::string worst;

  void add(const judge_case& c, const judgement& j) {
    ++cases;
    exact += j.different == 0;
    latency += std::abs(j.latency);
    throughput += std::abs(j.throughput);
    if (std::max(std::abs(j.latency), std::abs(j.throughput)) > std::max(worst_latency, worst_throughput))
      worst = c.text();
    worst_latency = std::max(worst_latency, std::abs(j.latency));
    worst_throughput = std::max(worst_throughput, std::abs(j.throughput));
  }
  void print(const char* name) const {
    std::printf(
        "%s: %u of %u lists exact to the cycle; latency worst %.3f %%, mean %.4f %%; throughput worst %.3f %%, "
        "mean %.4f %%; worst: %s\n",
        name, exact, cases, 100 * worst_latency, 100 * latency / cases, 100 * worst_throughput,
        100 * throughput / cases, worst.c_str());
  }
};

// Nearly all bursts take the judge's cycles; where tables of names are full, a request may be a cycle late.
TEST(FabricJudgeTest, RandomNetworksUpTo64Clusters) {
  summary all;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    const judge_case c = draw_judge_case(seed, 64, 40);
    const judgement j = judge(c);
    all.add(c, j);
    EXPECT_LE(std::abs(j.latency), 0.015) << c.text() << ": " << j.first;
    EXPECT_LE(std::abs(j.throughput), 0.01) << c.text() << ": " << j.first;
  }
  all.print("random networks");
  EXPECT_LE(all.latency / all.cases, 0.0002);
  EXPECT_LE(all.throughput / all.cases, 0.0002);
  EXPECT_GE(all.exact, all.cases * 85 / 100);
}

TEST(FabricJudgeTest, FourLevelsAnd512Clusters) {
  summary all;
  using to = traffic_parameters::destination;
  unsigned seed = 7000;
  for (const to destination : {to::uniform, to::near, to::ring, to::hot_spot}) {
    for (const double load : {0.1, 0.0}) {
      judge_case c;
      c.seed = ++seed;
      c.children = {4, 4, 4, 8};
      c.traffic.to = destination;
      c.traffic.memory = destination == to::near ? 0.1 : 0;
      c.traffic.load = load;
      c.traffic.bursts = destination == to::hot_spot ? 4 : 10;
      const judgement j = judge(c);
      all.add(c, j);
      EXPECT_LE(std::abs(j.latency), 0.003) << c.text() << ": " << j.first;
      EXPECT_LE(std::abs(j.throughput), 0.001) << c.text() << ": " << j.first;
      EXPECT_LE(j.unfair, 0.2) << c.text() << ": two bursts of ten";
    }
  }
  all.print("Table I's chip");
}

}  // namespace
}  // namespace ohmic::test
