/// @file
/// The kernels for one instruction set, for pcm_kernels.cpp only, which includes this once for each, with OHMIC_SET (a
/// namespace), OHMIC_TARGET (an attribute) and OHMIC_LANES (int32 of a vector; 1: plain C++). All sets give the same
/// bits: what each function promises stands in pcm_kernels.h, and conductances are uS, times seconds.
namespace OHMIC_SET {

constexpr unsigned chunk = 64;  // counters of a loop whose numbers stay in the first-level cache

OHMIC_TARGET void words_of_chunk(const philox_key& key, const philox_counter& first, unsigned count,
                                 std::uint32_t* __restrict w0, std::uint32_t* __restrict w1,
                                 std::uint32_t* __restrict w2, std::uint32_t* __restrict w3) {
  const std::uint32_t c0 = first[0], c1 = first[1], c2 = first[2], c3 = first[3], k0 = key[0], k1 = key[1];
  for (unsigned i = 0; i < count; ++i) {
    std::uint32_t x0 = c0 + i, x1 = c1, x2 = c2, x3 = c3, r0 = k0, r1 = k1;
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t a = std::uint64_t{0xD2511F53} * x0, b = std::uint64_t{0xCD9E8D57} * x2;
      const std::uint32_t y0 = static_cast<std::uint32_t>(b >> 32) ^ x1 ^ r0, y1 = static_cast<std::uint32_t>(b);
      const std::uint32_t y2 = static_cast<std::uint32_t>(a >> 32) ^ x3 ^ r1, y3 = static_cast<std::uint32_t>(a);
      x0 = y0, x1 = y1, x2 = y2, x3 = y3;
      r0 += 0x9E3779B9, r1 += 0xBB67AE85;
    }
    w0[i] = x0, w1[i] = x1, w2[i] = x2, w3[i] = x3;
  }
}

OHMIC_TARGET void words(const philox_key& key, const philox_counter& first, unsigned blocks, std::uint32_t* out) {
  words_of_chunk(key, first, blocks, out, out + blocks, out + 2 * blocks, out + 3 * blocks);
}

OHMIC_TARGET void normal_pairs(const std::uint32_t* __restrict radius, const std::uint32_t* __restrict angle,
                               unsigned count, double* __restrict first, double* __restrict second) {
  for (unsigned i = 0; i < count; ++i) elementary::normal_pair(radius[i], angle[i], first[i], second[i]);
}

OHMIC_TARGET void normals(const philox_key& key, const philox_counter& first, unsigned blocks, double* out) {
  std::uint32_t w[4][chunk];
  for (unsigned at = 0; at < blocks; at += chunk) {
    const unsigned count = std::min(chunk, blocks - at);
    words_of_chunk(key, {first[0] + at, first[1], first[2], first[3]}, count, w[0], w[1], w[2], w[3]);
    normal_pairs(w[0], w[1], count, out + at, out + blocks + at);
    normal_pairs(w[2], w[3], count, out + 2 * blocks + at, out + 3 * blocks + at);
  }
}

OHMIC_INLINE double clip(double x, double least, double most) {
  const double low = x < least ? least : x;
  return low > most ? most : low;
}

OHMIC_INLINE double value_of(const log_then_polynomial& f, double x, double ln_x) {
  const double below = clip(f.slope * ln_x + f.offset, f.least, f.most);
  const double above = ((f.coefficient[3] * x + f.coefficient[2]) * x + f.coefficient[1]) * x + f.coefficient[0];
  return x < f.split ? below : above;
}

OHMIC_TARGET void program(const device_model& model, const double* __restrict target,
                          const double* __restrict xi_programming, const double* __restrict xi_exponent, unsigned count,
                          double* __restrict programmed, double* __restrict exponent) {
  const device_model m = model;
  for (unsigned i = 0; i < count; ++i) {
    const double x = target[i] / m.g_max;
    const double sigma = ((m.programming[3] * x + m.programming[2]) * x + m.programming[1]) * x + m.programming[0];
    const double g = target[i] + m.programming_scale * sigma * xi_programming[i];
    programmed[i] = g < 0 ? 0 : g;
    const double bounded = x < 1e-7 ? 1e-7 : x;
    const double ln_x = elementary::log(bounded);
    const double nu =
        value_of(m.exponent_mean, bounded, ln_x) + value_of(m.exponent_deviation, bounded, ln_x) * xi_exponent[i];
    exponent[i] = m.drift_scale * (nu < 0 ? -nu : nu);
  }
}

OHMIC_TARGET void drift(const device_model& model, const double* __restrict programmed,
                        const double* __restrict exponent, double t, unsigned count, double* __restrict drifted,
                        double* __restrict read_deviation) {
  const device_model m = model;
  const double since_start = t + m.t0;
  const double ln_ratio = t > 0 ? elementary::log(since_start / m.t0) : 0;
  const double spectrum =
      since_start > 0 ? m.read_scale * std::sqrt(elementary::log((since_start + m.t_read) / (2 * m.t_read))) : 0;
  const bool power_law = m.read_coefficient != 0;
  for (unsigned i = 0; i < count; ++i) drifted[i] = programmed[i] * elementary::exp(-exponent[i] * ln_ratio);
  if (power_law) {
    for (unsigned i = 0; i < count; ++i) {
      const double x = programmed[i] / m.g_max, bounded = x < 1e-30 ? 1e-30 : x;
      const double q = m.read_coefficient * elementary::exp(-m.read_exponent * elementary::log(bounded));
      read_deviation[i] = drifted[i] * (q > m.read_most ? m.read_most : q) * spectrum;
    }
  } else {
    for (unsigned i = 0; i < count; ++i) {
      const double x = programmed[i] / m.g_max, bounded = x < 1e-30 ? 1e-30 : x;
      read_deviation[i] = drifted[i] * value_of(m.read_noise, bounded, elementary::log(bounded)) * spectrum;
    }
  }
}

