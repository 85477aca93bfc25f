#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "ip/iss/arrive.h"
#include "ip/iss/semantics.h"
#include "ip/iss/timing.h"

/// The interpreter's instructions: a handler for each. The registers that they pass on are those of arrive.h.
namespace ohmic::iss {

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
