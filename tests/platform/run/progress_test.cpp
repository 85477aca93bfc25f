#include "platform/run/progress.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

TEST(ReadableSecondsTest, TellsTenthsBelowAMinute) {
  EXPECT_EQ(readable_seconds(0), "0.0 s");
  EXPECT_EQ(readable_seconds(3.44), "3.4 s");
  EXPECT_EQ(readable_seconds(59.94), "59.9 s");
}

TEST(ReadableSecondsTest, TellsMinutesFromThereOn) {
  EXPECT_EQ(readable_seconds(59.95), "1 min 00 s");
  EXPECT_EQ(readable_seconds(59.96), "1 min 00 s") << "not 60.0 s";
  EXPECT_EQ(readable_seconds(60), "1 min 00 s");
  EXPECT_EQ(readable_seconds(119.6), "2 min 00 s");
  EXPECT_EQ(readable_seconds(125), "2 min 05 s");
  EXPECT_EQ(readable_seconds(3725), "62 min 05 s");
}

// Tests write to a file, not to a terminal.
TEST(ProgressTest, ALogHasNoLineForWhatEndsSoon) {
  testing::internal::CaptureStderr();
  {
    progress meter("work", false);
    for (int i = 0; i < 1000; ++i) meter.update(i, 1000, "detail");
    meter.clear();
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace ohmic
