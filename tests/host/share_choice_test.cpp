#include "host/share_choice.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

/// Plays `windows` windows of `parts` parts; returns how many were shared.
unsigned play(share_choice& choice, std::size_t parts, unsigned windows, double alone, double shared) {
  unsigned count = 0;
  for (unsigned n = 0; n < windows; ++n) {
    const bool s = choice.shared(parts);
    choice.report(parts, s ? shared : alone);
    count += s;
  }
  return count;
}

TEST(ShareChoiceTest, SettlesOnTheFasterWay) {
  share_choice choice;
  EXPECT_GT(play(choice, 100, 10000, 2000, 1000), 9500u);
  EXPECT_LT(play(choice, 3, 10000, 500, 900), 500u);
}

TEST(ShareChoiceTest, TriesAHopelessWayLessAndLess) {
  share_choice choice;
  play(choice, 3, 100000, 500, 520);
  EXPECT_LT(play(choice, 3, 100000, 500, 520), 220u) << "8 windows in 4096 at most";
}

TEST(ShareChoiceTest, GivesUpATrialThatIsLost) {
  share_choice choice;
  play(choice, 3, 100000, 500, 1e6);
  EXPECT_LT(play(choice, 3, 100000, 500, 1e6), 30u) << "1 window in 4096 at most";
}

TEST(ShareChoiceTest, OneStallDoesNotDecideForLong) {
  share_choice choice;
  play(choice, 100, 1000, 2000, 1000);
  play(choice, 100, 1, 4e6, 4e6);
  EXPECT_GT(play(choice, 100, 10000, 2000, 1000), 9000u);
}

TEST(ShareChoiceTest, ChangesItsMindWhenTheMachineBecomesFree) {
  share_choice choice;
  play(choice, 100, 20000, 2000, 50000);
  EXPECT_GT(play(choice, 100, 20000, 2000, 1000), 14000u);
}

TEST(ShareChoiceTest, KeepsWindowsOfDifferentSizeApart) {
  share_choice choice;
  for (int n = 0; n < 1000; ++n) {
    play(choice, 2, 10, 500, 5000);
    play(choice, 400, 10, 50000, 27000);
  }
  EXPECT_LT(play(choice, 2, 100, 500, 5000), 20u);
  EXPECT_GT(play(choice, 400, 100, 50000, 27000), 80u);
}

/// Windows that go on in the way `shared`, which take `nanoseconds` each.
unsigned windows_of(share_choice& choice, bool shared, double nanoseconds) {
  unsigned count = 0;
  for (; choice.shared(100) == shared && count < 10000; ++count) choice.report(100, nanoseconds);
  return count;
}

TEST(ShareChoiceTest, TrialsComeLessOftenWhileTheyAreLostAndOftenAgainBehindOneThatIsWon) {
  share_choice choice;
  EXPECT_EQ(windows_of(choice, true, 100), 64u);
  EXPECT_EQ(windows_of(choice, false, 101), 8u) << "a trial of eight windows";
  EXPECT_EQ(windows_of(choice, true, 100), 128u);
  EXPECT_EQ(windows_of(choice, false, 101), 8u);
  EXPECT_EQ(windows_of(choice, true, 100), 256u);
  EXPECT_EQ(windows_of(choice, false, 50), 8u + 64u) << "won, and used until the next trial";
  EXPECT_EQ(windows_of(choice, true, 60), 7u) << "more than eight windows of 50 in seven";
  EXPECT_EQ(windows_of(choice, false, 50), 128u);
  EXPECT_EQ(windows_of(choice, true, 500), 1u) << "lost at once";
  EXPECT_EQ(windows_of(choice, false, 50), 256u);
}

TEST(ShareChoiceTest, TheLongestIntervalIs4096Windows) {
  share_choice choice;
  for (unsigned interval = 64; interval <= 4096; interval *= 2) {
    EXPECT_EQ(windows_of(choice, true, 100), interval);
    EXPECT_EQ(windows_of(choice, false, 101), 8u);
  }
  for (int n = 0; n < 3; ++n) {
    EXPECT_EQ(windows_of(choice, true, 100), 4096u);
    EXPECT_EQ(windows_of(choice, false, 101), 8u);
  }
}

// Windows of 4..7 parts are of one kind, those of 8 another.
TEST(ShareChoiceTest, WindowsAreSortedByPowersOfTwo) {
  share_choice choice;
  for (int n = 0; n < 64; ++n) choice.report(n % 2 == 0 ? 4 : 7, 100);
  EXPECT_FALSE(choice.shared(4));
  EXPECT_FALSE(choice.shared(7));
  EXPECT_TRUE(choice.shared(3));
  EXPECT_TRUE(choice.shared(8));
}

}  // namespace
}  // namespace ohmic
