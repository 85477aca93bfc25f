// The network model on the RTL's own lists: every burst, to the cycle.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>

#include "tests/ip/axi/fabric_player.h"
#include "tests/ip/axi/rtl_data.h"

namespace ohmic::test {
namespace {

struct outcome {
  std::size_t different = 0;                       // bursts whose three cycles are not all the RTL's
  std::string first;                               // of them
  double latency = 0, throughput = 0, unfair = 0;  // relative errors
};

std::string text_of(const rtl_burst& b) {
  return std::to_string(b.sent) + ", " + std::to_string(b.first) + ", " + std::to_string(b.last);
}

outcome play(const rtl_case& c) {
  std::vector<rtl_burst> mine = c.bursts;
  fabric_player(c.children, c.parameters).run(mine);
  outcome o;
  for (std::size_t i = 0; i < mine.size(); ++i) {
    const rtl_burst &a = mine[i], &b = c.bursts[i];
    if (std::tie(a.sent, a.first, a.last) == std::tie(b.sent, b.first, b.last)) continue;
    if (o.different++ == 0) o.first = "burst " + std::to_string(i) + ": " + text_of(a) + ", RTL " + text_of(b);
  }
  const traffic_figures f = figures_of(mine), rtl = figures_of(c.bursts);
  o.latency = f.latency / rtl.latency - 1;
  o.throughput = f.throughput / rtl.throughput - 1;
  o.unfair = unfairness(done_at_first_end(mine), done_at_first_end(c.bursts));
  if (o.different != 0) {
    std::printf("%-44s %5zu of %5zu bursts differ; latency %+.3f %%, throughput %+.3f %%, fairness %.3f %%; %s\n",
                c.name.c_str(), o.different, mine.size(), 100 * o.latency, 100 * o.throughput, 100 * o.unfair,
                o.first.c_str());
  }
  return o;
}

TEST(FabricRtlTest, TakesTheRtlsCyclesForEveryBurst) {
  const std::vector<rtl_case> cases = read_rtl_cases(OHMIC_RTL_DATA "/traffic_8_clusters.csv.gz");
  ASSERT_EQ(cases.size(), 161u);
  for (const rtl_case& c : cases) {
    const outcome o = play(c);
    EXPECT_EQ(o.different, 0u) << c.name << ": " << o.first;
  }
}

TEST(FabricRtlTest, TakesTheRtlsCyclesOnOtherTreesAndWithOtherLimits) {
  const std::vector<rtl_case> cases = read_rtl_cases(OHMIC_RTL_DATA "/other_crosspoints.csv.gz");
  std::size_t played = 0, exact = 0;
  for (const rtl_case& c : cases) {
    if (const std::string why = not_expressible(c.parameters); !why.empty()) continue;
    const outcome o = play(c);
    ++played;
    exact += o.different == 0;
    EXPECT_LE(std::abs(o.latency), 0.001) << c.name;
    EXPECT_LE(std::abs(o.throughput), 0.001) << c.name;
  }
  std::printf("exact to the cycle: %zu of %zu lists that the model can be configured for\n", exact, played);
  EXPECT_GE(played, 2u);
}

}  // namespace
}  // namespace ohmic::test