OHMIC_TARGET void read(const double* __restrict drifted, const double* __restrict read_deviation,
                       const double* __restrict xi, unsigned count, double* __restrict g) {
  for (unsigned i = 0; i < count; ++i) {
    const double noisy = drifted[i] + read_deviation[i] * xi[i];
    g[i] = noisy < 0 ? 0 : noisy;
  }
}

#if OHMIC_LANES == 16
using vector = __m512i;
OHMIC_TARGET inline vector zero() { return _mm512_setzero_si512(); }
OHMIC_TARGET inline vector load(const std::int16_t* p) { return _mm512_loadu_si512(p); }
OHMIC_TARGET inline vector load(const std::uint8_t* p) {
  return _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
OHMIC_TARGET inline vector multiply_add(vector sum, vector w, std::int32_t pair) {
  return _mm512_dpwssd_epi32(sum, w, _mm512_set1_epi32(pair));
}
OHMIC_TARGET inline vector add(vector a, vector b) { return _mm512_add_epi32(a, b); }
OHMIC_TARGET inline void store(std::int32_t* p, vector v) { _mm512_storeu_si512(p, v); }
#elif OHMIC_LANES == 8
using vector = __m256i;
OHMIC_TARGET inline vector zero() { return _mm256_setzero_si256(); }
OHMIC_TARGET inline vector load(const std::int16_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
OHMIC_TARGET inline vector load(const std::uint8_t* p) {
  return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
OHMIC_TARGET inline vector multiply_add(vector sum, vector w, std::int32_t pair) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(w, _mm256_set1_epi32(pair)));
}
OHMIC_TARGET inline vector add(vector a, vector b) { return _mm256_add_epi32(a, b); }
OHMIC_TARGET inline void store(std::int32_t* p, vector v) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v); }
#endif

template <class cell>
OHMIC_TARGET inline void multiply_block(const cell* weights, const std::int16_t* inputs, unsigned pairs,
                                        std::int32_t* sums) {
#if OHMIC_LANES > 1
  constexpr unsigned vectors = 4;
  // Two sets of accumulators: one instruction's latency is longer than the issue of four.
  for (unsigned column = 0; column < block_columns; column += vectors * OHMIC_LANES) {
    vector even[vectors], odd[vectors];
    for (unsigned v = 0; v < vectors; ++v) even[v] = odd[v] = zero();
    const cell* w = weights + 2 * column;
    unsigned p = 0;
    for (; p + 2 <= pairs; p += 2, w += 2 * pair_cells) {
      std::int32_t x[2];
      std::memcpy(x, inputs + 2 * p, sizeof x);
      for (unsigned v = 0; v < vectors; ++v) {
        even[v] = multiply_add(even[v], load(w + 2 * v * OHMIC_LANES), x[0]);
        odd[v] = multiply_add(odd[v], load(w + pair_cells + 2 * v * OHMIC_LANES), x[1]);
      }
    }
    if (p < pairs) {
      std::int32_t x;
      std::memcpy(&x, inputs + 2 * p, sizeof x);
      for (unsigned v = 0; v < vectors; ++v) even[v] = multiply_add(even[v], load(w + 2 * v * OHMIC_LANES), x);
    }
    for (unsigned v = 0; v < vectors; ++v) store(sums + column + v * OHMIC_LANES, add(even[v], odd[v]));
  }
#else
  std::fill_n(sums, block_columns, 0);
  for (unsigned p = 0; p < pairs; ++p, weights += pair_cells, inputs += 2)
    for (unsigned c = 0; c < block_columns; ++c)
      sums[c] += std::int32_t{weights[2 * c]} * inputs[0] + std::int32_t{weights[2 * c + 1]} * inputs[1];
#endif
}

OHMIC_TARGET void multiply(const std::int16_t* weights, const std::int16_t* inputs, unsigned pairs,
                           std::int32_t* sums) {
  multiply_block(weights, inputs, pairs, sums);
}

OHMIC_TARGET void multiply_bytes(const std::uint8_t* weights, const std::int16_t* inputs, unsigned pairs,
                                 std::int32_t* sums) {
  multiply_block(weights, inputs, pairs, sums);
}

OHMIC_TARGET void add_noise(const std::int32_t* __restrict variance, double unit, const double* __restrict xi,
                            std::int32_t* __restrict sums) {
  for (unsigned c = 0; c < block_columns; ++c) {
    const double noise = std::sqrt(static_cast<double>(variance[c]) * unit) * xi[c];
    const auto bits = elementary::bits_of(noise + elementary::round_magic);
    sums[c] += static_cast<std::int32_t>(static_cast<std::uint32_t>(bits));
  }
}

constexpr kernel_set set{
#if OHMIC_LANES == 16
    "avx512-vnni",
#elif OHMIC_LANES == 8
    "avx2",
#else
    "scalar",
#endif
    normals,       words, program, drift, read, multiply, multiply_bytes, add_noise};

}  // namespace OHMIC_SET
