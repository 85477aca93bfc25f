#include "sw/compiler/hybrid/drawn_accuracy.h"

#include <cmath>
#include <cstddef>
#include <iterator>

namespace ohmic {

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

}  // namespace ohmic
