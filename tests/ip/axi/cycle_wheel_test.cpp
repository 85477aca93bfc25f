#include "ip/axi/cycle_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace ohmic {
namespace {

constexpr auto nothing = [](unsigned) {};  // to be fetched ahead

std::vector<unsigned> visited(cycle_wheel& wheel, cycle_t begin, cycle_t end, unsigned first, unsigned last) {
  std::vector<unsigned> nodes;
  wheel.run(
      begin, end, first, last,
      [&](unsigned node) {
        nodes.push_back(node);
        for (cycle_t& due : wheel.due(node).lane)
          if (due < end) due = never;
      },
      nothing);
  return nodes;
}

TEST(CycleWheelTest, KnowsTheNextCycle) {
  cycle_wheel wheel(100);
  EXPECT_EQ(wheel.next(), never);
  wheel.wake(cycle_wheel::at(99, 3), 1000);  // far ahead
  EXPECT_EQ(wheel.next(), 1000u);
  wheel.wake(cycle_wheel::at(0, 0), 255);
  EXPECT_EQ(wheel.next(), 255u);
  wheel.wake(cycle_wheel::at(64, 1), 3);
  EXPECT_EQ(wheel.next(), 3u);
}

TEST(CycleWheelTest, ALaneIsDueWhenItWasWokenFor) {
  cycle_wheel wheel(10);
  wheel.wake(cycle_wheel::at(7, 2), 50);
  EXPECT_EQ(wheel.due(7).lane[2], 50u);
  EXPECT_EQ(wheel.due(7).lane[3], never);
  wheel.wake(cycle_wheel::at(7, 2), 60);  // later: it finds out by itself
  EXPECT_EQ(wheel.due(7).lane[2], 50u);
  wheel.wake(cycle_wheel::at(7, 2), 40);
  EXPECT_EQ(wheel.due(7).lane[2], 40u);
}

TEST(CycleWheelTest, WakingTwiceIsWakingOnce) {
  cycle_wheel wheel(10);
  for (const cycle_t at : {cycle_t{5}, cycle_t{3000}}) {
    for (int i = 0; i < 2; ++i) wheel.wake(cycle_wheel::at(7, 0), at);
    ASSERT_EQ(wheel.next(), at);
    wheel.forward(at);
    EXPECT_EQ(visited(wheel, at, at + 1, 0, 10), std::vector<unsigned>{7});
    wheel.finish(at, at + 1);
  }
  EXPECT_EQ(wheel.next(), never);
}

// Against a table of due times: nodes wake lanes of their own and of others while they are visited, near and far.
TEST(CycleWheelTest, VisitsWhatIsDueInTheOrderThatItPromises) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    const unsigned nodes = 1 + random() % (seed % 4 == 0 ? 20000 : 240), batch = 1 + random() % 6,
                   lanes = cycle_wheel::lanes;
    cycle_wheel wheel(nodes);
    std::map<std::uint32_t, cycle_t> due;
    const auto wake = [&](unsigned node, cycle_t at) {
      const std::uint32_t lane = cycle_wheel::at(node, static_cast<unsigned>(random() % lanes));
      wheel.wake(lane, at);
      const auto [known, is_new] = due.insert({lane, at});
      if (!is_new) known->second = std::min(known->second, at);
    };
    for (unsigned i = 0; i < 40; ++i) wake(random() % nodes, random() % 600);
    unsigned evaluated = 0;
    while (!due.empty() && evaluated < 3000) {
      cycle_t first = never;
      for (const auto& [lane, at] : due) first = std::min(first, at);
      const cycle_t begin = wheel.next(), end = begin + batch;
      ASSERT_LE(begin, first) << "seed " << seed;
      wheel.forward(begin);
      int last_node = -1;
      wheel.run(
          begin, end, 0, nodes,
          [&](unsigned node) {
            ASSERT_GT(static_cast<int>(node), last_node) << "seed " << seed;
            last_node = static_cast<int>(node);
            for (unsigned lane = 0; lane < lanes; ++lane) {
              const std::uint32_t number = cycle_wheel::at(node, lane);
              const auto known = due.find(number);
              ASSERT_EQ(wheel.due(node).lane[lane], known == due.end() ? never : known->second) << "seed " << seed;
            }
            for (;;) {
              auto& lanes_due = wheel.due(node).lane;
              const auto next = std::min_element(lanes_due.begin(), lanes_due.end());
              const cycle_t cycle = *next;
              if (cycle >= end) return;
              due.erase(cycle_wheel::at(node, static_cast<unsigned>(next - lanes_due.begin())));
              *next = never;
              if (++evaluated > 2000) continue;
              if (random() % 2 == 0) wake(node, cycle + 1 + random() % 5);
              if (random() % 3 == 0) wake(random() % nodes, end + random() % 300);
              if (random() % 4 == 0) wake(node, end + 256 + random() % 2000);
            }
          },
          nothing);
      wheel.finish(begin, end);
      for (const auto& [lane, at] : due) ASSERT_GE(at, end) << "seed " << seed << ": lane " << lane;
    }
  }
}

TEST(CycleWheelTest, NodesOutsideTheRangeStay) {
  cycle_wheel wheel(200);
  for (const unsigned node : {3u, 64u, 71u, 72u, 199u}) wheel.wake(cycle_wheel::at(node, 3), 9);
  wheel.forward(9);
  EXPECT_EQ(visited(wheel, 9, 10, 0, 64), (std::vector<unsigned>{3}));
  EXPECT_EQ(visited(wheel, 9, 10, 64, 72), (std::vector<unsigned>{64, 71}));
  EXPECT_EQ(visited(wheel, 9, 10, 72, 200), (std::vector<unsigned>{72, 199}));
}

}  // namespace
}  // namespace ohmic
