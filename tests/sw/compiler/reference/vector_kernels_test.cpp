// Every instruction set that this processor has, the plain C++ included, against the sentences of vector_kernels.h in
// wide integers.
#include "sw/compiler/reference/vector_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "tests/fresh_seed.h"

namespace ohmic {
namespace {

using wide = __int128;

wide floor_shift(wide v, unsigned s) {
  const wide unit = wide{1} << s;
  return v >= 0 ? v / unit : -((-v + unit - 1) / unit);
}
int clip(wide v, int lo, int hi) { return v < lo ? lo : v > hi ? hi : static_cast<int>(v); }

class VectorKernels : public ::testing::Test {
 protected:
  void SetUp() override {
    seed = fresh_seed();
    RecordProperty("seed", std::to_string(seed));
    random.seed(seed);
    sets = vector_kernels::all(&count);
  }
  int number(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); }
  template <class type>
  std::vector<type> numbers(std::size_t n, int low, int high) {
    std::vector<type> v(n);
    for (type& x : v) x = static_cast<type>(number(low, high));
    return v;
  }
  template <class check>
  void for_each_set(const check& f) {
    for (int set = 0; set < count; ++set) {
      SCOPED_TRACE("set " + std::to_string(set) + ", seed " + std::to_string(seed));
      f(sets[set]);
    }
  }

  unsigned seed = 0;
  std::mt19937 random;
  const vector_kernels* sets = nullptr;
  int count = 0;
};

TEST_F(VectorKernels, ThePlainOnesAreAlwaysThereAndTheBestIsTheLastThatTheProcessorHas) {
  ASSERT_GE(count, 1);
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2")) {
    EXPECT_GE(count, 2);
  }
#endif
  EXPECT_EQ(vector_kernels::best().multiply, sets[count - 1].multiply);
  for (int a = 0; a < count; ++a)
    for (int b = 0; b < a; ++b) EXPECT_NE(sets[a].multiply, sets[b].multiply) << "one for each instruction set";
}

TEST_F(VectorKernels, MultiplyIsTheProductOfEveryRunOfAWindowForEveryNumberOfPixels) {
  for (const int outputs : {16, 32, 48})
    for (int pixels = 1; pixels <= 17; ++pixels) {
      const std::ptrdiff_t stride = number(1, 9);
      std::vector<vector_kernels::run> runs;
      for (int r = number(1, 3); r > 0; --r) runs.push_back({number(0, 40), number(1, 5)});
      std::size_t pairs = 0;
      for (const vector_kernels::run& run : runs) pairs += static_cast<std::size_t>(run.pairs);
      const auto map = numbers<std::int16_t>(static_cast<std::size_t>(17 * 9 + 60), -128, 127);
      const auto weights = numbers<std::int16_t>(pairs * outputs * 2, -128, 127);
      std::vector<std::int32_t> expected(static_cast<std::size_t>(pixels * outputs));
      for (int p = 0; p < pixels; ++p)
        for (int o = 0; o < outputs; ++o) {
          long sum = 0;
          std::size_t pair = 0;
          for (const vector_kernels::run& run : runs)
            for (int k = 0; k < run.pairs; ++k, ++pair)
              for (int half = 0; half < 2; ++half)
                sum += long{map[static_cast<std::size_t>(p * stride + run.offset + 2 * k + half)]} *
                       weights[(pair * static_cast<std::size_t>(outputs) + o) * 2 + half];
          expected[static_cast<std::size_t>(p * outputs + o)] = static_cast<std::int32_t>(sum);
        }
      for_each_set([&](const vector_kernels& k) {
        std::vector<std::int32_t> sums(expected.size() + 16, -7);
        k.multiply(map.data(), stride, pixels, runs.data(), static_cast<int>(runs.size()), weights.data(), outputs,
                   sums.data());
        for (std::size_t i = expected.size(); i < sums.size(); ++i) ASSERT_EQ(sums[i], -7) << "behind the last pixel";
        sums.resize(expected.size());
        ASSERT_EQ(sums, expected) << outputs << " outputs, " << pixels << " pixels";
      });
      if (HasFatalFailure()) return;
    }
}

