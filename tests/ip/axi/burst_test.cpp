#include "ip/axi/burst.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

TEST(BurstTest, BeatsAreTheAlignedChunksTouched) {
  axi_burst burst;
  const struct {
    std::uint64_t addr;
    std::uint32_t bytes;
    unsigned width, beats;
  } cases[] = {{0, 1, 64, 1},  {63, 1, 64, 1},    {63, 2, 64, 2}, {0, 64, 64, 1},
               {1, 64, 64, 2}, {0, 4096, 64, 64}, {0, 4, 4, 1},   {3, 6, 4, 3}};
  for (const auto& c : cases) {
    burst.addr = c.addr;
    burst.bytes = c.bytes;
    EXPECT_EQ(burst.beats(c.width), c.beats) << c.addr << "+" << c.bytes;
  }
}

TEST(BurstTest, TheLongestBurstOfABusHas256Beats) {
  axi_burst burst;
  burst.addr = 15;
  burst.bytes = 256 * 4 - 3;  // from the last byte of a beat on
  EXPECT_EQ(burst.beats(4), 256u);
  burst.bytes += 1;
  EXPECT_EQ(burst.beats(4), 257u);
}

TEST(BeatTimesTest, EachBeatIsThereInTheCycleInWhichItComes) {
  beat_times there;
  EXPECT_EQ(there.of(0), never);
  there.add(10, 2);  // beats 0, 1
  EXPECT_EQ(there.of(0), 10u);
  EXPECT_EQ(there.of(1), 11u);
  EXPECT_EQ(there.of(2), never);
  there.add(12, 1);  // goes straight on
  EXPECT_EQ(there.of(0), 10u);
  EXPECT_EQ(there.of(2), 12u);
  there.add(20, 2);  // beats 3, 4, after a pause: those before are there, whenever they came
  EXPECT_EQ(there.of(2), 0u);
  EXPECT_EQ(there.of(3), 20u);
  EXPECT_EQ(there.of(4), 21u);
  EXPECT_EQ(there.of(5), never);
}

TEST(BurstTest, ResponseCodesAreThoseOfAxi4) {
  EXPECT_EQ(static_cast<int>(axi_resp::okay), 0b00);
  EXPECT_EQ(static_cast<int>(axi_resp::slverr), 0b10);
  EXPECT_EQ(static_cast<int>(axi_resp::decerr), 0b11);
}

}  // namespace
}  // namespace ohmic
