#include "ip/iss/iss_group.h"
#include "ip/iss/timing.h"

/// What stands behind an access that waits for its response longer than a cycle, and is in EX already: its shadow.
namespace ohmic {

using namespace iss;

// Right behind the load this is known before it runs (decoded::cycles); here a branch stands between them.
bool iss_group::waits_for_shadow(const hart& s) const {
  const hart_control& c = set_.control[set_.index(s)];
  if (c.shadow_loads == 0 || !set_.text->contains(s.pc_of(s.at))) return false;
  const kind k = info(op_of(*s.at)).kind;
  return k != kind::jal && k != kind::jalr && waits_for_load(*s.at, c.shadow_loads);
}

// What stands behind an access that waits has left ID (ex_ready, id_ready in cv32e40p_ex_stage.sv,
// cv32e40p_id_stage.sv): a branch is decided at once, a division is under way, a CSR is read in its first cycle in EX,
// and a jump behind what stays there fetches its target.
iss_group::shadow_step iss_group::enter_shadow(hart& s) {
  s.attention &= ~static_cast<std::uint32_t>(attention_shadow);
  if ((s.attention & attention_irq) != 0 && s.time >= interruptible_from(s)) return {};
  const decoded* const e = s.at;
  hart_control& c = set_.control_of(s);
  const hart_fetch& f = set_.fetch_of(s);
  if (!s.resume_at_body && arrival_of(e) == static_cast<std::uint16_t>(op::checkpoint) &&
      (f.lpcount[0] | f.lpcount[1]) != 0)
    return {};
  const bool checked = !s.resume_at_body && (e->flags & flags_needing_line) != 0;
  if ((checked || (s.attention & attention_line) != 0) && f.ready + line_to_issue_cycles > c.shadow_front) return {};
  if (!set_.text->contains(s.pc_of(e)) || c.shadow_entry >= c.shadow_end) return {};
  if (waits_for_shadow(s)) {
    s.time += load_use_penalty;
    return {};
  }
  const cycle_t waits = c.shadow_end - c.shadow_entry;
  shadow_step step;
  step.what = e;
  step.retired = s.retired;
  c.in_shadow = true;
  switch (info(op_of(*e)).kind) {
    case kind::branch:
      --s.time;
      break;
    case kind::csr:
      if (e->cycles == status_csr_cycles) {
        s.time -= waits;
        step.later = waits;
      }
      break;
    case kind::mulh:
      step.sooner = std::min<cycle_t>(mulh_cycles - 1, waits);
      break;
    case kind::div: {
      const bool is_signed = static_cast<op>(e->body) == op::div || static_cast<op>(e->body) == op::rem;
      step.sooner = std::min<cycle_t>(divider_cycles(s.x[e->rs2], is_signed) - 1, waits);
      break;
    }
    default:
      break;
  }
  return step;
}

void iss_group::leave_shadow(hart& s, const shadow_step& step, core_stop stop) {
  if (step.what == nullptr) return;
  hart_control& c = set_.control_of(s);
  c.in_shadow = false;
  s.time += step.later;
  if (stop == core_stop::bus) {
    s.attention |= attention_stayed;
    return;
  }
  if (s.retired == step.retired) {
    // It stopped for a line: what it has won so far stays, if the line has come by then.
    if (stop == core_stop::fetch) {
      c.resume = c.shadow_end;
      s.attention |= attention_shadow;
    }
    return;
  }
  s.time -= step.sooner;
  switch (info(op_of(*step.what)).kind) {
    case kind::branch:
      if (s.resume_at_body) return;
      c.slow_until = s.time;
      c.slow_left = c.shadow_entry - 1;
      c.slow_middle = c.shadow_entry;
      note_in_id(s, c.shadow_entry, false);
      c.shadow_front = ++c.shadow_entry;
      if (c.shadow_entry < c.shadow_end)
        s.attention |= attention_shadow;
      else if (waits_for_shadow(s))
        s.time += load_use_penalty;
      if ((s.attention & attention_irq) != 0) c.irq_after = c.irq_noticed > c.shadow_entry ? s.time + 1 : 0;
      return;
    case kind::alu:
    case kind::alu_acc:
    case kind::csr:
    case kind::mulh:
    case kind::div:
      if (info(op_of(*step.what)).kind == kind::csr && step.what->cycles != 1) return;
      c.slow_until = s.time;
      c.slow_left = c.shadow_entry - 1;
      c.slow_middle = never;
      {
        const bool hides = step.what->cycles == 1 && !s.resume_at_body && jump_follows(s);
        if (hides) s.time -= hidden_jump_cycles;
        note_in_id(s, c.shadow_entry, hides);
      }
      return;
    default:
      return;
  }
}

}  // namespace ohmic
