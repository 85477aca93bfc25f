#include "ip/axi/cycle_wheel.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace ohmic {
namespace {

using call = std::pair<cycle_t, unsigned>;  // cycle, node

constexpr auto nothing = [](unsigned) {};  // to be fetched ahead

TEST(CycleWheelTest, KnowsTheNextCycle) {
  cycle_wheel wheel(100);
  EXPECT_EQ(wheel.next(), never);
  wheel.wake(99, 1000);  // far ahead
  EXPECT_EQ(wheel.next(), 1000u);
  wheel.wake(0, 255);
  EXPECT_EQ(wheel.next(), 255u);
  wheel.wake(64, 3);
  EXPECT_EQ(wheel.next(), 3u);
}

TEST(CycleWheelTest, WakingTwiceIsWakingOnce) {
  cycle_wheel wheel(10);
  for (int i = 0; i < 2; ++i) wheel.wake(7, 5), wheel.wake(7, 3000);
  std::vector<call> calls;
  for (const cycle_t at : {cycle_t{5}, cycle_t{3000}}) {
    ASSERT_EQ(wheel.next(), at);
    wheel.forward(at);
    wheel.run<1>(at, at + 1, 0, 10, [&](unsigned node, cycle_t cycle) { calls.emplace_back(cycle, node); }, nothing);
    wheel.finish(at, at + 1);
  }
  EXPECT_EQ(calls, (std::vector<call>{{5, 7}, {3000, 7}}));
  EXPECT_EQ(wheel.next(), never);
}

// Against a set of (cycle, node): nodes wake themselves and others while they are evaluated, near and far.
TEST(CycleWheelTest, EvaluatesWhatWasWokenInTheOrderThatItPromises) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    constexpr unsigned group = 8;
    const unsigned nodes = group * (1 + random() % 30), batch = 1 + random() % 6;
    cycle_wheel wheel(nodes);
    std::set<call> expected;
    const auto wake = [&](unsigned node, cycle_t at) {
      wheel.wake(node, at);
      expected.insert({at, node});
    };
    for (unsigned i = 0; i < 40; ++i) wake(random() % nodes, random() % 600);
    unsigned evaluated = 0;
    while (!expected.empty() && evaluated < 3000) {
      const cycle_t begin = expected.begin()->first, end = begin + batch;
      ASSERT_EQ(wheel.next(), begin) << "seed " << seed;
      wheel.forward(begin);
      int last_group = -1;
      call before{0, 0};
      wheel.run<group>(
          begin, end, 0, nodes,
          [&](unsigned node, cycle_t cycle) {
            ASSERT_EQ(expected.erase({cycle, node}), 1u) << "seed " << seed << ": node " << node << " in " << cycle;
            const int mine = static_cast<int>(node / group);
            ASSERT_GE(mine, last_group) << "seed " << seed;
            if (mine == last_group) ASSERT_LT(before, (call{cycle, node})) << "seed " << seed;
            last_group = mine;
            before = {cycle, node};
            ++evaluated;
            if (evaluated > 2000) return;
            if (random() % 2 == 0 && node % group != group - 1)
              wake(node + 1, cycle);  // of its group, in the same cycle
            if (random() % 2 == 0) wake(node, cycle + 1 + random() % 5);
            if (random() % 3 == 0) wake(random() % nodes, end + random() % 300);
            if (random() % 4 == 0) wake(node, end + 256 + random() % 2000);
          },
          nothing);
      wheel.finish(begin, end);
      ASSERT_TRUE(expected.empty() || expected.begin()->first >= end) << "seed " << seed;
    }
  }
}

TEST(CycleWheelTest, NodesOutsideTheRangeStay) {
  cycle_wheel wheel(200);
  for (const unsigned node : {3u, 64u, 71u, 72u, 199u}) wheel.wake(node, 9);
  std::vector<unsigned> first, second;
  wheel.forward(9);
  wheel.run<1>(9, 10, 0, 64, [&](unsigned node, cycle_t) { first.push_back(node); }, nothing);
  wheel.run<8>(9, 10, 64, 72, [&](unsigned node, cycle_t) { second.push_back(node); }, nothing);
  EXPECT_EQ(first, (std::vector<unsigned>{3}));
  EXPECT_EQ(second, (std::vector<unsigned>{64, 71}));
  first.clear();
  wheel.run<8>(9, 10, 72, 200, [&](unsigned node, cycle_t) { first.push_back(node); }, nothing);
  EXPECT_EQ(first, (std::vector<unsigned>{72, 199}));
}

}  // namespace
}  // namespace ohmic
