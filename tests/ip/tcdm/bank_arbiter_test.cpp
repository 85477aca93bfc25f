#include "ip/tcdm/bank_arbiter.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include "tests/fresh_seed.h"

namespace ohmic {
namespace {

TEST(BankArbiterTest, GrantsABankOncePerCycle) {
  bank_arbiter banks(16);
  banks.begin();
  EXPECT_TRUE(banks.claim(0x40));
  EXPECT_FALSE(banks.claim(0x40 + 16 * 4)) << "same bank, 16 words further";
  EXPECT_TRUE(banks.claim(0x44));
  banks.begin();
  EXPECT_TRUE(banks.claim(0x40)) << "a new cycle frees the bank";
}

TEST(BankArbiterTest, WideBeatGetsTheWordsWhoseBanksAreFree) {
  bank_arbiter banks(64);
  banks.begin();
  ASSERT_TRUE(banks.claim(4 * 62));
  ASSERT_TRUE(banks.claim(4 * 1));
  // Words 60..75 lie in banks 60..63, 0..11.
  EXPECT_EQ(banks.claim_words(4 * 60, 0xFFFF), 0xFFFFu & ~(1u << 2) & ~(1u << 5));
  EXPECT_EQ(banks.claim_words(4 * 60, 0xFFFF), 0u);
}

// Oracle: a set of bank numbers.
TEST(BankArbiterTest, AgreesWithASetOfBanksForAnyBankCount) {
  const unsigned seed = fresh_seed();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (const unsigned count : {16u, 32u, 64u}) {
    bank_arbiter banks(count);
    for (int cycle = 0; cycle < 2000; ++cycle) {
      banks.begin();
      std::set<unsigned> taken;
      for (int request = 0; request < 6; ++request) {
        const std::uint32_t offset = 4 * (random() % 100000);
        if (random() % 2) {
          EXPECT_EQ(banks.claim(offset), taken.insert(offset / 4 % count).second);
        } else {
          const std::uint32_t words = random() & 0xFFFF;
          std::uint32_t expected = 0;
          for (unsigned i = 0; i < 16; ++i)
            if ((words >> i & 1) && taken.insert((offset / 4 + i) % count).second) expected |= 1u << i;
          EXPECT_EQ(banks.claim_words(offset, words), expected);
        }
      }
    }
  }
}

TEST(TransferWordsTest, WritesOnlyTheBytesOfTheBeat) {
  std::vector<std::uint8_t> l1(256, 0xEE);
  l1_port port;
  port.start(0x21, 9, true);  // bytes 0x21..0x29: words 0x20, 0x24, 0x28
  for (unsigned i = 0; i < sizeof port.data; ++i) port.data[i] = static_cast<std::uint8_t>(i);
  ASSERT_EQ(port.words, 7u);
  transfer_words(port, 0b010, l1.data());
  EXPECT_EQ(port.words, 0b101u);
  EXPECT_EQ(l1[0x23], 0xEE);
  EXPECT_EQ(l1[0x24], 4);
  EXPECT_EQ(l1[0x27], 7);
  l1[0x24] = 0xAA;  // somebody else's, later
  transfer_words(port, 0b101, l1.data());
  EXPECT_EQ(l1[0x24], 0xAA) << "each word is moved in the cycle of its grant only";
  EXPECT_FALSE(port.busy());
  EXPECT_EQ(l1[0x20], 0xEE);
  EXPECT_EQ(l1[0x21], 1);
  EXPECT_EQ(l1[0x29], 9);
  EXPECT_EQ(l1[0x2A], 0xEE);
}

TEST(TransferWordsTest, ReadsEachWordInTheCycleOfItsGrant) {
  std::vector<std::uint8_t> l1(256, 1);
  l1_port port;
  port.start(0x20, 12, false);
  transfer_words(port, 0b010, l1.data());
  std::fill(l1.begin(), l1.end(), std::uint8_t{2});
  transfer_words(port, 0b101, l1.data());
  for (unsigned i = 0; i < 12; ++i) EXPECT_EQ(port.data[i], i / 4 == 1 ? 1 : 2) << i;
}

// The words that are left are the first ones: not the whole beat for all that.
TEST(TransferWordsTest, TheLastWordStaysAsItWasWhenTheFirstOnesFollow) {
  for (const unsigned bytes : {9u, 10u, 11u, 12u}) {
    std::vector<std::uint8_t> l1(64, 1);
    l1_port port;
    port.start(0, bytes, true);
    for (unsigned i = 0; i < 12; ++i) port.data[i] = 5;
    transfer_words(port, 0b100, l1.data());
    EXPECT_EQ(l1[8], 5) << bytes;
    l1[8] = 7;  // somebody else's, later
    transfer_words(port, 0b011, l1.data());
    EXPECT_EQ(l1[8], 7) << bytes;
    EXPECT_EQ(l1[7], 5) << bytes;
    port.start(0, bytes, false);
    transfer_words(port, 0b100, l1.data());
    l1[8] = 9;
    transfer_words(port, 0b011, l1.data());
    EXPECT_EQ(port.data[8], 7) << bytes;
    EXPECT_FALSE(port.busy());
  }
}

TEST(TransferWordsTest, ReadsAWholeBeatAtOnce) {
  std::vector<std::uint8_t> l1(256);
  for (unsigned i = 0; i < 256; ++i) l1[i] = static_cast<std::uint8_t>(i);
  l1_port port;
  port.start(64, 64, false);
  transfer_words(port, 0xFFFF, l1.data());
  EXPECT_FALSE(port.busy());
  for (unsigned i = 0; i < 64; ++i) EXPECT_EQ(port.data[i], 64 + i);
}

}  // namespace
}  // namespace ohmic
