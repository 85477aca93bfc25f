// The kernels for one instruction set: vector_kernels.cpp includes this once for each, with OHMIC_SET (a namespace),
// OHMIC_TARGET (an attribute) and OHMIC_LANES (int32 of a vector; 1: plain C++).
namespace OHMIC_SET {

#if OHMIC_LANES == 16
using vector = __m512i;
OHMIC_TARGET inline vector zero() { return _mm512_setzero_si512(); }
OHMIC_TARGET inline vector load(const std::int16_t* p) { return _mm512_loadu_si512(p); }
OHMIC_TARGET inline vector multiply_add(vector sum, vector w, std::int32_t pair) {
  return _mm512_dpwssd_epi32(sum, w, _mm512_set1_epi32(pair));
}
OHMIC_TARGET inline void store(std::int32_t* p, vector v) { _mm512_storeu_si512(p, v); }
#elif OHMIC_LANES == 8
using vector = __m256i;
OHMIC_TARGET inline vector zero() { return _mm256_setzero_si256(); }
OHMIC_TARGET inline vector load(const std::int16_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
OHMIC_TARGET inline vector multiply_add(vector sum, vector w, std::int32_t pair) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(w, _mm256_set1_epi32(pair)));
}
OHMIC_TARGET inline void store(std::int32_t* p, vector v) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v); }
#else
struct vector {
  std::int16_t low, high;
  std::int32_t sum;
};
inline vector zero() { return {0, 0, 0}; }
inline vector load(const std::int16_t* p) { return {p[0], p[1], 0}; }
inline vector multiply_add(vector sum, vector w, std::int32_t pair) {
  const auto first = static_cast<std::int16_t>(pair & 0xffff), second = static_cast<std::int16_t>(pair >> 16);
  return {0, 0, sum.sum + w.low * first + w.high * second};
}
inline void store(std::int32_t* p, vector v) { *p = v.sum; }
#endif

/// `pixels` at once, as many vectors of outputs each: their sums stay in registers. Pixels from `valid` on are
/// computed from the last valid one and not stored.
template <int pixels, int vectors>
OHMIC_TARGET inline void multiply_block(const std::int16_t* first, std::ptrdiff_t stride, int valid,
                                        const vector_kernels::run* runs, int run_count, const std::int16_t* weights,
                                        int outputs, std::int32_t* sums) {
  const std::int16_t* from[pixels];
  vector sum[pixels][vectors];
  for (int p = 0; p < pixels; ++p) {
    from[p] = first + (p < valid ? p : valid - 1) * stride;
    for (int v = 0; v < vectors; ++v) sum[p][v] = zero();
  }
  for (int r = 0; r < run_count; ++r) {
    std::ptrdiff_t at = runs[r].offset;
    for (int k = 0; k < runs[r].pairs; ++k, at += 2, weights += std::ptrdiff_t{2} * outputs) {
      vector w[vectors];
      for (int v = 0; v < vectors; ++v) w[v] = load(weights + v * OHMIC_LANES * 2);
      for (int p = 0; p < pixels; ++p) {
        std::int32_t pair;
        std::memcpy(&pair, from[p] + at, sizeof pair);
        for (int v = 0; v < vectors; ++v) sum[p][v] = multiply_add(sum[p][v], w[v], pair);
      }
    }
  }
  for (int p = 0; p < valid; ++p)
    for (int v = 0; v < vectors; ++v) store(sums + std::ptrdiff_t{p} * outputs + v * OHMIC_LANES, sum[p][v]);
}

template <int pixels, int vectors>
OHMIC_TARGET inline void multiply_outputs(const std::int16_t* first, std::ptrdiff_t stride, int count,
                                          const vector_kernels::run* runs, int run_count, const std::int16_t* weights,
                                          int outputs, std::int32_t* sums) {
  for (int p = 0; p < count; p += pixels)
    multiply_block<pixels, vectors>(first + p * stride, stride, count - p < pixels ? count - p : pixels, runs,
                                    run_count, weights, outputs, sums + std::ptrdiff_t{p} * outputs);
}

OHMIC_TARGET void multiply(const std::int16_t* first, std::ptrdiff_t stride, int pixels,
                           const vector_kernels::run* runs, int run_count, const std::int16_t* weights, int outputs,
                           std::int32_t* sums) {
  int o = 0;
  for (; o + 2 * OHMIC_LANES <= outputs; o += 2 * OHMIC_LANES)
    multiply_outputs<4, 2>(first, stride, pixels, runs, run_count, weights + 2 * o, outputs, sums + o);
  if (o < outputs) multiply_outputs<8, 1>(first, stride, pixels, runs, run_count, weights + 2 * o, outputs, sums + o);
}

