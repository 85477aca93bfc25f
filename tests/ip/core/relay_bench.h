#pragma once

#include <random>
#include <vector>

#include "ip/core/core_relay.h"
#include "ip/iss/iss_group.h"
#include "ip/lockstep/lockstep_group.h"
#include "ip/rtl_core/rtl_group.h"
#include "tests/ip/iss/test_program.h"

namespace ohmic::test {

/// A kind that notes the states with which it goes on.
template <class Kind>
class noting : public Kind {
 public:
  using Kind::Kind;
  void restore(unsigned h, const hart_state& state) {
    noted.push_back(state);
    Kind::restore(h, state);
  }
  std::vector<hart_state> noted;
};

enum relay_kind : unsigned { as_iss, as_rtl, as_lockstep };
using relay = core_relay<noting<iss_group>, noting<rtl_group>, noting<lockstep_group>>;

struct retirements {
  static constexpr bool enabled = true;
  std::vector<retire_record> all;
  unsigned interrupts = 0;
  void retire(unsigned, const retire_record& r) {
    all.push_back(r);
    interrupts += r.trap && r.cause >> 31 != 0;
  }
};

/// A relay's only hart with memory, an event register and random stalls. Reads of the event register wait for up to 60
/// cycles; a hart that is to change meanwhile has its request taken back.
struct relay_bench {
  struct around {
    bool stalls = false, interrupts = false;
  };

  relay_bench(const std::vector<std::uint32_t>& words, std::vector<std::uint8_t> data, unsigned seed, around a,
              std::vector<relay_leg> legs, unsigned first = as_iss)
      : bytes{test_program::base, static_cast<std::uint32_t>(words.size() * 4),
              reinterpret_cast<const std::uint8_t*>(words.data())},
        text(bytes.base, words.data(), bytes.size),
        memory(std::move(data)),
        cores({static_cast<std::uint8_t>(first)}, {std::move(legs)}, noting<iss_group>(text, 1, 7),
              noting<rtl_group>(bytes, 1, 7), noting<lockstep_group>(text, bytes, 1, 7)),
        around_(a),
        random_(seed * 31 + 7) {}

  /// True if the program ended in time. Legs of order n (from 1) without cycle are triggered at triggers[n - 1].
  bool run(std::uint32_t boot, cycle_t most, const std::vector<cycle_t>& triggers = {}) {
    cores.start(0, boot, 0);
    std::size_t triggered = 0;
    for (;;) {
      const cycle_t now = cores.time(0);
      if (now > most) return false;
      while (triggered < triggers.size() && now >= triggers[triggered])
        cores.trigger(static_cast<unsigned>(triggered + 1), triggers[triggered], 0), ++triggered;
      pulse(now);
      cycle_t until = around_.interrupts ? now + 1 : most + 1;
      if (triggered < triggers.size()) until = std::min(until, std::max(now + 1, triggers[triggered]));
      switch (cores.advance(0, until, seen)) {
        case core_stop::bus:
          answer(triggered < triggers.size() ? triggers[triggered] : never, triggered);
          break;
        case core_stop::fetch:
          cores.fetch_complete(0, cores.time(0) + (around_.stalls ? below(7) : 0));
          break;
        case core_stop::horizon:
          break;
        case core_stop::halted:
          return true;
      }
    }
  }

  static bool is_event(const bus_request& r) {
    return r.addr >= test_program::events && r.addr < test_program::events + 4096;
  }
  /// The same whenever it is read, so that a read may be replayed.
  static std::uint32_t event_value(const bus_request& r) { return 0x100 + (r.addr & 0xff); }

  text_bytes bytes;
  decoded_text text;
  std::vector<std::uint8_t> memory;
  relay cores;
  retirements seen;
  unsigned withdrawn = 0;

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }

  // A line stays high until its interrupt is taken.
  void pulse(cycle_t now) {
    if (!around_.interrupts) return;
    if (seen.interrupts != taken_) cores.set_irq(0, lines_ = 0);
    taken_ = seen.interrupts;
    if (now < next_pulse_) return;
    next_pulse_ = now + 20 + below(120);
    raise();
  }
  void raise() {
    static constexpr unsigned lines[] = {3, 7, 11, 16, 20, 31};
    cores.set_irq(0, lines_ |= 1u << lines[below(6)]);
  }

  void answer(cycle_t trigger, std::size_t& triggered) {
    const bus_request r = cores.request(0);
    const cycle_t granted = r.cycle + (around_.stalls && below(3) == 0 ? below(6) : 0);
    if (!is_event(r)) {
      cores.complete(0, access(memory, r), granted, granted + 1 + (around_.stalls && below(3) == 0 ? below(9) : 0));
      return;
    }
    const cycle_t wait = below(60);
    if (trigger <= granted + wait) cores.trigger(static_cast<unsigned>(++triggered), trigger, 1);
    if (cores.leaves(0)) {
      ++withdrawn;
      cores.withdraw(0, std::max(granted, std::min(trigger, granted + wait)));
      return;
    }
    if (around_.interrupts && below(4) == 0) raise();
    cores.complete(0, event_value(r), granted, granted + 1 + wait);
  }

  around around_;
  std::mt19937 random_;
  cycle_t next_pulse_ = 100;
  unsigned taken_ = 0;
  std::uint32_t lines_ = 0;
};

}  // namespace ohmic::test
