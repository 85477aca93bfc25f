#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#if defined(__x86_64__)
  #include <immintrin.h>
#endif

#include "ip/core/types.h"

namespace ohmic {

/// When each of many parts has something to do: searched once per window, so by eight parts at a time where the host's
/// processor can (AVX2). Different parts' entries may be written by different threads between two searches.
class due_table {
 public:
  explicit due_table(std::size_t parts)
      : due_((parts + block - 1) / block * block, never), parts_(parts), found_(due_.size() + block) {}

  cycle_t& operator[](std::size_t part) { return due_[part]; }
  std::size_t size() const { return parts_; }

  /// The earliest entry, or `not_before` if one is earlier than that.
  cycle_t earliest(cycle_t not_before) const {
    cycle_t least = never;
    for (std::size_t i = 0; i < due_.size(); i += block) {
      for (std::size_t k = 0; k < block; ++k) least = std::min(least, due_[i + k]);
      if (least <= not_before) return not_before;  // in a busy chip soon
    }
    return least;
  }

  /// The parts with entries before `to`, ascending.
  void find_before(cycle_t to, std::vector<unsigned>& parts) {
#if defined(__x86_64__)
    static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
    const std::size_t count = has_avx2 ? find_avx2(to) : find(to);
#else
    const std::size_t count = find(to);
#endif
    parts.assign(found_.begin(), found_.begin() + static_cast<std::ptrdiff_t>(count));
  }

  /// What find_before() does where there is no AVX2.
  std::size_t find(cycle_t to) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < due_.size(); ++i) {
      found_[count] = static_cast<unsigned>(i);
      count += due_[i] < to ? 1 : 0;
    }
    return count;
  }

 private:
  static constexpr std::size_t block = 8;

#if defined(__x86_64__)
  using places = std::array<std::array<std::uint8_t, block>, 256>;
  /// The places of a byte's bits that are set.
  static constexpr places places_of_bits() {
    places all{};
    for (unsigned byte = 0; byte < all.size(); ++byte)
      for (unsigned bit = 0, count = 0; bit < block; ++bit)
        if ((byte >> bit & 1) != 0) all[byte][count++] = static_cast<std::uint8_t>(bit);
    return all;
  }

  __attribute__((target("avx2"))) std::size_t find_avx2(cycle_t to) {
    static constexpr places set = places_of_bits();
    const __m256i sign = _mm256_set1_epi64x(INT64_MIN);  // comparisons are of signed numbers
    const __m256i limit = _mm256_xor_si256(_mm256_set1_epi64x(static_cast<std::int64_t>(to)), sign);
    const auto before = [&](const cycle_t* four) __attribute__((target("avx2"))) {
      const __m256i due = _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(four)), sign);
      return static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(limit, due))));
    };
    unsigned* next = found_.data();
    for (std::size_t i = 0; i < due_.size(); i += block) {
      const unsigned bits = before(&due_[i]) | before(&due_[i + 4]) << 4;
      const __m128i found = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(set[bits].data()));
      const __m256i first = _mm256_set1_epi32(static_cast<int>(i));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(next), _mm256_add_epi32(first, _mm256_cvtepu8_epi32(found)));
      next += __builtin_popcount(bits);
    }
    return static_cast<std::size_t>(next - found_.data());
  }
#endif

  std::vector<cycle_t> due_;  // whole blocks, never behind the last part
  std::size_t parts_;
  std::vector<unsigned> found_;  // a block longer: a store may write eight numbers
};

}  // namespace ohmic
