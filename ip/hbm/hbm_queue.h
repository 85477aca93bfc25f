#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

#include "ip/core/types.h"

namespace ohmic {

struct hbm_timing {
  cycle_t access = 100;       ///< Table I's HBM link latency, charged once per burst
  unsigned outstanding = 32;  ///< bursts accepted and not yet answered, reads and writes together
  unsigned width = 64;        ///< bytes per cycle of each direction's data channel
};

/// When HBM accepts each burst. Plain model: times in, times out; the data are the caller's.
///
/// While fewer than `outstanding` bursts are open, one read and one write are accepted per cycle, each in order of
/// arrival. If there is room for one only and both are there, they take turns, a read first; whoever comes alone is
/// accepted and has not had its turn by that. A write's address takes part in this before its data are there, if
/// announce() tells of it: its turn then passes unused. A burst is open until release().
///
/// Calls: arrive() in order of cycle per direction and not after it, announce() before the arrive() of its write;
/// accept(c, ...) in every cycle c that next_accept() names, when all arrivals of c are known; release() in the order
/// of its cycles.
template <class Burst>
class hbm_queue {
 public:
  explicit hbm_queue(const hbm_timing& timing) : outstanding_(timing.outstanding) {}

  void arrive(Burst burst, cycle_t cycle, bool write) {
    waiting_[write].push_back({burst, cycle, write ? std::min(announced_, cycle) : cycle});
    if (write) announced_ = never;
  }
  /// The address of the next write is there from `cycle` on.
  void announce(cycle_t cycle) { announced_ = cycle; }

  /// The last response beat of a burst leaves in `cycle`: its place is free in the next one.
  void release(cycle_t cycle) { releases_.push_back(cycle + 1); }

  /// Earliest cycle in which a burst that has arrived may be accepted as far as is known, or `never`.
  cycle_t next_accept() const {
    cycle_t next = never;
    for (const auto& queue : waiting_)
      if (!queue.empty()) next = std::min(next, queue.front().cycle);
    if (next == never) return never;
    next = std::max(next, next_cycle_);
    if (open_ - passed(next) < outstanding_) return next;
    return releases_.empty() ? never : std::max(next, releases_.front());
  }

  /// Earliest cycle after `cycle` in which a burst arrives that is first then, or `never`.
  cycle_t next_arrival(cycle_t cycle) const {
    cycle_t next = never;
    for (const auto& queue : waiting_)
      if (!queue.empty() && queue.front().cycle > cycle) next = std::min(next, queue.front().cycle);
    return next;
  }

  /// Accepts what may be accepted in `cycle`: take(burst, write) for each.
  template <class F>
  void accept(cycle_t cycle, F&& take) {
    next_cycle_ = cycle + 1;
    while (!releases_.empty() && releases_.front() <= cycle) {
      releases_.pop_front();
      --open_;
    }
    bool may[2] = {there(false, cycle), there(true, cycle)};
    if (may[0] && write_address_there(cycle) && open_ + 1 == outstanding_) {
      may[!write_turn_] = false;
      write_turn_ = !write_turn_;
    }
    for (const bool write : {false, true}) {
      if (!may[write] || open_ == outstanding_) continue;
      const Burst burst = waiting_[write].front().burst;
      waiting_[write].pop_front();
      ++open_;
      take(burst, write);
    }
  }

  /// Somebody waits until a place is free, and when that is nobody knows.
  bool waits_for_place() const { return waiting() != 0 && open_ == outstanding_ && releases_.empty(); }

  std::size_t waiting() const { return waiting_[0].size() + waiting_[1].size(); }

 private:
  struct entry {
    Burst burst;
    cycle_t cycle;
    cycle_t address;  // no later
  };
  bool there(bool write, cycle_t cycle) const {
    return !waiting_[write].empty() && waiting_[write].front().cycle <= cycle;
  }
  bool write_address_there(cycle_t cycle) const {
    return (waiting_[1].empty() ? announced_ : waiting_[1].front().address) <= cycle;
  }
  unsigned passed(cycle_t cycle) const {
    unsigned count = 0;
    while (count < releases_.size() && releases_[count] <= cycle) ++count;
    return count;
  }
  unsigned outstanding_;
  std::deque<entry> waiting_[2];  // [write]
  std::deque<cycle_t> releases_;  // cycles from which on a place is free
  unsigned open_ = 0;
  cycle_t next_cycle_ = 0;  // acceptance takes one cycle per direction
  bool write_turn_ = false;
  cycle_t announced_ = never;  // of the next write
};

}  // namespace ohmic
