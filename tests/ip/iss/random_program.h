#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "ip/iss/iss_group.h"

namespace ohmic::test {

/// A seeded legal program: straight code of any instructions with forward branches, nested hardware loops,
/// misaligned and post-increment accesses, traps to a handler that returns behind them. It ends by a jump out of
/// the text. Data: 4 KiB at `data` (accesses wrap).
class random_program {
 public:
  static constexpr std::uint32_t base = 0x80000000;
  static constexpr std::uint32_t data = 0x10000000;
  static constexpr std::uint32_t events = 0x10200000;  ///< cv.elw reads here; memory where there is no event unit
  explicit random_program(unsigned seed);

  std::vector<std::uint32_t> words;
  std::vector<std::uint8_t> memory;
  hart_state start;

 private:
  std::uint32_t computing();
  void straight(unsigned count);
  void element();
  unsigned reg() { return 1 + random_() % 23; }  // x24.. are pointers and loop counts
  std::mt19937 random_;
};

std::uint32_t access(std::vector<std::uint8_t>& memory, const bus_request& r);
void store(std::vector<std::uint8_t>& memory, std::uint32_t addr, std::uint32_t value, unsigned size);

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
