#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "ip/core/types.h"

namespace ohmic {

struct hbm_timing {
  cycle_t access = 100;       ///< Table I's HBM link latency, charged once per burst
  unsigned outstanding = 32;  ///< bursts accepted and not yet answered, reads and writes together
  unsigned width = 64;        ///< bytes per cycle of each direction's data channel
};

/// When HBM accepts and answers each burst. Plain model: times in, times out; the data are the caller's.
///
/// A burst is accepted when it has arrived and fewer than `outstanding` bursts are open; the others wait at
/// the port in order of arrival. Accesses are pipelined: a read's first beat comes `access` cycles after
/// acceptance or when the read channel is free; a write is performed `access` cycles after acceptance or its
/// last beat, whichever is later, and its B comes then, one B per cycle. A burst is open until its last
/// response beat. Calls must come in the order of arrival; then acceptance order is arrival order and every
/// time is final at once.
class hbm_queue {
 public:
  explicit hbm_queue(const hbm_timing& timing) : timing_(timing) { open_.reserve(timing.outstanding); }

  struct answer {
    cycle_t first;  ///< first response beat
    cycle_t last;   ///< last response beat
  };

  /// A burst whose first beat is here at `head` and whose last at `last`; `beats` data beats.
  answer arrive(cycle_t head, cycle_t last, bool write, unsigned beats) {
    cycle_t accepted = std::max(head, previous_);
    if (open_.size() == timing_.outstanding) {
      accepted = std::max(accepted, open_.front() + 1);
      std::pop_heap(open_.begin(), open_.end(), std::greater<>{});
      open_.pop_back();
    }
    previous_ = accepted;
    answer a;
    if (write) {
      a.first = a.last = std::max(std::max(accepted, last) + timing_.access, b_free_);
      b_free_ = a.last + 1;
    } else {
      a.first = std::max(accepted + timing_.access, r_free_);
      a.last = a.first + beats - 1;
      r_free_ = a.last + 1;
    }
    open_.push_back(a.last);
    std::push_heap(open_.begin(), open_.end(), std::greater<>{});
    return a;
  }

  const hbm_timing& timing() const { return timing_; }

 private:
  hbm_timing timing_;
  cycle_t previous_ = 0;  // acceptance of the burst before: order is kept
  cycle_t r_free_ = 0;
  cycle_t b_free_ = 0;
  std::vector<cycle_t> open_;  // last response beats of the latest `outstanding` bursts, earliest first
};

}  // namespace ohmic
