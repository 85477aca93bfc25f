// Cycles of cores that share banks, counted by hand.
#include "sw/compiler/mapping/cost/core_stream.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

/// Addresses, each a cycle behind the grant of the one before.
core_stream touches(std::initializer_list<std::uint32_t> addresses) {
  core_stream stream;
  for (const std::uint32_t address : addresses) stream.touch(address);
  return stream;
}

TEST(CoreStream, WaitsAreOfTheNextAccessAndNoLoops) {
  core_stream stream;
  stream.wait(4);
  stream.wait(3);
  stream.touch(8, 2);
  stream.touch(12);
  stream.wait(5);
  ASSERT_EQ(stream.list().size(), 2u);
  EXPECT_EQ(stream.list()[0].address, 8u);
  EXPECT_EQ(stream.list()[0].gap, 9u);
  EXPECT_EQ(stream.list()[1].gap, 1u);
  EXPECT_EQ(stream.total(), 15);
  EXPECT_EQ(stream.loops(), 3);
  EXPECT_EQ(stream.listed(), 10);
}

TEST(CoreStream, ACoreAloneTakesItsGaps) {
  core_stream stream = touches({0, 0, 4});
  stream.touch(64, 7);
  EXPECT_EQ(run_on_banks({stream}, 16), 10);
  EXPECT_EQ(run_on_banks({}, 16), 0);
  EXPECT_EQ(run_on_banks({core_stream{}}, 16), 0);
}

TEST(CoreStream, ABankServesOneACycle) {
  EXPECT_EQ(run_on_banks({touches({0}), touches({4})}, 16), 1);
  EXPECT_EQ(run_on_banks({touches({0}), touches({2})}, 16), 2) << "bytes of one word";
  EXPECT_EQ(run_on_banks({touches({0}), touches({64})}, 16), 2) << "16 banks of words";
  EXPECT_EQ(run_on_banks({touches({0}), touches({64})}, 32), 1);
  EXPECT_EQ(run_on_banks({touches({0}), touches({0}), touches({0}), touches({})}, 16), 3);
}

// In cycle 1 the second core comes first, in cycle 2 the first.
TEST(CoreStream, WhoComesFirstGoesRound) {
  // Core 0 waits a cycle for bank 0, then has bank 1 at 3; core 1 had bank 0 at 1 and has bank 1 at 2.
  EXPECT_EQ(run_on_banks({touches({0, 4}), touches({0, 4})}, 16), 3);
  // In cycle 1 core 1 gets bank 0; in cycle 2 both want it again and core 0 gets it; core 1 has it in 3.
  EXPECT_EQ(run_on_banks({touches({0}), touches({0, 0})}, 16), 3);
  // Core 0 is behind by a cycle and 6 more.
  core_stream late = touches({0});
  late.touch(32, 6);
  EXPECT_EQ(run_on_banks({late, touches({0})}, 16), 8) << "the gap counts from the grant";
  EXPECT_EQ(run_on_banks({touches({0}), late}, 16), 7);
}

TEST(CoreStream, WhatIsBeyondTheListGoesOnLikeIt) {
  core_stream longer, twice;
  for (unsigned i = 0; i < 6000; ++i) {
    longer.touch(4 * i, 3);
    twice.touch(4 * i, 3);
  }
  const double listed = run_on_banks({longer}, 16);
  EXPECT_EQ(listed, 18000);
  for (unsigned i = 0; i < 3000; ++i) twice.touch(4 * i, 6);
  EXPECT_EQ(twice.list().size(), 6000u);
  EXPECT_EQ(twice.listed(), 18000);
  EXPECT_EQ(twice.total(), 36000);
  EXPECT_EQ(run_on_banks({twice}, 16), 36000);
}

}  // namespace
}  // namespace ohmic
