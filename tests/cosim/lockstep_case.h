#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ip/lockstep/lockstep_group.h"
#include "tests/cosim/core_bench.h"
#include "tests/ip/iss/test_program.h"

namespace ohmic::test {

/// A program and all that happens to it: everything that a run in lock-step depends on.
struct lockstep_case {
  test_program program;
  happenings what;
};

/// How a run in lock-step ended.
struct lockstep_outcome {
  std::uint64_t retirements = 0;
  bool ended = false;       ///< left its text in time
  std::string mismatch;     ///< empty: none
  retire_record differing;  ///< of the RTL, if there is a mismatch
  cycle_t cycles = 0;

  /// What differs, in a word or two: the first line of `mismatch`, without values.
  std::string reason() const;
};

inline constexpr cycle_t lockstep_cycles = 400000;  ///< more than the longest random program takes

/// The surroundings that random programs run in, by name.
const std::vector<std::pair<const char*, surroundings>>& all_surroundings();
std::optional<surroundings> surroundings_named(const std::string& name);

/// The program of this seed for these surroundings.
test_program random_program_for(unsigned seed, const surroundings& around);

namespace lockstep_detail {
template <class Observer>
struct last_of {
  static constexpr bool enabled = true;
  Observer& observer;
  retire_record last;
  void retire(unsigned h, const retire_record& r) {
    last = r;
    if constexpr (Observer::enabled) observer.retire(h, r);
  }
};

/// Runs a bench made by make_bench(group, memory); afterwards happened() of it goes to `what`.
template <class MakeBench, class Observer>
lockstep_outcome run(const test_program& program, MakeBench make_bench, Observer& observer, happenings& what,
                     cycle_t max_cycles) {
  const assembled_program text_words = assemble(program);
  const auto bytes = static_cast<std::uint32_t>(text_words.words.size() * 4);
  const decoded_text text(test_program::base, text_words.words.data(), bytes);
  lockstep_group group(
      text, {test_program::base, bytes, reinterpret_cast<const std::uint8_t*>(text_words.words.data())}, 1, 7);
  group.start(0, text_words.boot, 0);
  std::vector<std::uint8_t> memory = program.memory;
  last_of<Observer> watching{observer, {}};
  auto bench = make_bench(group, memory);
  lockstep_outcome result;
  result.ended = bench.run(max_cycles, watching) && !group.bad_hart();
  for (const std::uint64_t n : group.counts()) result.retirements += n;
  if (group.bad_hart()) {
    result.mismatch = group.mismatches().back().what;
    result.differing = watching.last;
  }
  result.cycles = group.time(0);
  what = bench.happened();
  return result;
}
}  // namespace lockstep_detail

/// Runs a program in random surroundings; `what` gets what happened.
template <class Observer>
lockstep_outcome run_randomly(const test_program& program, unsigned seed, const surroundings& around, happenings& what,
                              Observer& observer) {
  return lockstep_detail::run(
      program,
      [&](lockstep_group& group, std::vector<std::uint8_t>& memory) {
        return core_bench<lockstep_group>(group, memory, seed, around);
      },
      observer, what, lockstep_cycles);
}

/// Runs a case.
lockstep_outcome run_case(const lockstep_case& c, cycle_t max_cycles = lockstep_cycles);

}  // namespace ohmic::test
