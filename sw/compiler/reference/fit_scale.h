#pragma once

#include <cstdint>

namespace ohmic {

/// fit(x) of CALIBRATED_FORMAT.md: the largest s in 1..30 with rint(x * 2^s) <= limit; 0 if there is none.
unsigned fit_shift(double x, std::int64_t limit = 32767);

/// rint(x * 2^s), halves to even.
std::int64_t scaled(double x, unsigned s);

}  // namespace ohmic
