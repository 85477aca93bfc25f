#include "ip/hbm/hbm_queue.h"

#include <gtest/gtest.h>

#include <map>

#include "ip/hbm/hbm_memory.h"

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

TEST(HbmMemoryTest, IsZeroAndHoldsWhatIsWritten) {
  hbm_memory memory(8ull << 30);  // 8 GiB of address space, a few pages of memory
  const std::uint8_t in[5] = {1, 2, 3, 4, 5};
  std::uint8_t out[5] = {9, 9, 9, 9, 9};
  EXPECT_TRUE(memory.read((8ull << 30) - 5, out, 5));
  EXPECT_EQ(out[4], 0);
  EXPECT_TRUE(memory.write((8ull << 30) - 5, in, 5));
  EXPECT_TRUE(memory.read((8ull << 30) - 5, out, 5));
  EXPECT_EQ(out[4], 5);
}

TEST(HbmMemoryTest, RefusesWhatIsOutside) {
  hbm_memory memory(4096);
  std::uint8_t bytes[16] = {};
  EXPECT_TRUE(memory.read(4080, bytes, 16));
  EXPECT_FALSE(memory.read(4081, bytes, 16));
  EXPECT_FALSE(memory.write(5000, bytes, 1));
  EXPECT_FALSE(memory.read(~0ull, bytes, 16)) << "no wrap-around";
}

TEST(HbmMemoryTest, RandomContentsDependOnSeedAndOffsetOnly) {
  hbm_memory whole(1 << 16), parts(1 << 16), other(1 << 16);
  whole.fill_random(0, 1 << 16, 42);
  for (std::uint64_t at = 0, step = 1; at < (1 << 16); at += step, step = step * 7 % 997 + 1) {
    parts.fill_random(at, std::min<std::uint64_t>(step, (1 << 16) - at), 42);
  }
  other.fill_random(0, 1 << 16, 43);
  EXPECT_TRUE(std::equal(whole.data(), whole.data() + (1 << 16), parts.data()));
  std::size_t same = 0, counts[256] = {};
  for (int i = 0; i < 1 << 16; ++i) {
    same += whole.data()[i] == other.data()[i];
    ++counts[whole.data()[i]];
  }
  EXPECT_LT(same, 400u) << "one byte in 256";
  for (const std::size_t c : counts) EXPECT_NEAR(static_cast<double>(c), 256, 100);
}

}  // namespace
}  // namespace ohmic
