#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "ip/core/core_seam.h"
#include "tests/ip/iss/random_program.h"

namespace ohmic::test {

/// What surrounds a hart in a bench: how long each port stalls at most, how often interrupt lines pulse.
struct surroundings {
  unsigned grant_stall = 0, response_stall = 0, line_stall = 0;
  unsigned interrupt_every = 0;  ///< cycles between pulses on average; 0: none
};

/// Drives one hart behind the core seam with memory, an event register and random stalls and interrupts.
///
/// Memory wraps every 4 KiB except at `event_address` on, where reads wait up to 40 cycles for an event, or end
/// with 0 when an enabled interrupt comes first.
template <class Cores>
class core_bench {
 public:
  static constexpr std::uint32_t event_address = random_program::events;

  core_bench(Cores& cores, std::vector<std::uint8_t>& memory, unsigned seed, surroundings around)
      : cores_(cores), memory_(memory), random_(seed * 977 + 5), around_(around) {}

  /// True if the hart halted within max_cycles.
  template <class Observer>
  bool run(cycle_t max_cycles, Observer& observer) {
    while (cores_.time(0) < max_cycles) {
      pulse();
      const cycle_t until = around_.interrupt_every != 0 ? cores_.time(0) + 1 : max_cycles;
      switch (cores_.advance(0, until, observer)) {
        case core_stop::bus:
          answer();
          break;
        case core_stop::fetch:
          cores_.fetch_complete(0, cores_.time(0) + below(around_.line_stall + 1));
          break;
        case core_stop::horizon:
          break;
        case core_stop::halted:
          return true;
      }
    }
    return false;
  }

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  unsigned stall(unsigned most) { return most != 0 && below(3) == 0 ? below(most + 1) : 0; }

  void pulse() {
    if (around_.interrupt_every == 0) return;
    const cycle_t now = cores_.time(0);
    if (now >= pulse_end_) cores_.set_irq(0, 0);
    if (now < next_pulse_) return;
    next_pulse_ = now + 1 + below(2 * around_.interrupt_every);
    raise(now);
  }
  void raise(cycle_t now) {
    static constexpr unsigned lines[] = {3, 7, 11, 16, 20, 31};
    cores_.set_irq(0, 1u << lines[below(6)] | (below(4) == 0 ? 1u << lines[below(6)] : 0));
    pulse_end_ = now + 1 + below(12);
  }

  void answer() {
    const bus_request r = cores_.request(0);
    const cycle_t granted = r.cycle + stall(around_.grant_stall);
    if (r.addr < event_address || r.addr >= event_address + 4096) {
      cores_.complete(0, access(memory_, r), granted, granted + 1 + stall(around_.response_stall));
      return;
    }
    const cycle_t wait = below(2) == 0 ? below(6) : below(40);
    std::uint32_t value = static_cast<std::uint32_t>(events_());
    if (around_.interrupt_every != 0 && below(4) == 0) {
      raise(granted + wait);
      pulse_end_ += 4;
      if (cores_.irq_would_be_taken(0)) value = 0;
    }
    cores_.complete(0, value, granted, granted + 1 + wait);
  }

  Cores& cores_;
  std::vector<std::uint8_t>& memory_;
  std::mt19937 random_;
  std::mt19937 events_{1};  // apart, so that all kinds of cores read the same
  surroundings around_;
  cycle_t next_pulse_ = 100, pulse_end_ = 0;
};

}  // namespace ohmic::test
