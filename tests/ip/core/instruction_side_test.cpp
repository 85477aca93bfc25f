// What stands between a hart's instruction port and its cluster, without a core: requests one by one.
#include "ip/core/instruction_side.h"

#include <gtest/gtest.h>

#include <vector>

namespace ohmic {
namespace {

constexpr std::uint32_t base = 0x80000000;

class InstructionSideTest : public testing::Test {
 protected:
  /// Fetches a line that is missing.
  void fetch(std::uint32_t addr, cycle_t valid, cycle_t asked = 0) {
    ASSERT_FALSE(side.ask(addr));
    ASSERT_TRUE(side.missing());
    EXPECT_EQ(side.wanted_line(), addr & ~63u);
    side.arrived(valid, asked);
    EXPECT_TRUE(side.ask(addr));
    EXPECT_FALSE(side.missing());
  }
  std::uint32_t answer(cycle_t now) {
    std::uint32_t addr = 0;
    return side.answered(now, addr) ? addr : 0;
  }
  void write(std::uint32_t address, std::uint8_t byte, cycle_t now) { history.write(address, &byte, 1, now); }

  std::vector<std::uint8_t> bytes = std::vector<std::uint8_t>(1024, 0x13);
  text_bytes text{base, 1024, bytes.data()};
  text_history history{text};
  instruction_side side{text};
};

TEST_F(InstructionSideTest, AMissingLineIsFetchedAndAnsweredWhenItsBytesAreThere) {
  EXPECT_TRUE(side.quiet());
  fetch(base + 0x44, 20);
  EXPECT_FALSE(side.quiet());
  EXPECT_EQ(answer(19), 0u);
  EXPECT_TRUE(side.waits(18));
  EXPECT_FALSE(side.waits(19)) << "answered in the cycle after this one";
  EXPECT_EQ(answer(20), base + 0x44);
  EXPECT_TRUE(side.quiet());
  EXPECT_FALSE(side.waits(0));
}

TEST_F(InstructionSideTest, CachedLinesAreGrantedAtOnceAndAnsweredInOrder) {
  fetch(base, 5);
  EXPECT_TRUE(side.ask(base + 4));
  EXPECT_TRUE(side.ask(base + 60));
  EXPECT_TRUE(side.ask(base + 8));
  for (const std::uint32_t at : {0u, 4u, 60u, 8u}) EXPECT_EQ(answer(6), base + at);
  EXPECT_EQ(answer(6), 0u);
  EXPECT_FALSE(side.ask(base + 64)) << "the next line";
  side.idle();
  EXPECT_FALSE(side.missing());
}

TEST_F(InstructionSideTest, WordsOutsideTheTextAreGranted) {
  EXPECT_TRUE(side.ask(base - 4));
  EXPECT_TRUE(side.ask(base + 1024));
  EXPECT_EQ(answer(0), base - 4);
  EXPECT_EQ(answer(0), base + 1024);
}

TEST_F(InstructionSideTest, IsSilentUntilItsLineIsThere) {
  EXPECT_EQ(side.silent_until(100), 100u) << "nothing under way";
  fetch(base, 40);
  EXPECT_EQ(side.silent_until(100), 39u);
  EXPECT_EQ(side.silent_until(30), 30u);
  EXPECT_EQ(side.silent_until(40), 39u);
  instruction_side fresh(text);
  fresh.grant(base);
  EXPECT_EQ(fresh.silent_until(100), 0u) << "answered at once";
}

TEST_F(InstructionSideTest, AFenceEmptiesTheCacheAsItRises) {
  fetch(base, 1);
  answer(1);
  side.fence(true, base + 0x10);
  fetch(base + 4, 2);
  answer(2);
  side.fence(true, base + 0x10);
  EXPECT_TRUE(side.ask(base + 8)) << "it stands in ID still";
  answer(3);
  side.fence(false, 0);
  EXPECT_TRUE(side.ask(base + 12));
  answer(3);
  side.fence(true, base + 0x20);
  EXPECT_FALSE(side.ask(base + 12));
}

// Two under way at a time, as a prefetcher has them, for longer than the ring that holds them.
TEST_F(InstructionSideTest, RequestsComeBackInOrderHoweverManyWentBefore) {
  fetch(base, 1);
  for (std::uint32_t at = 4; at < 64; at += 4) {
    EXPECT_TRUE(side.ask(base + at));
    EXPECT_EQ(answer(1), base + at - 4);
  }
  EXPECT_EQ(answer(1), base + 60);
  EXPECT_TRUE(side.quiet());
}

TEST_F(InstructionSideTest, BehindAResetEveryFenceCounts) {
  side.fence(true, base + 0x10);
  side.reset();  // while it stands in ID
  fetch(base + 0x20, 1);
  answer(1);
  side.fence(true, base + 0x10);
  EXPECT_FALSE(side.ask(base + 0x24)) << "it empties the cache as it rises";
}

TEST_F(InstructionSideTest, ResetForgetsLinesAndRequests) {
  fetch(base, 50);
  side.reset();
  EXPECT_TRUE(side.quiet());
  EXPECT_EQ(answer(100), 0u);
  EXPECT_TRUE(side.cache() == private_icache());
  side.grant(base);
  EXPECT_EQ(answer(0), base) << "nothing is waited for any more";
}

TEST_F(InstructionSideTest, LinesMoveOutAndIn) {
  fetch(base, 1);
  instruction_side other(text);
  other.set_cache(side.cache());
  EXPECT_TRUE(other.ask(base + 4));
}

// Nothing written: what stands behind a fence.i comes with its line. Once the text has changed it is fetched anew.
TEST_F(InstructionSideTest, WhatStandsBehindAFenceIsFetchedAnewWhereTheTextMayHaveChanged) {
  history.set_delays(0, 6, 0);
  side.follow(history);
  fetch(base, 1);
  answer(1);
  side.fence(true, base + 0x10);
  side.fence(false, 0);
  fetch(base + 0x10, 2);
  EXPECT_TRUE(side.ask(base + 0x14)) << "not its neighbour";
  EXPECT_TRUE(side.ask(base + 0x14)) << "the text is untouched";
  side.reset();

  write(base + 0x14, 0x55, 10);
  side.fence(true, base + 0x10);
  side.fence(false, 0);
  fetch(base + 0x10, 20, 15);
  EXPECT_EQ(side.text_version(), 1u) << "the fence.i shows it";
  EXPECT_EQ(side.text().word(base + 0x14) & 0xff, 0x55u);
  EXPECT_FALSE(side.ask(base + 0x14)) << "anew, although its line is there";
  side.arrived(22, 21);
  EXPECT_TRUE(side.ask(base + 0x14)) << "once";
  EXPECT_FALSE(side.ask(base + 0x14));
  side.arrived(23, 22);
  EXPECT_TRUE(side.ask(base + 0x14));
  side.executed(base + 0x10);
  EXPECT_FALSE(side.ask(base + 0x14)) << "another instruction was executed";
  side.arrived(24, 23);
  EXPECT_TRUE(side.ask(base + 0x14));
  side.executed(base + 0x14);
  EXPECT_TRUE(side.ask(base + 0x14)) << "it has come to EX";
}

TEST_F(InstructionSideTest, AStoreIntoTheTextUnderWayHoldsWhatStandsBehindAFence) {
  side.follow(history);
  side.fence(true, base + 0x10);
  side.fence(false, 0);
  fetch(base + 0x10, 2);
  EXPECT_TRUE(side.ask(base + 0x14, 0x10000000)) << "a store to data";
  EXPECT_FALSE(side.ask(base + 0x14, base + 0x80)) << "a store to the text";
  EXPECT_TRUE(side.ask(base + 0x18, base + 0x80));
}

// Where nobody follows what is written, a store into the text is one like any other.
TEST_F(InstructionSideTest, AStoreIntoATextThatStaysHoldsNothing) {
  side.fence(true, base + 0x10);
  side.fence(false, 0);
  fetch(base + 0x10, 2);
  EXPECT_TRUE(side.ask(base + 0x14, base + 0x80));
}

TEST_F(InstructionSideTest, OthersFencesShowWithTheNextLineOrAWakeUpAndVersionsOnlyGrow) {
  history.set_delays(5, 10, 3);
  side.follow(history);
  write(base, 0x77, 100);
  EXPECT_EQ(history.fence(200), 1u);  // another hart's
  fetch(base, 1000, 209);
  EXPECT_EQ(side.text_version(), 0u);
  side.woken(212);
  EXPECT_EQ(side.text_version(), 0u);
  side.woken(213);
  EXPECT_EQ(side.text_version(), 1u) << "a window behind the fence, and the response's way";
  write(base, 0x78, 300);
  side.started(304);
  EXPECT_EQ(side.text_version(), 1u);
  side.started(305);
  EXPECT_EQ(side.text_version(), 2u) << "out of reset it sees all that is there";
  EXPECT_EQ(side.text().word(base) & 0xff, 0x78u);
  fetch(base + 64, 400, 214);
  EXPECT_EQ(side.text_version(), 2u) << "never an older one";
  side.set_text_version(1);
  EXPECT_EQ(side.text().word(base) & 0xff, 0x77u);
  side.set_text_version(0);
  EXPECT_EQ(side.text().word(base) & 0xff, 0x13u);
}

}  // namespace
}  // namespace ohmic
