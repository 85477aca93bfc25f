#pragma once

#include <cstdint>

namespace ohmic {

/// A set of AXI ids, 0 .. max_ids-1: 64 cores, 8 DMA channels and an instruction cache fit.
class id_set {
 public:
  static constexpr unsigned max_ids = 128;

  void insert(unsigned id) { words_[id / 64] |= bit(id); }
  void erase(unsigned id) { words_[id / 64] &= ~bit(id); }
  bool empty() const { return (words_[0] | words_[1]) == 0; }

  /// Calls visit(id) for the members from `first` on, then from 0 to first - 1, until it returns true.
  template <class F>
  bool visit_from(unsigned first, F&& visit) const {
    const unsigned w = first / 64 % 2;
    const std::uint64_t low = bit(first) - 1;
    return scan(words_[w] & ~low, w, visit) || scan(words_[1 - w], 1 - w, visit) || scan(words_[w] & low, w, visit);
  }

 private:
  static constexpr std::uint64_t bit(unsigned id) { return std::uint64_t{1} << (id % 64); }
  template <class F>
  static bool scan(std::uint64_t word, unsigned w, F& visit) {
    for (; word != 0; word &= word - 1)
      if (visit(64 * w + static_cast<unsigned>(__builtin_ctzll(word)))) return true;
    return false;
  }
  std::uint64_t words_[2] = {0, 0};
};

}  // namespace ohmic
