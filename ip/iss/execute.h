#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "ip/iss/hart.h"
#include "ip/iss/prefetch.h"
#include "ip/iss/semantics.h"
#include "ip/iss/timing.h"

/// The interpreter: one handler per instruction, each ending in a tail call of the next.
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

/// Goes on with the next instruction in memory after `cycles`.
#define OHMIC_ISS_NEXT(cycles)                                                                            \
  do {                                                                                                    \
    const decoded* const done = e;                                                                        \
    const std::int64_t spent = (cycles);                                                                  \
    e = next_entry(e);                                                                                    \
    if constexpr (Observer::enabled)                                                                      \
      observe<Observer>(s, done, s.time - static_cast<cycle_t>(budget), following_pc(s, e, set), set);    \
    budget -= spent;                                                                                      \
    ++retired;                                                                                            \
    if (__builtin_expect(budget <= 0, 0)) return stop_running(core_stop::horizon, false, OHMIC_ISS_PASS); \
    OHMIC_ISS_TAIL handler_table<Observer>::of[arrival_of(e)](OHMIC_ISS_PASS);                            \
  } while (false)

template <class Observer>
core_stop raise(std::uint32_t cause, OHMIC_ISS_ARGS) {
  const cycle_t now = s.time - static_cast<cycle_t>(budget);
  const decoded* const from = e;
  hart_control& c = set.control_of(s);
  if (__builtin_expect(c.traps.trapped(s.pc_of(e), retired), 0)) {
    c.fault = hart_fault::trap_storm;
    c.fault_cause = cause;
    s.attention |= attention_halted;
    return stop_running(core_stop::halted, true, OHMIC_ISS_PASS);
  }
  const std::uint32_t target = enter_trap(c, cause, s.pc_of(e));
  update_irq_attention(s, c);
  leave_line(set, s, e);
  e = set.entry_of(s, target);
  budget -= cause == 2 ? illegal_cycles : call_cycles;
  if constexpr (Observer::enabled) observe_trap<Observer>(s, from, false, cause, now, target, set);
  return arrive_by_jump<Observer>(OHMIC_ISS_PASS);
}

/// Address, post-increment and bus request of a load or store; the rest happens in iss_group::complete().
template <class Observer, op O>
core_stop run_access(OHMIC_ISS_ARGS) {
  constexpr instruction_info what = info(O);
  count<Observer, class_of(what.match)>(set);
  constexpr bool is_write = what.kind == kind::store || what.kind == kind::store_post;
  constexpr bool is_post = what.kind == kind::load_post || what.kind == kind::store_post;
  constexpr int coded = static_cast<int>(value<O>(0, 0, 0, 0));
  constexpr unsigned size = coded < 0 ? -coded : coded;
  constexpr format f = what.format;

  std::uint32_t offset;
  if constexpr (f == format::load_post_reg || f == format::load_reg)
    offset = s.x[e->rs2];
  else if constexpr (f == format::store_post_reg || f == format::store_reg)
    offset = s.x[e->rd];
  else
    offset = static_cast<std::uint32_t>(e->imm);
  const std::uint32_t base = s.x[e->rs1];
  const std::uint32_t addr = is_post ? base : base + offset;

  s.request.addr = addr;
  s.request.pc = s.pc_of(e);
  s.request.size = size;
  s.request.write = is_write;
  if constexpr (is_write) s.request.wdata = s.x[e->rs2];
  if constexpr (is_post) {
    if (e->rs1 != 0) s.x[e->rs1] = base + offset;
  }
  s.time -= static_cast<cycle_t>(budget);
  s.request.cycle = s.time;
  s.at = e;
  s.retired = retired;
  s.phase = access_phase::outstanding;
  if constexpr (size > 1) {
    if (__builtin_expect((addr & 3) + size > 4, 0)) {
      hart_control& c = set.control_of(s);
      c.split_addr = addr;
      c.split_wdata = s.request.wdata;
      c.split_cycle = s.time;
      s.request.size = static_cast<std::uint8_t>(4 - (addr & 3));
      s.attention |= attention_split;
    }
  }
  return core_stop::bus;
}

