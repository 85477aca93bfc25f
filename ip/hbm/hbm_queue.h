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
/// A burst has arrived with its AR, or with its AW and first W beat. While fewer than `outstanding` bursts
/// are open, one read and one write are accepted per cycle, each in order of arrival; if there is room for
/// one only, reads and writes take turns. Accesses are pipelined: a read's first beat comes `access` cycles
/// after acceptance, or when the read channel is free; a write's B comes `access` cycles after acceptance or
/// its last beat, whichever is later, one B per cycle. A burst is open until its last response beat.
///
/// Calls: arrive() in order of head per direction and not after `head`; accept(c, ...) in every cycle c that
/// next_accept() names, when all arrivals of c are known.
template <class Burst>
class hbm_queue {
 public:
  explicit hbm_queue(const hbm_timing& timing) : timing_(timing) { open_.reserve(timing.outstanding); }

  /// First beat here at `head`, last at `last` (the same for a read); `beats` data beats.
  void arrive(Burst burst, cycle_t head, cycle_t last, bool write, unsigned beats) {
    (write ? writes_ : reads_).push_back({burst, head, last, beats});
  }

  /// Earliest cycle in which a burst that has arrived may be accepted, or `never`.
  cycle_t next_accept() const {
    cycle_t next = never;
    if (!reads_.empty()) next = reads_.front().head;
    if (!writes_.empty()) next = std::min(next, writes_.front().head);
    if (next == never) return never;
    next = std::max(next, next_cycle_);
    return open_.size() < timing_.outstanding ? next : std::max(next, open_.front() + 1);
  }

  /// Accepts what may be accepted in `cycle`: answer(burst, cycle of its first response beat) for each.
  template <class F>
  void accept(cycle_t cycle, F&& answer) {
    next_cycle_ = cycle + 1;
    while (!open_.empty() && open_.front() < cycle) {
      std::pop_heap(open_.begin(), open_.end(), std::greater<>{});
      open_.pop_back();
    }
    const bool first = write_turn_;
    for (const bool write : {first, !first}) {
      auto& waiting = write ? writes_ : reads_;
      if (waiting.empty() || waiting.front().head > cycle || open_.size() == timing_.outstanding) continue;
      const entry e = waiting.front();
      waiting.pop_front();
      write_turn_ = !write;
      const cycle_t ready = std::max(cycle, write ? e.last : cycle) + timing_.access;
      cycle_t& free = write ? b_free_ : r_free_;
      const cycle_t begin = std::max(ready, free);
      free = begin + (write ? 1 : e.beats);
      open_.push_back(free - 1);
      std::push_heap(open_.begin(), open_.end(), std::greater<>{});
      answer(e.burst, begin);
    }
  }

  std::size_t waiting() const { return reads_.size() + writes_.size(); }

 private:
  struct entry {
    Burst burst;
    cycle_t head, last;
    unsigned beats;
  };
  /// Keeps its memory, so that a steady stream allocates nothing.
  class fifo {
   public:
    bool empty() const { return begin_ == entries_.size(); }
    std::size_t size() const { return entries_.size() - begin_; }
    const entry& front() const { return entries_[begin_]; }
    void push_back(const entry& e) {
      if (begin_ > 32 && begin_ >= entries_.size() / 2) {
        entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(begin_));
        begin_ = 0;
      }
      entries_.push_back(e);
    }
    void pop_front() { ++begin_; }

   private:
    std::vector<entry> entries_;
    std::size_t begin_ = 0;
  };
  hbm_timing timing_;
  fifo reads_, writes_;
  std::vector<cycle_t> open_;  // last response beat of each open burst, earliest first
  cycle_t next_cycle_ = 0;     // acceptance takes one cycle per direction
  cycle_t r_free_ = 0, b_free_ = 0;
  bool write_turn_ = false;
};

}  // namespace ohmic
