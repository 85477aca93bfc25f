#include "sw/compiler/graph/exact_sums.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/fresh_seed.h"

namespace ohmic {
namespace {

std::int64_t clipped(std::int64_t v) { return std::clamp<std::int64_t>(v, -128, 127); }

/// Sums about the limit, about its negative and anywhere give what they give without it, and nothing leaves 32 bits.
void expect_same_outputs(std::int32_t limit, std::int64_t m, std::int64_t b, unsigned s, std::int64_t largest,
                         std::mt19937& random) {
  std::uniform_int_distribution<std::int64_t> anywhere(-largest, largest);
  for (int i = 0; i < 20; ++i) {
    const std::int64_t at = i < 8    ? std::int64_t{limit} + i - 4
                            : i < 16 ? -std::int64_t{limit} - 12 + i
                                     : anywhere(random);
    const std::int64_t sum = std::clamp(at, -largest, largest);
    const std::int64_t used = std::clamp<std::int64_t>(sum, -std::int64_t{limit} - 1, limit);
    const std::int64_t product = used * m, in_32_bits = product + b;
    ASSERT_EQ(product, static_cast<std::int32_t>(product)) << "m " << m << ", b " << b << ", s " << s;
    ASSERT_EQ(in_32_bits, static_cast<std::int32_t>(in_32_bits)) << "m " << m << ", b " << b << ", s " << s;
    ASSERT_EQ(clipped(in_32_bits >> s), clipped((sum * m + b) >> s))
        << "sum " << sum << ", m " << m << ", b " << b << ", s " << s;
  }
}

TEST(ExactSums, LargestTakesTheWorstInputOfEachChannel) {
  crossbar_layer layer;
  layer.in_channels = 2;
  layer.out_channels = 2;
  layer.weights = {1, -128, 127, 0};
  EXPECT_EQ(largest_sums(layer), (std::vector<std::int64_t>{129 * 128, 127 * 128}));
}

TEST(ExactSums, NoLimitWhereEverythingFits) {
  EXPECT_EQ(sum_limit(100, 1 << 20, 16, 20'000'000), sum_without_limit);
  EXPECT_EQ(sum_limit(0, -5, 16, 1 << 30), sum_without_limit);
}

TEST(ExactSums, NoLimitIsPossibleWhereOutputsAreTooFine) {
  EXPECT_EQ(sum_limit(32767, 0, 24, 1 << 28), std::nullopt) << "129 << 24 does not fit 32 bits";
}

// (129 << 20) + 1006086213, divided by 32767 and rounded up, is a limit of 34833, whose product and offset fit 32 bits;
// one more, to which a negative sum is cut, does not.
TEST(ExactSums, ALimitAndTheSumBelowItFit32Bits) {
  constexpr std::int64_t m = 32767, b = 1006086213, most = 0x7fffffff;
  constexpr std::int64_t limit = ((std::int64_t{129} << 20) + b + m - 1) / m;
  static_assert(limit == 34833 && limit * m + b <= most && (limit + 1) * m + b > most);
  EXPECT_EQ(sum_limit(m, b, 20, 1 << 28), std::nullopt);
  EXPECT_EQ(sum_limit(m, b - m, 20, 1 << 28), 34832) << "one step less";
}

/// Sums beyond the limit give what the limit gives, and nothing leaves 32 bits.
TEST(ExactSums, ALimitChangesNoOutput) {
  const unsigned seed = fresh_seed();
  RecordProperty("seed", std::to_string(seed));
  std::mt19937 random(seed);
  const auto number = [&](std::int64_t lo, std::int64_t hi) {
    return std::uniform_int_distribution<std::int64_t>(lo, hi)(random);
  };
  int limited = 0;
  for (int round = 0; round < 4000; ++round) {
    const std::int64_t m = number(0, 32767), b = number(-(1 << 29), 1 << 29), largest = number(1, 1 << 28);
    const auto s = static_cast<unsigned>(number(1, 24));
    const std::optional<std::int32_t> limit = sum_limit(m, b, s, largest);
    if (!limit) continue;
    limited += *limit != sum_without_limit;
    expect_same_outputs(*limit, m, b, s, largest, random);
    if (HasFatalFailure()) FAIL() << "seed " << seed;
  }
  EXPECT_GT(limited, 100);
}

/// Codes of any constants that an ADC may have: up to s = 24 there is a limit unless m has nothing but factors of 255
/// and 2, in which case what is halved has one; from 25 on only small sums have room.
TEST(ExactSums, ALimitOfCodesChangesNoneOfThem) {
  const unsigned seed = fresh_seed();
  RecordProperty("seed", std::to_string(seed));
  std::mt19937 random(seed);
  const auto number = [&](std::int64_t lo, std::int64_t hi) {
    return std::uniform_int_distribution<std::int64_t>(lo, hi)(random);
  };
  int limited = 0, of_24 = 0;
  for (int round = 0; round < 4000; ++round) {
    const std::int64_t m = number(0, 1) ? number(0, 32767) : 2 * number(8192, 16383) + 1, largest = number(1, 1 << 23);
    const auto s = static_cast<unsigned>(number(1, 26));
    const std::int64_t half = std::int64_t{1} << (s - 1);
    const std::optional<std::int32_t> limit = code_limit(m, s, largest);
    if (s < 24 || (s == 24 && (255 << 23) % std::max<std::int64_t>(m, 1) != 0)) {
      ASSERT_TRUE(limit.has_value()) << "m " << m << ", s " << s;
    }
    if (!limit) continue;
    limited += *limit != sum_without_limit;
    of_24 += s == 24 && *limit != sum_without_limit;
    expect_same_outputs(*limit, m, half, s, largest, random);
    if (HasFatalFailure()) FAIL() << "seed " << seed;
  }
  EXPECT_GT(limited, 100);
  EXPECT_GT(of_24, 20);
}

}  // namespace
}  // namespace ohmic
