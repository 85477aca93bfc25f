#pragma once

#include <cstdint>
#include <random>

#include "ip/iss/iss_group.h"
#include "tests/ip/iss/test_program.h"

namespace ohmic::test {

/// What a random program may contain besides what every core and bench can do.
struct random_program_options {
  bool interrupts = false;  ///< enabled at the start; the program switches them off and on
  bool counters = false;    ///< reads and writes of counters and mip: values that depend on time
};

/// A seeded legal program of all instructions, compressed forms too: forward and backward jumps, nested hardware loops
/// up to the manual's limits, misaligned and post-increment accesses, exceptions, CSR accesses, cv.elw.
test_program make_random_program(unsigned seed, random_program_options options = {});

/// Runs with memories that answer in the next cycle until `until`, then to the end of the instruction. True if the
/// program ended.
template <class Observer>
bool run_to_end(iss_group& group, Observer& observer, std::vector<std::uint8_t>& memory, cycle_t until) {
  for (;;) {
    switch (group.advance(0, until, observer)) {
      case core_stop::bus: {
        const bus_request r = group.request(0);
        group.complete(0, access(memory, r), r.cycle, r.cycle + 1);
        if (group.mid_access(0))
          until = until > group.time(0) ? until : group.time(0) + 1;
        else
          group.advance(0, group.time(0), observer);  // reports the access
        break;
      }
      case core_stop::fetch:
        group.fetch_complete(0, group.time(0));
        break;
      case core_stop::horizon:
        if (group.time(0) >= until) return false;
        break;
      case core_stop::halted:
        return true;
    }
  }
}

}  // namespace ohmic::test
