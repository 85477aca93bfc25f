#include "host/thread_team.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace ohmic {
namespace {

TEST(ThreadTeamTest, EachThreadDoesItsOwnPartAndTheCallerTheFirst) {
  for (const unsigned threads : {0u, 1u, 2u, 5u}) {
    thread_team team(threads);
    const unsigned expected = threads == 0 ? 1 : threads;
    ASSERT_EQ(team.threads(), expected);
    std::vector<std::thread::id> ids(expected);
    const auto note = [&](unsigned t) { ids.at(t) = std::this_thread::get_id(); };
    team.run(note);
    EXPECT_EQ(ids[0], std::this_thread::get_id());
    EXPECT_EQ(std::set<std::thread::id>(ids.begin(), ids.end()).size(), expected) << "threads of their own";
    EXPECT_EQ(std::count(ids.begin(), ids.end(), std::thread::id{}), 0);
  }
}

// What one piece has written, without any locks, is there in the next one, on every thread.
TEST(ThreadTeamTest, PiecesSeeWhatThoseBeforeThemHaveWritten) {
  thread_team team(3);
  std::vector<unsigned> numbers(3, 0);
  for (unsigned piece = 0; piece < 2000; ++piece) {
    std::vector<unsigned> next(3);
    const auto shift = [&](unsigned t) { next[t] = numbers[(t + 1) % 3] + t; };
    team.run(shift);
    numbers = next;
  }
  std::vector<unsigned> expected(3, 0);
  for (unsigned piece = 0; piece < 2000; ++piece) expected = {expected[1], expected[2] + 1, expected[0] + 2};
  EXPECT_EQ(numbers, expected);
}

// While the workers have begun, the caller does something else.
TEST(ThreadTeamTest, WorkersBeginBeforeTheCallerWaitsForThem) {
  thread_team team(3);
  for (unsigned round = 0; round < 100; ++round) {
    std::atomic<unsigned> begun{0};
    std::atomic<bool> may_end{false};
    std::vector<unsigned> done(3, 0);
    const auto wait = [&](unsigned t) {
      ++begun;
      while (!may_end) std::this_thread::yield();
      done[t] = t;
    };
    team.start(wait);
    while (begun != 2) std::this_thread::yield();
    may_end = true;
    team.finish();
    EXPECT_EQ(done, (std::vector<unsigned>{0, 1, 2})) << "the caller has no part in it";
  }
}

TEST(ThreadTeamTest, AnErrorOfTheLowestThreadReachesTheCallerAndTheTeamWorksOn) {
  thread_team team(4);
  std::atomic<unsigned> done{0};
  const auto fail = [&](unsigned t) {
    ++done;
    if (t == 1 || t == 3) throw std::runtime_error("thread " + std::to_string(t));
  };
  for (unsigned round = 1; round <= 2; ++round) {
    try {
      team.run(fail);
      FAIL() << "no exception";
    } catch (const std::runtime_error& e) {
      EXPECT_STREQ(e.what(), "thread 1");
    }
    EXPECT_EQ(done, 4 * round) << "all have had their part";
  }
}

}  // namespace
}  // namespace ohmic
