#include "ip/axi/transit.h"

#include <gtest/gtest.h>

#include <set>

namespace ohmic {
namespace {

TEST(TransitTest, OnlyDataLanesCarryData) {
  for (const axi_lane lane : all_lanes) EXPECT_EQ(carries_data(lane), lane == axi_lane::w || lane == axi_lane::r);
}

// The same count as axi_burst::beats, from address and width in another form.
TEST(TransitTest, BeatsAreThoseOfTheBurst) {
  for (const unsigned width_log2 : {0u, 2u, 3u, 6u, 12u}) {
    for (const std::uint64_t addr : {0x1000u, 0x1001u, 0x103Fu, 0x1FFFu, 0x1F80u}) {
      for (const std::uint32_t bytes : {1u, 2u, 63u, 64u, 65u, 128u, 4096u}) {
        axi_burst burst;
        burst.addr = addr;
        burst.bytes = bytes;
        axi_transit transit;
        transit.lead = addr % 4096;
        transit.bytes = static_cast<std::uint16_t>(bytes);
        EXPECT_EQ(transit.beats(width_log2), burst.beats(1u << width_log2)) << addr << "+" << bytes;
        EXPECT_EQ(transit.first_chunk(width_log2), addr % 4096 / (1u << width_log2));
      }
    }
  }
}

TEST(TransitPoolTest, TransitsStayWhereTheyAreAndAreUsedAgain) {
  transit_pool pool;
  std::set<axi_transit*> all;
  std::vector<axi_transit*> open;
  for (unsigned i = 0; i < 5000; ++i) {
    axi_transit& t = pool.open();
    EXPECT_NE(t.index, 0u) << "0 is nobody";
    EXPECT_EQ(&pool[t.index], &t);
    t.source = static_cast<std::uint16_t>(i);
    open.push_back(&t);
    EXPECT_TRUE(all.insert(&t).second) << "in use";
  }
  EXPECT_EQ(pool.in_use(), 5000u);
  for (unsigned i = 0; i < 5000; ++i) EXPECT_EQ(open[i]->source, static_cast<std::uint16_t>(i));
  pool.close(*open[17]);
  axi_transit& again = pool.open();
  EXPECT_EQ(&again, open[17]);
  EXPECT_EQ(again.source, 0) << "as new";
  EXPECT_EQ(pool.in_use(), 5000u);
}

TEST(TransitQueueTest, KeepsTheOrderAndLetsATransitGoOnToAnotherQueue) {
  transit_pool pool;
  transit_queue first, second;
  EXPECT_TRUE(first.empty());
  std::vector<std::uint32_t> order;
  for (unsigned i = 0; i < 2000; ++i) {  // of several chunks of the pool
    axi_transit& t = pool.open();
    order.push_back(t.index);
    first.push(t, pool);
  }
  for (const std::uint32_t index : order) {
    ASSERT_EQ(first.front(), index);
    first.pop(pool);
    second.push(pool[index], pool);
  }
  EXPECT_TRUE(first.empty());
  first.push(pool.open(), pool);  // empty once, it is as new
  EXPECT_FALSE(first.empty());
  for (const std::uint32_t index : order) {
    ASSERT_EQ(second.front(), index);
    second.pop(pool);
  }
  EXPECT_TRUE(second.empty());
}

}  // namespace
}  // namespace ohmic
