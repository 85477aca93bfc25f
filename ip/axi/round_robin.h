#pragma once

#include <cstdint>

namespace ohmic {

/// The fair arbiter that the AXI crosspoints use for up to 64 requesters, with its lock.
///
/// A state `next` points at the requester that is preferred. The winner is the requester whose number differs from it
/// in the least significant way (smallest number XOR next), because the arbiter is a binary tree whose nodes follow
/// the state's bits; it is not "the next one after the last winner". When the winner is taken, `next` becomes the
/// lowest requester above it, or the lowest of all. Requests that are not taken in their cycle are frozen: who asks
/// later is not seen until the choice has been taken.
///
/// Call per cycle with a request: pick(requests), then taken() or not_taken().
/// Source: rr_arb_tree of common_cells 1.39, fair and with its lock.
class round_robin {
 public:
  unsigned pick(std::uint64_t requests) {
    if (!frozen_) vector_ = requests;
    if ((vector_ & (vector_ - 1)) == 0) return lowest(vector_);
    unsigned best = lowest(vector_);
    for (std::uint64_t left = vector_ & (vector_ - 1); left != 0; left &= left - 1) {
      const unsigned other = lowest(left);
      if ((other ^ next_) < (best ^ next_)) best = other;
    }
    return best;
  }
  void taken() {
    const std::uint64_t above = next_ == 63 ? 0 : vector_ & (~std::uint64_t{0} << (next_ + 1));
    next_ = lowest(above != 0 ? above : vector_);
    frozen_ = false;
  }
  void not_taken() { frozen_ = true; }
  /// pick() and not_taken().
  void freeze(std::uint64_t requests) {
    if (!frozen_) vector_ = requests;
    frozen_ = true;
  }
  /// pick() and taken() for a requester that is the only one.
  void sole(unsigned requester) {
    next_ = requester;
    frozen_ = false;
  }

  /// The requesters that the next pick() chooses from, if it is frozen.
  bool frozen() const { return frozen_; }

 private:
  static unsigned lowest(std::uint64_t word) { return static_cast<unsigned>(__builtin_ctzll(word)); }
  std::uint64_t vector_ = 0;
  unsigned next_ = 0;
  bool frozen_ = false;
};

}  // namespace ohmic
