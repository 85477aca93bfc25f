// The ADC scale of a compensated crossbar, against the same in floating point.
#include "sw/deployment/calibration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace ohmic {
namespace {

struct scale {
  std::uint32_t m, s;
  double value() const { return std::ldexp(m, -static_cast<int>(s)); }
};

scale compensated(scale from, std::uint32_t reference, std::uint32_t sum) {
  ohmic_compensate(&from.m, &from.s, reference, sum);
  return from;
}

TEST(Quotient, IsThatOfTheMachine) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t dividend = random() >> random() % 64;
    const auto divisor = static_cast<std::uint32_t>(random() >> (32 + random() % 32)) | 1u;
    ASSERT_EQ(ohmic_quotient(dividend, divisor), dividend / divisor) << dividend << " / " << divisor;
  }
}

TEST(Compensation, MultipliesAScaleByTheRatioOfTheSums) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 20000; ++i) {
    const scale before{1 + static_cast<std::uint32_t>(random() % 0x7FFF),
                       1 + static_cast<std::uint32_t>(random() % 30)};
    const auto reference = static_cast<std::uint32_t>(1 + random() % 0xFFFFFFFF);
    const auto sum = static_cast<std::uint32_t>(1 + random() % 0xFFFFFFFF);
    const double exact = static_cast<double>(before.m) * reference / sum;
    if (exact < 0.5 || exact > 2147483647.0) continue;
    const scale after = compensated(before, reference, sum);
    ASSERT_EQ(after.s, before.s);
    ASSERT_NEAR(after.m, exact, 0.5 + 1e-6) << before.m << " * " << reference << " / " << sum;
  }
}

TEST(Compensation, NothingToCompensateChangesNothing) {
  for (const std::uint32_t m : {1u, 3u, 32767u, 0x7FFFFFFFu})
    for (const std::uint32_t sum : {1u, 77u, 8388608u, 0xFFFFFFFFu}) {
      const scale same = compensated({m, 5}, sum, sum), dead = compensated({m, 5}, sum, 0),
                  empty = compensated({m, 5}, 0, sum);
      for (const scale& s : {same, dead, empty}) {
        EXPECT_EQ(s.m, m);
        EXPECT_EQ(s.s, 5u);
      }
    }
}

TEST(Compensation, AScaleStaysOneThatTheAdcTakes) {
  // As long as a smaller shift is left, the value is kept; then it is the largest that there is.
  const scale shifted = compensated({32767, 20}, 1000000, 1);
  EXPECT_LE(shifted.m, 0x7FFFFFFFu);
  EXPECT_LT(shifted.s, 20u);
  EXPECT_NEAR(shifted.value() / (std::ldexp(32767, -20) * 1e6), 1, 1e-6);
  const scale largest = compensated({32767, 2}, 0xFFFFFFFF, 1);
  EXPECT_EQ(largest.m, 0x7FFFFFFFu);
  EXPECT_EQ(largest.s, 1u);
  EXPECT_EQ(compensated({1, 4}, 1, 1000).m, 1u) << "never 0";
}

}  // namespace
}  // namespace ohmic
