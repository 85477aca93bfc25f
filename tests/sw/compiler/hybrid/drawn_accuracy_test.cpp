#include "sw/compiler/hybrid/drawn_accuracy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>

namespace ohmic {
namespace {

TEST(DrawnAccuracy, HasTheMeanAndTheDeviationOfASample) {
  const drawn_accuracy a{{.5, .7, .9}};
  EXPECT_NEAR(a.mean(), .7, 1e-12);
  EXPECT_NEAR(a.deviation(), .2, 1e-12) << "n - 1 in the denominator";
}

// Quantiles of Student's t: 4.303 at two degrees of freedom, 2.228 at ten, 2.086 at twenty, 1.984 at a hundred.
TEST(DrawnAccuracy, IntervalIsStudents) {
  EXPECT_NEAR((drawn_accuracy{{.5, .7, .9}}.half_interval()), 4.303 * .2 / 1.7320508, 1e-4);
  for (const auto& [draws, quantile] : {std::pair{11, 2.228}, {21, 2.086}, {101, 1.984}}) {
    drawn_accuracy a;
    for (int i = 0; i < draws; ++i) a.shares.push_back(i % 2 == 0 ? .4 : .6);
    EXPECT_NEAR(a.half_interval() * std::sqrt(draws) / a.deviation(), quantile, .01) << draws;
  }
}

TEST(DrawnAccuracy, OfOneDrawOrNoneHasNoInterval) {
  EXPECT_EQ((drawn_accuracy{{.5}}.deviation()), 0);
  EXPECT_EQ((drawn_accuracy{{.5}}.half_interval()), 0);
  EXPECT_EQ(drawn_accuracy{}.mean(), 0);
}

}  // namespace
}  // namespace ohmic
