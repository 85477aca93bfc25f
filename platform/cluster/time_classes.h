#pragma once

#include <array>
#include <cstdint>

#include "ip/core/types.h"

namespace ohmic {

/// What a cluster's time is spent on. A cycle belongs to the first class that fits, so the classes sum to the time.
enum class time_class : std::uint8_t {
  analog,           ///< an MVM is in compute
  digital,          ///< a core is inside a kernel
  communication,    ///< DMA or streamer active or awaited
  synchronisation,  ///< waiting for a credit or barrier
  idle,             ///< nothing pending
};
inline constexpr unsigned time_class_count = 5;

/// Splits a cluster's cycles into classes by intervals: switch_to() at every change, O(1).
class time_split {
 public:
  void switch_to(time_class next, cycle_t now) {
    if (next == current_) return;
    settle(now);
    current_ = next;
  }
  /// Counts the running interval up to `now` (>= the last call's).
  void settle(cycle_t now) {
    cycles_[static_cast<unsigned>(current_)] += now - since_;
    since_ = now;
  }
  /// Reported time begins: what was before does not count.
  void restart(cycle_t now) {
    cycles_ = {};
    since_ = now;
  }
  cycle_t since() const { return since_; }
  std::uint64_t cycles(time_class c) const { return cycles_[static_cast<unsigned>(c)]; }

 private:
  std::array<std::uint64_t, time_class_count> cycles_{};
  cycle_t since_ = 0;
  time_class current_ = time_class::idle;
};

}  // namespace ohmic
