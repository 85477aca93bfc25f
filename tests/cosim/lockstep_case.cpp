#include "tests/cosim/lockstep_case.h"

#include "tests/ip/iss/random_program.h"

namespace ohmic::test {

std::string lockstep_outcome::reason() const { return mismatch.substr(0, mismatch.find_first_of(":\n")); }

const std::vector<std::pair<const char*, surroundings>>& all_surroundings() {
  static const std::vector<std::pair<const char*, surroundings>> all = {
      {"Quiet", {}},
      {"Stalls", {3, 3, 5, 0}},
      {"LongStalls", {20, 40, 60, 0}},
      {"Interrupts", {0, 0, 0, 60}},
      {"InterruptsAndStalls", {3, 5, 6, 40}},
  };
  return all;
}

std::optional<surroundings> surroundings_named(const std::string& name) {
  for (const auto& [known, around] : all_surroundings()) {
    if (name == known) return around;
  }
  return std::nullopt;
}

test_program random_program_for(unsigned seed, const surroundings& around) {
  random_program_options options;
  options.interrupts = around.interrupt_every != 0;
  options.counters = true;
  // Other programs in other surroundings.
  return make_random_program(seed + 1000003u * (around.interrupt_every + around.grant_stall), options);
}

lockstep_outcome run_case(const lockstep_case& c, cycle_t max_cycles) {
  null_observer nobody;
  happenings what;
  return lockstep_detail::run(
      c.program,
      [&](lockstep_group& group, std::vector<std::uint8_t>& memory) {
        return core_bench<lockstep_group>(group, memory, c.what);
      },
      nobody, what, max_cycles);
}

}  // namespace ohmic::test
