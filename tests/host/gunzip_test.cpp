#include "host/gunzip.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace ohmic {
namespace {

// printf 'a network, packed' | gzip -n | xxd -p
const std::string packed(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x54\xc8\x4b\x2d\x29\xcf\x2f\xca\xd6\x51\x28\x48\x4c\xce\x4e\x4d\x01"
    "\x00\x22\xa7\xc9\xb9\x11\x00\x00\x00",
    37);

TEST(Gunzip, UnpacksWhatGzipHasPacked) {
  EXPECT_TRUE(is_gzipped(packed));
  EXPECT_EQ(gunzipped(packed), "a network, packed");
}

TEST(Gunzip, KnowsItsFilesByTheirFirstBytes) {
  EXPECT_FALSE(is_gzipped(""));
  EXPECT_FALSE(is_gzipped("\x1f\x8b"));
  EXPECT_FALSE(is_gzipped("\x08\x07\x12\x05ohmic"));  // as ONNX files begin
}

// Some bits behind the last symbol mean nothing.
TEST(Gunzip, WhatIsCutOrChangedIsRefusedOrWhatItWas) {
  for (std::size_t n = 3; n < packed.size(); ++n)
    EXPECT_THROW(gunzipped(packed.substr(0, n)), std::runtime_error) << n << " bytes";
  unsigned refused = 0;
  for (std::size_t at = 10; at < packed.size(); ++at)
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string wrong = packed;
      wrong[at] = static_cast<char>(wrong[at] ^ 1 << bit);
      try {
        EXPECT_EQ(gunzipped(wrong), "a network, packed") << "bit " << bit << " of byte " << at;
      } catch (const std::runtime_error&) {
        ++refused;
      }
    }
  EXPECT_GE(refused, 8 * (packed.size() - 10) - 7);
}

}  // namespace
}  // namespace ohmic
