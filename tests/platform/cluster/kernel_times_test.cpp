#include "platform/cluster/kernel_times.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

TEST(KernelTimes, AddUpByWhoseKernelItIs) {
  kernel_times times;
  times.switch_to(3, 10);
  times.switch_to(3, 15);
  times.switch_to(0, 30);  // 20 cycles
  times.switch_to(0, 35);
  times.switch_to(1, 40);
  times.switch_to(3, 47);  // 7 cycles, and the next at once
  times.switch_to(0, 50);
  using entry = std::pair<std::uint32_t, std::uint64_t>;
  EXPECT_EQ(times.cycles(), (std::vector<entry>{{3, 23}, {1, 7}}));
}

TEST(KernelTimes, AKernelThatGoesOnIsNotCountedYet) {
  kernel_times times;
  times.switch_to(2, 10);
  EXPECT_TRUE(times.cycles().empty());
}

}  // namespace
}  // namespace ohmic
