#pragma once

#include <cstdint>
#include <vector>

#include "ip/core/types.h"

namespace ohmic::test {

/// What surrounds a hart in a bench: how long each port stalls at most, how often interrupt lines pulse.
struct surroundings {
  unsigned grant_stall = 0, response_stall = 0, line_stall = 0;
  unsigned interrupt_every = 0;  ///< cycles between pulses on average; 0: none
};

/// Cycles that a data access waits beyond the shortest: for its grant, then for its response.
struct access_wait {
  unsigned grant = 0, response = 0;
  bool nothing() const { return grant == 0 && response == 0; }
};

/// An answer of the event register.
struct event_answer {
  unsigned wait = 0;        ///< cycles until it, beyond the shortest
  std::uint32_t value = 0;  ///< 0 instead if an enabled interrupt is pending
  std::uint32_t lines = 0;  ///< interrupt lines that rise with it; 0: none
  unsigned length = 0;      ///< cycles from the grant for which they stay
  bool nothing() const { return wait == 0 && value == 0 && lines == 0; }
};

/// Cycles that an instruction line takes beyond the shortest.
struct line_wait {
  unsigned cycles = 0;
  bool nothing() const { return cycles == 0; }
};

/// Interrupt lines that are high for some cycles.
struct interrupt_pulse {
  cycle_t at = 0;
  std::uint32_t lines = 0;
  unsigned length = 0;
};

/// Everything that happened to a hart in a bench, or is to happen: what lists do not name happens without delay.
struct happenings {
  std::vector<access_wait> accesses;    ///< of the first, second ... access that is no event wait
  std::vector<line_wait> lines;         ///< of the first, second ... line
  std::vector<event_answer> events;     ///< of the first, second ... read of the event register
  std::vector<interrupt_pulse> pulses;  ///< by time; a later one replaces what is left of an earlier one
};

}  // namespace ohmic::test
