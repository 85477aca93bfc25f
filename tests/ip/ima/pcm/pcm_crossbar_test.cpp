#include "ip/ima/pcm/pcm_crossbar.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "ip/ima/crossbar.h"
#include "tests/fresh_seed.h"

namespace ohmic::pcm {
namespace {

using bytes = std::vector<std::int8_t>;

bytes random_bytes(std::size_t count, std::mt19937& random) {
  bytes result(count);
  for (auto& b : result) b = static_cast<std::int8_t>(random());
  return result;
}

pcm_options without_noise() {
  pcm_options o;
  o.devices.programming_scale = o.devices.drift_scale = 0;
  o.reads = read_noise::off;
  return o;
}

/// Padded as mvm() asks.
bytes codes_of(const pcm_crossbar& x, const bytes& inputs, unsigned row, unsigned rows, unsigned column,
               unsigned columns, std::int32_t m, unsigned s, std::uint32_t tag = 0) {
  bytes padded(inputs.size() + 4, 0), codes(column + columns + 64);
  std::copy_n(inputs.begin() + row, rows, padded.begin() + row);
  pcm_crossbar::workspace space;
  x.mvm(padded.data(), row, rows, column, columns, m, s, tag, codes.data(), space);
  return {codes.begin() + column, codes.begin() + column + columns};
}

class PcmCrossbarVariant : public testing::TestWithParam<mvm::simd> {
 protected:
  void SetUp() override {
    if (!mvm::supported(GetParam())) GTEST_SKIP() << "this machine lacks the instructions";
  }
};

// The reference is the ideal crossbar, whose own test is the definition in wide integers.
TEST_P(PcmCrossbarVariant, WithoutNoiseGivesTheCodesOfAnIdealCrossbar) {
  const unsigned seed = fresh_seed();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const auto upto = [&](unsigned n) { return std::uniform_int_distribution<unsigned>(0, n)(random); };
  for (const weight_scale scale : {weight_scale::range, weight_scale::crossbar, weight_scale::column})
    for (const device_model& devices : {pcm_like_devices(), hermes_devices()})
      for (const auto& [rows, columns] : {std::pair{256u, 256u}, {37u, 70u}, {1u, 1u}, {1000u, 65u}}) {
        pcm_options options = without_noise();
        options.devices = devices;
        options.devices.programming_scale = options.devices.drift_scale = 0;
        options.scale = scale;
        const bytes weights = random_bytes(std::size_t{rows} * columns, random);
        pcm_crossbar noisy(rows, columns, options, 3, kernels_of(GetParam()));
        noisy.program(weights.data());
        crossbar ideal(rows, columns);
        ideal.write_weights(0, reinterpret_cast<const std::uint8_t*>(weights.data()), weights.size());
        for (int trial = 0; trial < 20; ++trial) {
          const bytes inputs = random_bytes(rows, random);
          const unsigned row = upto(rows - 1), count = 1 + upto(rows - 1 - row);
          const unsigned column = upto(columns - 1), width = 1 + upto(columns - 1 - column);
          const unsigned s = 1 + upto(61);
          const auto m = static_cast<std::int32_t>(std::min<std::uint64_t>(
              0x7FFFFFFF, 1 + (random() & (trial % 3 ? (1ull << std::min(s, 31u)) / 512 : ~0u))));
          bytes padded(ideal.input_bytes(), 0), want(ideal.code_bytes());
          std::copy_n(inputs.begin() + row, count, padded.begin() + row);
          ideal.mvm(padded.data(), row, count, column, width, m, s, want.data());
          ASSERT_EQ(codes_of(noisy, inputs, row, count, column, width, m, s),
                    bytes(want.begin() + column, want.begin() + column + width));
        }
      }
}

TEST_P(PcmCrossbarVariant, GivesTheBitsOfPlainCode) {
  std::mt19937 random(11);
  for (const read_noise reads : {read_noise::off, read_noise::once, read_noise::per_mvm})
    for (const device_model& devices : {pcm_like_devices(), hermes_devices()}) {
      const bytes weights = random_bytes(101 * 130, random);
      pcm_options options;
      options.devices = devices;
      options.reads = reads;
      options.time_s = 3600;
      options.dead = options.stuck = 0.01;
      pcm_crossbar a(101, 130, options, 7, kernels_of(GetParam())),
          b(101, 130, options, 7, kernels_of(mvm::simd::scalar));
      a.program(weights.data());
      b.program(weights.data());
      for (std::uint32_t tag = 0; tag < 20; ++tag) {
        const bytes inputs = random_bytes(101, random);
        ASSERT_EQ(codes_of(a, inputs, 3, 90, 5, 120, 1 << 20, 33, tag),
                  codes_of(b, inputs, 3, 90, 5, 120, 1 << 20, 33, tag));
      }
    }
}

INSTANTIATE_TEST_SUITE_P(Simd, PcmCrossbarVariant,
                         testing::Values(mvm::simd::scalar, mvm::simd::avx2, mvm::simd::avx512_vnni),
                         [](const auto& variant) {
                           return std::string(variant.param == mvm::simd::scalar ? "scalar"
                                              : variant.param == mvm::simd::avx2 ? "avx2"
                                                                                 : "avx512_vnni");
                         });

/// Weights 256 x 256 and inputs of small deviation, and ADC scales at which codes move.
class PcmCrossbar : public testing::Test {
 protected:
  PcmCrossbar() : random(4), weights(random_bytes(256 * 256, random)), inputs(random_bytes(256, random)) {}

