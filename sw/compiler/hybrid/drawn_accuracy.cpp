#include "sw/compiler/hybrid/drawn_accuracy.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>

namespace ohmic {
namespace {

/// Of the normal distribution, by bisection.
double normal_quantile(double share) {
  double low = -10, high = 10;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < share ? low : high) = middle;
  }
  return (low + high) / 2;
}

/// Of Student's t, by its expansion in the inverse of the degrees of freedom (Abramowitz and Stegun, 26.7.5): within 1
/// % from two on, up to 0.95.
double student_quantile(double share, double freedom) {
  const double z = normal_quantile(share), z2 = z * z;
  return z + z * (z2 + 1) / (4 * freedom) + z * ((5 * z2 + 16) * z2 + 3) / (96 * freedom * freedom) +
         z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / (384 * freedom * freedom * freedom);
}

}  // namespace

double drawn_accuracy::mean() const {
  double sum = 0;
  for (const double share : shares) sum += share;
  return shares.empty() ? 0 : sum / static_cast<double>(shares.size());
}

double drawn_accuracy::deviation() const {
  double squares = 0;
  for (const double share : shares) squares += (share - mean()) * (share - mean());
  return shares.size() < 2 ? 0 : std::sqrt(squares / static_cast<double>(shares.size() - 1));
}

double drawn_accuracy::half_interval() const {
  // 97.5 % quantile of Student's t by degrees of freedom; the normal distribution's and its first correction beyond.
  static constexpr double t[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228};
  if (shares.size() < 2) return 0;
  const std::size_t freedom = shares.size() - 1;
  const double quantile = freedom <= std::size(t) ? t[freedom - 1] : 1.96 + 2.4 / static_cast<double>(freedom);
  return quantile * deviation() / std::sqrt(static_cast<double>(shares.size()));
}

double drawn_accuracy::half_interval_of_loss() const { return std::hypot(half_interval(), 1.96 * image_error); }

// Each error alone moves the limit by its own quantile; independent ones add as squares (Zou and Donner, Statistics in
// Medicine 27, 2008).
double drawn_accuracy::margin(double confidence) const {
  if (confidence <= 0.5) return 0;
  double of_draws = 0;
  if (shares.size() > 1)
    of_draws = student_quantile(confidence, static_cast<double>(shares.size() - 1)) * deviation() /
               std::sqrt(static_cast<double>(shares.size()));
  return std::hypot(of_draws, normal_quantile(confidence) * image_error);
}

drawn_accuracy accuracy_of(const std::vector<std::vector<bool>>& right, unsigned draws,
                           const std::vector<bool>& reference) {
  drawn_accuracy a;
  for (unsigned d = 0; d < draws; ++d)
    a.shares.push_back(static_cast<double>(std::count(right[d].begin(), right[d].end(), true)) /
                       static_cast<double>(right[d].size()));
  const std::size_t images = reference.size();
  if (images < 2 || draws == 0) return a;
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < images; ++i) {
    unsigned count = 0;
    for (unsigned d = 0; d < draws; ++d) count += right[d][i] ? 1 : 0;
    const double loss = (reference[i] ? 1.0 : 0.0) - static_cast<double>(count) / draws;
    sum += loss;
    squares += loss * loss;
  }
  const auto n = static_cast<double>(images);
  a.image_error = std::sqrt(std::max(0.0, squares - sum * sum / n) / (n - 1) / n);
  return a;
}

}  // namespace ohmic
