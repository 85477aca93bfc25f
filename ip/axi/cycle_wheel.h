#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <utility>
#include <vector>

#include "ip/core/types.h"

namespace ohmic {

/// Which of a fixed number of nodes are to be evaluated in which cycle.
///
/// One bit per node and cycle for the next `span` cycles, a heap for what lies further ahead. Waking a node twice for
/// one cycle is waking it once. Several cycles may be evaluated node by node, so that what a node needs is fetched once
/// for all of them. No allocation once the heap has had its greatest length.
class cycle_wheel {
 public:
  static constexpr cycle_t span = 256;

  explicit cycle_wheel(unsigned nodes = 0) { resize(nodes); }
  void resize(unsigned nodes) {
    words_ = (nodes + 63) / 64;
    bits_.assign(std::size_t{words_} * span, 0);
  }

  /// Precondition: `at` is not before the last cycle run or passed to forward().
  void wake(unsigned node, cycle_t at) {
    assert(at >= base_);
    if (at - base_ < span) {
      const cycle_t slot = at % span;
      bits_[slot * words_ + node / 64] |= std::uint64_t{1} << (node % 64);
      busy_[slot / 64] |= std::uint64_t{1} << (slot % 64);
    } else {
      wake_far(node, at);
    }
  }

  /// Time goes on to `cycle`. Precondition: nothing earlier is pending.
  void forward(cycle_t cycle) {
    if (cycle <= base_) return;
    base_ = cycle;
    while (!far_.empty() && far_.front().first - base_ < span) {
      std::pop_heap(far_.begin(), far_.end(), std::greater<>{});
      const auto [at, node] = far_.back();
      far_.pop_back();
      wake(node, at);
    }
  }

  /// The earliest cycle with a node to evaluate, or `never`.
  cycle_t next() const {
    const cycle_t start = base_ % span;
    std::uint64_t word = busy_[start / 64] & (~std::uint64_t{0} << (start % 64));
    for (unsigned i = 0;; ++i) {
      if (word != 0) {
        const cycle_t found = (start / 64 + i) % busy_words * 64 + static_cast<unsigned>(__builtin_ctzll(word));
        return base_ + (found + span - start) % span;
      }
      if (i == busy_words) break;  // the first word again, for its low bits
      word = busy_[(start / 64 + i + 1) % busy_words];
    }
    return far_.empty() ? never : far_.front().first;
  }

  /// Calls evaluate(node, cycle) for all nodes from `first` to `last` - 1 and cycles of [begin, end): group after group
  /// of `group` nodes, each group cycle by cycle, its nodes in ascending order. Evaluating a node may wake the nodes of
  /// its own group from then on (higher ones in the same cycle too), those of higher groups at any time, others from
  /// `end` on. `first`, `last` and 64 are multiples of `group`. Call finish() when all nodes are done. prefetch(node)
  /// comes one group earlier, for the group's first node.
  template <unsigned group, class F, class P>
  void run(cycle_t begin, cycle_t end, unsigned first, unsigned last, F&& evaluate, P&& prefetch) {
    static_assert(64 % group == 0);
    constexpr std::uint64_t members = group == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << group) - 1;
    for (unsigned w = first / 64; w * 64 < last; ++w) {
      std::uint64_t range = ~std::uint64_t{0};
      if (w * 64 < first) range &= ~std::uint64_t{0} << (first - w * 64);
      if (last - w * 64 < 64) range &= ~(~std::uint64_t{0} << (last - w * 64));
      std::uint64_t any = 0;
      for (cycle_t c = begin; c < end; ++c) any |= bits_[c % span * words_ + w];
      for (any &= range; any != 0;) {
        const unsigned low = static_cast<unsigned>(__builtin_ctzll(any)) / group * group;
        const std::uint64_t mask = members << low;
        any &= ~mask;
        if (any != 0) prefetch(w * 64 + static_cast<unsigned>(__builtin_ctzll(any)) / group * group);
        for (cycle_t c = begin; c < end; ++c) {
          std::uint64_t& word = bits_[c % span * words_ + w];
          for (std::uint64_t left = word & mask; left != 0; left = word & mask) {
            word &= ~(left & -left);
            evaluate(w * 64 + static_cast<unsigned>(__builtin_ctzll(left)), c);
          }
        }
      }
    }
  }
  void finish(cycle_t begin, cycle_t end) {
    for (cycle_t c = begin; c < end; ++c) busy_[c % span / 64] &= ~(std::uint64_t{1} << (c % 64));
    forward(end - 1);
  }

 private:
  __attribute__((noinline)) void wake_far(unsigned node, cycle_t at) {
    far_.emplace_back(at, node);
    std::push_heap(far_.begin(), far_.end(), std::greater<>{});
  }

  static constexpr unsigned busy_words = span / 64;
  unsigned words_ = 0;
  std::vector<std::uint64_t> bits_;  // [cycle % span][word]
  std::uint64_t busy_[busy_words] = {};
  cycle_t base_ = 0;
  std::vector<std::pair<cycle_t, unsigned>> far_;  // heap, earliest first
};

}  // namespace ohmic
