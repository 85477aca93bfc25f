#pragma once

#include <algorithm>
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
///
/// The cluster hears of the begin and the end of reported time later than they are (a store takes its time to platform
/// control), or earlier; so the last switches are remembered: both may lie up to 64 switches back.
/// Call order: switch_to() with non-decreasing `now`; restart() and cycles() at any point.
class time_split {
 public:
  using totals = std::array<std::uint64_t, time_class_count>;

  void switch_to(time_class next, cycle_t now) {
    if (next == current_) return;
    if (since_ <= begin_ && begin_ < now) before_ = until(begin_);
    count(settled_, current_) += now - since_;
    recent_[switches_++ % remembered] = {since_, current_};
    current_ = next;
    since_ = now;
  }

  /// Reported time begins in cycle `begin`: what was before does not count.
  void restart(cycle_t begin) {
    begin_ = begin;
    if (begin < since_) before_ = until(begin);
  }

  /// Cycles by class in [begin of reported time, end): they sum to end - begin.
  totals cycles(cycle_t end) const {
    totals result{};
    if (end <= begin_) return result;
    const totals before = begin_ < since_ ? before_ : until(begin_), all = until(end);
    for (unsigned c = 0; c < time_class_count; ++c) result[c] = all[c] - before[c];
    return result;
  }

 private:
  static constexpr unsigned remembered = 64;
  struct interval {
    cycle_t since = 0;
    time_class of = time_class::idle;
  };
  static std::uint64_t& count(totals& t, time_class c) { return t[static_cast<unsigned>(c)]; }

  // Cycles by class in [0, end).
  totals until(cycle_t end) const {
    totals result = settled_;
    if (end >= since_) {
      count(result, current_) += end - since_;
      return result;
    }
    cycle_t later = since_;
    for (std::uint64_t k = switches_; k-- > 0 && k + remembered >= switches_ && end < later;) {
      const interval& i = recent_[k % remembered];
      count(result, i.of) -= later - std::max(end, i.since);
      later = i.since;
    }
    return result;
  }

  totals settled_{};  // of [0, since_)
  totals before_{};   // of [0, begin_), once since_ has passed it
  cycle_t since_ = 0, begin_ = 0;
  std::uint64_t switches_ = 0;
  std::array<interval, remembered> recent_{};
  time_class current_ = time_class::idle;
};

}  // namespace ohmic
