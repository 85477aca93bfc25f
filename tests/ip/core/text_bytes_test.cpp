#include "ip/core/text_bytes.h"

#include <gtest/gtest.h>

#include <array>

namespace ohmic {
namespace {

constexpr std::array<std::uint8_t, 10> bytes = {0x11, 0x22, 0x33, 0x44, 0x13, 0x66, 0x77, 0x88, 0x97, 0xaa};
constexpr text_bytes text{0x80000000, 10, bytes.data()};

TEST(TextBytesTest, ContainsItsBytesOnly) {
  EXPECT_FALSE(text.contains(0x7fffffff));
  EXPECT_TRUE(text.contains(0x80000000));
  EXPECT_TRUE(text.contains(0x80000009));
  EXPECT_FALSE(text.contains(0x8000000a));
}

TEST(TextBytesTest, BytesOutsideAreZero) {
  EXPECT_EQ(text.word(0x80000000), 0x44332211u);
  EXPECT_EQ(text.word(0x80000004), 0x88776613u);
  EXPECT_EQ(text.word(0x80000008), 0x0000aa97u);
  EXPECT_EQ(text.word(0x8000000c), 0u);
  EXPECT_EQ(text.word(0x7ffffffc), 0u);
  EXPECT_EQ(text.word(0x7ffffffe), 0x22110000u);
  EXPECT_EQ(text.word(0x80000006), 0xaa978877u);
}

TEST(TextBytesTest, AnInstructionIsAsLongAsItsLowBitsSay) {
  EXPECT_EQ(text.instruction(0x80000000), 0x2211u);
  EXPECT_EQ(text.instruction(0x80000002), 0x66134433u) << "two halves of two words";
  EXPECT_EQ(text.instruction(0x80000004), 0x88776613u);
  EXPECT_EQ(text.instruction(0x80000008), 0x0000aa97u) << "its second half is outside";
}

}  // namespace
}  // namespace ohmic
