#include "ip/core/text_history.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

namespace ohmic {
namespace {

constexpr cycle_t delay = 5, window = 6, response = 2;

class TextHistoryTest : public testing::Test {
 protected:
  TextHistoryTest() { history.set_delays(delay, window, response); }
  void write(std::uint32_t address, std::vector<std::uint8_t> data, cycle_t now) {
    history.write(address, data.data(), data.size(), now);
  }
  std::array<std::uint8_t, 8> loaded{1, 2, 3, 4, 5, 6, 7, 8};
  text_history history{text_bytes{0x80000000, 8, loaded.data()}};
};

TEST_F(TextHistoryTest, AFenceSeesWhatWasWrittenTheDelayBefore) {
  write(0x80000002, {30, 40}, 100);
  write(0x80000004, {50}, 101);
  EXPECT_EQ(history.fence(104), 0u);
  EXPECT_EQ(history.fence(105), 1u);
  EXPECT_EQ(history.fence(106), 2u);
  EXPECT_EQ(*history.at(1), (std::vector<std::uint8_t>{1, 2, 30, 40, 5, 6, 7, 8}));
  EXPECT_EQ(*history.at(2), (std::vector<std::uint8_t>{1, 2, 30, 40, 50, 6, 7, 8}));
  EXPECT_EQ(*history.at(1), (std::vector<std::uint8_t>{1, 2, 30, 40, 5, 6, 7, 8})) << "an older one again";
}

TEST_F(TextHistoryTest, OnlyChangesOfTheTextCount) {
  write(0x7ffffff8, {9, 9, 9, 9}, 10);
  write(0x80000008, {9}, 10);
  write(0x80000003, {4, 5}, 10);
  EXPECT_TRUE(history.untouched());
  write(0x7ffffffe, {9, 9, 11}, 11);        // its last byte
  write(0x80000007, {88, 9, 9, 9, 9}, 12);  // its first byte
  EXPECT_EQ(history.fence(1000), 2u);
  EXPECT_EQ(*history.at(2), (std::vector<std::uint8_t>{11, 2, 3, 4, 5, 6, 7, 88}));
}

TEST_F(TextHistoryTest, OthersSeeItAWindowBehindTheFenceAndNothingWithoutOne) {
  write(0x80000000, {10}, 100);
  EXPECT_EQ(history.at_fetch(10000), 0u) << "nobody has made a fence.i";
  EXPECT_EQ(history.fence(200), 1u);
  EXPECT_EQ(history.at_fetch(205), 0u);
  EXPECT_EQ(history.at_fetch(206), 1u);
  EXPECT_EQ(history.at_wake(207), 0u);
  EXPECT_EQ(history.at_wake(208), 1u);
}

// Harts come in any order of their threads: what is seen in a cycle does not depend on it.
TEST_F(TextHistoryTest, TheOrderOfCallsDoesNotMatter) {
  text_history other(text_bytes{0x80000000, 8, loaded.data()});
  other.set_delays(delay, window, response);
  for (std::uint8_t i = 0; i < 10; ++i) {
    const std::uint8_t byte = 100 + i;
    history.write(0x80000000, &byte, 1, 10 * i);
    other.write(0x80000000, &byte, 1, 10 * i);
  }
  const cycle_t fences[] = {90, 12, 50, 33, 91, 47, 5, 100};
  for (unsigned i = 0; i < 8; ++i) {
    history.fence(fences[i]);
    other.fence(fences[7 - i]);
  }
  for (cycle_t now = 0; now < 200; ++now) EXPECT_EQ(history.at_fetch(now), other.at_fetch(now)) << now;
}

TEST_F(TextHistoryTest, TellsOfWritesThatNoFenceFollowed) {
  EXPECT_EQ(history.unfenced().count, 0u);
  write(0x80000001, {20}, 100);
  history.fence(200);
  EXPECT_EQ(history.unfenced().count, 0u);
  write(0x80000006, {70}, 300);
  write(0x80000007, {80}, 310);
  history.fence(302);  // too early for both
  EXPECT_EQ(history.unfenced().count, 2u);
  EXPECT_EQ(history.unfenced().address, 0x80000006u);
  EXPECT_EQ(history.unfenced().cycle, 300u);
  const auto code = history.unfenced([](std::uint32_t address) { return address == 0x80000006; });
  EXPECT_EQ(code.count, 1u) << "a variable is no code";
  EXPECT_EQ(code.address, 0x80000007u);
  EXPECT_EQ(code.cycle, 310u);
}

TEST_F(TextHistoryTest, EdgesOfTheDelaysBelongToWhatIsSeen) {
  write(0x80000000, {10}, 0);
  EXPECT_EQ(history.fence(4), 0u);
  EXPECT_EQ(history.fence(5), 1u) << "written in cycle 0";
  EXPECT_EQ(history.at_fetch(10), 0u);
  EXPECT_EQ(history.at_fetch(11), 1u);
  text_history at_once(text_bytes{0x80000000, 8, loaded.data()});
  at_once.set_delays(0, 0, 0);
  const std::uint8_t byte = 9;
  at_once.write(0x80000000, &byte, 1, 0);
  EXPECT_EQ(at_once.fence(0), 1u);
  EXPECT_EQ(at_once.at_fetch(0), 1u);
  EXPECT_EQ(at_once.at_wake(0), 1u);
}

// What a fence shows was there before it, whoever fenced meanwhile.
TEST_F(TextHistoryTest, AnEarlierFenceThatIsToldLaterShowsItsOwnVersionEarlier) {
  write(0x80000000, {10}, 100);
  write(0x80000001, {20}, 200);
  EXPECT_EQ(history.fence(300), 2u);
  EXPECT_EQ(history.fence(150), 1u);
  EXPECT_EQ(history.at_fetch(155), 0u);
  EXPECT_EQ(history.at_fetch(156), 1u);
  EXPECT_EQ(history.at_fetch(305), 1u);
  EXPECT_EQ(history.at_fetch(306), 2u);
}

TEST_F(TextHistoryTest, WritingTheSameAgainIsNoChangeAndWritingTheOldOneBackIsOne) {
  write(0x80000000, {10}, 100);
  write(0x80000000, {10}, 110);
  EXPECT_EQ(history.fence(1000), 1u);
  write(0x80000000, {1}, 120);
  EXPECT_EQ(history.fence(1000), 2u);
  EXPECT_EQ((*history.at(2))[0], 1);
  EXPECT_EQ((*history.at(1))[0], 10);
}

}  // namespace
}  // namespace ohmic
