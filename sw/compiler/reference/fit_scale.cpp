#include "sw/compiler/reference/fit_scale.h"

#include <cmath>

namespace ohmic {

std::int64_t scaled(double x, unsigned s) { return std::llrint(std::ldexp(x, static_cast<int>(s))); }

unsigned fit_shift(double x, std::int64_t limit) {
  for (unsigned s = 30; s >= 1; --s)
    if (std::rint(std::ldexp(x, static_cast<int>(s))) <= static_cast<double>(limit)) return s;
  return 0;
}

}  // namespace ohmic
