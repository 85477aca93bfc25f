#include "ip/iss/instruction_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace ohmic::iss {
namespace {

constexpr unsigned real_count = static_cast<unsigned>(op::illegal);

/// The instructions of the description that a word is, looked at one after the other.
std::vector<op> all_that_match(std::uint32_t word) {
  std::vector<op> found;
  for (unsigned i = 0; i < real_count; ++i)
    if ((word & instructions[i].mask) == instructions[i].match) found.push_back(static_cast<op>(i));
  return found;
}

TEST(InstructionSet, EveryInstructionIsIdentifiedByItsFixedBitsWhateverItsOperands) {
  std::mt19937 random(1);
  for (unsigned i = 0; i < real_count; ++i) {
    const instruction_info& what = instructions[i];
    EXPECT_EQ(what.match & ~what.mask, 0u) << what.mnemonic << " asks for bits that it does not look at";
    for (unsigned n = 0; n < 20; ++n) {
      const std::uint32_t operands = n == 0 ? 0 : n == 1 ? ~0u : random();
      const std::uint32_t word = what.match | (operands & ~what.mask);
      EXPECT_EQ(identify(word), static_cast<op>(i)) << what.mnemonic << std::hex << " " << word;
    }
  }
}

TEST(InstructionSet, NoWordIsTwoInstructions) {
  std::mt19937 random(2);
  for (unsigned n = 0; n < 20000; ++n) {
    std::uint32_t word = random() | 3;
    // Near an instruction: one of its fixed bits changed.
    if (n % 2 == 0) word = instructions[random() % real_count].match ^ 1u << (2 + random() % 30);
    const std::vector<op> found = all_that_match(word);
    ASSERT_LE(found.size(), 1u) << std::hex << word;
    EXPECT_EQ(identify(word), found.empty() ? op::illegal : found[0]) << std::hex << word << ", seed 2";
  }
}

TEST(InstructionSet, SixteenBitsAreNoInstructionOfThirtyTwo) {
  std::mt19937 random(3);
  for (unsigned n = 0; n < 1000; ++n) {
    const std::uint32_t word = instructions[random() % real_count].match;
    for (const std::uint32_t length : {0u, 1u, 2u}) {
      EXPECT_EQ(identify((word & ~3u) | length), op::illegal) << std::hex << word;
      EXPECT_FALSE(is_wide(static_cast<std::uint16_t>((word & ~3u) | length)));
    }
    EXPECT_TRUE(is_wide(static_cast<std::uint16_t>(word)));
  }
}

TEST(InstructionSet, NoTwoAreWrittenAlike) {
  std::set<std::pair<std::string_view, format>> names;
  for (unsigned i = 0; i < real_count; ++i)
    EXPECT_TRUE(names.insert({instructions[i].mnemonic, instructions[i].format}).second) << instructions[i].mnemonic;
}

}  // namespace
}  // namespace ohmic::iss
