#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <set>

#include "ip/iss/instruction_set.h"

namespace ohmic {
namespace {

/// clang assembled each compressed instruction beside the 32-bit instruction it stands for.
TEST(IssCompressed, ExpandsToTheInstructionItStandsFor) {
  std::ifstream binary(GUEST_FOLDER "/compressed.bin", std::ios::binary);
  ASSERT_TRUE(binary);
  unsigned pairs = 0;
  std::set<unsigned> kinds;
  for (std::uint32_t word[2]; binary.read(reinterpret_cast<char*>(word), 8); ++pairs) {
    EXPECT_EQ(iss::expand_compressed(static_cast<std::uint16_t>(word[0])), word[1]) << std::hex << (word[0] & 0xffff);
    kinds.insert((word[0] & 3) << 3 | (word[0] >> 13 & 7));
  }
  EXPECT_GT(pairs, 150u);
  EXPECT_EQ(kinds.size(), 15u);  // all of RV32's three quadrants that need no floating point
}

/// Encodings that the ISA reserves or gives to floating point; source: the C extension's listing and the
/// exceptions of cv32e40p_compressed_decoder.sv.
TEST(IssCompressed, RefusesReservedEncodings) {
  for (unsigned h = 0; h < 0x10000; ++h) {
    if ((h & 3) == 3) continue;
    const unsigned quadrant = h & 3, funct = h >> 13, rd = h >> 7 & 31, five = h >> 2 & 31, bit12 = h >> 12 & 1;
    bool reserved = false;
    if (quadrant == 0)
      reserved =
          (funct == 0 && (h >> 5 & 0xff) == 0) || funct == 1 || funct == 3 || funct == 4 || funct == 5 || funct == 7;
    if (quadrant == 1) {
      reserved = (funct == 3 && five == 0 && bit12 == 0) || (funct == 4 && (h >> 11 & 1) == 0 && bit12 == 1) ||
                 (funct == 4 && (h >> 10 & 3) == 3 && bit12 == 1);
    }
    if (quadrant == 2) {
      reserved = funct == 1 || funct == 3 || funct == 5 || funct == 7 || (funct == 0 && bit12 == 1) ||
                 (funct == 2 && rd == 0) || (funct == 4 && bit12 == 0 && five == 0 && rd == 0);
    }
    const bool legal = iss::identify(iss::expand_compressed(static_cast<std::uint16_t>(h))) != iss::op::illegal;
    ASSERT_EQ(legal, !reserved) << std::hex << h;
  }
}

}  // namespace
}  // namespace ohmic
