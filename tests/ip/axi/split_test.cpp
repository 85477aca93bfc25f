#include "ip/axi/split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "ip/axi/burst.h"

namespace ohmic {
namespace {

struct piece {
  std::uint64_t addr;
  std::uint32_t bytes;
  bool operator==(const piece& o) const { return addr == o.addr && bytes == o.bytes; }
};

std::vector<piece> pieces(std::uint64_t addr, std::uint64_t bytes, std::uint32_t width, std::uint32_t max) {
  std::vector<piece> all;
  split(addr, bytes, width, max, [&](std::uint64_t a, std::uint32_t b) { all.push_back({a, b}); });
  return all;
}

TEST(SplitTest, CutsAt4KiBBoundaries) {
  EXPECT_EQ(pieces(0x1000, 64, 64, 4096), (std::vector<piece>{{0x1000, 64}}));
  EXPECT_EQ(pieces(0x1000, 4096, 64, 4096), (std::vector<piece>{{0x1000, 4096}}));
  EXPECT_EQ(pieces(0x1FFF, 2, 64, 4096), (std::vector<piece>{{0x1FFF, 1}, {0x2000, 1}}));
  EXPECT_EQ(pieces(0x1F00, 8192, 64, 4096), (std::vector<piece>{{0x1F00, 256}, {0x2000, 4096}, {0x3000, 3840}}));
}

TEST(SplitTest, CutsAt256Beats) {
  EXPECT_EQ(max_burst_bytes(64), 4096u);
  EXPECT_EQ(max_burst_bytes(16), 4096u);
  EXPECT_EQ(max_burst_bytes(8), 2048u);
  EXPECT_EQ(pieces(0x1000, 4096, 8, 2048), (std::vector<piece>{{0x1000, 2048}, {0x1800, 2048}}));
  EXPECT_EQ(pieces(0x1003, 3000, 8, 2048), (std::vector<piece>{{0x1003, 2045}, {0x1800, 955}}))
      << "an unaligned start uses up a part of the first beat";
}

TEST(SplitTest, NothingGivesNothing) { EXPECT_TRUE(pieces(0x1234, 0, 64, 4096).empty()); }

TEST(SplitTest, RandomTransfersAreCoveredByLegalBursts) {
  std::mt19937_64 random(99);
  for (int i = 0; i < 20000; ++i) {
    const std::uint32_t width = 1u << random() % 8;
    const std::uint32_t max = std::min<std::uint32_t>(max_burst_bytes(width), width << random() % 9);
    const std::uint64_t addr = random() % 0x1'0000'0000;
    const std::uint64_t bytes = 1 + random() % 20000;
    std::uint64_t next = addr;
    for (const piece& p : pieces(addr, bytes, width, max)) {
      ASSERT_EQ(p.addr, next) << "seed 99, transfer " << i;
      ASSERT_EQ(p.addr / 4096, (p.addr + p.bytes - 1) / 4096);
      axi_burst burst;
      burst.addr = p.addr;
      burst.bytes = p.bytes;
      ASSERT_LE(burst.beats(width), max / width);
      ASSERT_LE(burst.beats(width), 256u);
      next += p.bytes;
    }
    ASSERT_EQ(next, addr + bytes);
  }
}

}  // namespace
}  // namespace ohmic
