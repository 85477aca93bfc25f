#include "sw/compiler/reference/fit_scale.h"

#include <cmath>
#include <limits>

namespace ohmic {

std::int64_t scaled(double x, unsigned s) { return std::llrint(std::ldexp(x, static_cast<int>(s))); }

unsigned fit_shift(double x, std::int64_t limit) {
  for (unsigned s = 30; s >= 1; --s)
    if (std::rint(std::ldexp(x, static_cast<int>(s))) <= static_cast<double>(limit)) return s;
  return 0;
}

unsigned fit_average_shift(double x, std::int64_t pixels) {
  constexpr std::int64_t largest = std::numeric_limits<std::int32_t>::max(), least_multiplier = 127;
  const unsigned widest = fit_shift(x);
  for (unsigned s = widest; s >= 1; --s) {
    const std::int64_t m = scaled(x, s);
    if (128 * pixels * m + (std::int64_t{1} << (s - 1)) > largest) continue;
    return s == widest || m >= least_multiplier ? s : 0;
  }
  return 0;
}

}  // namespace ohmic