TEST_F(VectorKernels, MultiplyHoldsTheLargestProducts) {
  // 2 * 512 products of -128 * -128 and of 127 * -128.
  const std::vector<std::int16_t> least(1024, -128), most(1024, 127);
  const std::vector<std::int16_t> weights(std::size_t{512} * 16 * 2, -128);
  const vector_kernels::run run{0, 512};
  for_each_set([&](const vector_kernels& k) {
    std::vector<std::int32_t> sums(16);
    k.multiply(least.data(), 0, 1, &run, 1, weights.data(), 16, sums.data());
    EXPECT_EQ(sums, std::vector<std::int32_t>(16, 1024 * 128 * 128));
    k.multiply(most.data(), 0, 1, &run, 1, weights.data(), 16, sums.data());
    EXPECT_EQ(sums, std::vector<std::int32_t>(16, -1024 * 127 * 128));
  });
}

TEST_F(VectorKernels, MultiplyDepthwiseTakesEachChannelByItself) {
  for (const int channels : {16, 48})
    for (int pixels = 1; pixels <= 5; ++pixels) {
      const std::ptrdiff_t stride = 2 * channels;
      std::vector<std::ptrdiff_t> offsets;
      for (int t = number(1, 9); t > 0; --t) offsets.push_back(number(0, 100));
      const auto map = numbers<std::int16_t>(static_cast<std::size_t>(5 * stride + 100 + channels), -128, 127);
      const auto weights = numbers<std::int16_t>(offsets.size() * channels, -128, 127);
      std::vector<std::int32_t> expected;
      for (int p = 0; p < pixels; ++p)
        for (int c = 0; c < channels; ++c) {
          int sum = 0;
          for (std::size_t t = 0; t < offsets.size(); ++t)
            sum += map[static_cast<std::size_t>(p * stride + offsets[t] + c)] *
                   weights[t * static_cast<std::size_t>(channels) + static_cast<std::size_t>(c)];
          expected.push_back(sum);
        }
      for_each_set([&](const vector_kernels& k) {
        std::vector<std::int32_t> sums(expected.size(), -7);
        k.multiply_depthwise(map.data(), stride, pixels, offsets.data(), static_cast<int>(offsets.size()),
                             weights.data(), channels, sums.data());
        EXPECT_EQ(sums, expected) << channels << " channels, " << pixels << " pixels";
      });
    }
}

TEST_F(VectorKernels, CodesAreAddedAsIn64BitsForEveryScaleAndSum) {
  constexpr std::int32_t least = std::numeric_limits<std::int32_t>::min(), most = -(least + 1);
  for (unsigned s = 1; s <= 30; ++s)
    for (const std::int32_t m : {0, 1, 2, 127, number(3, 32766), 16384, 32767}) {
      std::vector<std::int32_t> sums{0, 1, -1, least, least + 1, most, most - 1};
      // Where the code reaches its ends, and where it turns from one value to the next.
      if (m != 0)
        for (const int code : {-129, -128, -127, -1, 0, 1, 126, 127, 128})
          for (const int half : {-1, 1}) {
            const wide edge = (wide{2} * code + half) * (wide{1} << (s - 1)) / m;
            for (int d = -2; d <= 2; ++d)
              if (edge + d >= least && edge + d <= most) sums.push_back(static_cast<std::int32_t>(edge + d));
          }
      while (sums.size() % 16 != 0) sums.push_back(number(-2'000'000, 2'000'000));
      const auto before = numbers<std::int32_t>(sums.size(), -30000, 30000);
      std::vector<std::int32_t> expected = before;
      for (std::size_t i = 0; i < sums.size(); ++i)
        expected[i] += clip(floor_shift(wide{sums[i]} * m + (wide{1} << (s - 1)), s), -128, 127);
      for_each_set([&](const vector_kernels& k) {
        std::vector<std::int32_t> total = before;
        k.add_codes(sums.data(), total.data(), static_cast<int>(sums.size()), m, s);
        ASSERT_EQ(total, expected) << "m " << m << ", s " << s;
      });
      if (HasFatalFailure()) return;
    }
}

