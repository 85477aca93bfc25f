#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <vector>

#include "ip/core/types.h"

namespace ohmic {

/// What happens in which cycle, for all routers that share it: arrivals of bursts and arbitrations of
/// channels.
///
/// A wheel of `span` cycles, and a heap for what lies further ahead. Within a cycle all arrivals come before
/// all arbitrations, and each kind in the order in which it was added. Lists keep their capacity, so that
/// nothing is allocated once they have had their greatest length.
template <class Arrival, class Channel>
class calendar {
 public:
  static constexpr cycle_t span = 256;

  calendar() : slots_(span) {}

  /// Precondition: `at` is not before the last cycle run or passed to forward().
  void add(Arrival& arrival, cycle_t at) { insert(arrival, at, &slot::arrivals); }
  void add(Channel& channel, cycle_t at) { insert(channel, at, &slot::channels); }

  /// Time goes on to `cycle`: nothing earlier can be added any more. Precondition: nothing earlier is
  /// pending.
  void forward(cycle_t cycle) {
    if (cycle <= base_) return;
    base_ = cycle;
    while (!far_.empty() && far_.front().at - base_ < span) {
      std::pop_heap(far_.begin(), far_.end(), later{});
      const far_event event = far_.back();
      far_.pop_back();
      if (event.arrival) {
        insert(*event.arrival, event.at, &slot::arrivals);
      } else {
        insert(*event.channel, event.at, &slot::channels);
      }
    }
  }

  /// The earliest cycle with something to do, or `never`.
  cycle_t next() const {
    const cycle_t start = base_ % span;
    std::uint64_t word = busy_[start / 64] & (~std::uint64_t{0} << (start % 64));
    for (unsigned i = 0;; ++i) {
      if (word) {
        const cycle_t found = (start / 64 + i) % words * 64 + static_cast<unsigned>(__builtin_ctzll(word));
        return base_ + (found + span - start) % span;
      }
      if (i == words) break;  // the first word again, for its low bits
      word = busy_[(start / 64 + i + 1) % words];
    }
    return far_.empty() ? never : far_.front().at;
  }

  /// Runs one cycle: arrive(Arrival&) for each arrival, then arbitrate(Channel&) for each channel; arrive()
  /// may add channels to this very cycle, arbitrate() must add to later ones only.
  template <class A, class C>
  void run(cycle_t cycle, A&& arrive, C&& arbitrate) {
    forward(cycle);
    slot& s = slots_[cycle % span];
    // Objects of one cycle are scattered in memory: fetch some ahead.
    visit(s.arrivals, arrive);
    visit(s.channels, arbitrate);
    busy_[cycle % span / 64] &= ~(std::uint64_t{1} << (cycle % 64));
  }

 private:
  static constexpr unsigned words = span / 64;
  struct slot {
    std::vector<Arrival*> arrivals;
    std::vector<Channel*> channels;
  };
  struct far_event {
    cycle_t at;
    std::uint64_t sequence;
    Arrival* arrival;
    Channel* channel;
  };
  struct later {
    bool operator()(const far_event& a, const far_event& b) const {
      return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
    }
  };

  template <class T, class F>
  static void visit(std::vector<T*>& list, F&& each) {
    constexpr std::size_t ahead = 4;
    const std::size_t count = list.size();
    for (std::size_t i = 0; i < count; ++i) {
      if (i + ahead < count) list[i + ahead]->prefetch();
      each(*list[i]);
    }
    assert(list.size() == count);
    list.clear();
  }
  template <class T>
  void insert(T& item, cycle_t at, std::vector<T*> slot::* kind) {
    assert(at >= base_);
    if (at - base_ < span) {
      (slots_[at % span].*kind).push_back(&item);
      busy_[at % span / 64] |= std::uint64_t{1} << (at % 64);
    } else {
      far_event event{at, sequence_++, nullptr, nullptr};
      set(event, item);
      far_.push_back(event);
      std::push_heap(far_.begin(), far_.end(), later{});
    }
  }
  static void set(far_event& event, Arrival& item) { event.arrival = &item; }
  static void set(far_event& event, Channel& item) { event.channel = &item; }

  std::vector<slot> slots_;
  std::array<std::uint64_t, words> busy_{};
  cycle_t base_ = 0;
  std::vector<far_event> far_;
  std::uint64_t sequence_ = 0;
};

}  // namespace ohmic
