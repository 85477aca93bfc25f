#include "ip/tcdm/l1_port.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

TEST(L1PortTest, ABeatAsksForTheWordsThatItsBytesTouch) {
  const struct {
    std::uint32_t at;
    unsigned bytes;
    std::uint32_t words;
  } cases[] = {{0, 1, 1}, {3, 1, 1},       {3, 2, 3},       {0, 4, 1},
               {1, 4, 3}, {0, 64, 0xFFFF}, {1, 63, 0xFFFF}, {3, 61, 0xFFFF}};
  for (const auto& c : cases) {
    l1_port port;
    EXPECT_FALSE(port.busy());
    port.start(0x100 + c.at, c.bytes, true);
    EXPECT_TRUE(port.busy());
    EXPECT_EQ(port.words, c.words) << c.at << "+" << c.bytes;
    EXPECT_EQ(port.addr, 0x100u);
    EXPECT_EQ(port.first_byte, c.at);
    EXPECT_EQ(port.bytes, c.bytes);
  }
}

}  // namespace
}  // namespace ohmic
