#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "ip/core/types.h"

namespace ohmic {

/// When each of up to 64 harts next needs its cluster: a wheel of bit masks, one per cycle, 64 cycles long.
///
/// Scheduling, taking a cycle's harts and finding the next busy cycle are a few instructions each. A hart is
/// scheduled at most once at a time. Times further away than the wheel wait apart and enter it as time comes near.
/// Contract: time only moves forward: take(now) with non-decreasing now, schedule(h, at) with at > the last now
/// taken (or at >= 0 before the first).
class due_wheel {
 public:
  void schedule(unsigned hart, cycle_t at) {
    if (at - base_ < 64) {
      slots_[at & 63] |= std::uint64_t{1} << hart;
      busy_ |= std::uint64_t{1} << (at & 63);
    } else {
      far_ |= std::uint64_t{1} << hart;
      far_at_[hart] = at;
      if (at < far_next_) far_next_ = at;
    }
  }

  /// All of `harts` at cycle base + 1 or later, but near (within the wheel).
  void schedule_near(std::uint64_t harts, cycle_t at) {
    slots_[at & 63] |= harts;
    busy_ |= std::uint64_t{1} << (at & 63);
  }

  /// Takes `harts` out; returns those of them that were scheduled. Rare: looks at the whole wheel.
  std::uint64_t remove(std::uint64_t harts) {
    std::uint64_t found = far_ & harts;
    far_ &= ~harts;
    for (unsigned at = 0; at < 64; ++at) {
      found |= slots_[at] & harts;
      slots_[at] &= ~harts;
      if (slots_[at] == 0) busy_ &= ~(std::uint64_t{1} << at);
    }
    far_next_ = never;
    for (std::uint64_t rest = far_; rest; rest &= rest - 1)
      far_next_ = std::min(far_next_, far_at_[static_cast<unsigned>(__builtin_ctzll(rest))]);
    return found;
  }

  /// Earliest cycle with a hart due, or never.
  cycle_t next() const {
    cycle_t near = never;
    if (busy_ != 0) {
      const unsigned at = base_ & 63;
      const std::uint64_t turned = (busy_ >> at) | (at ? busy_ << (64 - at) : 0);
      near = base_ + static_cast<unsigned>(__builtin_ctzll(turned));
    }
    return near < far_next_ ? near : far_next_;
  }

  /// Harts due before `to`, as far as the wheel sees now (at most 16 busy cycles are looked at).
  std::uint64_t due_before(cycle_t to) const {
    std::uint64_t harts = 0;
    const cycle_t first = next();
    for (cycle_t at = first; at < to && at < first + 16; ++at) harts |= slots_[at & 63];
    return harts;
  }

  /// Hint: take() of the cycles before `to` comes soon.
  void warm(cycle_t to) const {
    __builtin_prefetch(&slots_[(to - 1) & 63]);
    __builtin_prefetch(&slots_[(to - 6) & 63]);
  }

  /// The last cycle that was taken.
  cycle_t last() const { return base_; }

  /// Removes and returns the harts due in cycle `now`; no hart may be due earlier.
  std::uint64_t take(cycle_t now) {
    base_ = now;
    if (far_next_ < now + 64) pull_far();
    const std::uint64_t harts = slots_[now & 63];
    slots_[now & 63] = 0;
    busy_ &= ~(std::uint64_t{1} << (now & 63));
    return harts;
  }

 private:
  void pull_far() {
    far_next_ = never;
    for (std::uint64_t rest = far_; rest; rest &= rest - 1) {
      const unsigned h = static_cast<unsigned>(__builtin_ctzll(rest));
      const cycle_t at = far_at_[h];
      if (at - base_ < 64) {
        far_ &= ~(std::uint64_t{1} << h);
        slots_[at & 63] |= std::uint64_t{1} << h;
        busy_ |= std::uint64_t{1} << (at & 63);
      } else if (at < far_next_) {
        far_next_ = at;
      }
    }
  }

  std::uint64_t busy_ = 0;  // first, with the loop's other hot state
  cycle_t base_ = 0;
  std::uint64_t far_ = 0;
  cycle_t far_next_ = never;
  std::array<std::uint64_t, 64> slots_{};
  std::array<cycle_t, 64> far_at_{};
};

}  // namespace ohmic
