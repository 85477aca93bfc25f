// The ADC scale of a compensated crossbar, against the same in floating point.
#include "sw/deployment/calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

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

/// Code of a read with a scale 1 / 2^s of a cell that weighs so much, noise included.
std::int32_t code(double weight, unsigned s) {
  return static_cast<std::int32_t>(
      std::clamp(std::floor(std::ldexp(-128 * weight, -static_cast<int>(s)) + 0.5), -128.0, 127.0));
}

// Small weights are right within half a fine unit, large ones within half a coarse one, also where 127 and its noise
// are beyond what an ADC scale of 1 / 2^7 could tell.
TEST(Magnitude, IsThatOfTheWeightWithinTheRoundingOfOneScale) {
  for (double weight = -200; weight <= 200; weight += 0.03125) {
    const std::uint32_t m =
        ohmic_magnitude(code(weight, OHMIC_CALIBRATION_FINE_S), code(weight, OHMIC_CALIBRATION_COARSE_S), 1);
    const double off = m / 8.0 - std::fabs(weight);
    ASSERT_LE(std::fabs(off), std::fabs(weight) < 12.9 ? 1.0 / 16 : 1) << weight;
  }
}

// Noise of a read reaches over the place where scales change, and a choice by the noisy code would shift the mean.
// Weights are spread over whole steps of the coarse codes, whose rounding then has no mean; next to that place it
// counts as noise that the fine codes do not have: 0.07 weights.
TEST(Magnitude, HasTheRightMeanWhateverTheNoise) {
  std::mt19937_64 random(4);
  constexpr int reads = 200'000;
  for (const auto& [least, most] :
       {std::pair{3.0, 9.0}, {9.0, 13.0}, {11.0, 15.0}, {9.0, 17.0}, {15.0, 31.0}, {119.0, 135.0}})
    for (const double deviation : {0.0, 0.5, 2.0}) {
      std::uniform_real_distribution<double> weight(least, most);
      std::normal_distribution<double> noise(0, 1);
      double off = 0;
      for (int i = 0; i < reads; ++i) {
        const double w = weight(random);
        const auto read = [&](unsigned s) { return code(w + deviation * noise(random), s); };
        const std::int32_t fine = read(OHMIC_CALIBRATION_FINE_S), coarse = read(OHMIC_CALIBRATION_COARSE_S);
        off += ohmic_magnitude(fine, coarse, 1) / 8.0 - w;
      }
      // The noise of both reads, and a coarse code's rounding: 2 / sqrt(12).
      const double error = std::sqrt((2 * deviation * deviation + 1.0 / 3) / reads);
      EXPECT_NEAR(off / reads, 0, 4 * error + (deviation > 0 ? 0.07 : 0))
          << least << " to " << most << " with noise of " << deviation;
    }
}

// Codes are added before their magnitude is taken: noise of reads does not count as weight.
TEST(Magnitude, OfSeveralReadsIsThatOfTheirSum) {
  EXPECT_EQ(ohmic_magnitude(0, 0, 16), 0u);
  EXPECT_EQ(ohmic_magnitude(5 - 7, 0, 2), 2u);
  for (double weight = -140; weight <= 140; weight += 0.37)
    for (const std::uint32_t reads : {1u, 2u, 5u, 16u}) {
      const std::int32_t fine = code(weight, OHMIC_CALIBRATION_FINE_S),
                         coarse = code(weight, OHMIC_CALIBRATION_COARSE_S);
      const auto n = static_cast<std::int32_t>(reads);
      ASSERT_EQ(ohmic_magnitude(n * fine, n * coarse, reads), reads * ohmic_magnitude(fine, coarse, 1)) << weight;
    }
}

TEST(CalibrationReads, TakeNoMoreMvmsThanAFullCrossbar) {
  for (std::uint32_t rows = 1; rows <= 2000; ++rows) {
    const std::uint32_t reads = ohmic_calibration_reads(rows);
    ASSERT_GE(reads, 1u);
    ASSERT_LE(reads, 16u);
    if (reads > 1) ASSERT_LE(reads * rows, 256u);
    if (reads < 16 && rows <= 256) ASSERT_GT((reads + 1) * rows, 256u) << "as often as fits";
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

TEST(Factors, AreTheColumnsRatioOverTheCrossbars) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> loss(0.5, 0.95);
  for (int i = 0; i < 20000; ++i) {
    const auto whole = static_cast<std::uint32_t>(100'000 + random() % 8'000'000);
    const auto whole_now = static_cast<std::uint32_t>(whole * loss(random));
    const auto column = static_cast<std::uint32_t>(500 + random() % 30'000);
    const auto column_now = static_cast<std::uint32_t>(column * loss(random));
    const double exact = (static_cast<double>(column) / column_now) / (static_cast<double>(whole) / whole_now);
    const std::int32_t factor = ohmic_factor(column, column_now, ohmic_ratio(whole_now, whole));
    ASSERT_NEAR(factor, std::min(exact * OHMIC_FACTOR_ONE, 32767.0), 3);
  }
}

TEST(Factors, OfEqualSumsAreOneAndChangeNoCode) {
  for (const std::uint32_t sum : {1u, 2u, 1000u, 131071u, 131072u, 8388608u, 0xFFFFFFFFu}) {
    EXPECT_EQ(ohmic_ratio(sum, sum), OHMIC_FACTOR_ONE) << sum;
    EXPECT_EQ(ohmic_factor(sum, sum, OHMIC_FACTOR_ONE), static_cast<std::int32_t>(OHMIC_FACTOR_ONE)) << sum;
  }
  EXPECT_EQ(ohmic_ratio(0, 5), OHMIC_FACTOR_ONE) << "an empty column";
  EXPECT_EQ(ohmic_ratio(5, 0), OHMIC_FACTOR_ONE) << "a dead one";
  EXPECT_EQ(ohmic_ratio(0xFFFFFFFF, 1), 0xFFFFu);
  EXPECT_EQ(ohmic_factor(0xFFFFFFFF, 1, 0xFFFF), 0x7FFF);
  for (int code = -128; code <= 127; ++code) EXPECT_EQ(ohmic_scaled_code(code, OHMIC_FACTOR_ONE), code);
}

TEST(Factors, ScaleACodeToTheNearestHalfUp) {
  for (int code = -128; code <= 127; ++code)
    for (int factor = 0; factor <= 32767; factor += 13) {
      const double exact = std::floor(code * factor / 16384.0 + 0.5);
      ASSERT_EQ(ohmic_scaled_code(code, factor), std::clamp(exact, -128.0, 127.0)) << code << " x " << factor;
    }
}

TEST(Factors, EachColumnOfAGroupHasAPlaceOfItsOwn) {
  for (std::uint32_t columns = 1; columns <= 40; ++columns) {
    std::set<std::uint32_t> places;
    for (std::uint32_t c = 0; c < columns; ++c) {
      places.insert(ohmic_place_of_factor(c));
      ASSERT_LT(ohmic_place_of_factor(c), ohmic_padded_columns(1, columns));
      ASSERT_EQ(ohmic_place_of_factor(c) / 4, c / 4) << "kernels take four at a time";
    }
    ASSERT_EQ(places.size(), columns);
  }
}

}  // namespace
}  // namespace ohmic
