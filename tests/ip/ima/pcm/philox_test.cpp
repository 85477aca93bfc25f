#include "ip/ima/pcm/philox.h"

#include <gtest/gtest.h>

namespace ohmic::pcm {
namespace {

// Random123 1.09, tests/kat_vectors, lines "philox4x32 10".
TEST(Philox, GivesThePublishedKnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (philox_counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}), (philox_counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (philox_counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, TakesAllBitsOfASeed) {
  EXPECT_EQ(key_of(0x299f31d0a4093822), (philox_key{0xa4093822, 0x299f31d0}));
  EXPECT_NE(philox({}, key_of(1)), philox({}, key_of(std::uint64_t{1} << 32)));
}

}  // namespace
}  // namespace ohmic::pcm
