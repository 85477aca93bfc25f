#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "ip/core/core_seam.h"
#include "tests/cosim/happenings.h"
#include "tests/ip/iss/test_program.h"

namespace ohmic::test {

/// Drives one hart behind the core seam with memory, an event register and stalls and interrupts, random or given.
///
/// Memory wraps every 4 KiB except at `event_address` on, where reads wait for an event, or end with 0 when an enabled
/// interrupt comes first. What happens is recorded, so that a run can be repeated from happened().
template <class Cores>
class core_bench {
 public:
  static constexpr std::uint32_t event_address = test_program::events;

  /// Random happenings within the bounds of `around`.
  core_bench(Cores& cores, std::vector<std::uint8_t>& memory, unsigned seed, surroundings around)
      : cores_(cores), memory_(memory), random_(seed * 977 + 5), around_(around), inventing_(true) {}
  /// These happenings and no others.
  core_bench(Cores& cores, std::vector<std::uint8_t>& memory, const happenings& what)
      : cores_(cores), memory_(memory), what_(what) {}

  /// True if the hart halted within max_cycles.
  template <class Observer>
  bool run(cycle_t max_cycles, Observer& observer) {
    while (cores_.time(0) < max_cycles) {
      const cycle_t until = pulse(max_cycles);
      switch (cores_.advance(0, until, observer)) {
        case core_stop::bus:
          answer();
          break;
        case core_stop::fetch:
          if (inventing_) what_.lines.push_back({below(around_.line_stall + 1)});
          cores_.fetch_complete(0, cores_.time(0) + (lines_ < what_.lines.size() ? what_.lines[lines_].cycles : 0));
          ++lines_;
          break;
        case core_stop::horizon:
          break;
        case core_stop::halted:
          return true;
      }
    }
    return false;
  }

  const happenings& happened() const { return what_; }

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  unsigned stall(unsigned most) { return most != 0 && below(3) == 0 ? below(most + 1) : 0; }
  std::uint32_t some_lines() {
    static constexpr unsigned lines[] = {3, 7, 11, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
    return 1u << lines[below(std::size(lines))] | (below(4) == 0 ? 1u << lines[below(std::size(lines))] : 0);
  }

  /// Sets the interrupt lines of this cycle; returns until when the hart may run.
  cycle_t pulse(cycle_t max_cycles) {
    if (around_.interrupt_every == 0 && what_.pulses.empty() && high_ == 0) return max_cycles;
    const cycle_t now = cores_.time(0);
    if (high_ != 0 && now >= pulse_end_) lower();
    if (inventing_) {
      if (now >= next_pulse_) {
        next_pulse_ = now + 1 + below(2 * around_.interrupt_every);
        what_.pulses.push_back({now, some_lines(), 1 + below(12)});
      }
    }
    while (pulses_ < what_.pulses.size() && what_.pulses[pulses_].at <= now) {
      const interrupt_pulse& p = what_.pulses[pulses_++];
      raise(p.lines, now + p.length);
    }
    return now + 1;
  }
  void raise(std::uint32_t lines, cycle_t end) {
    cores_.set_irq(0, high_ = lines);
    pulse_end_ = end;
  }
  void lower() { raise(0, never); }

  void answer() {
    const bus_request r = cores_.request(0);
    if (r.addr < event_address || r.addr >= event_address + 4096) {
      if (inventing_) what_.accesses.push_back({stall(around_.grant_stall), stall(around_.response_stall)});
      const access_wait w = accesses_ < what_.accesses.size() ? what_.accesses[accesses_] : access_wait{};
      ++accesses_;
      cores_.complete(0, access(memory_, r), r.cycle + w.grant, r.cycle + w.grant + 1 + w.response);
      return;
    }
    if (inventing_) what_.events.push_back(invent_event());
    const event_answer e = events_seen_ < what_.events.size() ? what_.events[events_seen_] : event_answer{};
    ++events_seen_;
    std::uint32_t value = e.value;
    if (e.lines != 0) {
      raise(e.lines, r.cycle + e.length);
      if (cores_.irq_would_be_taken(0)) value = 0;
    }
    cores_.complete(0, value, r.cycle, r.cycle + 1 + e.wait);
  }
  event_answer invent_event() {
    event_answer e;
    e.wait = below(2) == 0 ? below(6) : below(40);
    e.value = static_cast<std::uint32_t>(events_());
    if (around_.interrupt_every != 0 && below(4) == 0) {
      e.lines = some_lines();
      e.length = e.wait + 5 + below(12);
    }
    return e;
  }

  Cores& cores_;
  std::vector<std::uint8_t>& memory_;
  std::mt19937 random_{0};
  std::mt19937 events_{1};  // apart, so that all kinds of cores read the same
  surroundings around_;
  bool inventing_ = false;
  happenings what_;
  std::size_t accesses_ = 0, lines_ = 0, events_seen_ = 0, pulses_ = 0;
  cycle_t next_pulse_ = 100, pulse_end_ = never;
  std::uint32_t high_ = 0;
};

}  // namespace ohmic::test
