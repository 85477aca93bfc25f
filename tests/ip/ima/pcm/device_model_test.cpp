#include "ip/ima/pcm/device_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "ip/ima/pcm/pcm_kernels.h"
#include "reference_data.h"

namespace ohmic::pcm {
namespace {

struct device_result {
  double programmed, exponent, drifted, deviation, read;
};

device_result device(const device_model& model, double target, double xi_programming, double xi_exponent,
                     double xi_read, double t) {
  const kernel_set& k = best_kernels();
  device_result r{};
  k.program(model, &target, &xi_programming, &xi_exponent, 1, &r.programmed, &r.exponent);
  k.drift(model, &r.programmed, &r.exponent, t, 1, &r.drifted, &r.deviation);
  k.read(&r.drifted, &r.deviation, &xi_read, 1, &r.read);
  return r;
}

void expect_close(double found, double expected, double relative) {
  EXPECT_NEAR(found, expected, relative * std::fabs(expected)) << "expected " << expected;
}

TEST(DeviceModel, AgreesWithTheReferenceLibraryForGivenNormals) {
  const reference_table table("formula_vectors.csv");
  ASSERT_EQ(table.rows(), 235u);
  for (std::size_t i = 0; i < table.rows(); ++i) {
    SCOPED_TRACE(i + 2);
    const auto r = device(pcm_like_devices(), 25 * table.number(i, "x"), table.number(i, "xi_prog"),
                          table.number(i, "xi_nu"), table.number(i, "xi_read"), table.number(i, "t_inference_s"));
    expect_close(r.programmed, table.number(i, "g_prog_uS_f64"), 1e-12);
    expect_close(r.exponent, table.number(i, "nu_f64"), 1e-12);
    expect_close(r.drifted, table.number(i, "g_drift_uS_f64"), 1e-12);
    expect_close(r.read, table.number(i, "g_final_uS_f64"), 1e-12);
  }
}

TEST(DeviceModel, AgreesWithATileOfTheReferenceDeviceByDevice) {
  std::ifstream file(reference_path("tile_vectors.json"));
  const auto data = nlohmann::json::parse(file);
  const auto& weights = data.at("W_int8");
  unsigned compared = 0;
  for (const auto& [time, expected] : data.at("times").items())
    for (std::size_t column = 0; column < weights.size(); ++column)
      for (std::size_t row = 0; row < weights[column].size(); ++row) {
        const double w = weights[column][row].get<int>() * (25.0 / 127);
        double read[2];
        for (std::size_t side = 0; side < 2; ++side) {
          const auto normal = [&](const char* of) { return data.at(of)[side][column][row].get<double>(); };
          const auto r = device(pcm_like_devices(), std::max(0.0, side == 0 ? w : -w), normal("xi_prog"),
                                normal("xi_nu"), normal("xi_read"), std::stod(time));
          expect_close(r.programmed, data.at("g_programmed_pair_uS")[side][column][row].get<double>(), 1e-6);
          expect_close(r.exponent, data.at("nu")[side][column][row].get<double>(), 1e-6);
          expect_close(r.read, expected.at("pair").at("g_uS")[side][column][row].get<double>(), 1e-6);
          read[side] = r.read;
        }
        expect_close((read[0] - read[1]) / 25, expected.at("pair").at("w")[column][row].get<double>(), 1e-6);
        ++compared;
      }
  EXPECT_EQ(compared, 5u * 6 * 8);
}

// Closed forms, worked out by hand: (T / 20)^-nu with T = t + 20, and 0.0088 sqrt(ln((T + 250 ns) / 500 ns)).
TEST(DeviceModel, DriftsAndReadsByTheClosedNumbers) {
  const double seconds[] = {1, 3600, 86400, 31536000};
  const double of_049[] = {.9976, .7751, .6635, .4969}, of_1[] = {.9951, .5946, .4330, .2400};
  const double read[] = {.0369, .0419, .0448, .0496};
  device_model exact = pcm_like_devices();
  exact.programming_scale = 0;
  for (int i = 0; i < 4; ++i) {
    const auto full = device(exact, 25, 0, 0, 1, seconds[i]);
    EXPECT_EQ(full.programmed, 25);
    EXPECT_EQ(full.exponent, 0.049);
    EXPECT_NEAR(full.drifted / 25, of_049[i], 5e-5);
    EXPECT_NEAR(full.deviation / full.drifted, read[i], 5e-5);
    const auto low = device(exact, 25 * 1e-3, 0, 0, 0, seconds[i]);
    EXPECT_EQ(low.exponent, 0.1);
    EXPECT_NEAR(low.drifted / low.programmed, of_1[i], 5e-5);
  }
}

// The chip's published coefficients at a few places, summed by hand.
TEST(DeviceModel, HermesFollowsItsCoefficients) {
  const device_model m = hermes_devices();
  const auto full = device(m, 20.7, 1, 1, 0, 0);
  EXPECT_NEAR(full.programmed - 20.7, 1.09269857, 1e-8);  // .16603222 + 4.71806468 - 8.48101252 + 4.68961419
  EXPECT_NEAR(full.exponent, 0.0174 + 0.0048, 1e-12);     // .0736 - .0126 - .0436; .0073 + .0093 - .0118
  // x of the read is that of the programmed device: .0123 + .0211 - .0280 + .0069 at 1.
  const auto exact = device(m, 20.7, 0, 0, 0, 0);
  EXPECT_NEAR(exact.deviation / exact.drifted, 0.0123 * std::sqrt(std::log((300 + 512e-9) / 1024e-9)), 1e-12);
  const auto zero = device(m, 0, 1, 1, 0, 300);
  EXPECT_NEAR(zero.programmed, 0.16603222, 1e-12);
  EXPECT_NEAR(zero.exponent, 0.13 + 0.04, 1e-12);
  EXPECT_NEAR(zero.drifted, 0.16603222 * std::pow(2, -0.17), 1e-12);  // T = 600 s, t0 = 300 s
  EXPECT_NEAR(zero.deviation / zero.drifted, 0.04 * std::sqrt(std::log((600 + 512e-9) / 1024e-9)), 1e-12);
}

TEST(DeviceModel, FactorsTurnEffectsOff) {
  device_model m = pcm_like_devices();
  m.programming_scale = m.drift_scale = m.read_scale = 0;
  const auto r = device(m, 13, 2, 2, 2, 1e7);
  EXPECT_EQ(r.programmed, 13);
  EXPECT_EQ(r.drifted, 13);
  EXPECT_EQ(r.read, 13);
}

}  // namespace
}  // namespace ohmic::pcm
