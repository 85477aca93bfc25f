#include "ip/axi/transit.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

TEST(TransitTest, OnlyDataLanesCarryMoreThanOneBeat) {
  axi_transit transit;
  transit.bytes = 4096;
  for (const axi_lane lane : {axi_lane::ar, axi_lane::aw, axi_lane::b}) {
    transit.lane = lane;
    EXPECT_EQ(transit.beats(6), 1u);
  }
  for (const axi_lane lane : {axi_lane::w, axi_lane::r}) {
    transit.lane = lane;
    EXPECT_EQ(transit.beats(6), 64u);
    EXPECT_EQ(transit.beats(12), 1u);
    EXPECT_EQ(transit.beats(2), 1024u);
  }
}

// The same count as axi_burst::beats, from address and width in another form.
TEST(TransitTest, BeatsAreThoseOfTheBurst) {
  for (const unsigned width_log2 : {0u, 2u, 3u, 6u, 12u})
    for (const std::uint64_t addr : {0x1000u, 0x1001u, 0x103Fu, 0x1FFFu, 0x1F80u})
      for (const std::uint32_t bytes : {1u, 2u, 63u, 64u, 65u, 128u}) {
        axi_burst burst;
        burst.addr = addr;
        burst.bytes = bytes;
        axi_transit transit;
        transit.lane = axi_lane::r;
        transit.lead = addr % 4096;
        transit.bytes = static_cast<std::uint16_t>(bytes);
        EXPECT_EQ(transit.beats(width_log2), burst.beats(1u << width_log2)) << addr << "+" << bytes;
      }
}

}  // namespace
}  // namespace ohmic
