#include "platform/cluster/time_classes.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

TEST(TimeSplitTest, ClassesSumToTheTimeSinceTheRestart) {
  time_split split;
  split.switch_to(time_class::digital, 100);
  split.restart(150);
  split.switch_to(time_class::analog, 180);
  split.switch_to(time_class::analog, 190);
  split.switch_to(time_class::communication, 200);
  split.settle(260);
  EXPECT_EQ(split.cycles(time_class::digital), 30u);
  EXPECT_EQ(split.cycles(time_class::analog), 20u);
  EXPECT_EQ(split.cycles(time_class::communication), 60u);
  std::uint64_t sum = 0;
  for (unsigned k = 0; k < time_class_count; ++k) sum += split.cycles(static_cast<time_class>(k));
  EXPECT_EQ(sum, 260u - 150u);
}

}  // namespace
}  // namespace ohmic
