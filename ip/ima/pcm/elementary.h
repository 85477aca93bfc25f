#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

/// Logarithm, exponential and circle from additions, multiplications and divisions in a fixed order.
///
/// A C library's functions differ between versions, and within one between processors with and without FMA; these
/// give the same bits wherever double is IEEE 754 and products are not contracted (the library is built with
/// -ffp-contract=off). No branches, so that a loop over them becomes vector instructions. Internal to ip/ima/pcm.
namespace ohmic::pcm::elementary {

#define OHMIC_INLINE [[gnu::always_inline]] inline

OHMIC_INLINE std::uint64_t bits_of(double x) {
  std::uint64_t b;
  std::memcpy(&b, &x, sizeof b);
  return b;
}
OHMIC_INLINE double double_of(std::uint64_t b) {
  double x;
  std::memcpy(&x, &b, sizeof x);
  return x;
}

/// Adding and subtracting it rounds |x| < 2^51 to the nearest integer (ties to even), which then also stands in the
/// low bits of the sum.
inline constexpr double round_magic = 6755399441055744.0;  // 1.5 * 2^52
OHMIC_INLINE double nearest(double x) { return (x + round_magic) - round_magic; }

/// i as a double.
OHMIC_INLINE double double_of_word(std::uint32_t i) { return double_of(0x4330000000000000u | i) - 4503599627370496.0; }

/// Natural logarithm of a positive normal number; relative error below 4e-16 away from 1, absolute near it.
/// x = 2^e m with m in [sqrt(1/2), sqrt(2)); ln m = 2 artanh(s), s = (m - 1) / (m + 1), |s| <= 0.1716.
OHMIC_INLINE double log(double x) {
  const std::uint64_t shifted = bits_of(x) - 0x3FE6A09E667F3BCDu;  // bits of sqrt(1/2)
  // The exponent as a double without a 64-bit conversion: 1.5 * 2^52 holds it in its low bits.
  const auto exponent_bits = shifted >> 52;
  const double e = double_of(0x4330000000000000u | ((exponent_bits + 2048) & 0xFFF)) - 4503599627370496.0 - 2048.0;
  const double m = double_of((shifted & 0x000FFFFFFFFFFFFFu) + 0x3FE6A09E667F3BCDu);
  const double s = (m - 1.0) / (m + 1.0), z = s * s;
  double p = 1.0 / 23;
  p = p * z + 1.0 / 21;
  p = p * z + 1.0 / 19;
  p = p * z + 1.0 / 17;
  p = p * z + 1.0 / 15;
  p = p * z + 1.0 / 13;
  p = p * z + 1.0 / 11;
  p = p * z + 1.0 / 9;
  p = p * z + 1.0 / 7;
  p = p * z + 1.0 / 5;
  p = p * z + 1.0 / 3;
  const double ln_m = 2.0 * s + 2.0 * s * z * p;
  // ln 2 in two parts, the first with 28 bits so that e times it is exact.
  return e * 0x1.62e42fep-1 + (e * 0x1.f473de6af278fp-30 + ln_m);
}

/// e to the x for |x| <= 700; relative error below 4e-16.
OHMIC_INLINE double exp(double x) {
  const double shifted = x * 1.4426950408889634 + round_magic;
  const double n = shifted - round_magic;
  const double r = (x - n * 0x1.62e42fep-1) - n * 0x1.f473de6af278fp-30;
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  return double_of(bits_of(p) + (bits_of(shifted) << 52));
}

/// The point of the unit circle at (word + 1/2) / 2^32 of a turn, up to a fixed rotation.
OHMIC_INLINE void circle(std::uint32_t word, double& x, double& y) {
  const double a = (double_of_word(word & 0x3FFFFFFFu) + (0.5 - 536870912.0)) * (1.5707963267948966 / 1073741824.0);
  const double z = a * a;
  double s = -1.0 / 1307674368000.0;
  s = s * z + 1.0 / 6227020800.0;
  s = s * z - 1.0 / 39916800.0;
  s = s * z + 1.0 / 362880.0;
  s = s * z - 1.0 / 5040.0;
  s = s * z + 1.0 / 120.0;
  s = s * z - 1.0 / 6.0;
  s = a + a * z * s;
  double c = 1.0 / 20922789888000.0;
  c = c * z - 1.0 / 87178291200.0;
  c = c * z + 1.0 / 479001600.0;
  c = c * z - 1.0 / 3628800.0;
  c = c * z + 1.0 / 40320.0;
  c = c * z - 1.0 / 720.0;
  c = c * z + 1.0 / 24.0;
  c = c * z - 0.5;
  c = c * z + 1.0;
  // A quarter turn for each of the two upper bits' values.
  const bool swap = (word & 0x40000000u) != 0;
  const std::uint64_t high = std::uint64_t{word >> 31} << 63, odd = std::uint64_t{(word >> 30) & 1u} << 63;
  x = double_of(bits_of(swap ? s : c) ^ (high ^ odd));
  y = double_of(bits_of(swap ? c : s) ^ high);
}

/// Two independent standard normal deviates from two independent words (Box and Muller, 1958). At most 6.76.
OHMIC_INLINE void normal_pair(std::uint32_t radius_word, std::uint32_t angle_word, double& first, double& second) {
  const double u = (double_of_word(radius_word) + 0.5) * 0x1p-32;
  const double radius = std::sqrt(-2.0 * log(u));
  double x, y;
  circle(angle_word, x, y);
  first = radius * x;
  second = radius * y;
}

}  // namespace ohmic::pcm::elementary
