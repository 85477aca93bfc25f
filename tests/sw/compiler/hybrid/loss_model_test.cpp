#include "sw/compiler/hybrid/loss_model.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

const layer_choice first{true, false, false}, both{true, true, false}, all{true, true, true}, none{false, false, false};

TEST(LossModel, ExpectsTheSumOfWhatItWasTold) {
  const loss_model model({0.01, 0.02, 0.04}, {0, 0, 0});
  EXPECT_DOUBLE_EQ(model.expected(none), 0);
  EXPECT_DOUBLE_EQ(model.expected(first), 0.01);
  EXPECT_DOUBLE_EQ(model.expected(both), 0.03);
  EXPECT_DOUBLE_EQ(model.expected(all), 0.07);
}

TEST(LossModel, BelievesAMeasurementTheMoreTheBetterItIs) {
  double before = 0.03;
  for (const double error : {1.0, 0.01, 0.001, 0.0}) {
    loss_model model({0.01, 0.02, 0.04}, {0.003, 0.003, 0.003});
    model.learn(both, 0.05, error);
    EXPECT_GT(model.expected(both), before) << error;
    EXPECT_LT(model.expected(both), 0.05) << error;
    before = model.expected(both);
    EXPECT_DOUBLE_EQ(model.expected(all) - model.expected(both), 0.04) << "of the third layer nothing was measured";
  }
}

TEST(LossModel, WhatIsKnownWorstChangesMost) {
  loss_model model({0.02, 0.02, 0.02}, {0.001, 0.02, 0.001});
  model.learn(both, 0.08, 0.001);
  const double certain = model.expected(first) - 0.02, uncertain = model.expected({false, true, false}) - 0.02;
  EXPECT_GT(certain, 0);
  EXPECT_GT(uncertain, 4 * certain);
}

// Observations of a normal distribution: in which order they come makes no difference.
TEST(LossModel, TheOrderOfMeasurementsDoesNotMatter) {
  const std::vector<std::pair<layer_choice, double>> seen{{both, 0.05}, {all, 0.06}, {first, 0.015}, {both, 0.04}};
  loss_model forth({0.01, 0.02, 0.04}, {0.003, 0.004, 0.002}), back = forth;
  for (const auto& [choice, loss] : seen) forth.learn(choice, loss, 0.004);
  for (auto s = seen.rbegin(); s != seen.rend(); ++s) back.learn(s->first, s->second, 0.004);
  for (const layer_choice& choice : {first, both, all})
    EXPECT_NEAR(forth.expected(choice), back.expected(choice), 1e-12);
}

TEST(LossModel, AllOnCoresTellsNothing) {
  loss_model model({0.01, 0.02, 0.04}, {0.003, 0.004, 0.002});
  model.learn(none, 0.5, 0);
  EXPECT_DOUBLE_EQ(model.expected(all), 0.07);
}

TEST(LossModel, CopiesShareALoss) {
  loss_model model({0.01, 0.02, 0.04}, {0, 0, 0});
  EXPECT_DOUBLE_EQ(model.expected({2, 1, 4}), 0.6 * 0.01 + 0.02 + 0.4 * 0.04) << "a fifth is common";
  const double before = model.expected({0, 0, 2});
  model.learn({0, 0, 4}, 0.005, 0);
  EXPECT_LT(model.expected({0, 0, 2}), before) << "what is learnt of four copies is learnt of two";
}

}  // namespace
}  // namespace ohmic
