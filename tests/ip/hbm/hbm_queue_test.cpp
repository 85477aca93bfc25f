#include "ip/hbm/hbm_queue.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace ohmic {
namespace {

class HbmQueueTest : public testing::Test {
 protected:
  hbm_timing with(unsigned outstanding) {
    hbm_timing timing;
    timing.outstanding = outstanding;
    return timing;
  }
  /// Accepts what is accepted until nothing more can be; the cycle of each burst.
  std::map<int, cycle_t> drain(hbm_queue<int>& queue) {
    std::map<int, cycle_t> accepted;
    for (cycle_t c = queue.next_accept(); c != never; c = queue.next_accept()) {
      queue.accept(c, [&](int burst, bool) { accepted[burst] = c; });
    }
    return accepted;
  }
};

TEST_F(HbmQueueTest, OneReadAndOneWriteAreAcceptedPerCycle) {
  hbm_queue<int> queue({});
  queue.arrive(0, 5, false);
  queue.arrive(1, 5, true);
  queue.arrive(2, 5, false);
  EXPECT_EQ(drain(queue), (std::map<int, cycle_t>{{0, 5}, {1, 5}, {2, 6}}));
}

TEST_F(HbmQueueTest, NothingIsAcceptedBeforeItIsThere) {
  hbm_queue<int> queue({});
  EXPECT_EQ(queue.next_accept(), never);
  queue.arrive(0, 40, false);
  queue.arrive(1, 60, true);
  EXPECT_EQ(queue.next_accept(), 40u);
  queue.accept(40, [](int burst, bool write) {
    EXPECT_EQ(burst, 0);
    EXPECT_FALSE(write);
  });
  EXPECT_EQ(queue.next_accept(), 60u);
  EXPECT_EQ(queue.waiting(), 1u);
}

TEST_F(HbmQueueTest, TheThirtyThirdBurstWaitsForAPlace) {
  hbm_queue<int> queue({});
  for (int i = 0; i < 34; ++i) queue.arrive(i, 0, false);
  auto accepted = drain(queue);
  EXPECT_EQ(accepted.size(), 32u);
  EXPECT_EQ(accepted.at(31), 31u);
  queue.release(131);
  EXPECT_EQ(queue.next_accept(), 132u) << "the place is free in the cycle after the last beat";
  EXPECT_EQ(drain(queue), (std::map<int, cycle_t>{{32, 132}}));
  queue.release(150);
  EXPECT_EQ(drain(queue), (std::map<int, cycle_t>{{33, 151}}));
}

TEST_F(HbmQueueTest, ReadsAndWritesTakeTurnsWhenThereIsRoomForOne) {
  hbm_queue<int> queue(with(1));
  for (int i = 0; i < 3; ++i) {
    queue.arrive(i, 0, false);
    queue.arrive(10 + i, 0, true);
  }
  std::vector<int> order;
  for (cycle_t c = 0; order.size() < 6; c += 100) {
    ASSERT_EQ(queue.next_accept(), c);
    queue.accept(c, [&](int burst, bool) { order.push_back(burst); });
    queue.release(c + 99);
  }
  EXPECT_EQ(order, (std::vector<int>{0, 10, 1, 11, 2, 12}));
}

TEST_F(HbmQueueTest, WhoComesAloneHasNotHadItsTurn) {
  hbm_queue<int> queue(with(1));
  queue.arrive(0, 0, false);
  EXPECT_EQ(drain(queue).size(), 1u);
  queue.arrive(1, 10, false);
  queue.arrive(2, 10, true);
  queue.release(20);
  EXPECT_EQ(drain(queue), (std::map<int, cycle_t>{{1, 21}})) << "still a read's turn";
  queue.release(30);
  EXPECT_EQ(drain(queue), (std::map<int, cycle_t>{{2, 31}}));
}

TEST_F(HbmQueueTest, AWritesAddressTakesPartBeforeItsDataAreThere) {
  hbm_queue<int> queue(with(1));
  queue.announce(5);
  queue.arrive(0, 5, false);
  queue.arrive(1, 6, false);
  queue.accept(5, [](int burst, bool) { EXPECT_EQ(burst, 0); });  // a read's turn
  queue.release(10);
  ASSERT_EQ(queue.next_accept(), 11u);
  queue.accept(11, [](int, bool) { FAIL() << "a write's turn, whose data are not there"; });
  ASSERT_EQ(queue.next_accept(), 12u);
  int taken = -1;
  queue.accept(12, [&](int burst, bool) { taken = burst; });
  EXPECT_EQ(taken, 1) << "a read's turn again";
  queue.arrive(2, 40, true);
  queue.release(20);
  EXPECT_EQ(drain(queue), (std::map<int, cycle_t>{{2, 40}}));
}

// Against a slave that looks at everything in every cycle.
TEST_F(HbmQueueTest, RandomArrivals) {
  struct seen {
    int burst;
    cycle_t address, there;
  };
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    const unsigned limit = 1 + random() % 6;
    hbm_queue<int> queue(with(limit));
    std::deque<seen> reads, writes;
    std::vector<std::pair<int, cycle_t>> expected, accepted;
    std::multimap<cycle_t, int> ends;
    unsigned open = 0;
    bool writes_turn = false;
    int number = 0;
    for (cycle_t now = 0; now < 600; ++now) {
      if (random() % 3 == 0) {
        reads.push_back({number, now, now});
        queue.arrive(number++, now, false);
      }
      if (random() % 3 == 0 && (writes.empty() || writes.back().there <= now)) {
        const cycle_t data = now + random() % 4;
        writes.push_back({number, now, data});
        if (data > now) queue.announce(now);
        queue.arrive(number++, data, true);
      }
      for (; !ends.empty() && ends.begin()->first < now; ends.erase(ends.begin())) --open;
      const bool read = !reads.empty(), address = !writes.empty() && writes.front().address <= now;
      const bool write = address && writes.front().there <= now;
      bool take_read = read && open < limit, take_write = write && open < limit;
      if (open + 1 == limit && read && address) {
        take_read = take_read && !writes_turn;
        take_write = take_write && writes_turn;
        writes_turn = !writes_turn;
      }
      std::vector<cycle_t> done;
      for (auto* q : {&reads, &writes}) {
        if (!(q == &reads ? take_read : take_write)) continue;
        expected.emplace_back(q->front().burst, now);
        q->pop_front();
        ++open;
        ends.emplace(now + 1 + random() % 40, 0);
      }
      if (queue.next_accept() <= now) queue.accept(now, [&](int burst, bool) { accepted.emplace_back(burst, now); });
      ASSERT_EQ(accepted, expected) << "seed " << seed << ", cycle " << now;
      // Told in the order of the cycles in which they leave.
      for (auto it = ends.begin(); it != ends.end() && it->first <= now; ++it) {
        if (it->second == 0) queue.release(it->first), it->second = 1;
      }
    }
    EXPECT_GT(expected.size(), 20u) << "seed " << seed;
  }
}

}  // namespace
}  // namespace ohmic
