#include "ip/ima/mvm_kernels.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
  #include <immintrin.h>
#endif

namespace ohmic::mvm {
namespace {

void block_scalar(const std::int8_t* weights, const std::int8_t* inputs, unsigned quads, const std::int32_t* bias,
                  std::int32_t* sums) {
  std::copy_n(bias, block_columns, sums);
  for (unsigned q = 0; q < quads; ++q, weights += quad_bytes, inputs += quad_rows) {
    const std::int32_t x0 = inputs[0], x1 = inputs[1], x2 = inputs[2], x3 = inputs[3];
    for (unsigned c = 0; c < block_columns; ++c) {
      const std::int8_t* w = weights + c * quad_rows;
      sums[c] += x0 * w[0] + x1 * w[1] + x2 * w[2] + x3 * w[3];
    }
  }
}

void adc_scalar(const std::int32_t* sums, unsigned count, std::int32_t m, unsigned s, std::int8_t* codes) {
  const std::int64_t rounding = std::int64_t{1} << (s - 1);
  for (unsigned i = 0; i < count; ++i) {
    const std::int64_t code = (std::int64_t{sums[i]} * m + rounding) >> s;
    codes[i] = static_cast<std::int8_t>(std::clamp<std::int64_t>(code, -128, 127));
  }
}

constexpr kernel_set scalar_set{"scalar", false, block_scalar, adc_scalar};

#if defined(__x86_64__)

std::int32_t quad_at(const std::int8_t* inputs, unsigned quad) {
  std::int32_t x;
  std::memcpy(&x, inputs + quad * quad_rows, sizeof x);
  return x;
}

// Widening to 16 bit: an 8-bit pair product saturates at -128 * -128 * 2, and sums must be exact.
__attribute__((target("avx2"))) void block_avx2(const std::int8_t* weights, const std::int8_t* inputs, unsigned quads,
                                                const std::int32_t* bias, std::int32_t* sums) {
  constexpr unsigned chunk_columns = 4, chunks = 8;  // 8 accumulators of 4 columns x 2 half sums
  for (unsigned first = 0; first < block_columns; first += chunk_columns * chunks) {
    __m256i acc[chunks];
    for (auto& a : acc) a = _mm256_setzero_si256();
    const std::int8_t* w = weights + first * quad_rows;
    for (unsigned q = 0; q < quads; ++q, w += quad_bytes) {
      const __m256i x = _mm256_broadcastq_epi64(_mm_cvtepi8_epi16(_mm_cvtsi32_si128(quad_at(inputs, q))));
      for (unsigned k = 0; k < chunks; ++k) {
        const __m128i bytes = _mm_load_si128(reinterpret_cast<const __m128i*>(w + k * 16));
        acc[k] = _mm256_add_epi32(acc[k], _mm256_madd_epi16(_mm256_cvtepi8_epi16(bytes), x));
      }
    }
    for (unsigned k = 0; k < chunks; k += 2) {
      const __m256i paired = _mm256_permute4x64_epi64(_mm256_hadd_epi32(acc[k], acc[k + 1]), 0b11011000);
      const unsigned column = first + k * chunk_columns;
      const __m256i start = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bias + column));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + column), _mm256_add_epi32(paired, start));
    }
  }
}

constexpr kernel_set avx2_set{"avx2", false, block_avx2, adc_scalar};

  #define OHMIC_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))

OHMIC_VNNI void block_vnni(const std::int8_t* weights, const std::int8_t* inputs, unsigned quads,
                           const std::int32_t* bias, std::int32_t* sums) {
  constexpr unsigned lanes = 16, vectors = block_columns / lanes;
  // Two independent sets of accumulators: the instruction's latency is longer than four issues.
  __m512i even[vectors], odd[vectors];
  for (unsigned v = 0; v < vectors; ++v) {
    even[v] = _mm512_loadu_si512(bias + v * lanes);
    odd[v] = _mm512_setzero_si512();
  }
  const __m512i offset = _mm512_set1_epi8(-128);
  const auto input = [&](unsigned q)
                         OHMIC_VNNI { return _mm512_xor_si512(_mm512_set1_epi32(quad_at(inputs, q)), offset); };
  unsigned q = 0;
  for (; q + 2 <= quads; q += 2, weights += 2 * quad_bytes) {
    const __m512i x0 = input(q), x1 = input(q + 1);
    for (unsigned v = 0; v < vectors; ++v) {
      even[v] = _mm512_dpbusd_epi32(even[v], x0, _mm512_load_si512(weights + v * 64));
      odd[v] = _mm512_dpbusd_epi32(odd[v], x1, _mm512_load_si512(weights + quad_bytes + v * 64));
    }
  }
  if (q < quads) {
    const __m512i x0 = input(q);
    for (unsigned v = 0; v < vectors; ++v)
      even[v] = _mm512_dpbusd_epi32(even[v], x0, _mm512_load_si512(weights + v * 64));
  }
  for (unsigned v = 0; v < vectors; ++v) _mm512_storeu_si512(sums + v * lanes, _mm512_add_epi32(even[v], odd[v]));
}

OHMIC_VNNI void adc_avx512(const std::int32_t* sums, unsigned count, std::int32_t m, unsigned s, std::int8_t* codes) {
  const __m512i factor = _mm512_set1_epi64(m);
  const __m512i rounding = _mm512_set1_epi64(std::int64_t{1} << (s - 1));
  const __m128i shift = _mm_cvtsi32_si128(static_cast<int>(s));
  for (unsigned i = 0; i < count; i += 8) {
    const __m512i sum = _mm512_cvtepi32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(sums + i)));
    const __m512i scaled = _mm512_add_epi64(_mm512_mul_epi32(sum, factor), rounding);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(codes + i), _mm512_cvtsepi64_epi8(_mm512_sra_epi64(scaled, shift)));
  }
}

  #undef OHMIC_VNNI

constexpr kernel_set vnni_set{"avx512-vnni", true, block_vnni, adc_avx512};

#endif

}  // namespace

bool supported(simd variant) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  switch (variant) {
    case simd::scalar:
      return true;
    case simd::avx2:
      return __builtin_cpu_supports("avx2");
    case simd::avx512_vnni:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vnni");
  }
#endif
  return variant == simd::scalar;
}

const kernel_set& kernels(simd variant) {
#if defined(__x86_64__)
  if (variant == simd::avx2) return avx2_set;
  if (variant == simd::avx512_vnni) return vnni_set;
#endif
  static_cast<void>(variant);
  return scalar_set;
}

const kernel_set& best_kernels() {
  static const kernel_set& best = supported(simd::avx512_vnni) ? kernels(simd::avx512_vnni)
                                  : supported(simd::avx2)      ? kernels(simd::avx2)
                                                               : scalar_set;
  return best;
}

}  // namespace ohmic::mvm
