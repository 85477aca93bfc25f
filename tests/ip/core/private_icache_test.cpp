#include "ip/core/private_icache.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

TEST(PrivateIcacheTest, HasEightLinesOf64BytesEachAtItsOwnPlace) {
  EXPECT_EQ(private_icache::line_of(0x8000003f), 0x80000000u / 64);
  EXPECT_EQ(private_icache::line_of(0x80000040), 0x80000000u / 64 + 1);
  private_icache cache;
  for (std::uint32_t line = 0; line < 8; ++line) {
    EXPECT_FALSE(cache.holds(100 + line));
    cache.fill(100 + line);
  }
  for (std::uint32_t line = 0; line < 8; ++line) EXPECT_TRUE(cache.holds(100 + line));
  cache.fill(110);  // 102's place
  EXPECT_FALSE(cache.holds(102));
  for (const std::uint32_t line : {100u, 101u, 103u, 104u, 105u, 106u, 107u, 110u}) EXPECT_TRUE(cache.holds(line));
}

TEST(PrivateIcacheTest, IsEmptyAtFirstAndBehindAFlush) {
  private_icache cache, other;
  for (std::uint32_t line = 0; line < 8; ++line) EXPECT_FALSE(cache.holds(line));
  cache.fill(5);
  EXPECT_FALSE(cache == other);
  other.fill(5);
  EXPECT_TRUE(cache == other);
  cache.flush();
  EXPECT_FALSE(cache.holds(5));
  EXPECT_TRUE(cache == private_icache());
}

}  // namespace
}  // namespace ohmic