TEST_F(VectorKernels, RequantisesWithTheFloorOfItsShiftAndClipsAtBothEnds) {
  for (unsigned s = 1; s <= 30; ++s)
    for (const auto& [lo, hi] : {std::pair{-128, 127}, {0, 127}, {0, 90}}) {
      constexpr int n = 48;
      const auto total = numbers<std::int32_t>(n, -32640, 32640), m = numbers<std::int32_t>(n, 0, 32767);
      const auto b = numbers<std::int32_t>(n, -(1 << 29), 1 << 29);
      // What needs 64 bits, at and beyond the ends.
      const auto far = numbers<std::int32_t>(n, -(1 << 30), 1 << 30);
      std::vector<std::int8_t> expected(n), expected_wide(n);
      for (std::size_t i = 0; i < n; ++i) {
        expected[i] = static_cast<std::int8_t>(clip(floor_shift(wide{total[i]} * m[i] + b[i], s), lo, hi));
        expected_wide[i] = static_cast<std::int8_t>(clip(floor_shift(wide{far[i]} * m[i] + b[i], s), lo, hi));
      }
      for_each_set([&](const vector_kernels& k) {
        std::vector<std::int8_t> y(n);
        k.requantise(total.data(), m.data(), b.data(), n, s, lo, hi, y.data());
        EXPECT_EQ(y, expected) << "s " << s << ", " << lo << " .. " << hi;
        k.requantise_wide(total.data(), m.data(), b.data(), n, s, lo, hi, y.data());
        EXPECT_EQ(y, expected) << "wide, s " << s;
        k.requantise_wide(far.data(), m.data(), b.data(), n, s, lo, hi, y.data());
        EXPECT_EQ(y, expected_wide) << "wide and far, s " << s;
      });
    }
}

TEST_F(VectorKernels, TheExactFormRoundsHalvesUpBehind32BitsOfEachChannelsShift) {
  constexpr int n = 64;
  for (int round = 0; round < 20; ++round) {
    const auto sums = numbers<std::int32_t>(n, -(1 << 24), 1 << 24),
               bias = numbers<std::int32_t>(n, -(1 << 24), 1 << 24);
    std::vector<std::int64_t> m(n), s(n);
    for (std::size_t i = 0; i < n; ++i) {
      m[i] = number(1 << 30, std::numeric_limits<int>::max());
      s[i] = number(33, 60);
    }
    std::vector<std::int8_t> expected(n);
    for (std::size_t i = 0; i < n; ++i) {
      const wide high = floor_shift((wide{sums[i]} + bias[i]) * m[i], 32);
      const auto shift = static_cast<unsigned>(s[i] - 32);
      expected[i] = static_cast<std::int8_t>(clip(floor_shift(high + (wide{1} << (shift - 1)), shift), -128, 127));
    }
    for_each_set([&](const vector_kernels& k) {
      std::vector<std::int8_t> y(n);
      k.requantise_exact(sums.data(), bias.data(), m.data(), s.data(), n, -128, 127, y.data());
      EXPECT_EQ(y, expected);
    });
  }
}

TEST_F(VectorKernels, AddsTwoMapsWithRoundingUpOfHalves) {
  for (unsigned s = 1; s <= 22; ++s) {
    constexpr std::size_t n = 77;
    auto x0 = numbers<std::int8_t>(n, -128, 127), x1 = numbers<std::int8_t>(n, -128, 127);
    x0[0] = x1[0] = -128;
    x0[1] = x1[1] = 127;
    const std::int32_t a = number(0, (1 << 21) - 1), b = number(0, (1 << 21) - 1);
    for (const auto& [lo, hi] : {std::pair{-128, 127}, {0, 127}, {0, 3}}) {
      std::vector<std::int8_t> expected(n);
      for (std::size_t i = 0; i < n; ++i)
        expected[i] = static_cast<std::int8_t>(
            clip(floor_shift(wide{x0[i]} * a + wide{x1[i]} * b + (wide{1} << (s - 1)), s), lo, hi));
      for_each_set([&](const vector_kernels& k) {
        std::vector<std::int8_t> y(n);
        k.add(x0.data(), x1.data(), n, a, b, s, lo, hi, y.data());
        EXPECT_EQ(y, expected) << "s " << s;
      });
    }
  }
}

TEST_F(VectorKernels, MaximumSumAndWideningOfAnyNumberOfChannels) {
  for (int n = 1; n <= 70; ++n) {
    const auto x = numbers<std::int8_t>(static_cast<std::size_t>(n), -128, 127);
    const auto before = numbers<std::int8_t>(static_cast<std::size_t>(n), -128, 127);
    for_each_set([&](const vector_kernels& k) {
      std::vector<std::int8_t> y = before;
      k.maximum(x.data(), n, y.data());
      std::vector<std::int32_t> total(before.begin(), before.end());
      k.sum(x.data(), n, total.data());
      std::vector<std::int16_t> widened(static_cast<std::size_t>(n));
      k.widen(x.data(), n, widened.data());
      for (std::size_t i = 0; i < x.size(); ++i) {
        ASSERT_EQ(y[i], std::max(x[i], before[i])) << n;
        ASSERT_EQ(total[i], before[i] + x[i]) << n;
        ASSERT_EQ(widened[i], x[i]) << n;
      }
    });
  }
}

}  // namespace
}  // namespace ohmic
