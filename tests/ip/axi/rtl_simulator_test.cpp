// The judge judged: the beat simulator against RTL runs, and against what can be said by hand.
#include "tests/ip/axi/rtl_simulator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <tuple>

#include "tests/ip/axi/rtl_blocks.h"
#include "tests/ip/axi/rtl_data.h"

namespace ohmic::test {
namespace {

std::vector<rtl_burst> play(const network_tree& tree, const rtl_parameters& parameters, std::vector<rtl_burst> bursts) {
  rtl_simulator(tree, parameters).run(bursts);
  return bursts;
}

std::string text_of(const rtl_burst& b) {
  return std::to_string(b.sent) + ", " + std::to_string(b.first) + ", " + std::to_string(b.last);
}

// --- against the RTL ---

/// Plays all lists of a file and expects the RTL's cycles for every burst; returns the number of bursts.
std::size_t expect_the_rtls_cycles(const std::vector<rtl_case>& cases) {
  std::size_t bursts = 0;
  for (const rtl_case& c : cases) {
    const std::vector<rtl_burst> mine = play(network_tree::uniform(c.children), c.parameters, c.bursts);
    std::size_t different = 0;
    std::string first;
    for (std::size_t i = 0; i < mine.size(); ++i) {
      const rtl_burst &a = mine[i], &b = c.bursts[i];
      if (std::tie(a.sent, a.first, a.last) == std::tie(b.sent, b.first, b.last)) continue;
      if (different++ == 0) first = "burst " + std::to_string(i) + ": " + text_of(a) + ", RTL " + text_of(b);
    }
    const traffic_figures f = figures_of(mine), rtl = figures_of(c.bursts);
    EXPECT_EQ(different, 0u) << c.name << ": of " << mine.size() << "; " << first << "; latency " << f.latency
                             << ", RTL " << rtl.latency << "; throughput " << f.throughput << ", RTL "
                             << rtl.throughput;
    bursts += mine.size();
  }
  return bursts;
}

TEST(RtlSimulatorTest, TakesTheRtlsCyclesForEveryBurstOfAllLists) {
  const std::vector<rtl_case> cases = read_rtl_cases(OHMIC_RTL_DATA "/traffic_8_clusters.csv.gz");
  EXPECT_EQ(cases.size(), 161u);
  EXPECT_EQ(expect_the_rtls_cycles(cases), 168'836u) << "the whole file was read";
}

TEST(RtlSimulatorTest, TakesTheRtlsCyclesOnOtherTreesAndWithOtherLimits) {
  const std::vector<rtl_case> cases = read_rtl_cases(OHMIC_RTL_DATA "/other_crosspoints.csv.gz");
  EXPECT_EQ(cases.size(), 30u);
  EXPECT_EQ(expect_the_rtls_cycles(cases), 14'040u) << "the whole file was read";
}

// --- the arbiter: rr_arb_tree's sequences, worked out by hand from its source ---

TEST(RrArbiterTest, TakesAllThatRequestInTurns) {
  rr_arbiter arbiter;
  for (const int expected : {0, 1, 3, 0, 1, 3}) {
    EXPECT_EQ(arbiter.choose(0b1011), expected);
    arbiter.settle(true);
  }
}

TEST(RrArbiterTest, PrefersThePointersBranchNotTheNextIndex) {
  rr_arbiter arbiter;
  arbiter.choose(0b1000);  // the pointer goes to 3
  arbiter.settle(true);
  EXPECT_EQ(arbiter.choose(0b0101), 2) << "in the pointer's pair, though 0 is next after 3";
  arbiter.settle(true);  // pointer to 0: next after 3
  EXPECT_EQ(arbiter.choose(0b0101), 0);
}

TEST(RrArbiterTest, AWinnerFoundElsewhereMayWinAgain) {
  rr_arbiter arbiter;
  EXPECT_EQ(arbiter.choose(0b0100), 2);  // pointer 0
  arbiter.settle(true);                  // to 2, the next above 0
  EXPECT_EQ(arbiter.choose(0b0110), 2) << "1 has waited as long";
}

TEST(RrArbiterTest, DoesNotSeeLaterRequestsWhileOneWaits) {
  rr_arbiter arbiter;
  EXPECT_EQ(arbiter.choose(0b1000), 3);
  arbiter.settle(false);
  EXPECT_EQ(arbiter.choose(0b1001), 3) << "0 would win if it were seen";
  arbiter.settle(true);
  EXPECT_EQ(arbiter.choose(0b1001), 3) << "nor did the pointer see it: it stands at 3";
}

TEST(RrArbiterTest, ReachesTheLastOf64Inputs) {
  rr_arbiter arbiter;
  const std::uint64_t both = std::uint64_t{1} << 63 | 1;
  for (const int expected : {0, 63, 0, 63}) {
    EXPECT_EQ(arbiter.choose(both), expected);
    arbiter.settle(true);
  }
}

// --- what the parameters mean ---

TEST(RtlSimulatorTest, AnEmptyNetworkTakesItsLatencyBothWays) {
  const network_tree tree = network_tree::uniform({3, 2, 2});
  rtl_parameters parameters;
  parameters.latency = {2, 5, 3};
  parameters.cluster.latency = 7;
  rtl_burst sibling, far, memory;
  sibling.dest = 1;
  far.dest = 11;
  memory.dest = rtl_burst::memory;
  sibling.beats = far.beats = memory.beats = 4;
  for (const bool write : {false, true}) {
    const std::tuple<rtl_burst, unsigned> expected[] = {{sibling, 2}, {far, 2 + 5 + 3 + 5 + 2}, {memory, 2 + 5 + 3}};
    for (auto [burst, way] : expected) {
      burst.write = write;
      const unsigned access = burst.dest == rtl_burst::memory ? 100 : 7;
      const rtl_burst b = play(tree, parameters, {burst}).front();
      EXPECT_EQ(b.sent, 1u);
      EXPECT_EQ(b.last, 1u + way + access + way + 3) << "to " << burst.dest << (write ? ", write" : ", read");
      EXPECT_EQ(b.first, write ? b.last : b.last - 3);
    }
  }
}

/// Cycles per burst of one master that has much to do.
double cycles_per_burst(const rtl_parameters& parameters, rtl_burst burst, unsigned bursts = 200) {
  std::vector<rtl_burst> list(bursts, burst);
  for (unsigned i = 0; i < bursts; ++i) list[i].id = burst.id + i % 32;
  list = play(network_tree::uniform({4, 2}), parameters, list);
  return static_cast<double>(list.back().last - list.front().last) / (bursts - 1);
}

TEST(RtlSimulatorTest, RegistersOfOneBeatPassOneEveryOtherCycle) {
  rtl_burst burst;
  burst.dest = 1;
  burst.beats = 16;
  rtl_parameters parameters;
  EXPECT_DOUBLE_EQ(cycles_per_burst(parameters, burst), 16);
  parameters.depth = 1;
  EXPECT_DOUBLE_EQ(cycles_per_burst(parameters, burst), 32);
  burst.write = true;
  EXPECT_DOUBLE_EQ(cycles_per_burst(parameters, burst), 32);
}

TEST(RtlSimulatorTest, ASlowSlaveSetsThePace) {
  rtl_burst burst;
  burst.dest = 1;
  burst.beats = 16;
  rtl_parameters parameters;
  parameters.cluster.interval = 3;
  EXPECT_DOUBLE_EQ(cycles_per_burst(parameters, burst), 48);
  burst.write = true;
  EXPECT_DOUBLE_EQ(cycles_per_burst(parameters, burst), 48);
  parameters.cluster = {50, 1, 1, false};
  burst.write = false;
  EXPECT_DOUBLE_EQ(cycles_per_burst(parameters, burst), 50 + 16) << "one at a time, the next one stands at the port";
}

TEST(RtlSimulatorTest, OneRemapIdMakesOneBurstAtATime) {
  rtl_burst burst;
  burst.dest = 1;
  rtl_parameters parameters;
  parameters.remap_ids = 1;
  // From the table over the cut to the slave, 1 to answer, back to the cut, and one cycle until the entry is free.
  EXPECT_DOUBLE_EQ(cycles_per_burst(parameters, burst), 1 + 1 + 1 + 1);
  parameters.remap_ids = 64;
  EXPECT_DOUBLE_EQ(cycles_per_burst(parameters, burst), 1);
}

TEST(RtlSimulatorTest, MastersKeepTheirLimits) {
  rtl_burst burst;
  burst.dest = 1;
  rtl_parameters parameters;
  parameters.master_reads = 1;
  EXPECT_DOUBLE_EQ(cycles_per_burst(parameters, burst), 10) << "9 cycles there and back, then the next";
}

TEST(RtlSimulatorTest, RefusesWhatCannotBeBuilt) {
  const network_tree tree = network_tree::uniform({4, 2});
  rtl_parameters parameters;
  parameters.latency = {4, 1};
  EXPECT_THROW(rtl_simulator(tree, parameters), std::invalid_argument);
  parameters = {};
  parameters.depth = 9;
  EXPECT_THROW(rtl_simulator(tree, parameters), std::invalid_argument);
  parameters = {};
  parameters.remap_ids = 65;
  EXPECT_THROW(rtl_simulator(tree, parameters), std::invalid_argument);
}

// --- any tree, any depth, any limit ---

TEST(RtlSimulatorTest, AnswersEveryBurstOnceAndInOrderOfItsIdOnAnyTree) {
  for (unsigned seed = 1; seed <= 24; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto draw = [&](unsigned low, unsigned high) {
      return low + static_cast<unsigned>(random() % (high - low + 1));
    };
    const network_tree tree = network_tree::uniform(draw_tree(draw(1, 4), 64, seed));
    rtl_parameters parameters;
    parameters.latency = {draw(2, 8), draw(2, 8), draw(2, 8)};
    parameters.depth = draw(1, 8);
    parameters.fall_through = draw(0, 1) != 0;
    parameters.w_order = draw(1, 64);
    parameters.id_count = draw(1, 63);
    parameters.remap_ids = draw(1, 64);
    parameters.remap_count = draw(1, 64);
    parameters.master_reads = draw(1, 64);
    parameters.master_writes = draw(1, 64);
    parameters.cluster = {draw(1, 20), draw(0, 4), draw(1, 3), draw(0, 1) != 0};
    parameters.memory = {draw(1, 200), draw(1, 64), draw(1, 3), draw(0, 1) != 0};
    traffic_parameters traffic;
    traffic.to = static_cast<traffic_parameters::destination>(draw(0, 3));
    traffic.id = static_cast<traffic_parameters::ids>(draw(0, 2));
    traffic.memory = draw(0, 3) * 0.1;
    traffic.load = draw(0, 4) * 0.2;
    traffic.bursts = 40;
    const std::vector<rtl_burst> played = play(tree, parameters, draw_traffic(tree, traffic, seed));
    std::map<std::tuple<unsigned, bool, unsigned>, const rtl_burst*> before;
    for (const rtl_burst& b : played) {
      ASSERT_GE(b.sent, b.ready);
      ASSERT_GT(b.first, b.sent);
      ASSERT_GE(b.last, b.first + (b.write ? 0 : b.beats - 1));
      const rtl_burst*& earlier = before[{b.master, b.write, b.id}];
      if (earlier != nullptr) {
        ASSERT_GT(b.sent, earlier->sent);
        ASSERT_GT(b.first, earlier->last);
      }
      earlier = &b;
    }
  }
}

}  // namespace
}  // namespace ohmic::test
