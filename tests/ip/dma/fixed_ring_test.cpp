#include "ip/dma/fixed_ring.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace ohmic {
namespace {

TEST(FixedRingTest, HoldsExactlyItsCapacity) {
  fixed_ring<int> ring(3);
  EXPECT_TRUE(ring.empty());
  for (const int value : {1, 2, 3}) ring.push(value);
  for (const int value : {1, 2, 3}) {
    EXPECT_EQ(ring.front(), value);
    ring.pop();
  }
  EXPECT_TRUE(ring.empty());
}

TEST(FixedRingTest, OfOneElementGoesRoundToo) {
  fixed_ring<int> ring(1);
  for (int i = 0; i < 5; ++i) {
    ring.push(i);
    EXPECT_EQ(ring.front(), i);
    ring.pop();
    EXPECT_TRUE(ring.empty());
  }
}

// A capacity that is no power of two, against a deque.
TEST(FixedRingTest, KeepsItsOrderOverManyRounds) {
  std::mt19937 random(5);
  fixed_ring<int> ring(7);
  std::deque<int> expected;
  for (int i = 0; i < 1000; ++i) {
    if (expected.size() < 7 && (expected.empty() || random() % 2)) {
      ring.push(i);
      expected.push_back(i);
    } else {
      ASSERT_EQ(ring.front(), expected.front());
      ring.pop();
      expected.pop_front();
    }
    ASSERT_EQ(ring.empty(), expected.empty());
  }
}

}  // namespace
}  // namespace ohmic
