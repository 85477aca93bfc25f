#include "sw/compiler/mapping/mapping.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

TEST(SplitChannels, PartsAreAsWideAsTheCrossbarButTheLast) {
  EXPECT_EQ(split_channels(20, 8), (std::vector<channel_range>{{0, 8}, {8, 16}, {16, 20}}));
  EXPECT_EQ(split_channels(16, 8), (std::vector<channel_range>{{0, 8}, {8, 16}}));
  EXPECT_EQ(split_channels(8, 8), (std::vector<channel_range>{{0, 8}}));
  EXPECT_EQ(split_channels(1, 8), (std::vector<channel_range>{{0, 1}}));
}

}  // namespace
}  // namespace ohmic
