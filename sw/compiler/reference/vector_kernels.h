#pragma once

#include <cstddef>
#include <cstdint>

namespace ohmic {

/// The inner loops of the integer reference, once per instruction set (AVX-512 with VNNI, AVX2, plain C++). Every one
/// is exact: which set runs cannot be seen in any result.
///
/// Numbers of outputs and channels are multiples of `unit`, or arrays have room for the next one: what lies behind the
/// last channel is read and written as if it were one more.
struct vector_kernels {
  static constexpr int unit = 16;

  /// A part of a window that is contiguous in its map: `pairs` pairs of int16, the first one `offset` elements behind
  /// the window's first.
  struct run {
    std::ptrdiff_t offset;
    int pairs;
  };
  /// sums[p * outputs + o] = the window of pixel p (from first + p * stride on) times column o of the weights
  /// [pair of all runs][outputs][2].
  void (*multiply)(const std::int16_t* first, std::ptrdiff_t stride, int pixels, const run* runs, int run_count,
                   const std::int16_t* weights, int outputs, std::int32_t* sums);
  /// sums[p * channels + c] = sum over the taps of first[p * stride + offsets[t] + c] * weights[t * channels + c].
  void (*multiply_depthwise)(const std::int16_t* first, std::ptrdiff_t stride, int pixels,
                             const std::ptrdiff_t* offsets, int taps, const std::int16_t* weights, int channels,
                             std::int32_t* sums);
  /// total += clip((sums * m + (1 << (s-1))) >> s, -128, 127), as in 64 bit.
  void (*add_codes)(const std::int32_t* sums, std::int32_t* total, int count, std::int32_t m, unsigned s);
  /// y = clip((total * m + b) >> s, lo, hi).
  void (*requantise)(const std::int32_t* total, const std::int32_t* m, const std::int32_t* b, int count, unsigned s,
                     int lo, int hi, std::int8_t* y);
  /// The same with products of 64 bit.
  void (*requantise_wide)(const std::int32_t* total, const std::int32_t* m, const std::int32_t* b, int count,
                          unsigned s, int lo, int hi, std::int8_t* y);
  /// y = clip((((sums + bias) * m >> 32) + (1 << (s-33))) >> (s-32), lo, hi) in 64 bit, s > 32 of each channel.
  void (*requantise_exact)(const std::int32_t* sums, const std::int32_t* bias, const std::int64_t* m,
                           const std::int64_t* s, int count, int lo, int hi, std::int8_t* y);
  /// y = clip((x0 * a + x1 * b + (1 << (s-1))) >> s, lo, hi); a, b < 2^21.
  void (*add)(const std::int8_t* x0, const std::int8_t* x1, std::size_t count, std::int32_t a, std::int32_t b,
              unsigned s, int lo, int hi, std::int8_t* y);
  void (*maximum)(const std::int8_t* x, int count, std::int8_t* y);    ///< y = max(x, y)
  void (*sum)(const std::int8_t* x, int count, std::int32_t* total);   ///< total += x
  void (*widen)(const std::int8_t* x, int count, std::int16_t* wide);  ///< wide = x

  /// Those of the best instruction set that this processor has.
  static const vector_kernels& best();
  /// All that it can run, the plain ones first: for tests.
  static const vector_kernels* all(int* count);
};

}  // namespace ohmic
