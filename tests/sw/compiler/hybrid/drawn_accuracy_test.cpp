#include "sw/compiler/hybrid/drawn_accuracy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <tuple>
#include <utility>

#include "tests/fresh_seed.h"

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

// Quantiles of Student's t at 90 %: 1.638 at three degrees of freedom, 1.533 at four, 1.383 at nine; at 95 %: 2.132 at
// four. Of the normal distribution: 1.2816, 1.6449.
TEST(DrawnAccuracy, MarginIsThatOfDrawsAndImagesTogether) {
  for (const auto& [draws, confidence, quantile] :
       {std::tuple{4, .9, 1.638}, {5, .9, 1.533}, {10, .9, 1.383}, {5, .95, 2.132}}) {
    drawn_accuracy a;
    for (int i = 0; i < draws; ++i) a.shares.push_back(i % 2 == 0 ? .4 : .6);
    const double of_draws = a.margin(confidence);
    EXPECT_NEAR(of_draws * std::sqrt(draws) / a.deviation(), quantile, .005 * quantile) << draws;
    a.image_error = .02;
    const double of_images = .02 * (confidence == .9 ? 1.2816 : 1.6449);
    EXPECT_NEAR(a.margin(confidence), std::hypot(of_draws, of_images), 1e-6);
    EXPECT_EQ(a.margin(.5), 0) << "the mean is as likely too small as too large";
  }
  EXPECT_NEAR((drawn_accuracy{{.5}, .01}.margin(.9)), .012816, 1e-6) << "one draw has no deviation";
  EXPECT_NEAR((drawn_accuracy{{.5, .7, .9}, .1}.half_interval_of_loss()), std::hypot(4.303 * .2 / 1.7320508, .196),
              1e-4);
}

// Ten images; the reference has eight of them right. The loss of each image: its mean over both draws.
TEST(AccuracyOf, TakesTheErrorOfImagesFromHowDifferentlyTheyLose) {
  const std::vector<bool> reference{1, 1, 1, 1, 1, 1, 1, 1, 0, 0};
  const std::vector<std::vector<bool>> right{{1, 1, 1, 1, 1, 1, 1, 0, 1, 0}, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}};
  const drawn_accuracy a = accuracy_of(right, 2, reference);
  EXPECT_EQ(a.shares, (std::vector<double>{.8, .6}));
  const double losses[] = {0, 0, 0, 0, 0, 0, .5, 1, -.5, 0};  // mean 0.1
  double squares = 0;
  for (const double loss : losses) squares += (loss - .1) * (loss - .1);
  EXPECT_NEAR(a.image_error, std::sqrt(squares / 9 / 10), 1e-12);
  EXPECT_EQ(accuracy_of(right, 1, reference).shares, (std::vector<double>{.8}));
  EXPECT_EQ(accuracy_of(right, 2, {}).image_error, 0) << "of no reference nothing is known";
  EXPECT_EQ(accuracy_of({right[0]}, 1, right[0]).image_error, 0) << "whoever answers alike loses nowhere";
}

// Losses of normal draws and images: the limit is exceeded as rarely as it says.
TEST(AccuracyOf, MarginHoldsAsOftenAsItSays) {
  const unsigned seed = fresh_seed();
  std::mt19937 random(seed);
  constexpr int rounds = 1500, images = 300, draws = 6;
  int inside = 0;
  for (int round = 0; round < rounds; ++round) {
    // The reference has 90 % right; of those each chip loses some: images have their own share, chips a factor.
    std::vector<bool> reference;
    std::vector<double> share;
    for (int i = 0; i < images; ++i) {
      reference.push_back(std::uniform_real_distribution<>(0, 1)(random) < .9);
      share.push_back(std::uniform_real_distribution<>(0, 1)(random) < .1 ? .5 : 0);
    }
    std::vector<std::vector<bool>> right(draws);
    for (std::vector<bool>& of_draw : right) {
      const double factor = std::uniform_real_distribution<>(.2, 1.8)(random);
      for (int i = 0; i < images; ++i)
        of_draw.push_back(reference[i] && std::uniform_real_distribution<>(0, 1)(random) >= share[i] * factor);
    }
    const double base = static_cast<double>(std::count(reference.begin(), reference.end(), true)) / images;
    const drawn_accuracy a = accuracy_of(right, draws, reference);
    const double truth = .9 * .1 * .5;  // of all images and chips
    inside += truth <= base - a.mean() + a.margin(.9) ? 1 : 0;
  }
  EXPECT_GT(inside, .85 * rounds) << "seed " << seed;
  EXPECT_LT(inside, .95 * rounds) << "seed " << seed;
}

}  // namespace
}  // namespace ohmic
