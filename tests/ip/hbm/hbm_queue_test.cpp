#include "ip/hbm/hbm_queue.h"

#include <gtest/gtest.h>

#include <map>

namespace ohmic {
namespace {

class HbmQueueTest : public testing::Test {
 protected:
  /// Accepts all there is; first response beat of each burst.
  std::map<int, cycle_t> drain(hbm_queue<int>& queue) {
    std::map<int, cycle_t> answers;
    for (cycle_t c = queue.next_accept(); c != never; c = queue.next_accept()) {
      queue.accept(c, [&](int burst, cycle_t first) { answers[burst] = first; });
    }
    return answers;
  }
};

TEST_F(HbmQueueTest, AccessesArePipelined) {
  hbm_queue<int> queue({});
  for (int i = 0; i < 10; ++i) queue.arrive(i, 50 + i, 50 + i, false, 1);
  const auto answers = drain(queue);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(answers.at(i), 150u + i);
}

TEST_F(HbmQueueTest, ReadDataShareOneChannel) {
  hbm_queue<int> queue({});
  for (int i = 0; i < 4; ++i) queue.arrive(i, 50 + i, 50 + i, false, 64);
  const auto answers = drain(queue);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(answers.at(i), 150u + 64 * i);
}

TEST_F(HbmQueueTest, WritesAreDoneAfterTheirLastBeat) {
  hbm_queue<int> queue({});
  queue.arrive(0, 10, 73, true, 64);
  queue.arrive(1, 74, 74, true, 1);
  const auto answers = drain(queue);
  EXPECT_EQ(answers.at(0), 173u);
  EXPECT_EQ(answers.at(1), 174u);
}

TEST_F(HbmQueueTest, TheThirtyThirdBurstWaitsForASlot) {
  hbm_queue<int> queue({});
  for (int i = 0; i < 34; ++i) queue.arrive(i, i, i, false, 1);
  const auto answers = drain(queue);
  EXPECT_EQ(answers.at(31), 131u);
  EXPECT_EQ(answers.at(32), 101u + 100) << "the first burst's data leave in cycle 100";
  EXPECT_EQ(answers.at(33), 102u + 100);
}

TEST_F(HbmQueueTest, ReadsAndWritesTakeTurnsWhenThereIsRoomForOne) {
  hbm_timing timing;
  timing.outstanding = 1;
  hbm_queue<int> queue(timing);
  for (int i = 0; i < 3; ++i) {
    queue.arrive(i, 0, 0, false, 1);
    queue.arrive(10 + i, 0, 0, true, 1);
  }
  const auto answers = drain(queue);
  EXPECT_EQ(answers.at(0), 100u);
  EXPECT_EQ(answers.at(10), 201u);
  EXPECT_EQ(answers.at(1), 302u);
  EXPECT_EQ(answers.at(11), 403u);
}

TEST_F(HbmQueueTest, AReadAndAWriteAreAcceptedInOneCycle) {
  hbm_queue<int> queue({});
  queue.arrive(0, 5, 5, false, 1);
  queue.arrive(1, 5, 5, true, 1);
  queue.arrive(2, 5, 5, false, 1);
  const auto answers = drain(queue);
  EXPECT_EQ(answers.at(0), 105u);
  EXPECT_EQ(answers.at(1), 105u);
  EXPECT_EQ(answers.at(2), 106u);
}

TEST_F(HbmQueueTest, NothingIsAcceptedBeforeItIsThere) {
  hbm_queue<int> queue({});
  EXPECT_EQ(queue.next_accept(), never);
  queue.arrive(0, 40, 40, false, 1);
  queue.arrive(1, 60, 60, true, 1);
  EXPECT_EQ(queue.next_accept(), 40u);
  queue.accept(40, [](int burst, cycle_t first) {
    EXPECT_EQ(burst, 0);
    EXPECT_EQ(first, 140u);
  });
  EXPECT_EQ(queue.next_accept(), 60u);
  EXPECT_EQ(queue.waiting(), 1u);
}

TEST_F(HbmQueueTest, ABurstIsOpenUntilItsLastBeat) {
  hbm_timing timing;
  timing.outstanding = 1;
  hbm_queue<int> queue(timing);
  queue.arrive(0, 0, 0, false, 64);
  queue.arrive(1, 0, 0, false, 1);
  EXPECT_EQ(drain(queue).at(1), 164u + 100) << "beats leave in 100..163";
}

TEST_F(HbmQueueTest, WritesAreAnsweredOnePerCycle) {
  hbm_queue<int> queue({});
  queue.arrive(0, 0, 63, true, 64);
  queue.arrive(1, 1, 63, true, 1);  // its data are there no later than the first one's
  const auto answers = drain(queue);
  EXPECT_EQ(answers.at(0), 163u);
  EXPECT_EQ(answers.at(1), 164u);
}

TEST_F(HbmQueueTest, ALongQueueKeepsItsOrder) {
  hbm_queue<int> queue({});
  for (int i = 0; i < 500; ++i) queue.arrive(i, i / 10, i / 10, false, 1);
  cycle_t previous = 0;
  for (const auto& [burst, first] : drain(queue)) {
    EXPECT_GT(first, previous) << burst;
    previous = first;
  }
}

}  // namespace
}  // namespace ohmic
