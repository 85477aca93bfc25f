#include "ip/iss/prefetch.h"

#include "ip/iss/timing.h"

namespace ohmic::iss {
namespace {

kind kind_of(const decoded* e) { return info(op_of(*e)).kind; }

const decoded* behind(const decoded* e) {
  return reinterpret_cast<const decoded*>(reinterpret_cast<const char*>(e) + e->step);
}

/// True if the instruction at pc contains the low half of the word two before `next_line`.
bool takes_last_word(const decoded* e, std::uint32_t pc, std::uint32_t next_line) {
  return pc == next_line - 8 || (pc == next_line - 10 && e->step != sizeof(decoded));
}

}  // namespace

next_line_request next_line_behind(const hart_fetch& f, const decoded* e, std::uint32_t pc) {
  const std::uint32_t next_line = (pc | (text_line_bytes - 1)) + 1;
  // A hardware loop that goes round leaves for its start while its last instruction but one is in ID.
  for (unsigned l = 0; l < 2; ++l) {
    if (f.lpcount[l] > 1 && next_line - f.lpend[l] <= 8) return {};
  }
  const std::uint32_t next = pc + (e->step != sizeof(decoded) ? 4 : 2);
  return {true, takes_last_word(behind(e), next, next_line) ? cycle_t{0} : cycle_t{1}};
}

next_line_request next_line_behind_jump(const decoded* e, std::uint32_t pc) {
  const std::uint32_t next_line = (pc | (text_line_bytes - 1)) + 1;
  const unsigned unaligned = e->flags & flag_wide_at_2mod4 ? 1 : 0;
  const cycle_t before = fetch_to_issue_cycles + unaligned - (next_line - (pc & ~3u)) / 4;
  switch (kind_of(e)) {
    case kind::jal:
    case kind::jalr:
      return {before >= 2, before};
    case kind::branch:
      return {before >= 1, before};
    default:
      break;
  }
  if (before == 0) {
    const kind next = kind_of(behind(e));
    if (empties_if(*e) || next == kind::jal || (next == kind::jalr && hazard_cycles(*e, *behind(e)) == 0)) return {};
  }
  return {true, before};
}

bool asks_twice(const decoded* jump, std::uint32_t pc) {
  const std::uint32_t next_line = (pc | (text_line_bytes - 1)) + 1;
  if (pc < next_line - 4 && !(pc == next_line - 6 && jump->step != sizeof(decoded))) return false;
  switch (kind_of(jump)) {
    case kind::jal:
      return false;
    case kind::jalr: {  // if it waits for its operand
      const decoded* const before = jump - 2;
      return (jump[-1].step == sizeof(decoded) && hazard_cycles(jump[-1], *jump) != 0) ||
             (before->step != sizeof(decoded) && hazard_cycles(*before, *jump) != 0);
    }
    default:
      return true;
  }
}

cycle_t hidden_request(const hart& s, const decoded* jump) {
  const decoded* const slow = jump - 2;
  if (kind_of(slow) == kind::mulh) return mulh_cycles + 1u;
  return s.divided + 1u;
}

}  // namespace ohmic::iss
