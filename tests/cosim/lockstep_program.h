#pragma once

#include <cstdint>
#include <vector>

namespace ohmic::test {

/// A random program (tests/ip/iss/random_program.h) with what a real core needs around it: a start that sets every
/// register and, if asked, enables interrupts, and a trap handler that skips the instruction of an exception and
/// returns from interrupts.
struct lockstep_program {
  lockstep_program(unsigned seed, bool interrupts);

  std::vector<std::uint32_t> words;  ///< from random_program::base on
  std::vector<std::uint8_t> memory;
  std::uint32_t boot = 0;
};

}  // namespace ohmic::test
