#pragma once

#include <cstdint>

namespace ohmic {

/// Why a hart halted for good. Those of hardware loops are the constraints of the CV32E40P user manual, "CORE-V
/// Hardware Loop feature": hardware does not notice them and what it does is undefined, so models are to diagnose them.
enum class hart_fault : std::uint8_t {
  none,
  fetch_outside_text,  ///< pc left the loaded text
  lockstep_mismatch,   ///< the two models of a core in lock-step did different things
  stack_overflow,      ///< a load or store with sp in the stack guard
  trap_storm,          ///< exceptions again and again without progress
  loop_set_up_misaligned,
  loop_too_short,
  loop_outside_text,
  loop_compressed,
  loop_jumps,
  loop_fences,
  loop_privileged,
  loop_changes_itself,
  loop_moved_while_counting,
  loop_nested_ends,
  loop_nested_order,
};

constexpr bool is_forbidden_loop(hart_fault f) { return f >= hart_fault::loop_set_up_misaligned; }

/// The rule that was broken, for messages.
constexpr const char* describe(hart_fault f) {
  switch (f) {
    case hart_fault::none:
      return "";
    case hart_fault::fetch_outside_text:
      return "instruction fetch outside the program's text";
    case hart_fault::lockstep_mismatch:
      return "RTL and ISS differ";
    case hart_fault::stack_overflow:
      return "stack overflow";
    case hart_fault::trap_storm:
      return "taken again and again without progress; more are allowed with --trap-limit";
    case hart_fault::loop_set_up_misaligned:
      return "forbidden hardware loop: set up by an instruction that is not 32-bit aligned";
    case hart_fault::loop_too_short:
      return "forbidden hardware loop: its end must be at least 3 instructions behind its start";
    case hart_fault::loop_outside_text:
      return "forbidden hardware loop: its body lies outside the program's text";
    case hart_fault::loop_compressed:
      return "forbidden hardware loop: its body has compressed instructions";
    case hart_fault::loop_jumps:
      return "forbidden hardware loop: its body has a jump or branch";
    case hart_fault::loop_fences:
      return "forbidden hardware loop: its body has a fence";
    case hart_fault::loop_privileged:
      return "forbidden hardware loop: its body has mret, dret or wfi";
    case hart_fault::loop_changes_itself:
      return "forbidden hardware loop: its body writes the loop's own registers";
    case hart_fault::loop_moved_while_counting:
      return "forbidden hardware loop: its start or end is changed while its count is not 0";
    case hart_fault::loop_nested_ends:
      return "forbidden hardware loop: loop 1 must end at least 8 bytes behind loop 0 nested in it";
    case hart_fault::loop_nested_order:
      return "forbidden hardware loop: the inner one of nested loops must be loop 0";
  }
  return "";
}

}  // namespace ohmic