/// Result of the instruction at e, of those kinds that only compute one.
u32 compute(const hart& s, const decoded* e);

/// An instruction that computes sp. If that is in the stack guard, the hart goes on with care.
template <class Observer>
core_stop run_to_sp(OHMIC_ISS_ARGS) {
  if constexpr (counts_activity<Observer>) {
    const instruction_class c = class_of(info(static_cast<op>(e->aux)).match);
    if (c != instruction_class::alu) ++set.instructions[c];
  }
  s.x[stack_pointer] =
      e->aux == static_cast<std::uint16_t>(op::addi) ? s.x[e->rs1] + static_cast<u32>(e->imm) : compute(s, e);
  update_stack_attention(s, set.control_of(s));
  if (__builtin_expect((s.attention & attention_stack) != 0, 0)) {
    const decoded* const done = e;
    e = next_entry(e);
    if constexpr (Observer::enabled)
      observe<Observer>(s, done, s.time - static_cast<cycle_t>(budget), following_pc(s, e, set), set);
    budget -= done->cycles;
    ++retired;
    return stop_running(core_stop::horizon, false, OHMIC_ISS_PASS);
  }
  OHMIC_ISS_NEXT(e->cycles);
}

/// Handler of instruction O.
template <class Observer, op O>
core_stop run(OHMIC_ISS_ARGS) {
  constexpr instruction_info what = info(O);
  constexpr kind k = what.kind;
  constexpr instruction_class c = class_of(what.match);
  if constexpr (O == op::checkpoint) {
    OHMIC_ISS_TAIL run_checkpoint<Observer>(OHMIC_ISS_PASS);
  } else if constexpr (O == op::to_sp) {
    OHMIC_ISS_TAIL run_to_sp<Observer>(OHMIC_ISS_PASS);
  } else if constexpr (O == op::line_begin) {
    OHMIC_ISS_TAIL run_line_begin<Observer>(OHMIC_ISS_PASS);
  } else if constexpr (O == op::line_end) {
    OHMIC_ISS_TAIL run_line_end<Observer>(OHMIC_ISS_PASS);
  } else if constexpr (O == op::jump_ahead) {
    OHMIC_ISS_TAIL run_jump_ahead<Observer>(OHMIC_ISS_PASS);
  } else if constexpr (O == op::outside) {
    OHMIC_ISS_TAIL run_outside<Observer>(OHMIC_ISS_PASS);
  } else if constexpr (k == kind::illegal) {
    return raise<Observer>(2, OHMIC_ISS_PASS);
  } else if constexpr (k == kind::ebreak) {
    return raise<Observer>(3, OHMIC_ISS_PASS);
  } else if constexpr (k == kind::ecall) {
    return raise<Observer>(11, OHMIC_ISS_PASS);
  } else if constexpr (k == kind::load || k == kind::load_post || k == kind::store || k == kind::store_post ||
                       k == kind::elw) {
    OHMIC_ISS_TAIL run_access<Observer, O>(OHMIC_ISS_PASS);
  } else if constexpr (k == kind::alu || k == kind::alu_acc || k == kind::mulh) {
    count<Observer, c>(set);
    const u32 imm = static_cast<u32>(e->imm);
    const u32 b = second_operand<what.format>(s.x[e->rs2], imm);
    s.x[e->rd] = value<O>(s.x[e->rs1], b, s.x[e->rd], imm);
    OHMIC_ISS_NEXT(e->cycles);
  } else if constexpr (k == kind::div) {
    count<Observer, c>(set);
    const u32 b = s.x[e->rs2];
    // e->cycles counts 1 and the hazard of a following jalr; e->aux what a following jump does meanwhile.
    const unsigned cycles = divider_cycles(b, O == op::div || O == op::rem) + e->cycles - 1u - e->aux;
    s.x[e->rd] = value<O>(s.x[e->rs1], b, 0, 0);
    s.divided = static_cast<std::uint8_t>(cycles + e->aux);
    OHMIC_ISS_NEXT(cycles);
  } else if constexpr (k == kind::branch) {
    count<Observer, c>(set);
    const u32 b = what.format == format::branch_imm ? static_cast<u32>(static_cast<std::int16_t>(e->aux)) : s.x[e->rs2];
    if (value<O>(s.x[e->rs1], b, 0, 0) != 0) {
      const decoded* const done = e;
      e = jump_entry(e);
      if constexpr (Observer::enabled)
        observe<Observer>(s, done, s.time - static_cast<cycle_t>(budget), s.pc_of(e), set);
      budget -= done->rd;
      ++retired;
      if (__builtin_expect((done->flags & flag_near_target) == 0, 0)) OHMIC_ISS_JUMP(done);
      if (__builtin_expect(budget <= 0, 0)) return stop_running(core_stop::horizon, true, OHMIC_ISS_PASS);
      OHMIC_ISS_TAIL handler_table<Observer>::of[e->body](OHMIC_ISS_PASS);
    }
    OHMIC_ISS_NEXT(1);
  } else if constexpr (k == kind::jal) {
    count<Observer, c>(set);
    const decoded* const done = e;
    s.x[e->rd] = s.pc_of(next_entry(e));
    e = jump_entry(e);
    if constexpr (Observer::enabled) observe<Observer>(s, done, s.time - static_cast<cycle_t>(budget), s.pc_of(e), set);
    budget -= done->cycles;
    ++retired;
    if ((done->flags & flag_near_target) == 0) OHMIC_ISS_JUMP(done);
    if (__builtin_expect(budget <= 0, 0)) return stop_running(core_stop::horizon, true, OHMIC_ISS_PASS);
    OHMIC_ISS_TAIL handler_table<Observer>::of[e->body](OHMIC_ISS_PASS);
  } else if constexpr (k == kind::jalr) {
    count<Observer, c>(set);
    const decoded* const done = e;
    const u32 target = value<O>(s.x[e->rs1], 0, 0, static_cast<u32>(e->imm)) & ~1u;
    s.x[e->rd] = s.pc_of(next_entry(e));
    e = entry_beside(s, e, target);
    if constexpr (Observer::enabled) observe<Observer>(s, done, s.time - static_cast<cycle_t>(budget), target, set);
    const cycle_t issued = s.time - static_cast<cycle_t>(budget);
    budget -= jump_cycles;
    if (set.text->contains(target) && e->flags & flag_wide_at_2mod4) --budget;
    if (__builtin_expect(done->rd == done->rs1, 0) && links_to_its_base(s, set, done, e, issued)) --budget;
    ++retired;
    OHMIC_ISS_JUMP(done);
  } else if constexpr (k == kind::csr) {
    constexpr u32 funct3 = what.match >> 12 & 7;
    const u32 operand = what.format == format::csr_imm ? static_cast<u32>(e->imm) : s.x[e->rs1];
    const bool do_write = (funct3 & 3) == 1 || e->rs1 != 0;
    u32 old = 0;
    const u32 before = pending_enables(set.control_of(s));
    if (!access_csr(set, s, e->aux, funct3, operand, do_write, s.time - static_cast<cycle_t>(budget), retired, old)) {
      return raise<Observer>(2, OHMIC_ISS_PASS);
    }
    count<Observer, c>(set);
    s.x[e->rd] = old - counted_down(s, set.fetch_of(s), e);
    if (e->rd == stack_pointer) update_stack_attention(s, set.control_of(s));
    const decoded* again = e;
    if (e->cycles == status_csr_cycles && wrap_ended_loop(s, set.fetch_of(s), again)) {
      if constexpr (Observer::enabled)
        observe<Observer>(s, e, s.time - static_cast<cycle_t>(budget), s.pc_of(again), set);
      budget -= e->cycles;
      ++retired;
      e = again;
      s.attention |= attention_line;
      return stop_running(core_stop::horizon, true, OHMIC_ISS_PASS);
    }
    if (s.attention != 0 || (pending_enables(set.control_of(s)) & ~before) != 0) {
      // Interrupts have just been enabled: let the cluster say which lines are high by now.
      const decoded* const done = e;
      e = next_entry(e);
      if constexpr (Observer::enabled)
        observe<Observer>(s, done, s.time - static_cast<cycle_t>(budget), s.pc_of(e), set);
      budget -= done->cycles;
      ++retired;
      return stop_running(core_stop::horizon, false, OHMIC_ISS_PASS);
    }
    OHMIC_ISS_NEXT(e->cycles);
  } else if constexpr (k == kind::mret) {
    count<Observer, c>(set);
    const decoded* const done = e;
    hart_control& control = set.control_of(s);
    const u32 target = leave_trap(control);
    update_irq_attention(s, control);
    leave_line(set, s, done);
    e = set.entry_of(s, target);
    if constexpr (Observer::enabled) observe<Observer>(s, done, s.time - static_cast<cycle_t>(budget), target, set);
    budget -= mret_cycles;
    if (set.text->contains(target) && e->flags & flag_wide_at_2mod4) --budget;
    ++retired;
    control.traps.returned(retired);
    s.attention |= attention_line;
    return stop_running(core_stop::horizon, true, OHMIC_ISS_PASS);
  } else if constexpr (k == kind::fence || k == kind::fence_i) {
    // Both fetch the next instruction anew; only fence.i reaches the cache.
    count<Observer, c>(set);
    const decoded* const done = e;
    leave_line(set, s, done);
    if constexpr (k == kind::fence_i) {
      set.fetch_of(s).lines.flush();
      hart_control& control = set.control_of(s);
      control.fenced = true;
      control.fenced_at = s.time - static_cast<cycle_t>(budget);
    }
    e = next_entry(e);
    if constexpr (Observer::enabled) observe<Observer>(s, done, s.time - static_cast<cycle_t>(budget), s.pc_of(e), set);
    budget -= done->cycles;
    ++retired;
    OHMIC_ISS_TAIL arrive_by_jump<Observer>(OHMIC_ISS_PASS);
  } else if constexpr (k == kind::nop) {
    count<Observer, c>(set);
    OHMIC_ISS_NEXT(e->cycles);
  } else {
    hart_fetch& f = set.fetch_of(s);
    const unsigned l = e->rd;
    const u32 v = value<O>(s.x[e->rs1], 0, 0, static_cast<u32>(e->imm));
    const u32 pc = s.pc_of(e);
    unsigned written = 0;  // what makes a check necessary
    if constexpr (k == kind::loop_start) {
      f.lpstart[l] = v & ~3u;
      written = loop_write_start;
    } else if constexpr (k == kind::loop_end) {
      f.lpend[l] = v & ~3u;
      written = loop_write_end;
      if constexpr (what.format == format::loop_reg) set.text_of(s).mark_loop_end(v & ~3u);
    } else if constexpr (k == kind::loop_count) {
      f.lpcount[l] = v;
      written = v != 0 ? loop_write_count : 0;
    } else {
      static_assert(k == kind::loop_setup);
      // The registers have no low bits: where the set-up is not aligned, and its count 0, that is all that is seen of
      // it.
      const u32 end = (what.format == format::loop_setup_imm ? pc + 4u * e->rs1 : static_cast<u32>(e->imm)) & ~3u;
      f.lpstart[l] = (pc + 4) & ~3u;
      f.lpend[l] = end;
      f.lpcount[l] = v;
      // e->aux: the text shows that a rule is broken. Alone, a loop that the text shows to be legal is.
      if (v != 0 && (e->aux != 0 || f.lpcount[l ^ 1] != 0)) written = loop_write_all;
    }
    if (written != 0) {
      if (const hart_fault fault = check_loop(set, s, pc, l, written); fault != hart_fault::none) {
        s.attention |= attention_halted;
        set.control_of(s).fault = fault;
        return stop_running(core_stop::halted, true, OHMIC_ISS_PASS);
      }
    }
    count<Observer, c>(set);
    OHMIC_ISS_NEXT(e->cycles);
  }
}

template <class Observer, std::size_t... I>
constexpr std::array<handler, op_count> make_handlers(std::index_sequence<I...>) {
  return {{&run<Observer, static_cast<op>(I)>...}};
}
template <class Observer>
const std::array<handler, op_count> handler_table<Observer>::of =
    make_handlers<Observer>(std::make_index_sequence<op_count>{});

extern template struct handler_table<null_observer>;
extern template struct handler_table<counting_observer>;

}  // namespace ohmic::iss
