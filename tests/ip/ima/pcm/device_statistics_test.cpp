// Our own devices against a million of the reference library, quantity by quantity.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "ip/ima/pcm/pcm_kernels.h"
#include "reference_data.h"

namespace ohmic::pcm {
namespace {

constexpr unsigned devices = 400000, reference_devices = 1000000;

/// Compares a sample with a row of the reference: mean, deviation, quantiles and share of zeros, with the standard
/// errors of both sides (estimated from our sample).
void compare(std::vector<double> sample, const reference_table& table, std::size_t row, const std::string& what,
             standard_errors& result) {
  const double n = static_cast<double>(sample.size());
  double mean = 0, second = 0, fourth = 0;
  for (const double g : sample) mean += g / n;
  for (const double g : sample) {
    const double d = (g - mean) * (g - mean);
    second += d / n, fourth += d * d / n;
  }
  const double deviation = std::sqrt(second * n / (n - 1));
  const double to_reference = std::sqrt(n / reference_devices);
  const auto add = [&](double found, double error, const char* column) {
    result.add(found, error, table.number(row, column), error * to_reference, what + " " + column);
  };
  add(mean, deviation / std::sqrt(n), "mean");
  add(deviation, std::sqrt((fourth - second * second) / n) / (2 * deviation), "std");
  std::sort(sample.begin(), sample.end());
  const auto quantile = [&](double p) { return sample[static_cast<std::size_t>(p * (n - 1) + 0.5)]; };
  for (const auto& [column, p] :
       std::map<const char*, double>{{"q01", .01}, {"q05", .05}, {"q50", .5}, {"q95", .95}, {"q99", .99}}) {
    const double spread = 0.2 * std::min(p, 1 - p);
    // Where devices pile up at zero the density has a step: the lower side of it counts.
    const double slope = std::max(quantile(p + spread) - quantile(p), quantile(p) - quantile(p - spread)) / spread;
    add(quantile(p), slope * std::sqrt(p * (1 - p) / n), column);
  }
  const auto zeros = static_cast<double>(std::count(sample.begin(), sample.end(), 0.0)), share = zeros / n;
  const double expected = table.number(row, "frac_zero"), pooled = (share + expected) / 2;
  result.add(share, std::sqrt(pooled / n), expected, std::sqrt(pooled / reference_devices), what + " frac_zero");
}

TEST(DeviceStatistics, AreThoseOfTheReferenceLibrary) {
  const reference_table table("device_conductance.csv"), exponents("device_nu.csv");
  const kernel_set& k = best_kernels();
  const device_model model = pcm_like_devices();
  std::map<std::string, std::size_t> exponent_row;
  for (std::size_t i = 0; i < exponents.rows(); ++i) exponent_row[exponents.text(i, "x")] = i;
  standard_errors result;
  std::string x;
  std::vector<double> programmed(devices), exponent(devices), drifted(devices), deviation(devices), g(devices);
  std::vector<double> xi(devices);
  std::uint32_t draw = 0;
  for (std::size_t i = 0; i < table.rows(); ++i) {
    if (table.text(i, "x") != x) {
      x = table.text(i, "x");
      const std::vector<double> target(devices, 25 * table.number(i, "x"));
      std::vector<double> both(2 * devices);
      k.normals(key_of(1), {0, ++draw, 0, 0}, devices / 2, both.data());
      k.program(model, target.data(), both.data(), both.data() + devices, devices, programmed.data(), exponent.data());
      compare(exponent, exponents, exponent_row.at(x), "nu, x = " + x, result);
    }
    const std::string quantity = table.text(i, "quantity");
    const std::string what = quantity + ", x = " + x + ", " + table.text(i, "t_label");
    if (quantity == "programmed") {
      compare(programmed, table, i, what, result);
      continue;
    }
    k.drift(model, programmed.data(), exponent.data(), table.number(i, "t_inference_s"), devices, drifted.data(),
            deviation.data());
    if (quantity == "drift") {
      compare(drifted, table, i, what, result);
      continue;
    }
    ASSERT_EQ(quantity, "drift_read");
    k.normals(key_of(1), {0, ++draw, 0, 0}, devices / 4, xi.data());
    k.read(drifted.data(), deviation.data(), xi.data(), devices, g.data());
    compare(g, table, i, what, result);
  }
  EXPECT_EQ(result.count(), (table.rows() + exponents.rows()) * 8);
  // Of differences between two right models 0.27 % lie beyond three standard errors.
  EXPECT_LE(static_cast<double>(result.beyond_3()), 0.006 * static_cast<double>(result.count())) << result.list();
  EXPECT_LE(result.worst(), 5) << result.worst_place();
  RecordProperty("compared", static_cast<int>(result.count()));
  std::printf("%zu figures compared, %zu beyond 3 standard errors, the worst: %s", result.count(), result.beyond_3(),
              result.worst_place().c_str());
}

}  // namespace
}  // namespace ohmic::pcm
