#pragma once

#include <cstdint>

namespace ohmic {

/// fit(x) of CALIBRATED_FORMAT.md: the largest s in 1..30 with rint(x * 2^s) <= limit; 0 if there is none.
unsigned fit_shift(double x, std::int64_t limit = 32767);

/// The same for an average over `pixels` int8 values: sum * m with its rounding must also fit 32 bits. 0 too if that
/// would leave a multiplier so small that its own rounding is worth more than half a step of the result.
unsigned fit_average_shift(double x, std::int64_t pixels);

/// rint(x * 2^s), halves to even.
std::int64_t scaled(double x, unsigned s);

}  // namespace ohmic
