#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "ip/iss/hart.h"
#include "ip/iss/prefetch.h"
#include "ip/iss/timing.h"

/// The interpreter's frame: how a hart comes to its next instruction. Lines of text and who asks for them when, jumps,
/// hardware loops, stops. What the instructions do there is in execute.h: one handler each, which ends in a tail call
/// of the next one.
///
/// Registers of the running hart that are not in its state: `e` (current instruction), `budget` (cycles left
/// before the horizon; the hart's time is s.time - budget, because s.time holds the horizon while running) and
/// `retired`. A handler that must stop writes them back and returns the reason.
namespace ohmic::iss {

#define OHMIC_ISS_ARGS hart &s, const decoded *e, std::int64_t budget, std::uint64_t retired, hart_set &set
#define OHMIC_ISS_PASS s, e, budget, retired, set
#if defined(__clang__)
  #define OHMIC_ISS_TAIL [[clang::musttail]] return
#else
  #define OHMIC_ISS_TAIL return
#endif

using handler = core_stop (*)(OHMIC_ISS_ARGS);

template <class Observer>
struct handler_table {
  static const std::array<handler, op_count> of;
};

inline const decoded* next_entry(const decoded* e) {
  return reinterpret_cast<const decoded*>(reinterpret_cast<const char*>(e) + e->step);
}
inline const decoded* jump_entry(const decoded* e) {
  return reinterpret_cast<const decoded*>(reinterpret_cast<std::uintptr_t>(e) +
                                          static_cast<std::uintptr_t>(std::intptr_t{e->imm}));
}
inline std::uint16_t arrival_of(const decoded* e) { return __atomic_load_n(&e->arrive, __ATOMIC_RELAXED); }

inline core_stop stop_running(core_stop why, bool at_body, OHMIC_ISS_ARGS) {
  s.time -= static_cast<cycle_t>(budget);
  s.at = e;
  s.retired = retired;
  s.resume_at_body = at_body;
  return why;
}

/// Counts an instruction, for observers that want it, but not of the class alu: that is what is left of those retired.
template <class Observer, instruction_class C>
void count(hart_set& set) {
  if constexpr (counts_activity<Observer> && C != instruction_class::alu) ++set.instructions[C];
}

/// Record of a finished instruction that made no memory access.
template <class Observer>
void observe(hart& s, const decoded* e, cycle_t issued, std::uint32_t next_pc, hart_set& set) {
  retire_record r;
  r.cycle = issued;
  r.pc = s.pc_of(e);
  r.next_pc = next_pc;
  r.instruction = set.text_of(s).word_at(r.pc);
  r.compressed = e->step == sizeof(decoded);
  const kind k = info(op_of(*e)).kind;
  const bool writes = k == kind::alu || k == kind::alu_acc || k == kind::mulh || k == kind::div || k == kind::jal ||
                      k == kind::jalr || k == kind::csr;
  if (writes && e->rd != sink_register) {
    r.rd = e->rd;
    r.rd_value = s.x[e->rd];
  }
  static_cast<Observer*>(set.observer)->retire(set.index(s), r);
}
template <class Observer>
void observe_trap(hart& s, const decoded* e, bool is_interrupt, std::uint32_t cause, cycle_t now, std::uint32_t next_pc,
                  hart_set& set) {
  retire_record r;
  r.cycle = now;
  r.pc = s.pc_of(e);
  r.next_pc = next_pc;
  if (!is_interrupt) {
    r.instruction = set.text_of(s).word_at(r.pc);
    r.compressed = e->step == sizeof(decoded);
  }
  r.trap = true;
  r.cause = cause;
  static_cast<Observer*>(set.observer)->retire(set.index(s), r);
}

/// The pc behind a finished instruction when e follows it in memory: the loop's start if a hardware loop goes round.
inline std::uint32_t following_pc(hart& s, const decoded* e, hart_set& set) {
  const hart_fetch& f = set.fetch_of(s);
  const std::uint32_t pc = s.pc_of(e);
  for (unsigned l = 0; l < 2; ++l) {
    if (f.lpcount[l] > 1 && f.lpend[l] == pc) return f.lpstart[l];
  }
  return pc;
}

/// Stops for a line that the core has asked for `before` cycles before its instruction at e would issue.
/// waits: that instruction needs the line, and issues `lead` cycles before a jump's target behind it; else it goes on
/// while the line comes.
inline core_stop ask_for_line(std::uint32_t line, cycle_t before, bool waits, int lead, OHMIC_ISS_ARGS) {
  stop_running(core_stop::fetch, true, OHMIC_ISS_PASS);
  hart_control& c = set.control_of(s);
  c.wanted = line;
  c.resume = s.time;
  c.lead = static_cast<std::int8_t>(lead);
  if (waits) s.attention |= attention_line;
  s.time = std::max(s.time - std::min(s.time, before), std::min(c.answered, s.time));
  return core_stop::fetch;
}

/// An interrupt cancels what is in ID in the cycle in which the prefetcher would ask for a line, `before` cycles before
/// the next instruction issues: it asks for the handler's instead, or has done so.
inline bool handler_instead(const hart& s, hart_set& set, cycle_t before, std::int64_t budget) {
  if (__builtin_expect((s.attention & attention_irq) == 0, 1)) return false;
  const hart_control& c = set.control_of(s);
  if (c.handler_ready != 0) return true;
  if (before > 1) return false;  // ID is empty then
  const cycle_t issues = c.in_shadow ? c.shadow_entry : s.time - static_cast<cycle_t>(budget);
  return c.irq_noticed + before <= issues + 1;
}

/// Makes the instruction behind a line wait for it: it issues `cycles` behind its arrival, at the earliest.
inline void wait_for_line(const hart& s, hart_fetch& f, unsigned cycles, std::int64_t& budget) {
  const cycle_t now = s.time - static_cast<cycle_t>(budget);
  const cycle_t then = f.ready + cycles;
  if (then > now) budget -= static_cast<std::int64_t>(then - now);
  f.ready = 0;
}

template <class Observer>
core_stop arrive_and_wait(cycle_t before, OHMIC_ISS_ARGS);
template <class Observer>
core_stop run_jump_ahead(OHMIC_ISS_ARGS);

/// The same where the straight path comes to e, behind something slow perhaps: while that is in EX, ID takes nothing
/// (id_ready in cv32e40p_id_stage.sv).
inline void wait_in_line(const hart& s, hart_set& set, const decoded* e, std::int64_t& budget) {
  hart_fetch& f = set.fetch_of(s);
  const hart_control& c = set.control_of(s);
  const cycle_t now = s.time - static_cast<cycle_t>(budget), ready = f.ready;
  cycle_t later = 0;
  const kind in_front = info(op_of(e[-2])).kind;
  if (c.slow_until == now)
    later = ready > c.slow_middle ? 2 : ready > c.slow_left ? 1 : 0;
  else if (in_front == kind::mulh || in_front == kind::div)
    later = ready + (in_front == kind::div ? s.divided : mulh_cycles) >= now ? 1 : 0;
  budget -= static_cast<std::int64_t>(later);
  wait_for_line(s, f, line_to_issue_cycles, budget);
}

/// What stands next on the straight path comes as far as ID. Returns core_stop::fetch if that takes a missing line.
inline core_stop come_in_line(hart& s, hart_set& set) {
  const decoded* const e = s.at;
  if ((e->flags & flags_needing_line) == 0) return core_stop::horizon;
  const hart_fetch& f = set.fetch_of(s);
  const std::uint32_t line = (s.pc_of(e) + 2) / text_line_bytes;
  std::int64_t budget = 0;
  if (!f.lines.holds(line))
    return ask_for_line(line, fetch_to_issue_cycles, true, e->flags & flag_straddles ? 2 : 1, s, e, budget, s.retired,
                        set);
  if (f.ready == 0) return core_stop::horizon;
  const kind in_front = info(op_of(e[-2])).kind;
  const cycle_t busy = in_front == kind::mulh ? mulh_cycles : in_front == kind::div ? s.divided : 1;
  const bool late = f.ready + busy >= s.time;
  wait_in_line(s, set, e, budget);
  s.time -= static_cast<cycle_t>(budget);
  if (late) {
    hart_control& c = set.control_of(s);
    c.behind_access = s.time;
    c.behind_since = s.time - 1;
    c.behind_waited = false;
  }
  return core_stop::horizon;
}

/// Arrival at e by a jump whose target needs checking: e may be outside the text, its line may be missing.
template <class Observer>
core_stop arrive_by_jump(OHMIC_ISS_ARGS) {
  const std::uint32_t pc = s.pc_of(e);
  if (!set.text->contains(pc) || e->body == static_cast<std::uint16_t>(op::outside)) {
    if (budget <= 0) {
      s.attention |= attention_line;
      return stop_running(core_stop::horizon, true, OHMIC_ISS_PASS);
    }
    OHMIC_ISS_TAIL handler_table<Observer>::of[static_cast<unsigned>(op::outside)](OHMIC_ISS_PASS);
  }
  hart_fetch& f = set.fetch_of(s);
  const std::uint32_t line = pc / text_line_bytes;
  const bool next_missing = e->flags & (flag_straddles | flag_line_end) && !f.lines.holds(line + 1);
  if (__builtin_expect((f.ready != 0) | (budget <= 0) | (!f.lines.holds(line)) | next_missing, 0))
    return arrive_and_wait<Observer>(fetch_to_issue_cycles, OHMIC_ISS_PASS);
  if (__builtin_expect(arrival_of(e) == static_cast<std::uint16_t>(op::jump_ahead), 0))
    OHMIC_ISS_TAIL run_jump_ahead<Observer>(OHMIC_ISS_PASS);
  OHMIC_ISS_TAIL handler_table<Observer>::of[e->body](OHMIC_ISS_PASS);
}

/// The same when a line is missing or on its way. The core has asked for its target `before` cycles before that would
/// issue, if it needs but one word.
template <class Observer>
core_stop arrive_and_wait(cycle_t before, OHMIC_ISS_ARGS) {
  const std::uint32_t pc = s.pc_of(e), line = pc / text_line_bytes;
  hart_fetch& f = set.fetch_of(s);
  const unsigned unaligned = e->flags & flag_wide_at_2mod4 ? 1 : 0;
  before += unaligned;
  // As long as the request is in front of the horizon the target may be behind it.
  if (budget + static_cast<std::int64_t>(before) <= 0) {
    s.attention |= attention_line;
    return stop_running(core_stop::horizon, true, OHMIC_ISS_PASS);
  }
  // The target comes after a line that has been asked for before, whether that is needed or not.
  const bool pending = f.ready + before > s.time - static_cast<cycle_t>(budget);
  hart_control& c = set.control_of(s);
  if (!f.lines.holds(line)) {
    const bool two = c.two_pending;
    c.two_pending = false;
    if (!pending || !two) return ask_for_line(line, before, true, pending ? 0 : 1, OHMIC_ISS_PASS);
    wait_for_line(s, f, fetch_to_issue_cycles + unaligned, budget);
    return ask_for_line(line, fetch_to_issue_cycles + unaligned, true, 1, OHMIC_ISS_PASS);
  }
  const bool straddles = (e->flags & flag_straddles) != 0;
  const bool next_missing = e->flags & (flag_straddles | flag_line_end) && !f.lines.holds(line + 1);
  const bool queued = pending && c.lead == 0;  // behind a word that has been asked for in vain
  if (next_missing && !queued && pc % text_line_bytes >= text_line_bytes - 4) {
    // In the line's last word: the next one is asked for in the cycle after the target.
    if (next_line_behind_jump(e, pc).asked && (straddles || !handler_instead(s, set, before - 1, budget)))
      return ask_for_line(line + 1, before - 1, pending || straddles,
                          straddles && !pending ? 2
                          : pending             ? 1
                                                : 0,
                          OHMIC_ISS_PASS);
  }
  wait_for_line(s, f, fetch_to_issue_cycles + unaligned, budget);
  if (next_missing) {
    const next_line_request next = next_line_behind_jump(e, pc);
    if (next.asked && budget + static_cast<std::int64_t>(next.before) > 0 &&
        (straddles || !handler_instead(s, set, next.before, budget)))
      return ask_for_line(line + 1, next.before, straddles, straddles ? 2 : 0, OHMIC_ISS_PASS);
  }
  if (budget <= 0) {
    s.attention |= attention_line;
    return stop_running(core_stop::horizon, true, OHMIC_ISS_PASS);
  }
  if (arrival_of(e) == static_cast<std::uint16_t>(op::jump_ahead)) return run_jump_ahead<Observer>(OHMIC_ISS_PASS);
  return handler_table<Observer>::of[e->body](OHMIC_ISS_PASS);
}

/// Arrival by a jump right behind mulh or a division, for which it has waited in ID with its target asked for.
template <class Observer>
core_stop arrive_by_hidden_jump(const decoded* done, OHMIC_ISS_ARGS) {
  if (!set.text->contains(s.pc_of(e))) return arrive_by_jump<Observer>(OHMIC_ISS_PASS);
  return arrive_and_wait<Observer>(hidden_request(s, done), OHMIC_ISS_PASS);
}

/// A jalr that overwrites its base costs a cycle more: in EX it looks to ID, where its bits still stand, like the maker
/// of the base that a jalr waits for (jr_stall_o in cv32e40p_controller.sv). Not if the target at e is late, or comes
/// to ID with the jalr's step to EX because that had waited for it.
inline bool links_to_its_base(const hart& s, hart_set& set, const decoded* done, const decoded* e, cycle_t issued) {
  if ((done->flags & flag_hidden_jump) != 0 || !set.text->contains(s.pc_of(e))) return false;
  const hart_control& c = set.control_of(s);
  if (c.behind_hidden != 0 && c.behind_access == issued) return false;
  const hart_fetch& f = set.fetch_of(s);
  return f.lines.holds(s.pc_of(e) / text_line_bytes) &&
         (f.ready == 0 || f.ready + fetch_to_issue_cycles <= issued + jump_cycles);
}

/// The core leaves the straight path behind `done`, which may stand where the next line has been asked for.
inline void leave_line(hart_set& set, hart& s, const decoded* done) {
  hart_fetch& f = set.fetch_of(s);
  if (__builtin_expect(f.ready == 0, 1)) return;
  // The word behind the line's first one has been asked for too: the target's request waits for the first answer.
  const bool two = asks_twice(done, s.pc_of(done));
  set.control_of(s).two_pending = two;
  if (two) ++f.ready;
}

/// Goes on at e, the target of a taken jump or branch `done` that is not near.
#define OHMIC_ISS_JUMP(done)                                        \
  do {                                                              \
    if (__builtin_expect((done)->flags & flag_hidden_jump, 0))      \
      return arrive_by_hidden_jump<Observer>(done, OHMIC_ISS_PASS); \
    if ((done)->flags & flag_line_end) leave_line(set, s, done);    \
    OHMIC_ISS_TAIL arrive_by_jump<Observer>(OHMIC_ISS_PASS);        \
  } while (false)

/// If a hardware loop goes round at e (reached sequentially), counts it and returns the loop's start, else e.
/// Source: manual, "CORE-V Hardware Loop feature"; loop 0 first (cv32e40p_controller.sv).
inline const decoded* loop_back(const hart& s, hart_fetch& f, const decoded* e) {
  const std::uint32_t pc = s.pc_of(e);
  for (unsigned l = 0; l < 2; ++l) {
    if (f.lpcount[l] == 0 || f.lpend[l] != pc) continue;
    if (--f.lpcount[l] != 0) return entry_beside(s, e, f.lpstart[l]);
  }
  return e;
}

/// The RTL counts a loop down at its last instruction, if that accesses a status CSR, without asking whether the count
/// is 0 (cv32e40p_controller.sv, DECODE, csr_status_i): it wraps, and the loop goes round. True if that happens behind
/// the instruction at e, which then is where the core goes on (hwlp_targ_addr_o, right only for loops it is in).
inline bool wrap_ended_loop(const hart& s, hart_fetch& f, const decoded*& e) {
  const std::uint32_t pc = s.pc_of(e);
  bool wraps = false;
  for (unsigned l = 0; l < 2; ++l) {
    if (f.lpcount[l] != 0 || f.lpend[l] != pc + 4) continue;
    f.lpcount[l] = ~0u;
    wraps = true;
  }
  if (!wraps) return false;
  const auto inside = [&](unsigned l) { return f.lpstart[l] <= pc && pc + 4 <= f.lpend[l]; };
  e = entry_beside(s, e, f.lpstart[inside(1) && !inside(0) ? 1 : 0]);
  return true;
}

/// A loop's count is counted down as its last instruction leaves ID: read by that one itself it is one less.
inline std::uint32_t counted_down(const hart& s, const hart_fetch& f, const decoded* e) {
  constexpr std::uint16_t lpcount0 = 0xcc2, lpcount1 = 0xcc6;
  if (e->aux != lpcount0 && e->aux != lpcount1) return 0;
  const unsigned l = e->aux == lpcount1;
  return f.lpcount[l] != 0 && f.lpend[l] == s.pc_of(next_entry(e)) ? 1 : 0;
}

/// Stall of the instruction at `to` behind the one in front of `arrived`, where a hardware loop may end.
/// A loop may start anywhere, also outside the text.
inline unsigned late_hazard(const hart_set& set, const hart& s, const decoded* arrived, const decoded* to) {
  const decoded* const from = arrived - 2;  // loop bodies have no compressed instructions
  if ((from->flags & flag_late_hazard) == 0 || !set.text->contains(s.pc_of(to))) return 0;
  return hazard_cycles(*from, *to);
}

template <class Observer>
core_stop run_line_end(OHMIC_ISS_ARGS);

/// Sequential arrival at a place that may end a hardware loop or begin a line.
template <class Observer>
core_stop run_checkpoint(OHMIC_ISS_ARGS) {
  hart_fetch& f = set.fetch_of(s);
  const decoded* const arrived = e;
  if ((f.lpcount[0] | f.lpcount[1]) != 0) e = loop_back(s, f, e);
  const unsigned stall = late_hazard(set, s, arrived, e);
  budget -= stall;
  if (e != arrived || stall != 0) OHMIC_ISS_TAIL arrive_by_jump<Observer>(OHMIC_ISS_PASS);
  if (e->flags & flags_needing_line) {
    const std::uint32_t line = (s.pc_of(e) + 2) / text_line_bytes;
    if (__builtin_expect(!f.lines.holds(line), 0))
      return ask_for_line(line, fetch_to_issue_cycles, true, e->flags & flag_straddles ? 2 : 1, OHMIC_ISS_PASS);
    if (__builtin_expect(f.ready != 0, 0)) {
      wait_in_line(s, set, e, budget);
      if (budget <= 0) return stop_running(core_stop::horizon, true, OHMIC_ISS_PASS);
    }
  } else if (e->flags & flag_line_end) {
    OHMIC_ISS_TAIL run_line_end<Observer>(OHMIC_ISS_PASS);
  }
  OHMIC_ISS_TAIL handler_table<Observer>::of[e->body](OHMIC_ISS_PASS);
}

/// Sequential arrival at a line.
template <class Observer>
core_stop run_line_begin(OHMIC_ISS_ARGS) {
  const hart_fetch& f = set.fetch_of(s);
  const std::uint32_t line = (s.pc_of(e) + 2) / text_line_bytes;
  if (__builtin_expect((!f.lines.holds(line)) | (f.ready != 0), 0))
    OHMIC_ISS_TAIL run_checkpoint<Observer>(OHMIC_ISS_PASS);
  OHMIC_ISS_TAIL handler_table<Observer>::of[e->body](OHMIC_ISS_PASS);
}

/// Sequential arrival at an access in front of a jump, which asks for its target while the access is in EX.
template <class Observer>
core_stop run_jump_ahead(OHMIC_ISS_ARGS) {
  const decoded* const jump = next_entry(e);
  const bool direct = info(static_cast<op>(jump->body)).kind == kind::jal;
  const std::uint32_t pc = direct ? s.pc_of(jump_entry(jump)) : s.x[jump->rs1] + static_cast<std::uint32_t>(jump->imm);
  const std::uint32_t line = pc / text_line_bytes;
  const hart_fetch& f = set.fetch_of(s);
  if (__builtin_expect(!f.lines.holds(line), 0) && f.ready == 0 && set.text->contains(pc) &&
      !handler_instead(s, set, 0, budget))
    return ask_for_line(line, 0, false, 1, OHMIC_ISS_PASS);
  OHMIC_ISS_TAIL handler_table<Observer>::of[e->body](OHMIC_ISS_PASS);
}

/// Sequential arrival where the prefetcher asks for the next line.
template <class Observer>
core_stop run_line_end(OHMIC_ISS_ARGS) {
  const hart_fetch& f = set.fetch_of(s);
  const std::uint32_t line = s.pc_of(e) / text_line_bytes + 1;
  if (__builtin_expect(!f.lines.holds(line), 0)) {
    const next_line_request next = next_line_behind(f, e, s.pc_of(e));
    if (next.asked && !handler_instead(s, set, next.before, budget))
      return ask_for_line(line, next.before, false, 0, OHMIC_ISS_PASS);
  }
  OHMIC_ISS_TAIL handler_table<Observer>::of[e->body](OHMIC_ISS_PASS);
}

template <class Observer>
core_stop run_outside(OHMIC_ISS_ARGS) {
  s.attention |= attention_halted;
  set.control_of(s).fault = hart_fault::fetch_outside_text;
  return stop_running(core_stop::halted, true, OHMIC_ISS_PASS);
}

}  // namespace ohmic::iss
