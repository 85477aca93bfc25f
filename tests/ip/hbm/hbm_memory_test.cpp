#include "ip/hbm/hbm_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

namespace ohmic {
namespace {

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

TEST(HbmMemoryTest, ARefusedWriteChangesNothing) {
  hbm_memory memory(4096);
  const std::uint8_t bytes[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  EXPECT_FALSE(memory.write(4088, bytes, 16));
  EXPECT_EQ(std::count(memory.data(), memory.data() + 4096, 0), 4096);
}

TEST(HbmMemoryTest, RandomBytesStayInTheirRange) {
  hbm_memory memory(256);
  memory.fill_random(3, 18, 7);
  for (int i = 0; i < 256; ++i)
    if (i < 3 || i >= 21) EXPECT_EQ(memory.data()[i], 0) << i;
  EXPECT_GT(std::count_if(memory.data() + 3, memory.data() + 21, [](std::uint8_t b) { return b != 0; }), 10);
}

TEST(HbmMemoryTest, NothingCanBeReadFromAnEmptyMemory) {
  hbm_memory memory(0);
  std::uint8_t byte = 0;
  EXPECT_FALSE(memory.read(0, &byte, 1));
  EXPECT_FALSE(memory.write(0, &byte, 1));
}

TEST(HbmMemoryTest, MoreThanTheHostCanGiveIsAnErrorWithItsSize) {
  try {
    hbm_memory memory(~std::uint64_t{0} - 4095);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("18446744073709547520 bytes"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace ohmic
