#include "ip/axi/master_port.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

namespace ohmic {
namespace {

class MasterPortTest : public testing::Test {
 protected:
  axi_transit* queue(unsigned id, cycle_t ready) {
    axi_transit& t = pool.open();
    t.id = static_cast<std::uint16_t>(id);
    t.ready = ready;
    port.queue(t);
    return &t;
  }
  struct sent {
    axi_transit* transit;
    cycle_t cycle;
  };
  /// Lets the network take everything at once from `now` on, until nothing can leave any more.
  std::vector<sent> drain(cycle_t now = 0) {
    std::vector<sent> all;
    for (; now != never; now = port.next(now)) {
      bool first = false;
      axi_transit* const t = port.offer(now, first);
      if (!t) continue;
      EXPECT_TRUE(first);
      all.push_back({t, now});
      port.taken(now);
    }
    return all;
  }
  std::vector<unsigned> ids(const std::vector<sent>& all) {
    std::vector<unsigned> of;
    for (const sent& s : all) of.push_back(s.transit->id);
    return of;
  }
  transit_pool pool;
  axi_master_port port{32, 16, pool};
};

TEST_F(MasterPortTest, SendsOneBurstPerCycle) {
  axi_transit* const a = queue(0, 5);
  axi_transit* const b = queue(1, 5);
  EXPECT_EQ(port.next(0), 5u);
  const auto all = drain();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].transit, a);
  EXPECT_EQ(all[0].cycle, 5u);
  EXPECT_EQ(all[1].transit, b);
  EXPECT_EQ(all[1].cycle, 6u);
}

TEST_F(MasterPortTest, WhatIsOfferedStaysUntilItIsTaken) {
  axi_transit* const a = queue(3, 10);
  bool first = false;
  EXPECT_EQ(port.offer(10, first), a);
  EXPECT_TRUE(first);
  queue(1, 0);  // would be first in turn now
  for (cycle_t now = 11; now < 15; ++now) {
    EXPECT_EQ(port.offer(now, first), a);
    EXPECT_FALSE(first);
    EXPECT_EQ(port.next(now), never) << "whoever takes it calls again";
  }
  EXPECT_EQ(a->ready, 10u) << "when it was offered first";
  port.taken(15);
  EXPECT_EQ(port.offer(15, first), nullptr) << "the next one comes in the next cycle";
  EXPECT_EQ(port.next(15), 16u);
}

TEST_F(MasterPortTest, HoldsBurstsUntilTheyAreReady) {
  queue(0, 100);
  EXPECT_EQ(port.next(0), 100u);
  queue(1, 50);
  EXPECT_EQ(port.next(0), 50u);
  const auto all = drain();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].transit->id, 1u);
  EXPECT_EQ(all[0].cycle, 50u);
  EXPECT_EQ(all[1].cycle, 100u);
}

TEST_F(MasterPortTest, AtMostAsManyAsTheLimitAreOutstanding) {
  for (unsigned i = 0; i < 20; ++i) queue(i, 0);
  EXPECT_EQ(drain().size(), 16u);
  EXPECT_EQ(port.next(100), never);
  EXPECT_TRUE(port.wants());
  port.release(500);
  bool first = false;
  EXPECT_EQ(port.next(100), 500u);
  EXPECT_EQ(port.offer(499, first), nullptr);
  const auto more = drain(500);
  ASSERT_EQ(more.size(), 1u);
  EXPECT_EQ(more[0].transit->id, 16u);
  EXPECT_EQ(more[0].cycle, 500u);
}

TEST_F(MasterPortTest, SourcesTakeTurns) {
  for (unsigned k = 0; k < 3; ++k) {
    for (const unsigned id : {0u, 5u, 31u}) queue(id, 0);
  }
  EXPECT_EQ(ids(drain()), (std::vector<unsigned>{0, 5, 31, 0, 5, 31, 0, 5, 31}));
}

TEST_F(MasterPortTest, SixtyFourCoresDmaAndCacheTakeTurns) {
  port = axi_master_port(73, 16, pool);
  for (unsigned k = 0; k < 2; ++k) {
    for (const unsigned id : {2u, 63u, 64u, 72u}) queue(id, 0);
  }
  EXPECT_EQ(ids(drain()), (std::vector<unsigned>{2, 63, 64, 72, 2, 63, 64, 72}));
}

TEST_F(MasterPortTest, ASourcesBurstsKeepTheirOrderEvenIfALaterOneIsReadyBefore) {
  axi_transit* const a = queue(4, 50);
  axi_transit* const b = queue(4, 10);
  const auto all = drain();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].transit, a);
  EXPECT_EQ(all[0].cycle, 50u);
  EXPECT_EQ(all[1].transit, b);
}

TEST_F(MasterPortTest, IsIdleWhenEverythingIsAnswered) {
  EXPECT_TRUE(port.idle());
  queue(0, 0);
  EXPECT_FALSE(port.idle());
  drain();
  EXPECT_FALSE(port.idle());
  port.release(10);
  bool first = false;
  EXPECT_EQ(port.offer(10, first), nullptr);
  EXPECT_FALSE(port.wants());
}

// Against the rule as it is written, with a network that takes and answers at random.
TEST_F(MasterPortTest, RandomSourcesAndAnswers) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    const unsigned sources = 1 + random() % 128, limit = 1 + random() % 8;
    port = axi_master_port(sources, limit, pool);
    std::vector<std::deque<axi_transit*>> waiting(sources);
    std::vector<cycle_t> ready(1 << 20);
    std::deque<cycle_t> releases;
    unsigned in_flight = 0, winner = sources - 1;
    axi_transit* offered = nullptr;
    cycle_t not_before = 0;
    for (cycle_t now = 1; now < 600; ++now) {
      if (random() % 3 == 0) {
        const unsigned id = random() % sources;
        axi_transit* const t = queue(id, now + random() % 20);
        ready[t->index] = t->ready;
        waiting[id].push_back(t);
      }
      for (; !releases.empty() && releases.front() <= now; releases.pop_front()) --in_flight;
      if (!offered && in_flight < limit && now >= not_before) {
        for (unsigned k = 1; k <= 128 && !offered; ++k) {
          const unsigned id = (winner + k) % 128;
          if (id >= sources || waiting[id].empty() || ready[waiting[id].front()->index] > now) continue;
          offered = waiting[id].front();
          waiting[id].pop_front();
          winner = id;
          ++in_flight;
        }
      }
      bool first = false;
      ASSERT_EQ(port.offer(now, first), offered) << "seed " << seed << ", cycle " << now;
      if (offered && random() % 2 == 0) {
        port.taken(now);
        not_before = now + 1;
        const cycle_t back = std::max(now + 1 + random() % 30, releases.empty() ? 0 : releases.back());
        port.release(back);
        releases.push_back(back);
        offered = nullptr;
      }
    }
  }
}

}  // namespace
}  // namespace ohmic
