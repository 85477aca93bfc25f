#include "platform/cluster/time_classes.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/fresh_seed.h"

namespace ohmic {
namespace {

TEST(TimeSplitTest, ClassesSumToTheTimeSinceTheRestart) {
  time_split split;
  split.switch_to(time_class::digital, 100);
  split.restart(150);
  split.switch_to(time_class::analog, 180);
  split.switch_to(time_class::analog, 190);
  split.switch_to(time_class::communication, 200);
  EXPECT_EQ(split.cycles(260), (time_split::totals{20, 30, 60, 0, 0}));
}

TEST(TimeSplitTest, SwitchesBehindTheEndDoNotCount) {
  time_split split;
  split.switch_to(time_class::digital, 100);
  split.switch_to(time_class::analog, 207);
  split.switch_to(time_class::idle, 209);
  EXPECT_EQ(split.cycles(205), (time_split::totals{0, 105, 0, 0, 100}));
  EXPECT_EQ(split.cycles(208), (time_split::totals{1, 107, 0, 0, 100}));
}

TEST(TimeSplitTest, ABeginThatIsHeardOfBeforeItIsThere) {
  time_split split;
  split.restart(150);
  EXPECT_EQ(split.cycles(140), time_split::totals{});
  split.switch_to(time_class::digital, 100);
  split.switch_to(time_class::analog, 120);
  EXPECT_EQ(split.cycles(160), (time_split::totals{10, 0, 0, 0, 0}));
  for (cycle_t t = 200; t < 1200; t += 10) {  // far more than are remembered
    split.switch_to(time_class::digital, t);
    split.switch_to(time_class::idle, t + 4);
  }
  EXPECT_EQ(split.cycles(1200), (time_split::totals{50, 400, 0, 0, 600}));
}

// The header's promise to the switch: what lies up to 64 back is exact.
TEST(TimeSplitTest, TheEndMayLieSixtyFourSwitchesBack) {
  for (unsigned back = 1; back <= 64; ++back) {
    time_split split;
    cycle_t now = 0;
    for (unsigned k = 0; k < 200; ++k)
      split.switch_to(k % 2 == 0 ? time_class::digital : time_class::analog, now += 10);
    // Digital in [10, 20), [30, 40) ..., the last 64 switches at now, now - 10, ...
    const cycle_t end = now - 10 * (back - 1) - 5;
    const time_split::totals c = split.cycles(end);
    cycle_t digital = 0, analog = 0;
    for (cycle_t t = 10; t < end; ++t) ++(t / 10 % 2 == 1 ? digital : analog);
    EXPECT_EQ(c, (time_split::totals{analog, digital, 0, 0, 10})) << back;
  }
}

TEST(TimeSplitTest, TheBeginMayLieSixtyFourSwitchesBack) {
  time_split split;
  cycle_t now = 0;
  for (unsigned k = 0; k < 200; ++k) split.switch_to(k % 2 == 0 ? time_class::digital : time_class::analog, now += 10);
  split.restart(now - 10 * 63 - 5);
  const cycle_t begin = now - 10 * 63 - 5;
  cycle_t digital = 0, analog = 0;
  for (cycle_t t = begin; t < now; ++t) ++(t / 10 % 2 == 1 ? digital : analog);
  EXPECT_EQ(split.cycles(now), (time_split::totals{analog, digital, 0, 0, 0}));
}

// Oracle: one class per cycle in an array.
TEST(TimeSplitTest, AgreesWithAnArrayForRandomSwitches) {
  const unsigned seed = fresh_seed();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int n = 0; n < 200; ++n) {
    time_split split;
    std::vector<unsigned> by_cycle;
    const cycle_t begin = random() % 300, heard = random() % 320;
    bool told = false;
    unsigned current = static_cast<unsigned>(time_class::idle);
    while (by_cycle.size() < 500) {
      if (!told && by_cycle.size() >= heard && by_cycle.size() < begin + 40) {
        told = true;
        split.restart(begin);
      }
      if (random() % 3 == 0) {
        current = random() % time_class_count;
        split.switch_to(static_cast<time_class>(current), by_cycle.size());
      }
      by_cycle.push_back(current);
    }
    const cycle_t from = told ? begin : 0, end = 460 + random() % 60;
    time_split::totals expected{};
    for (cycle_t t = from; t < end; ++t) ++expected[t < 500 ? by_cycle[t] : current];
    ASSERT_EQ(split.cycles(end), expected) << from << ".." << end;
  }
}

}  // namespace
}  // namespace ohmic