  pcm_crossbar make(const pcm_options& options, std::uint32_t identity = 1) const {
    pcm_crossbar x(256, 256, options, identity);
    x.program(weights.data());
    return x;
  }
  bytes codes(const pcm_crossbar& x, std::uint32_t tag = 0, unsigned column = 0, unsigned columns = 256) const {
    return codes_of(x, inputs, 0, 256, column, columns, 1 << 18, 32, tag);
  }

  std::mt19937 random;
  bytes weights, inputs;
};

TEST_F(PcmCrossbar, IsTheSameForTheSameSeedCrossbarAndTagOnly) {
  pcm_options options;
  auto x = make(options), again = make(options), other = make(options, 2);
  options.seed = 2;
  auto reseeded = make(options);
  EXPECT_EQ(codes(x, 5), codes(again, 5));
  EXPECT_NE(codes(x, 5), codes(x, 6));
  EXPECT_NE(codes(x, 5), codes(other, 5));
  EXPECT_NE(codes(x, 5), codes(reseeded, 5));
}

TEST_F(PcmCrossbar, DoesNotDependOnTheOrderOfMvmsOrOnWhoElseIsRead) {
  pcm_options options;
  auto forward = make(options), backward = make(options);
  std::vector<bytes> first, second(10);
  for (std::uint32_t tag = 0; tag < 10; ++tag) first.push_back(codes(forward, tag));
  for (std::uint32_t tag = 10; tag-- > 0;) second[tag] = codes(backward, tag);
  EXPECT_EQ(first, second);
  const bytes part = codes(forward, 3, 70, 100);
  EXPECT_EQ(part, bytes(first[3].begin() + 70, first[3].begin() + 170));
}

TEST_F(PcmCrossbar, ProgramsADeviceAsTheFormulasSayAndKeepsItToTheLastBitOfAWeight) {
  pcm_options options;
  options.reads = read_noise::off;
  options.time_s = 86400;
  const auto x = make(options, 9);
  const kernel_set& k = best_kernels();
  for (const auto& [row, column] : {std::pair{0u, 0u}, {17u, 200u}, {255u, 255u}}) {
    double xi[4], read = 0;
    k.normals(key_of(1), {row << 16 | column, 9, 0, 1}, 1, xi);
    for (unsigned side = 0; side < 2; ++side) {
      const int w = weights[row * 256 + column];
      const double target = std::max(0, side == 0 ? w : -w) * (25.0 / 128);  // -128 is among these weights
      double g, nu, drifted, deviation;
      k.program(options.devices, &target, &xi[side], &xi[2 + side], 1, &g, &nu);
      k.drift(options.devices, &g, &nu, 86400, 1, &drifted, &deviation);
      read += side == 0 ? drifted : -drifted;
    }
    EXPECT_NEAR(x.weight(row, column), read * 128 / 25, 1.0 / 256);
  }
}

// A lone weight of 127 is 25 uS: 127 * .0369 (.0448) of deviation after a second (a day), and its partner conducts
// nothing.
TEST_F(PcmCrossbar, ReadsAFullDeviceWithTheClosedDeviation) {
  for (const auto& [time, relative] : {std::pair{1.0, .0369}, {86400.0, .0448}}) {
    pcm_options options;
    options.devices.programming_scale = options.devices.drift_scale = 0;
    options.time_s = time;
    pcm_crossbar x(1, 1, options, 0);
    const std::int8_t w = 127;
    x.program(&w);
    EXPECT_EQ(x.weight(0, 0), 127);
    EXPECT_NEAR(std::sqrt(x.read_variance(0, 0)), 127 * relative, 127 * 5e-5);
  }
}

TEST_F(PcmCrossbar, DrawsPerMvmNoiseWithTheVarianceOfTheDevices) {
  pcm_options options, quiet;
  quiet.reads = read_noise::off;
  auto x = make(options), still = make(quiet);
  constexpr unsigned draws = 4000;
  std::vector<double> sum(256), squares(256);
  double neighbours = 0;
  pcm_crossbar::workspace space, other_space;
  const std::int32_t* without = still.sums(inputs.data(), 0, 256, 0, 256, 0, other_space);
  std::vector<double> previous(256);
  for (std::uint32_t tag = 0; tag < draws; ++tag) {
    const std::int32_t* with = x.sums(inputs.data(), 0, 256, 0, 256, tag, space);
    for (unsigned c = 0; c < 256; ++c) {
      double variance = 0;
      if (tag == 0) {
        for (unsigned r = 0; r < 256; ++r) variance += inputs[r] * inputs[r] * x.read_variance(r, c);
        squares[c] = -variance * 128 * 128 * draws;
      }
      const double noise = with[c] - without[c];
      sum[c] += noise, squares[c] += noise * noise;
      neighbours += noise * previous[c];
      previous[c] = noise;
    }
  }
  double chi = 0;
  for (unsigned c = 0; c < 256; ++c) {
    double variance = 0;
    for (unsigned r = 0; r < 256; ++r) variance += inputs[r] * inputs[r] * x.read_variance(r, c) * 128 * 128;
    EXPECT_LT(std::fabs(sum[c] / draws), 4.5 * std::sqrt(variance / draws)) << c;
    EXPECT_LT(std::fabs(squares[c] / draws), 4.5 * variance * std::sqrt(2.0 / draws)) << c;
    chi += squares[c] / draws / variance / 256;
    neighbours /= c == 0 ? variance : 1;
  }
  EXPECT_LT(std::fabs(chi), 4 * std::sqrt(2.0 / draws / 256));
  EXPECT_LT(std::fabs(neighbours), 5 * std::sqrt(256.0 * draws));
}

// Bytes of variance: right in the mean of a column, though coarse for a cell.
TEST_F(PcmCrossbar, KeepsTheVarianceOfAColumnWithinATenthOfAPercent) {
  pcm_options options;
  options.time_s = 3600;
  const auto x = make(options);
  const kernel_set& k = best_kernels();
  double kept = 0, exact = 0;
  for (unsigned c = 0; c < 64; ++c)
    for (unsigned r = 0; r < 256; ++r) {
      double xi[4];
      k.normals(key_of(1), {r << 16 | c, 1, 0, 1}, 1, xi);
      for (unsigned side = 0; side < 2; ++side) {
        const int w = weights[r * 256 + c];
        const double target = std::max(0, side == 0 ? w : -w) * (25.0 / 128);
        double g, nu, drifted, deviation;
        k.program(options.devices, &target, &xi[side], &xi[2 + side], 1, &g, &nu);
        k.drift(options.devices, &g, &nu, 3600, 1, &drifted, &deviation);
        exact += deviation * deviation * (128 / 25.0) * (128 / 25.0);
      }
      kept += x.read_variance(r, c);
    }
  EXPECT_NEAR(kept / exact, 1, 1e-3);
}

TEST_F(PcmCrossbar, ReadsOnceDrawOnceForAllMvms) {
  pcm_options options;
  options.reads = read_noise::once;
  auto x = make(options);
  EXPECT_EQ(codes(x, 1), codes(x, 2));
  options.reads = read_noise::off;
  auto still = make(options);
  EXPECT_NE(codes(x, 1), codes(still, 1));
}

TEST_F(PcmCrossbar, ScalesToTheRangeTheCrossbarOrTheColumn) {
  const bytes w{10, 40, 20, -80};  // two rows, two columns
  const auto deviation = [&](weight_scale scale, unsigned row, unsigned column) {
    pcm_options options;
    options.devices.programming_scale = options.devices.drift_scale = 0;
    options.scale = scale;
    pcm_crossbar x(2, 2, options, 0);
    x.program(w.data());
    EXPECT_EQ(x.weight(row, column), w[row * 2 + column]);
    return std::sqrt(x.read_variance(row, column));
  };
  // sigma / g of a device is 0.0088 x^-0.65 spectrum, so that of weight w at scale W is w (w / W)^-0.65.
  const double spectrum = 0.0088 * std::sqrt(std::log((21 + 250e-9) / 500e-9));
  const auto want = [&](double weight, double full) { return weight * std::pow(weight / full, -0.65) * spectrum; };
  EXPECT_NEAR(deviation(weight_scale::range, 1, 1), want(80, 127), 0.01);
  EXPECT_NEAR(deviation(weight_scale::crossbar, 1, 1), want(80, 80), 0.01);
  EXPECT_NEAR(deviation(weight_scale::crossbar, 1, 0), want(20, 80), 0.02);
  EXPECT_NEAR(deviation(weight_scale::column, 1, 0), want(20, 20), 0.02);
}

TEST_F(PcmCrossbar, ZeroCellsAreProgrammedLikeAnyOther) {
  pcm_options options;
  options.reads = read_noise::off;
  options.time_s = 0;
  pcm_crossbar x(64, 64, options, 0);
  const bytes zeros(64 * 64, 0);
  x.program(zeros.data());
  double squares = 0;
  for (unsigned r = 0; r < 64; ++r)
    for (unsigned c = 0; c < 64; ++c) squares += x.weight(r, c) * x.weight(r, c);
  // Two devices of deviation .1537 uS each (data/device_conductance.csv, x = 0).
  EXPECT_NEAR(std::sqrt(squares / 4096), 0.15366 * std::sqrt(2) * 127 / 25, 0.04);
}

TEST_F(PcmCrossbar, FaultyDevicesConductWhatTheySay) {
  pcm_options options = without_noise();
  pcm_crossbar x(4, 4, options, 0);
  const bytes w(16, 64);
  x.program(w.data(), {{1, 2, false, 0}, {3, 3, true, 25}});
  EXPECT_EQ(x.weight(0, 0), 64);
  EXPECT_EQ(x.weight(1, 2), 0);
  EXPECT_EQ(x.weight(3, 3), 64 - 127);
}

TEST_F(PcmCrossbar, SharesOfDeadAndStuckDevicesAreMet) {
  pcm_options options = without_noise();
  options.dead = 0.1;
  options.stuck = 0.05;
  const bytes w(256 * 256, 100);
  pcm_crossbar x(256, 256, options, 0);
  x.program(w.data());
  unsigned dead = 0, stuck = 0, negative = 0;
  for (unsigned r = 0; r < 256; ++r)
    for (unsigned c = 0; c < 256; ++c) {
      dead += x.weight(r, c) == 0;
      stuck += x.weight(r, c) == 127;
      negative += x.weight(r, c) == 100 - 127;
    }
  // g+ dead and g- not stuck; g+ stuck and g- not; g+ right and g- stuck.
  const double n = 256 * 256;
  EXPECT_NEAR(dead, n * 0.1 * 0.95, 4 * std::sqrt(n * 0.095));
  EXPECT_NEAR(stuck, n * 0.05 * 0.95, 4 * std::sqrt(n * 0.0475));
  EXPECT_NEAR(negative, n * 0.85 * 0.05, 4 * std::sqrt(n * 0.0425));
}

// By hand: with 4 bits of DAC inputs are multiples of 16, half up and at most 112; with 3 bits of ADC codes are of 32.
TEST_F(PcmCrossbar, ConvertersOfFewerBitsKeepTheUpperOnes) {
  const std::int8_t one = 1;
  const auto code = [&](unsigned dac, unsigned adc, int input, std::int32_t m = 2, unsigned s = 1) {
    pcm_options options = without_noise();
    options.dac_bits = dac;
    options.adc_bits = adc;
    pcm_crossbar x(1, 1, options, 0);
    x.program(&one);
    return int{codes_of(x, {static_cast<std::int8_t>(input)}, 0, 1, 0, 1, m, s)[0]};
  };
  EXPECT_EQ(code(4, 8, 7), 0);
  EXPECT_EQ(code(4, 8, 8), 16);
  EXPECT_EQ(code(4, 8, -8), 0);
  EXPECT_EQ(code(4, 8, -9), -16);
  EXPECT_EQ(code(4, 8, 127), 112);
  EXPECT_EQ(code(4, 8, -128), -128);
  EXPECT_EQ(code(8, 3, 15), 0);
  EXPECT_EQ(code(8, 3, 16), 32);
  EXPECT_EQ(code(8, 3, 127), 96);
  EXPECT_EQ(code(8, 3, -128), -128);
  EXPECT_EQ(code(8, 3, 60, 1000), 96);
  EXPECT_EQ(code(8, 1, 100), 0);
  EXPECT_EQ(code(8, 1, -100), -128);
}

}  // namespace
}  // namespace ohmic::pcm
