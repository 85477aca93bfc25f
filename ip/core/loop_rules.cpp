#include "ip/core/loop_rules.h"

namespace ohmic {
namespace {

constexpr std::uint32_t opcode_custom0 = 0x0b, opcode_loop = 0x2b, opcode_misc_mem = 0x0f, opcode_branch = 0x63,
                        opcode_jalr = 0x67, opcode_jal = 0x6f;
constexpr std::uint32_t mret = 0x30200073, dret = 0x7b200073, wfi = 0x10500073;
constexpr std::uint32_t minimum_body_bytes = 12;

/// cv.starti ... cv.setup; the loop's number is bit 7.
constexpr bool sets_up_loop(std::uint32_t w, unsigned loop) {
  return (w & 0x7f) == opcode_loop && (w >> 12 & 7) == 4 && (w >> 7 & 1) == loop;
}

/// cv.starti, cv.endi, cv.setupi, cv.setup.
constexpr bool relative_to_pc(std::uint32_t w) {
  const std::uint32_t which = w >> 8 & 15;
  return which == 0 || which == 2 || which == 6 || which == 7;
}

constexpr hart_fault check_in_body(std::uint32_t w, unsigned loop) {
  switch (w & 0x7f) {
    case opcode_branch:
    case opcode_jal:
    case opcode_jalr:
      return hart_fault::loop_jumps;
    case opcode_custom0:  // cv.beqimm, cv.bneimm
      return (w >> 12 & 7) >= 6 ? hart_fault::loop_jumps : hart_fault::none;
    case opcode_misc_mem:
      return hart_fault::loop_fences;
    default:
      break;
  }
  if (w == mret || w == dret || w == wfi) return hart_fault::loop_privileged;
  return sets_up_loop(w, loop) ? hart_fault::loop_changes_itself : hart_fault::none;
}

}  // namespace

hart_fault check_loop_body(const text_bytes& text, unsigned loop, std::uint32_t start, std::uint32_t end) {
  if (end < start || end - start < minimum_body_bytes) return hart_fault::loop_too_short;
  if (!text.contains(start) || !text.contains(end - 1)) return hart_fault::loop_outside_text;
  for (std::uint32_t pc = start; pc < end; pc += 4) {
    const std::uint32_t w = text.word(pc);
    if ((w & 3) != 3) return hart_fault::loop_compressed;
    if (const hart_fault f = check_in_body(w, loop); f != hart_fault::none) return f;
  }
  return hart_fault::none;
}

hart_fault loop_rules::written(const text_bytes& text, std::uint32_t pc, unsigned loop, unsigned what,
                               const loop_registers& now) {
  const bool counts = (what & loop_write_count) != 0;
  if (counts && now.count[loop] == 0) return hart_fault::none;
  if (pc % 4 != 0 && relative_to_pc(text.word(pc))) return hart_fault::loop_set_up_misaligned;
  if (!counts) return now.count[loop] != 0 ? hart_fault::loop_moved_while_counting : hart_fault::none;
  const body wanted{now.start[loop], now.end[loop]};
  if (checked_[loop].start != wanted.start || checked_[loop].end != wanted.end) {
    if (const hart_fault f = check_loop_body(text, loop, wanted.start, wanted.end); f != hart_fault::none) return f;
    checked_[loop] = wanted;
  }
  return check_loop_nesting(now);
}

}  // namespace ohmic
