#include "host/checksum.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

// The check value of the CRC catalogues for CRC-32/ISO-HDLC.
TEST(Checksum, IsTheCrcOfZlib) {
  EXPECT_EQ(crc32_of("123456789"), 0xCBF43926u);
  EXPECT_EQ(crc32_of(""), 0u);
}

}  // namespace
}  // namespace ohmic
