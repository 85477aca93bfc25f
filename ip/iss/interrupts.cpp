#include <algorithm>
#include <utility>

#include "ip/iss/iss_group.h"
#include "ip/iss/timing.h"

// When an interrupt is taken, and which lines are asked for before and instead: members of iss_group.
//
// The controller cancels what is in ID as soon as it knows of the interrupt (cv32e40p_controller.sv, DECODE), whatever
// EX is busy with, and asks for the vector in that cycle. So an instruction is known by when it has come to ID, and
// requests of the prefetcher by whether they were made before.
namespace ohmic {

using namespace iss;

// A line that rose or fell during the wait is seen as it ends (ip/rtl_core/cv32e40p_hart.cpp).
void iss_group::see_interrupts(const hart& s, cycle_t valid) {
  hart_control& c = set_.control_of(s);
  if (c.irq_noticed >= s.request.cycle + irq_notice_cycles) c.irq_noticed = valid + 1;
  if (c.irq_fallen != 0 && c.irq_until >= s.request.cycle + irq_notice_cycles - 1) c.irq_until = valid;
}

void iss_group::decide_fallen(hart& s) {
  hart_control& c = set_.control_of(s);
  if (c.irq_decided) return;
  const cycle_t decided = interrupted_at(s);
  if ((decided == never ? s.time : decided) < c.irq_until) return;
  c.irq_fallen = 0;
  update_irq_attention(s, c);
}

// A jalr waits there for what is in front of it to make its operand.
cycle_t iss_group::waits_in_id(const hart& s) const {
  const u32 pc = s.pc_of(s.at);
  return s.resume_at_body || !set_.text->contains(pc) ? 0 : set_.text_of(s).waits_in_id(pc);
}

// The instruction is in ID from when the one in front of it has come to EX, which mulh and divisions keep to
// themselves.
cycle_t iss_group::in_id_since(const hart& s) const {
  const hart_control& c = set_.control[set_.index(s)];
  if (s.time == c.behind_access) return c.behind_since;
  if (!s.resume_at_body && set_.text->contains(s.pc_of(s.at - 2))) {
    const decoded& in_front = s.at[-2];
    const kind k = info(op_of(in_front)).kind;
    if (k == kind::mulh) return s.time - in_front.cycles;
    if (k == kind::div) return s.time + in_front.aux - s.divided;
  }
  return s.time - 1 - waits_in_id(s);
}

// The time of a jump behind something that stays in EX is earlier than its issue (hidden_jump_cycles).
cycle_t iss_group::hidden_by_jump(const hart& s) const {
  const hart_control& c = set_.control[set_.index(s)];
  if (s.time == c.behind_access) return c.behind_hidden;
  if (s.resume_at_body || !set_.text->contains(s.pc_of(s.at - 2))) return 0;
  const decoded& in_front = s.at[-2];
  const kind k = info(op_of(in_front)).kind;
  if (k == kind::mulh && in_front.cycles < mulh_cycles) return mulh_cycles - in_front.cycles;
  return k == kind::div ? in_front.aux : 0;
}

cycle_t iss_group::interrupted_at(const hart& s) const {
  const cycle_t noticed = set_.control[set_.index(s)].irq_noticed;
  if (s.time + hidden_by_jump(s) < interruptible_from(s)) return never;
  return std::max(noticed, in_id_since(s) + 1) - 1;
}

// The access that issues now does so in the cycle in which the instruction behind it is cancelled. The vector's line is
// asked for first, or the line that the prefetcher wanted before: core_stop::fetch, if true.
bool iss_group::ask_for_handler(hart& s) {
  hart_control& c = set_.control_of(s);
  const bool second_half = (s.attention & attention_second_half) != 0, in_shadow = s.attention & attention_shadow;
  if (second_half ? s.time + 1 < interruptible_from(s) : s.time + 1 != interruptible_from(s)) return false;
  if (c.handler_ready != 0 || c.handler_later == s.time || !set_.text->contains(s.pc_of(s.at))) return false;
  switch (info(op_of(*s.at)).kind) {
    case kind::load:
    case kind::load_post:
    case kind::store:
    case kind::store_post:
      break;
    default:
      return false;
  }
  const hart_fetch& f = set_.fetch_of(s);
  if ((s.attention & attention_line) != 0) {
    s.attention &= ~static_cast<std::uint32_t>(attention_line);
    if (arrive_and_wait<null_observer>(fetch_to_issue_cycles + std::exchange(c.early, 0), s, s.at, 0, s.retired,
                                       set_) == core_stop::fetch)
      return true;
    s.attention &= ~static_cast<std::uint32_t>(attention_line);  // it is there
    if (s.time + 1 != interruptible_from(s)) return false;
  }
  if (!second_half && !s.resume_at_body) {
    if (settle(s)->flags & flags_needing_line) {
      if (come_in_line(s, set_) == core_stop::fetch) return true;
      s.resume_at_body = true;
      if (s.time + 1 != interruptible_from(s)) return false;
    } else if (s.attention & attention_line) {
      return false;
    } else if (s.at->flags & flag_line_end) {
      const u32 pc = s.pc_of(s.at), next_line = pc / text_line_bytes + 1;
      const next_line_request next = next_line_behind(f, s.at, pc);
      if (!f.lines.holds(next_line) && next.asked) {
        if (in_shadow && c.irq_noticed > c.shadow_entry - next.before + 1) {
          // Wanted during the wait, and the first to be asked for behind it.
          c.handler_later = s.time;
          ask_for_line(next_line, 0, false, 0, s, s.at, 0, s.retired, set_);
          return true;
        }
        if (!in_shadow && next.before != 0) return false;
      }
    }
  }
  if (second_half && c.irq_noticed > c.split_cycle) {
    if (const line_request r = left_target(s, next_entry(s.at), c.irq_noticed - 1 - c.split_cycle); r.line != 0) {
      c.handler_later = s.time;
      ask_for_line(r.line, 0, false, 0, s, s.at, 0, s.retired, set_);
      s.resume_at_body = true;
      return true;
    }
  }
  // ID is empty if the word behind the access is not there as that comes to EX.
  const cycle_t entered = second_half ? c.split_cycle : in_shadow ? c.shadow_entry : s.time;
  if (f.ready >= entered && (next_entry(s.at)->flags & flags_needing_line) != 0) return false;
  const u32 handler = trap_handler(c, 0x80000000u | highest_priority(pending_interrupts(c)));
  const u32 line = handler / text_line_bytes;
  if (!set_.text->contains(handler) || f.lines.holds(line)) return false;
  const bool at_body = s.resume_at_body;
  ask_for_line(line, 0, false, 1, s, s.at, 0, s.retired, set_);
  s.resume_at_body = at_body;
  c.for_handler = true;
  return true;
}

// True if e is a jump into the text.
bool iss_group::jump_target(const hart& s, const decoded* e, u32& target) const {
  if (!set_.text->contains(s.pc_of(e))) return false;
  const kind k = info(op_of(*e)).kind;
  if (k != kind::jal && k != kind::jalr) return false;
  target = k == kind::jal ? s.pc_of(jump_entry(e)) : s.x[e->rs1] + static_cast<u32>(e->imm);
  return set_.text->contains(target);
}

// The missing line that the jump e has asked for if it has waited in ID for `waited` cycles, and how long before its
// end; none if `line` is 0.
iss_group::line_request iss_group::left_target(const hart& s, const decoded* e, cycle_t waited) const {
  u32 target = 0;
  if (waited == 0 || !jump_target(s, e, target)) return {};
  const private_icache& lines = set_.fetch[set_.index(s)].lines;
  const u32 line = target / text_line_bytes;
  if (!lines.holds(line)) return {waited, line, 0};
  // The second word may lie in the next one.
  if ((target | 3) % text_line_bytes == text_line_bytes - 1 && !lines.holds(line + 1) && waited > 1)
    return {waited - 1, line + 1, 0};
  return {};
}

iss_group::line_request iss_group::hidden_target(const hart& s) const {
  u32 target = 0;
  if (s.attention != 0 || s.resume_at_body || !set_.text->contains(s.pc_of(s.at)) ||
      (s.at->flags & flag_hidden_jump) == 0 || !jump_target(s, s.at, target))
    return {};
  const hart_fetch& f = set_.fetch[set_.index(s)];
  if (f.ready != 0) return {};
  const u32 line = target / text_line_bytes;
  const cycle_t at = s.time + jump_cycles - hidden_request(s, s.at);
  if (!f.lines.holds(line)) return {at, line, 1};
  if (target % text_line_bytes < text_line_bytes - 4 || f.lines.holds(line + 1)) return {};
  // In the line's last word: the next one is asked for in the cycle after the target.
  const decoded* const there = set_.entry_of(s, target);
  if ((there->flags & flag_straddles) != 0) return {at + 1, line + 1, 2};
  if ((there->flags & flag_line_end) != 0 && next_line_behind_jump(there, target).asked) return {at + 1, line + 1, 0};
  return {};
}

core_stop iss_group::ask_for_hidden_target(hart& s, cycle_t until) {
  const line_request r = hidden_target(s);
  if (r.at >= until) return core_stop::horizon;
  ask_for_line(r.line, s.time - r.at, false, r.lead, s, s.at, 0, s.retired, set_);
  s.resume_at_body = false;
  return core_stop::fetch;
}

// A jump that waits in ID has asked for its target already as an interrupt cancels it: core_stop::fetch, if true.
bool iss_group::ask_for_left_target(hart& s) {
  const cycle_t now = interrupted_at(s), since = waits_in_id(s) != 0 ? s.time - 1 : in_id_since(s);
  if (now == never || since >= now || set_.control_of(s).handler_ready != 0) return false;
  const line_request r = left_target(s, s.at, now - since);
  if (r.line == 0) return false;
  const bool at_body = s.resume_at_body;
  ask_for_line(r.line, s.time + r.at - now, false, 0, s, s.at, 0, s.retired, set_);
  s.resume_at_body = at_body;
  return true;
}

// The lines of cycle T - 2 decide in T.
cycle_t iss_group::due(unsigned h) const {
  const hart& s = set_.harts[h];
  const bool for_line = (s.attention & attention_line) != 0;
  if (!for_line && pending_enables(set_.control[h]) == 0) return s.time;
  const cycle_t decided = (s.attention & attention_irq) != 0 && !uninterruptible(s) ? interrupted_at(s) : never;
  const cycle_t ahead = for_line ? request_ahead(s) : irq_notice_cycles - 2u;
  return std::min({std::max(s.time, ahead) - ahead, decided - 1, hidden_target(s).at - 1});
}

std::uint32_t iss_group::take_interrupt(hart& s, cycle_t now) {
  hart_control& c = set_.control_of(s);
  const std::uint32_t cause = 0x80000000u | highest_priority(pending_interrupts(c));
  c.irq_fallen = 0;
  c.irq_decided = false;
  s.at = set_.entry_of(s, enter_trap(c, cause, s.pc_of(s.at)));
  s.resume_at_body = true;
  s.attention &= ~static_cast<std::uint32_t>(attention_shadow);
  s.attention |= attention_line;
  // ID takes nothing as long as EX is busy with what is in front of the cancelled instruction.
  const cycle_t earliest = now + interrupt_cycles;
  const cycle_t blocked = s.time == c.behind_access && c.behind_waited ? 2 : 1;
  s.time = std::max(earliest, s.time + hidden_by_jump(s) + blocked);
  c.early = s.time - earliest;
  if (c.handler_ready != 0) set_.fetch_of(s).ready = std::exchange(c.handler_ready, 0);
  update_irq_attention(s, c);
  return cause;
}

}  // namespace ohmic
