#include "ip/ima/crossbar.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "tests/fresh_seed.h"

namespace ohmic {
namespace {

/// The plain definition, in wide integers.
std::vector<std::int8_t> expected_codes(const std::vector<std::int8_t>& weights, unsigned columns,
                                        const std::vector<std::int8_t>& inputs, unsigned row, unsigned rows,
                                        std::int64_t m, unsigned s) {
  std::vector<std::int8_t> codes(columns);
  for (unsigned c = 0; c < columns; ++c) {
    std::int64_t sum = 0;
    for (unsigned r = row; r < row + rows; ++r) sum += std::int64_t{inputs[r]} * weights[r * columns + c];
    const __int128 scaled = (static_cast<__int128>(sum) * m + (static_cast<__int128>(1) << (s - 1))) >> s;
    codes[c] = static_cast<std::int8_t>(scaled < -128 ? -128 : scaled > 127 ? 127 : static_cast<int>(scaled));
  }
  return codes;
}

class CrossbarVariant : public testing::TestWithParam<mvm::simd> {
 protected:
  void SetUp() override {
    if (!mvm::supported(GetParam())) GTEST_SKIP() << "this machine lacks the instructions";
  }

  void load(crossbar& x, const std::vector<std::int8_t>& weights) {
    ASSERT_TRUE(x.write_weights(0, reinterpret_cast<const std::uint8_t*>(weights.data()), weights.size()));
  }

  /// Rows outside the range are zero, as the contract asks.
  std::vector<std::int8_t> codes(crossbar& x, const std::vector<std::int8_t>& inputs, unsigned row, unsigned rows,
                                 unsigned column, unsigned columns, std::int32_t m, unsigned s) {
    std::vector<std::int8_t> padded(x.input_bytes(), 0), out(x.code_bytes(), 99);
    std::copy_n(inputs.begin() + row, rows, padded.begin() + row);
    x.mvm(padded.data(), row, rows, column, columns, m, s, out.data());
    return {out.begin() + column, out.begin() + column + columns};
  }
};

TEST_P(CrossbarVariant, SumsExtremesExactly) {
  // Each cell of the table is the worst case of some SIMD shortcut (saturating pairs, missing offset
  // correction).
  for (const int input : {-128, -1, 0, 1, 127}) {
    for (const int weight : {-128, -1, 0, 1, 127}) {
      crossbar x(256, 256, mvm::kernels(GetParam()));
      const std::vector<std::int8_t> weights(256 * 256, static_cast<std::int8_t>(weight));
      const std::vector<std::int8_t> inputs(256, static_cast<std::int8_t>(input));
      load(x, weights);
      // 256 * 128 * 128 = 2^22: m = 127, s = 22 keeps its sign and size visible.
      EXPECT_EQ(codes(x, inputs, 0, 256, 0, 256, 127, 22), expected_codes(weights, 256, inputs, 0, 256, 127, 22))
          << input << " * " << weight;
    }
  }
}

TEST_P(CrossbarVariant, EqualsTheDefinitionOnRandomRangesAndScales) {
  const unsigned seed = fresh_seed();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const auto upto = [&](unsigned n) { return std::uniform_int_distribution<unsigned>(0, n)(random); };
  for (const auto& [rows, columns] : {std::pair{256u, 256u}, {64u, 128u}, {37u, 70u}, {1u, 1u}}) {
    crossbar x(rows, columns, mvm::kernels(GetParam()));
    std::vector<std::int8_t> weights(rows * columns), inputs(rows);
    for (auto& w : weights) w = static_cast<std::int8_t>(random());
    load(x, weights);
    for (int trial = 0; trial < 60; ++trial) {
      for (auto& i : inputs) i = static_cast<std::int8_t>(random());
      const unsigned row = upto(rows - 1), count = 1 + upto(rows - 1 - row);
      const unsigned column = upto(columns - 1), width = 1 + upto(columns - 1 - column);
      const unsigned s = 1 + upto(61);
      // Aim m at codes in range now and then, and at the extremes otherwise.
      const auto m = static_cast<std::int32_t>(
          std::min<std::uint64_t>(0x7FFFFFFF, 1 + (random() & (trial % 3 ? (1ull << std::min(s, 31u)) / 512 : ~0u))));
      const auto want = expected_codes(weights, columns, inputs, row, count, m, s);
      EXPECT_EQ(codes(x, inputs, row, count, column, width, m, s),
                std::vector<std::int8_t>(want.begin() + column, want.begin() + column + width));
    }
  }
}

TEST_P(CrossbarVariant, SeesWeightsWrittenAfterAnMvm) {
  crossbar x(64, 64, mvm::kernels(GetParam()));
  std::vector<std::int8_t> weights(64 * 64, 1);
  const std::vector<std::int8_t> inputs(64, -2);
  load(x, weights);
  EXPECT_EQ(codes(x, inputs, 0, 64, 0, 64, 1, 1), expected_codes(weights, 64, inputs, 0, 64, 1, 1));
  const std::uint8_t changed = 100;
  ASSERT_TRUE(x.write_weights(5 * 64 + 7, &changed, 1));
  weights[5 * 64 + 7] = 100;
  EXPECT_EQ(codes(x, inputs, 0, 64, 0, 64, 1, 3), expected_codes(weights, 64, inputs, 0, 64, 1, 3));
}

INSTANTIATE_TEST_SUITE_P(Simd, CrossbarVariant,
                         testing::Values(mvm::simd::scalar, mvm::simd::avx2, mvm::simd::avx512_vnni),
                         [](const auto& variant) {
                           return std::string(variant.param == mvm::simd::scalar ? "scalar"
                                              : variant.param == mvm::simd::avx2 ? "avx2"
                                                                                 : "avx512_vnni");
                         });

TEST(Crossbar, ReadsBackWhatWasWrittenByRowAndColumn) {
  crossbar x(6, 70);
  std::vector<std::uint8_t> bytes(6 * 70), back(6 * 70, 1);
  ASSERT_TRUE(x.read_weights(0, back.data(), back.size()));
  EXPECT_EQ(back, bytes) << "a crossbar that was never written holds zeros";
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 37);
  ASSERT_TRUE(x.write_weights(0, bytes.data(), bytes.size()));
  ASSERT_TRUE(x.read_weights(0, back.data(), back.size()));
  EXPECT_EQ(back, bytes);
  std::uint8_t one = 0;
  ASSERT_TRUE(x.read_weights(3 * 70 + 69, &one, 1));
  EXPECT_EQ(one, bytes[3 * 70 + 69]);
}

TEST(Crossbar, RefusesDebugAccessBeyondItsCells) {
  crossbar x(4, 4);
  std::uint8_t bytes[2] = {1, 2};
  EXPECT_FALSE(x.write_weights(15, bytes, 2));
  EXPECT_FALSE(x.read_weights(16, bytes, 1));
  EXPECT_FALSE(x.read_weights(~0ull, bytes, 2));
  EXPECT_TRUE(x.read_weights(15, bytes, 1));
  EXPECT_EQ(bytes[0], 0) << "the refused write had no effect";
}

TEST(Crossbar, WithoutWeightsAnswersZeroCodes) {
  crossbar x(256, 256);
  std::vector<std::int8_t> inputs(256, 127), codes(256, 5);
  x.mvm(inputs.data(), 0, 256, 0, 256, 1, 1, codes.data());
  EXPECT_EQ(codes, std::vector<std::int8_t>(256, 0));
}

}  // namespace
}  // namespace ohmic
