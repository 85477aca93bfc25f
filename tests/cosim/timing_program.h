#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ip/core/types.h"
#include "tests/ip/iss/test_program.h"

/// Random programs whose cycles, not values, are compared: ISS against RTL.
namespace ohmic::test {

/// What a program is made of besides single-cycle code of both lengths.
enum class timing_class : std::uint8_t {
  straight,       ///< nothing
  slow,           ///< mulh, div, rem and CSR accesses
  waits,          ///< local, misaligned and remote accesses
  conflicts,      ///< local accesses that are granted late
  jumps,          ///< jumps and branches, taken and not, to and from all alignments
  slow_jumps,     ///< the same behind slow instructions
  waiting_jumps,  ///< the same behind accesses that wait
  fences,         ///< fence, fence.i and CSR accesses
  counters,       ///< reads of mcycle, behind all kinds
  events,         ///< cv.elw that sleep for a while
  traps,          ///< ecall, ebreak, illegal instructions and their handler's mret
  everything,
};
struct timing_class_name {
  timing_class kind;
  const char* name;
};
inline constexpr timing_class_name timing_classes[] = {
    {timing_class::straight, "straight"},
    {timing_class::slow, "slow"},
    {timing_class::waits, "waits"},
    {timing_class::conflicts, "conflicts"},
    {timing_class::jumps, "jumps"},
    {timing_class::slow_jumps, "slow_jumps"},
    {timing_class::waiting_jumps, "waiting_jumps"},
    {timing_class::fences, "fences"},
    {timing_class::counters, "counters"},
    {timing_class::events, "events"},
    {timing_class::traps, "traps"},
    {timing_class::everything, "everything"},
};

/// Segments of random code, each closed by a store to timing_mark.
test_program make_timing_program(timing_class kind, unsigned seed, unsigned segments);

inline constexpr std::uint32_t timing_mark = test_program::data + 2000;
/// Accesses from here on are remote: they wait for their response.
inline constexpr std::uint32_t timing_remote = 0x40000000;

/// What surrounds the hart: how long lines take, and from which numbers accesses get their waits.
struct timing_surroundings {
  unsigned line_cycles = 0;  ///< request of a line to its first word, beyond a hit
  unsigned seed = 1;
  bool conflicts = false;  ///< local accesses are granted up to three cycles late
};

/// A store to timing_mark: when it was granted, and what it wrote.
struct timing_note {
  cycle_t at = 0;
  std::uint32_t value = 0;
};

/// Runs hart 0 of a group that has been started; returns the notes in order, none if the program did not end.
template <class Group>
std::vector<timing_note> run_timed(Group& group, std::vector<std::uint8_t> memory, const timing_surroundings& around) {
  std::vector<timing_note> notes;
  null_observer nobody;
  auto wait = [&, n = 0u](unsigned below) mutable {
    std::uint32_t x = (around.seed * 0x9e3779b9u) ^ (++n * 0x85ebca6bu);
    x ^= x >> 15, x *= 0x2c1b3c6du, x ^= x >> 13;
    return x % below;
  };
  for (unsigned stops = 0; stops < 200000; ++stops) {
    switch (group.advance(0, never, nobody)) {
      case core_stop::bus: {
        const bus_request r = group.request(0);
        const std::uint32_t data = access(memory, r);
        cycle_t granted = r.cycle, valid = r.cycle + 1;
        if (r.addr >= timing_remote) {
          granted += wait(3) == 0 ? 1 : 0;
          valid = granted + 1 + (wait(4) == 0 ? wait(4) : 13 + wait(20));
        } else if (r.addr - test_program::events < 4096) {
          valid = granted + 1 + (wait(2) == 0 ? wait(8) : wait(60));
        } else if (around.conflicts && r.addr != timing_mark) {
          granted += wait(2) == 0 ? wait(4) : 0;
          valid = granted + 1;
        }
        if (r.addr == timing_mark && r.write) notes.push_back({granted, r.wdata});
        group.complete(0, data, granted, valid);
        break;
      }
      case core_stop::fetch:
        group.fetch_complete(0, group.time(0) + around.line_cycles);
        break;
      case core_stop::horizon:
        break;
      case core_stop::halted:
        return notes;
    }
  }
  return {};
}

}  // namespace ohmic::test
