#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <utility>
#include <vector>

#include "ip/core/types.h"

namespace ohmic {

/// When the nodes of the network are to be evaluated. A node has up to four lanes, each with the one cycle in which it
/// is due: whoever evaluates a lane finds out anew when it is due again.
///
/// Nodes are found by one bit per node and cycle for the next `span` cycles, and by a heap for what lies further ahead.
/// A bit may be left over from a lane that turned out to be due earlier: a node that is visited need not be due.
/// Several cycles may be worked off node by node, so that what a node needs is fetched once for all of them. No
/// allocation once the heap has had its greatest length.
class cycle_wheel {
 public:
  static constexpr cycle_t span = 256;
  static constexpr unsigned lanes = 4;
  /// Number of a node's lane.
  static constexpr std::uint32_t at(unsigned node, unsigned lane) { return node * lanes + lane; }

  /// When the lanes of a node are due; `never`: not.
  struct alignas(32) due_times {
    std::array<cycle_t, lanes> lane{never, never, never, never};
  };

  explicit cycle_wheel(unsigned nodes = 0) { resize(nodes); }
  void resize(unsigned nodes) {
    words_ = (nodes + 63) / 64;
    group_log2_ = 0;
    while ((words_ >> group_log2_) >= 64) ++group_log2_;
    groups_.fill(0);
    bits_.assign(std::size_t{words_} * span, 0);
    due_.assign(nodes, {});
  }

  /// The lane is due in `cycle`, if not earlier. Precondition: `cycle` is not before the last cycle run or passed to
  /// forward().
  void wake(std::uint32_t lane, cycle_t cycle) {
    assert(cycle >= base_);
    cycle_t& due = due_[lane / lanes].lane[lane % lanes];
    if (due <= cycle) return;
    due = cycle;
    const unsigned node = lane / lanes;
    if (node != visited_ || cycle >= visited_until_) mark(node, cycle);
  }
  /// Of a node that is being visited: to be set to `never` before a lane is evaluated.
  due_times& due(unsigned node) { return due_[node]; }

  /// Time goes on to `cycle`. Precondition: nothing earlier is due.
  void forward(cycle_t cycle) {
    if (cycle <= base_) return;
    base_ = cycle;
    while (!far_.empty() && far_.front().first - base_ < span) {
      std::pop_heap(far_.begin(), far_.end(), std::greater<>{});
      const auto [at, node] = far_.back();
      far_.pop_back();
      mark(node, at);
    }
  }

  /// Nothing is due before this cycle, and a node is to be visited in it; or `never`.
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

  /// Calls visit(node), once each, in ascending order, for all nodes from `first` to `last` - 1 that may be due in
  /// [begin, end). A visit evaluates all lanes of the node that are due before `end`, until none is. It may wake lanes
  /// of its own and of higher nodes at any time from then on, others from `end` on. prefetch(node) comes one visit
  /// earlier. Call finish() when all nodes are done.
  template <class F, class P>
  void run(cycle_t begin, cycle_t end, unsigned first, unsigned last, F&& visit, P&& prefetch) {
    visited_until_ = end;
    for (unsigned w = first / 64; w * 64 < last; ++w) {
      const std::uint64_t groups = marked_groups(begin, end) >> (w >> group_log2_);
      if (groups == 0) break;
      if ((groups & 1) == 0) {
        w = ((w >> group_log2_) + static_cast<unsigned>(__builtin_ctzll(groups))) << group_log2_;
        if (w * 64 >= last) break;
      }
      std::uint64_t range = ~std::uint64_t{0};
      if (w * 64 < first) range &= ~std::uint64_t{0} << (first - w * 64);
      if (last - w * 64 < 64) range &= ~(~std::uint64_t{0} << (last - w * 64));
      for (std::uint64_t any = take(w, range, begin, end); any != 0; any = take(w, range, begin, end)) {
        while (any != 0) {
          visited_ = w * 64 + static_cast<unsigned>(__builtin_ctzll(any));
          any &= any - 1;
          if (any != 0) prefetch(w * 64 + static_cast<unsigned>(__builtin_ctzll(any)));
          visit(visited_);
        }
      }
    }
    visited_ = nobody;
  }
  void finish(cycle_t begin, cycle_t end) {
    for (cycle_t c = begin; c < end; ++c) {
      busy_[c % span / 64] &= ~(std::uint64_t{1} << (c % 64));
      groups_[c % span] = 0;
    }
    forward(end - 1);
  }

 private:
  void mark(unsigned node, cycle_t cycle) {
    if (cycle - base_ < span) {
      const cycle_t slot = cycle % span;
      bits_[slot * words_ + node / 64] |= std::uint64_t{1} << (node % 64);
      groups_[slot] |= std::uint64_t{1} << (node / 64 >> group_log2_);
      busy_[slot / 64] |= std::uint64_t{1} << (slot % 64);
    } else {
      mark_far(node, cycle);
    }
  }
  __attribute__((noinline)) void mark_far(unsigned node, cycle_t cycle) {
    far_.emplace_back(cycle, node);
    std::push_heap(far_.begin(), far_.end(), std::greater<>{});
  }
  /// Groups of words in which a node may be marked.
  std::uint64_t marked_groups(cycle_t begin, cycle_t end) const {
    std::uint64_t any = 0;
    for (cycle_t c = begin; c < end; ++c) any |= groups_[c % span];
    return any;
  }
  /// The marked nodes of a word, whose marks are gone then.
  std::uint64_t take(unsigned word, std::uint64_t range, cycle_t begin, cycle_t end) {
    std::uint64_t any = 0;
    for (cycle_t c = begin; c < end; ++c) {
      std::uint64_t& bits = bits_[c % span * words_ + word];
      any |= bits;
      bits &= ~range;
    }
    return any & range;
  }

  static constexpr unsigned busy_words = span / 64, nobody = ~0u;
  unsigned words_ = 0;
  std::vector<std::uint64_t> bits_;           // [cycle % span][word]
  unsigned group_log2_ = 0;                   // words in a group: at most 64 groups
  std::array<std::uint64_t, span> groups_{};  // [cycle % span]: groups with a marked node
  std::uint64_t busy_[busy_words] = {};
  std::vector<due_times> due_;
  cycle_t base_ = 0, visited_until_ = 0;
  unsigned visited_ = nobody;
  std::vector<std::pair<cycle_t, unsigned>> far_;  // heap, earliest first
};

}  // namespace ohmic
