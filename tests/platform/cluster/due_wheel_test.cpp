#include "platform/cluster/due_wheel.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/fresh_seed.h"

namespace ohmic {
namespace {

TEST(DueWheelTest, FindsTheNextBusyCycleNearAndFar) {
  due_wheel wheel;
  EXPECT_EQ(wheel.next(), never);
  wheel.schedule(5, 1000);
  EXPECT_EQ(wheel.next(), 1000u);
  wheel.schedule(3, 40);
  EXPECT_EQ(wheel.next(), 40u);
  EXPECT_EQ(wheel.take(40), 1u << 3);
  EXPECT_EQ(wheel.next(), 1000u);
  EXPECT_EQ(wheel.take(1000), 1u << 5);
  EXPECT_EQ(wheel.next(), never);
}

TEST(DueWheelTest, AFarHartDoesNotAppearACircleTooEarly) {
  due_wheel wheel;
  wheel.schedule(1, 10);
  wheel.schedule(2, 10 + 64);
  EXPECT_EQ(wheel.take(10), 1u << 1);
  EXPECT_EQ(wheel.next(), 74u);
}

TEST(DueWheelTest, ForgetsRemovedHartsNearAndFar) {
  due_wheel wheel;
  wheel.schedule(1, 10);
  wheel.schedule(2, 10);
  wheel.schedule(3, 500);
  wheel.schedule(4, 900);
  EXPECT_EQ(wheel.remove(0x2Eu), 0xEu) << "hart 5 was not scheduled";
  EXPECT_EQ(wheel.next(), 900u);
  wheel.schedule(1, 12);
  EXPECT_EQ(wheel.take(12), 2u);
  EXPECT_EQ(wheel.take(900), 1u << 4);
  EXPECT_EQ(wheel.next(), never);
}

// Oracle: a map from cycle to mask.
TEST(DueWheelTest, AgreesWithAMapForRandomTimes) {
  const unsigned seed = fresh_seed();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  due_wheel wheel;
  std::map<cycle_t, std::uint64_t> expected;
  auto schedule = [&](unsigned hart, cycle_t at) {
    wheel.schedule(hart, at);
    expected[at] |= std::uint64_t{1} << hart;
  };
  for (unsigned h = 0; h < 64; ++h) schedule(h, 1 + random() % 300);
  for (int n = 0; n < 20000; ++n) {
    const cycle_t now = expected.begin()->first;
    ASSERT_EQ(wheel.next(), now);
    std::uint64_t soon = 0;
    for (const auto& [at, harts] : expected)
      if (at < now + 6) soon |= harts;
    EXPECT_EQ(wheel.due_before(now + 6) & soon, wheel.due_before(now + 6));
    const std::uint64_t harts = wheel.take(now);
    ASSERT_EQ(harts, expected.begin()->second);
    expected.erase(expected.begin());
    for (unsigned h = 0; h < 64; ++h)
      if (harts >> h & 1) schedule(h, now + 1 + (random() % 4 == 0 ? random() % 5000 : random() % 70));
  }
}

}  // namespace
}  // namespace ohmic
