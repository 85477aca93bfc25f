#include "ip/ima/mvm_kernels.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

namespace ohmic {
namespace {

struct aligned_block {
  explicit aligned_block(unsigned quads) : bytes(quads * mvm::quad_bytes + 64) {
    const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
    weights = bytes.data() + (64 - address % 64) % 64;
  }
  /// As the header lays it out: [quad][64 columns][4 rows].
  std::int8_t& at(unsigned row, unsigned column) {
    return weights[row / 4 * mvm::quad_bytes + column * mvm::quad_rows + row % 4];
  }
  std::vector<std::int8_t> bytes;
  std::int8_t* weights;
};

class MvmKernels : public testing::TestWithParam<mvm::simd> {
 protected:
  void SetUp() override {
    if (!mvm::supported(GetParam())) GTEST_SKIP() << "this machine lacks the instructions";
  }
  const mvm::kernel_set& kernels() { return mvm::kernels(GetParam()); }
};

// One quad, two, three and a crossbar's worth: kernels that take several at once have a rest.
TEST_P(MvmKernels, SumARowQuadAtATimeOntoTheBias) {
  std::mt19937 random(3);
  for (const unsigned quads : {0u, 1u, 2u, 3u, 63u, 64u}) {
    aligned_block block(quads);
    std::vector<std::int8_t> inputs(4 * quads + 4);
    std::vector<std::int32_t> bias(64), sums(64, -1);
    for (unsigned i = 0; i < quads * mvm::quad_bytes; ++i) block.weights[i] = static_cast<std::int8_t>(random());
    for (auto& x : inputs) x = static_cast<std::int8_t>(random());
    for (auto& b : bias) b = static_cast<std::int32_t>(random() % 100000) - 50000;
    kernels().block(block.weights, inputs.data(), quads, bias.data(), sums.data());
    for (unsigned column = 0; column < 64; ++column) {
      std::int64_t want = bias[column];
      for (unsigned row = 0; row < 4 * quads; ++row)
        want += (inputs[row] + (kernels().offset_inputs ? 128 : 0)) * block.at(row, column);
      EXPECT_EQ(sums[column], want) << quads << " quads, column " << column;
    }
  }
}

// 512-bit instructions multiply unsigned by signed bytes; 256-bit ones add pairs of products.
TEST_P(MvmKernels, ExtremesNeitherSaturateNorOverflow) {
  for (const int input : {-128, 127})
    for (const int weight : {-128, 127}) {
      aligned_block block(64);
      std::fill_n(block.weights, 64 * mvm::quad_bytes, static_cast<std::int8_t>(weight));
      const std::vector<std::int8_t> inputs(256, static_cast<std::int8_t>(input));
      const std::vector<std::int32_t> bias(64, 0);
      std::vector<std::int32_t> sums(64);
      kernels().block(block.weights, inputs.data(), 64, bias.data(), sums.data());
      const int seen = input + (kernels().offset_inputs ? 128 : 0);
      EXPECT_EQ(sums, std::vector<std::int32_t>(64, 256 * seen * weight)) << input << " * " << weight;
    }
}

// Numbers by hand: half goes up, also below zero; the whole range of sums, factors and shifts stays exact.
TEST_P(MvmKernels, TheAdcRoundsHalfUpAndClips) {
  const auto code = [&](std::int32_t sum, std::int32_t m, unsigned s) {
    std::vector<std::int32_t> sums(64, sum);
    std::vector<std::int8_t> codes(64);
    kernels().adc(sums.data(), 64, m, s, codes.data());
    EXPECT_EQ(codes, std::vector<std::int8_t>(64, codes[0]));
    return int{codes[0]};
  };
  EXPECT_EQ(code(1, 1, 1), 1);    // 0.5
  EXPECT_EQ(code(-1, 1, 1), 0);   // -0.5
  EXPECT_EQ(code(-3, 1, 1), -1);  // -1.5
  EXPECT_EQ(code(3, 1, 2), 1);    // 0.75
  EXPECT_EQ(code(-5, 1, 2), -1);  // -1.25
  EXPECT_EQ(code(254, 1, 1), 127);
  EXPECT_EQ(code(255, 1, 1), 127);
  EXPECT_EQ(code(-257, 1, 1), -128);
  constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max(),
                         least = std::numeric_limits<std::int32_t>::min();
  EXPECT_EQ(code(most, most, 1), 127);
  EXPECT_EQ(code(least, most, 1), -128);
  EXPECT_EQ(code(most, most, 62), 1);  // just below 2^62, and half of 2^62
  EXPECT_EQ(code(least, most, 62), -1);
  EXPECT_EQ(code(most, 1, 62), 0);
  EXPECT_EQ(code(least, 1, 62), 0);
  EXPECT_EQ(code(1 << 24, 1 << 30, 47), 127);
  EXPECT_EQ(code(127 << 17, 1 << 30, 47), 127);
  EXPECT_EQ(code(126 << 17, 1 << 30, 47), 126);
}

TEST_P(MvmKernels, TheAdcTakesAnyNumberOfBlocks) {
  for (const unsigned count : {64u, 128u, 256u}) {
    std::vector<std::int32_t> sums(count);
    for (unsigned i = 0; i < count; ++i) sums[i] = 2 * (static_cast<int>(i % 256) - 128);
    std::vector<std::int8_t> codes(count + 1, 77);
    kernels().adc(sums.data(), count, 1, 1, codes.data());
    for (unsigned i = 0; i < count; ++i) EXPECT_EQ(codes[i], static_cast<int>(i % 256) - 128);
    EXPECT_EQ(codes[count], 77);
  }
}

std::string name_of(mvm::simd variant) {
  const char* const names[] = {"scalar", "avx2", "avx512_vnni"};
  return names[static_cast<int>(variant)];
}

INSTANTIATE_TEST_SUITE_P(Simd, MvmKernels, testing::Values(mvm::simd::scalar, mvm::simd::avx2, mvm::simd::avx512_vnni),
                         [](const auto& variant) { return name_of(variant.param); });

TEST(MvmKernelChoice, PlainCodeRunsEverywhereAndTheBestIsSupported) {
  EXPECT_TRUE(mvm::supported(mvm::simd::scalar));
  bool found = false;
  for (const mvm::simd variant : {mvm::simd::scalar, mvm::simd::avx2, mvm::simd::avx512_vnni})
    if (mvm::supported(variant)) found |= &mvm::kernels(variant) == &mvm::best_kernels();
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace ohmic