OHMIC_TARGET void multiply_depthwise(const std::int16_t* first, std::ptrdiff_t stride, int pixels,
                                     const std::ptrdiff_t* offsets, int taps, const std::int16_t* weights, int channels,
                                     std::int32_t* sums) {
  constexpr int unit = vector_kernels::unit;
  for (int p = 0; p < pixels; ++p)
    for (int c = 0; c < channels; c += unit) {
      std::int32_t sum[unit] = {};
      for (int t = 0; t < taps; ++t) {
        const std::int16_t* x = first + p * stride + offsets[t] + c;
        const std::int16_t* w = weights + std::ptrdiff_t{t} * channels + c;
        for (int i = 0; i < unit; ++i) sum[i] += x[i] * w[i];
      }
      for (int i = 0; i < unit; ++i) sums[std::ptrdiff_t{p} * channels + c + i] = sum[i];
    }
}

OHMIC_TARGET void add_codes(const std::int32_t* sums, std::int32_t* total, int count, std::int32_t m, unsigned s) {
  const std::int64_t half = std::int64_t{1} << (s - 1), full = std::int64_t{127} << s;
  if (m == 0) return;
  // Beyond these the code is at its end; between them the product fits 32 bits up to s = 24.
  const std::int64_t least = -(full + half) / m - 1, most = (full - half) / m + 1;
  if (s <= 24) {
    const auto low = static_cast<std::int32_t>(least < INT32_MIN ? INT32_MIN : least);
    const auto high = static_cast<std::int32_t>(most > INT32_MAX ? INT32_MAX : most);
    const auto rounding = static_cast<std::int32_t>(half);
    for (int i = 0; i < count; ++i) {
      const std::int32_t sum = sums[i] < low ? low : sums[i] > high ? high : sums[i];
      const std::int32_t code = (sum * m + rounding) >> s;
      total[i] += code < -128 ? -128 : code > 127 ? 127 : code;
    }
    return;
  }
  for (int i = 0; i < count; ++i) {
    const std::int64_t code = (std::int64_t{sums[i]} * m + half) >> s;
    total[i] += static_cast<std::int32_t>(code < -128 ? -128 : code > 127 ? 127 : code);
  }
}

OHMIC_TARGET void requantise(const std::int32_t* total, const std::int32_t* m, const std::int32_t* b, int count,
                             unsigned s, int lo, int hi, std::int8_t* y) {
  for (int i = 0; i < count; ++i) {
    const std::int32_t v = (total[i] * m[i] + b[i]) >> s;
    y[i] = static_cast<std::int8_t>(v < lo ? lo : v > hi ? hi : v);
  }
}

OHMIC_TARGET void requantise_wide(const std::int32_t* total, const std::int32_t* m, const std::int32_t* b, int count,
                                  unsigned s, int lo, int hi, std::int8_t* y) {
  for (int i = 0; i < count; ++i) {
    const std::int64_t v = (std::int64_t{total[i]} * m[i] + b[i]) >> s;
    y[i] = static_cast<std::int8_t>(v < lo ? lo : v > hi ? hi : v);
  }
}

OHMIC_TARGET void requantise_exact(const std::int32_t* sums, const std::int32_t* bias, const std::int64_t* m,
                                   const std::int64_t* s, int count, int lo, int hi, std::int8_t* y) {
  for (int i = 0; i < count; ++i) {
    const std::int64_t high = ((std::int64_t{sums[i]} + bias[i]) * m[i]) >> 32;
    const std::int64_t v = (high + (std::int64_t{1} << (s[i] - 33))) >> (s[i] - 32);
    y[i] = static_cast<std::int8_t>(v < lo ? lo : v > hi ? hi : v);
  }
}

OHMIC_TARGET void add(const std::int8_t* x0, const std::int8_t* x1, std::size_t count, std::int32_t a, std::int32_t b,
                      unsigned s, int lo, int hi, std::int8_t* y) {
  const std::int32_t rounding = std::int32_t{1} << (s - 1);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t v = (x0[i] * a + x1[i] * b + rounding) >> s;
    y[i] = static_cast<std::int8_t>(v < lo ? lo : v > hi ? hi : v);
  }
}

OHMIC_TARGET void maximum(const std::int8_t* x, int count, std::int8_t* y) {
  for (int i = 0; i < count; ++i) y[i] = x[i] > y[i] ? x[i] : y[i];
}

OHMIC_TARGET void sum(const std::int8_t* x, int count, std::int32_t* total) {
  for (int i = 0; i < count; ++i) total[i] += x[i];
}

OHMIC_TARGET void widen(const std::int8_t* x, int count, std::int16_t* wide) {
  for (int i = 0; i < count; ++i) wide[i] = x[i];
}

constexpr vector_kernels kernels{
    multiply, multiply_depthwise, add_codes, requantise, requantise_wide, requantise_exact, add, maximum, sum, widen};

}  // namespace OHMIC_SET
