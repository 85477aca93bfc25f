#include "ip/ima/pcm/pcm_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

namespace ohmic::pcm {
namespace {

constexpr philox_key key{0x12345678, 0x9abcdef0};

/// Bit for bit, so that a zero's sign and the last digit count.
bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

class PcmKernels : public testing::TestWithParam<mvm::simd> {
 protected:
  void SetUp() override {
    if (!mvm::supported(GetParam())) GTEST_SKIP() << "this machine lacks the instructions";
  }
  const kernel_set& set() { return kernels_of(GetParam()); }
  const kernel_set& plain() { return kernels_of(mvm::simd::scalar); }
};

TEST_P(PcmKernels, WordsAreThoseOfTheirCounters) {
  for (const unsigned blocks : {1u, 5u, 16u, 100u}) {
    std::vector<std::uint32_t> words(4 * blocks);
    set().words(key, {0xFFFFFFF0u, 2, 3, 4}, blocks, words.data());
    for (unsigned i = 0; i < blocks; ++i) {
      const philox_counter want = philox({0xFFFFFFF0u + i, 2, 3, 4}, key);
      for (unsigned k = 0; k < 4; ++k) ASSERT_EQ(words[k * blocks + i], want[k]) << i << " " << k;
    }
  }
}

// The definition of Box and Muller with the C library's functions in long double; the angle's origin is ours.
TEST_P(PcmKernels, NormalsAreBoxAndMullersOfTheWords) {
  constexpr unsigned blocks = 4096;
  std::vector<std::uint32_t> words(4 * blocks);
  std::vector<double> normals(4 * blocks);
  set().words(key, {7, 0, 0, 1}, blocks, words.data());
  set().normals(key, {7, 0, 0, 1}, blocks, normals.data());
  for (unsigned half = 0; half < 2; ++half)
    for (unsigned i = 0; i < blocks; ++i) {
      const std::uint32_t r = words[2 * half * blocks + i], a = words[(2 * half + 1) * blocks + i];
      const long double radius = std::sqrt(-2 * std::log((r + 0.5L) / 4294967296.0L));
      const long double turn = (a + 0.5L) / 4294967296.0L - 0.125L;
      const long double pi = std::acos(-1.0L);
      ASSERT_NEAR(normals[2 * half * blocks + i], radius * std::cos(2 * pi * turn), 4e-15);
      ASSERT_NEAR(normals[(2 * half + 1) * blocks + i], radius * std::sin(2 * pi * turn), 4e-15);
    }
}

TEST_P(PcmKernels, NormalsDoNotDependOnHowManyAreAskedFor) {
  std::vector<double> many(4 * 150), one(4);
  set().normals(key, {1, 2, 3, 4}, 150, many.data());
  for (const unsigned i : {0u, 63u, 64u, 149u}) {
    set().normals(key, {1 + i, 2, 3, 4}, 1, one.data());
    for (unsigned k = 0; k < 4; ++k) EXPECT_EQ(one[k], many[k * 150 + i]);
  }
}

TEST_P(PcmKernels, GiveTheBitsOfPlainCode) {
  constexpr unsigned blocks = 1000, n = 4 * blocks;
  std::vector<double> xi(n), plain_xi(n);
  set().normals(key, {0, 9, 9, 9}, blocks, xi.data());
  plain().normals(key, {0, 9, 9, 9}, blocks, plain_xi.data());
  EXPECT_TRUE(same_bits(xi, plain_xi));
  for (const device_model& model : {pcm_like_devices(), hermes_devices()}) {
    std::vector<double> target(n);
    for (unsigned i = 0; i < n; ++i) target[i] = i % 3 ? model.g_max * i / n : 0;
    for (const double t : {-400.0, 0.0, 1.0, 3600.0, 3.1536e7}) {
      std::vector<double> results[2][5];
      for (unsigned s = 0; s < 2; ++s) {
        auto& [g, nu, drifted, deviation, last] = results[s];
        for (auto& v : results[s]) v.resize(n);
        const kernel_set& k = s == 0 ? set() : plain();
        k.program(model, target.data(), xi.data(), &xi[1], n - 1, g.data(), nu.data());
        k.drift(model, g.data(), nu.data(), t, n, drifted.data(), deviation.data());
        k.read(drifted.data(), deviation.data(), xi.data(), n, last.data());
      }
      for (unsigned i = 0; i < 5; ++i) EXPECT_TRUE(same_bits(results[0][i], results[1][i])) << i << " at " << t;
    }
  }
}

TEST_P(PcmKernels, SumsAreExactAtTheEnds) {
  for (const unsigned pairs : {1u, 2u, 3u, 128u, 256u})
    for (const int input : {-128, 127}) {
      const std::vector<std::int16_t> inputs(2 * pairs, static_cast<std::int16_t>(input));
      std::vector<std::int32_t> sums(block_columns);
      for (const int weight : {-32767, -1, 32767}) {
        const std::vector<std::int16_t> weights(pairs * pair_cells, static_cast<std::int16_t>(weight));
        set().multiply(weights.data(), inputs.data(), pairs, sums.data());
        EXPECT_EQ(sums,
                  std::vector<std::int32_t>(block_columns, static_cast<std::int32_t>(2 * pairs) * input * weight));
      }
      const std::vector<std::int16_t> squares(2 * pairs, 16384);
      const std::vector<std::uint8_t> bytes(pairs * pair_cells, 255);
      set().multiply_bytes(bytes.data(), squares.data(), pairs, sums.data());
      EXPECT_EQ(sums, std::vector<std::int32_t>(block_columns, static_cast<std::int32_t>(2 * pairs) * 16384 * 255));
    }
}

TEST_P(PcmKernels, SumsAreEachColumnsOwn) {
  std::mt19937 random(5);
  for (const unsigned pairs : {1u, 7u, 128u}) {
    std::vector<std::int16_t> weights(pairs * pair_cells), inputs(2 * pairs);
    std::vector<std::uint8_t> bytes(pairs * pair_cells);
    for (auto& w : weights) w = static_cast<std::int16_t>(random());
    for (auto& b : bytes) b = static_cast<std::uint8_t>(random());
    for (auto& x : inputs) x = static_cast<std::int8_t>(random());
    std::vector<std::int32_t> sums(block_columns), byte_sums(block_columns);
    set().multiply(weights.data(), inputs.data(), pairs, sums.data());
    set().multiply_bytes(bytes.data(), inputs.data(), pairs, byte_sums.data());
    for (unsigned c = 0; c < block_columns; ++c) {
      std::int64_t want = 0, want_bytes = 0;
      for (unsigned r = 0; r < 2 * pairs; ++r) {
        const std::size_t cell = r / 2 * pair_cells + 2 * c + r % 2;
        want += std::int64_t{inputs[r]} * weights[cell];
        want_bytes += std::int64_t{inputs[r]} * bytes[cell];
      }
      ASSERT_EQ(sums[c], want);
      ASSERT_EQ(byte_sums[c], want_bytes);
    }
  }
}

// By hand: sqrt(400 * 0.25) = 10; halves go to the even neighbour.
TEST_P(PcmKernels, NoiseIsTheRootOfTheVarianceTimesADeviateRounded) {
  std::vector<std::int32_t> sums(block_columns, 100), variance(block_columns, 400);
  std::vector<double> xi(block_columns, 0.0);
  xi[0] = 1, xi[1] = -1, xi[2] = 0.25, xi[3] = 0.35, xi[4] = -0.26, xi[63] = 2;
  variance[5] = 0, xi[5] = 3;
  set().add_noise(variance.data(), 0.25, xi.data(), sums.data());
  EXPECT_EQ(sums[0], 110);
  EXPECT_EQ(sums[1], 90);
  EXPECT_EQ(sums[2], 102);
  EXPECT_EQ(sums[3], 104);
  EXPECT_EQ(sums[4], 97);
  EXPECT_EQ(sums[5], 100);
  EXPECT_EQ(sums[6], 100);
  EXPECT_EQ(sums[63], 120);
}

INSTANTIATE_TEST_SUITE_P(Simd, PcmKernels, testing::Values(mvm::simd::scalar, mvm::simd::avx2, mvm::simd::avx512_vnni),
                         [](const auto& variant) {
                           return std::string(variant.param == mvm::simd::scalar ? "scalar"
                                              : variant.param == mvm::simd::avx2 ? "avx2"
                                                                                 : "avx512_vnni");
                         });

// A million deviates against the normal distribution's own figures; limits are four standard errors of each.
TEST(PcmNormals, AreStandardNormal) {
  constexpr unsigned blocks = 250000, n = 4 * blocks;
  std::vector<double> xi(n);
  best_kernels().normals(key_of(20261129), {0, 0, 0, 0}, blocks, xi.data());
  double moment[5] = {};
  for (const double x : xi)
    for (int p = 1; p <= 4; ++p) moment[p] += std::pow(x, p) / n;
  EXPECT_NEAR(moment[1], 0, 4 * std::sqrt(1.0 / n));
  EXPECT_NEAR(moment[2], 1, 4 * std::sqrt(2.0 / n));
  EXPECT_NEAR(moment[3], 0, 4 * std::sqrt(15.0 / n));
  EXPECT_NEAR(moment[4], 3, 4 * std::sqrt(96.0 / n));
  // The four numbers of a counter, and those of neighbours, have nothing to do with each other.
  for (unsigned a = 0; a < 4; ++a)
    for (unsigned b = 0; b < 4; ++b)
      for (unsigned shift = a < b ? 0 : 1; shift < 3; ++shift) {
        double product = 0;
        for (unsigned i = 0; i + shift < blocks; ++i) product += xi[a * blocks + i] * xi[b * blocks + i + shift];
        EXPECT_NEAR(product / blocks, 0, 4.5 / std::sqrt(blocks)) << a << " " << b << " " << shift;
      }
  // Kolmogorov and Smirnov: 1.95 / sqrt(n) is exceeded once in a thousand.
  std::sort(xi.begin(), xi.end());
  double greatest = 0;
  for (unsigned i = 0; i < n; ++i)
    greatest = std::max(greatest, std::fabs(0.5 * std::erfc(-xi[i] / std::sqrt(2.0)) - (i + 0.5) / n));
  EXPECT_LT(greatest, 1.95 / std::sqrt(n));
  // P(|x| > 4) = 6.334e-5.
  const auto tail = std::count_if(xi.begin(), xi.end(), [](double x) { return std::fabs(x) > 4; });
  EXPECT_NEAR(static_cast<double>(tail), 63.34, 4 * std::sqrt(63.34));
}

}  // namespace
}  // namespace ohmic::pcm
