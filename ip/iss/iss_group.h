#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "ip/core/core_seam.h"
#include "ip/iss/decoded_text.h"
#include "ip/iss/execute.h"
#include "ip/iss/hart.h"

namespace ohmic {

using iss::decoded_text;

/// Harts simulated by the instruction-set simulator: a kind of core behind the core seam (ip/core/core_seam.h).
///
/// Timing: CV32E40P with COREV_PULP=1, COREV_CLUSTER=1, FPU=0 (ip/iss/timing.h). A load or store is requested in
/// its EX cycle; the next instruction issues when the response is there (+1 if it uses the data). One access is
/// in flight at a time (the RTL can have two, which matters only if a response takes longer than a cycle). An
/// interrupt cancels what is in ID when the core has noticed the line (ip/iss/interrupts.cpp).
/// Checked against the RTL cycle by cycle: docs/timing.md. Each hart has a private instruction cache of 8 direct-mapped
/// lines of 64 bytes.
///
/// Besides the seam: advance() also returns core_stop::horizon, possibly before `until`, right after an
/// instruction that enabled interrupts (csr write, mret), so that the cluster can set_irq() first.
/// cv.elw: if an enabled interrupt is pending (set_irq) when it completes, the interrupt is taken with mepc
/// pointing to the cv.elw, which is thus replayed after the handler. While it waits longer than the two cycles
/// after its request the clock is gated: mcycle and awake_cycles stand still.
class iss_group {
 public:
  /// mhartid of hart h is first_mhartid + h. The text must outlive the group.
  iss_group(const decoded_text& text, unsigned count, std::uint32_t first_mhartid);

  unsigned size() const { return static_cast<unsigned>(set_.harts.size()); }

  void start(unsigned h, std::uint32_t boot_addr, cycle_t now);
  void stop(unsigned h);

  template <class Observer>
  core_stop advance(unsigned h, cycle_t until, Observer& observer) {
    iss::hart& s = set_.harts[h];
    if constexpr (Observer::enabled) {
      set_.observer = &observer;
      if (s.phase == iss::access_phase::completed) report_access(s, observer);
    }
    if (__builtin_expect(s.attention != 0, 0)) return advance_with_care(s, until, observer);
    return resume<Observer>(s, until);
  }

  cycle_t time(unsigned h) const { return set_.harts[h].time; }
  cycle_t due(unsigned h) const;
  cycle_t certain_until(unsigned, cycle_t now) const { return now + iss::irq_notice_cycles - 1; }
  const bus_request& request(unsigned h) const { return set_.harts[h].request; }
  std::uint32_t fetch_line(unsigned h) const { return set_.control[h].wanted * iss::text_line_bytes; }

  void complete(unsigned h, std::uint32_t rdata, cycle_t granted, cycle_t valid) {
    iss::hart& s = set_.harts[h];
    const iss::decoded* const e = s.at;
    constexpr unsigned careful = iss::access_elw | iss::access_before_jump | iss::access_to_sp;
    if (__builtin_expect((s.attention != 0) | (e->aux & careful) | (valid != granted + 1), 0))
      return complete_with_care(s, rdata, granted, valid);
    if (!s.request.write) {
      const unsigned unused = 32 - 8 * (e->aux & iss::access_size_mask);
      const std::uint32_t high = rdata << unused;
      s.request.wdata = high >> unused;
      s.x[e->rd] = e->aux & iss::access_signed ? static_cast<std::uint32_t>(static_cast<std::int32_t>(high) >> unused)
                                               : high >> unused;
    }
    s.time = valid + e->cycles;
    if (__builtin_expect(granted != s.request.cycle, 0)) set_.control[h].stayed_until = s.time;
    s.at = iss::next_entry(e);
    ++s.retired;
    s.resume_at_body = false;
    s.phase = iss::access_phase::completed;
  }

  void fetch_complete(unsigned h, cycle_t valid);
  void set_irq(unsigned h, std::uint32_t lines, cycle_t now = 0);
  void set_stack_guard(unsigned h, stack_guard guard) {
    set_.control[h].guard = guard;
    iss::update_stack_attention(set_.harts[h], set_.control[h]);
  }
  void set_trap_limit(unsigned h, std::uint32_t most) { set_.control[h].traps.set_limit(most); }
  std::uint32_t trap_cause(unsigned h) const { return set_.control[h].fault_cause; }
  bool irq_would_be_taken(unsigned h) const { return iss::high_interrupts(set_.control[h]) != 0; }
  /// Lines that would interrupt the hart if they rose: mie, or 0 while interrupts are off.
  std::uint32_t irq_enabled(unsigned h) const { return iss::pending_enables(set_.control[h]); }

  /// True between the two accesses of a misaligned load or store.
  bool mid_access(unsigned h) const { return (set_.harts[h].attention & iss::attention_second_half) != 0; }

  /// The ways to rest of ip/core/core_seam.h. On its way to a pc a hart goes instruction by
  /// instruction, which costs host time and no cycle.
  void hold(unsigned h) { set_.harts[h].attention |= iss::attention_hold; }
  void hold_at(unsigned h, std::uint32_t pc, unsigned times);
  void withdraw(unsigned h, cycle_t now);
  const private_icache& lines(unsigned h) const { return set_.fetch[h].lines; }
  void set_lines(unsigned h, const private_icache& lines) { set_.fetch[h].lines = lines; }
  bool resting(unsigned h) const {
    const iss::hart& s = set_.harts[h];
    return (s.attention & (iss::attention_hold | iss::attention_halted)) == iss::attention_hold && between(s);
  }

  /// Between instructions only (no request outstanding, not mid_access), resting or not.
  hart_state save(unsigned h) const;
  void restore(unsigned h, const hart_state& state);

  const hart_counters& counters(unsigned h) const;
  instruction_counts instructions() const;
  hart_fault fault(unsigned h) const { return set_.control[h].fault; }
  /// Register r of hart h as it stands, at any time: for dumps.
  std::uint32_t x(unsigned h, unsigned r) const { return set_.harts[h].x[r]; }
  /// Hint: hart h is advanced soon; fetches its state into the host's cache.
  void warm(unsigned h) const {
    for (unsigned k = 0; k < sizeof(iss::hart); k += 64)
      __builtin_prefetch(reinterpret_cast<const char*>(&set_.harts[h]) + k);
  }
  std::uint32_t pc(unsigned h) const { return set_.harts[h].pc_of(set_.harts[h].at); }
  const decoded_text& text() const { return *set_.text; }

  /// Before start(): the harts' text may be written over (ip/core/text_history.h). `versions` outlives the group.
  void follow(const iss::text_versions& versions) { set_.versions = &versions; }
  std::size_t text_version(unsigned h) const { return set_.control[h].text_version; }
  void set_text(unsigned h, std::shared_ptr<const decoded_text> text, std::size_t version) {
    set_.set_text(h, std::move(text), version);
  }
  void set_text_version(unsigned h, std::size_t version) {
    if (version != text_version(h)) set_.set_text(h, set_.versions->at(version), version);
  }

 private:
  template <class Observer>
  core_stop resume(iss::hart& s, cycle_t until) {
    const std::int64_t budget = horizon_budget(s.time, until);
    if (__builtin_expect(budget <= 0, 0)) return ask_for_hidden_target(s, until);
    s.time += static_cast<cycle_t>(budget);
    const iss::decoded* const e = s.at;
    const std::uint16_t first = s.resume_at_body ? e->body : iss::arrival_of(e);
    return iss::handler_table<Observer>::of[first](s, e, budget, s.retired, set_);
  }

  template <class Observer>
  core_stop advance_with_care(iss::hart& s, cycle_t until, Observer& observer) {
    if (s.attention & (iss::attention_halted | iss::attention_reset)) return core_stop::halted;
    if (s.attention & (iss::attention_hold | iss::attention_watch)) {
      if (s.attention & iss::attention_hold && between(s)) return core_stop::horizon;
      if (s.attention & iss::attention_watch) return advance_to_watch(s, until, observer);
    }
    if (s.attention & iss::attention_irq && !uninterruptible(s)) {
      forget_fallen(s);
      if (s.attention & iss::attention_irq && interrupted_at(s) < until) {
        if (wait_in_id<Observer>(s) == core_stop::fetch || ask_for_left_target(s)) return core_stop::fetch;
        forget_fallen(s);
        if (s.attention & iss::attention_irq && interrupted_at(s) < until) interrupt(s, observer);
      }
    }
    if (s.time >= until) return waits_for_line(s, until) ? advance_line(s, until, observer) : core_stop::horizon;
    if (s.attention & iss::attention_stack) return advance_guarded(s, until, observer);
    if (s.attention & iss::attention_irq && ask_for_handler(s)) return core_stop::fetch;
    if (s.attention & iss::attention_second_half) {
      if (ask_between_halves(s)) return core_stop::fetch;
      issue_second_half(s);
      return core_stop::bus;
    }
    if (s.attention & iss::attention_shadow) return advance_in_shadow(s, until, observer);
    if (s.attention & iss::attention_irq) {
      cycle_t limit = interruptible_from(s);
      if (s.time + 1 < limit) --limit;  // where ask_for_handler() looks
      const core_stop stop = advance_line(s, std::min(until, limit), observer);
      const bool goes_on = stop == core_stop::horizon && s.attention & iss::attention_irq &&
                           (s.time < until || interrupted_at(s) < until);
      return goes_on ? advance_with_care(s, until, observer) : stop;
    }
    return advance_line(s, until, observer);
  }
  template <class Observer>
  core_stop advance_line(iss::hart& s, cycle_t until, Observer&) {
    if (s.attention & iss::attention_line) {
      const std::int64_t budget =
          until > s.time ? horizon_budget(s.time, until) : -static_cast<std::int64_t>(s.time - until);
      s.attention &= ~static_cast<std::uint32_t>(iss::attention_line);
      s.time += static_cast<cycle_t>(budget);
      const cycle_t early = std::exchange(set_.control_of(s).early, 0);
      if (early == 0 || !set_.text->contains(s.pc_of(s.at)))
        return iss::arrive_by_jump<Observer>(s, s.at, budget, s.retired, set_);
      return iss::arrive_and_wait<Observer>(iss::fetch_to_issue_cycles + early, s, s.at, budget, s.retired, set_);
    }
    return resume<Observer>(s, until);
  }

  /// An interrupt cancels what is in ID: the next instruction has to come there, which may take a line.
  template <class Observer>
  core_stop wait_in_id(iss::hart& s) {
    settle(s);
    if (!set_.text->contains(s.pc_of(s.at)) || set_.control_of(s).handler_ready != 0) return core_stop::horizon;
    if (s.attention & iss::attention_line) {
      // Without budget it comes as far as ID, and no further.
      iss::hart_control& c = set_.control_of(s);
      s.attention &= ~static_cast<std::uint32_t>(iss::attention_line);
      return iss::arrive_and_wait<Observer>(iss::fetch_to_issue_cycles + std::exchange(c.early, 0), s, s.at, 0,
                                            s.retired, set_);
    }
    return s.resume_at_body ? core_stop::horizon : iss::come_in_line(s, set_);
  }
  /// A jump's target asks for its line before it would issue.
  cycle_t request_ahead(const iss::hart& s) const {
    const bool unaligned = set_.text->contains(s.pc_of(s.at)) && (s.at->flags & iss::flag_wide_at_2mod4) != 0;
    return iss::fetch_to_issue_cycles + set_.control[set_.index(s)].early + (unaligned ? 1 : 0);
  }
  bool waits_for_line(const iss::hart& s, cycle_t until) const {
    return (s.attention & iss::attention_line) != 0 && s.time < until + request_ahead(s);
  }

  /// Cancels the next instruction and goes to the handler.
  template <class Observer>
  void interrupt(iss::hart& s, Observer&) {
    const cycle_t now = interrupted_at(s);
    const iss::decoded* const cancelled = settle(s);
    const std::uint32_t cause = take_interrupt(s, now);
    if constexpr (Observer::enabled)
      iss::observe_trap<Observer>(s, cancelled, true, cause, now + 1, s.pc_of(s.at), set_);
  }
  /// The cycle in which the next instruction, in ID, is cancelled for the interrupt that is pending; `never` if it is
  /// in EX by then.
  cycle_t interrupted_at(const iss::hart& s) const;
  cycle_t in_id_since(const iss::hart& s) const;
  cycle_t waits_in_id(const iss::hart& s) const;
  cycle_t interruptible_from(const iss::hart& s) const {
    const iss::hart_control& c = set_.control[set_.index(s)];
    return std::max(c.irq_noticed, c.irq_after);
  }
  /// Interrupt lines that have fallen, once the next instruction comes to ID too late for them.
  void forget_fallen(iss::hart& s) {
    if (__builtin_expect(set_.control_of(s).irq_fallen != 0, 0)) decide_fallen(s);
  }
  void decide_fallen(iss::hart& s);
  bool ask_for_handler(iss::hart& s);
  void note_in_id(const iss::hart& s, cycle_t since, bool hidden_jump, bool waited = false) {
    iss::hart_control& c = set_.control_of(s);
    c.behind_access = s.time;
    c.behind_since = since;
    c.behind_waited = waited;
    c.behind_hidden = hidden_jump ? iss::hidden_jump_cycles : 0;
  }
  cycle_t hidden_by_jump(const iss::hart& s) const;
  bool ask_for_left_target(iss::hart& s);
  /// At a horizon: a jump that waits for mulh or a division has asked for its target already.
  __attribute__((cold)) core_stop ask_for_hidden_target(iss::hart& s, cycle_t until);
  struct line_request {
    cycle_t at = never;
    std::uint32_t line = 0;
    int lead = 0;
  };
  line_request hidden_target(const iss::hart& s) const;
  line_request left_target(const iss::hart& s, const iss::decoded* e, cycle_t waited) const;
  bool jump_target(const iss::hart& s, const iss::decoded* e, std::uint32_t& target) const;
  static bool uninterruptible(const iss::hart& s) {
    return s.phase == iss::access_phase::outstanding ||
           (s.attention & (iss::attention_second_half | iss::attention_halted | iss::attention_reset)) != 0;
  }

  /// Instruction by instruction, until the watched one comes next.
  template <class Observer>
  core_stop advance_to_watch(iss::hart& s, cycle_t until, Observer& observer) {
    const iss::hart_control& c = set_.control_of(s);
    for (;;) {
      if (s.time >= until || arrived(s)) return core_stop::horizon;
      const std::uint32_t enabled = iss::pending_enables(c);
      s.attention &= ~static_cast<std::uint32_t>(iss::attention_watch);
      const core_stop stop =
          s.attention != 0 ? advance_with_care(s, s.time + 1, observer) : resume<Observer>(s, s.time + 1);
      s.attention |= iss::attention_watch;
      // Interrupts that have just been enabled: the cluster must say which lines are high.
      if (stop != core_stop::horizon || (iss::pending_enables(c) & ~enabled) != 0) return stop;
    }
  }

  /// Instruction by instruction while sp is in the stack guard: the first access is a stack overflow.
  template <class Observer>
  core_stop advance_guarded(iss::hart& s, cycle_t until, Observer& observer) {
    iss::hart_control& c = set_.control_of(s);
    while (s.time < until) {
      s.attention &= ~static_cast<std::uint32_t>(iss::attention_stack);
      const bool overflows = c.guard.holds(s.x[iss::stack_pointer]);
      if (!overflows) return advance(set_.index(s), until, observer);
      const std::uint32_t enabled = iss::pending_enables(c);
      const core_stop stop =
          s.attention != 0 ? advance_with_care(s, s.time + 1, observer) : resume<Observer>(s, s.time + 1);
      s.attention |= iss::attention_stack;
      if (stop == core_stop::bus) {
        forget_access(s);
        s.phase = iss::access_phase::none;
        s.attention |= iss::attention_halted;
        c.fault = hart_fault::stack_overflow;
        return core_stop::halted;
      }
      // Interrupts that have just been enabled: the cluster must say which lines are high.
      if (stop != core_stop::horizon || (iss::pending_enables(c) & ~enabled) != 0) return stop;
    }
    return core_stop::horizon;
  }
  /// The instructions behind an access that waits for its response, one by one until none profits any more.
  template <class Observer>
  core_stop advance_in_shadow(iss::hart& s, cycle_t until, Observer& observer) {
    const iss::hart_control& c = set_.control_of(s);
    const std::uint32_t enabled = iss::pending_enables(c);
    const shadow_step step = enter_shadow(s);
    if ((s.attention & iss::attention_irq) != 0 && s.time >= interruptible_from(s))
      return advance(set_.index(s), until, observer);
    const core_stop stop = advance_line(s, s.time + 1, observer);
    leave_shadow(s, step, stop);
    // Interrupts that have just been enabled: the cluster must say which lines are high.
    if (stop != core_stop::horizon || (iss::pending_enables(c) & ~enabled) != 0) return stop;
    return advance(set_.index(s), until, observer);
  }
  struct shadow_step {
    const iss::decoded* what = nullptr;  ///< nullptr: nothing profits
    std::uint64_t retired = 0;
    cycle_t later = 0, sooner = 0;  ///< to be added to and taken from the time behind it
  };
  shadow_step enter_shadow(iss::hart& s);
  void leave_shadow(iss::hart& s, const shadow_step& step, core_stop stop);
  /// The next instruction waits for what a load that waits itself brings.
  bool waits_for_shadow(const iss::hart& s) const;
  /// True if the next instruction is a jump whose target is fetched while the one before it stays in EX.
  bool jump_follows(const iss::hart& s) const;

  static bool between(const iss::hart& s) {
    constexpr std::uint32_t halves = iss::attention_split | iss::attention_second_half | iss::attention_last_half;
    return s.phase != iss::access_phase::outstanding && (s.attention & (halves | iss::attention_reset)) == 0;
  }
  /// The watched instruction is next, and has been for the last time that counts: the hart rests.
  bool arrived(iss::hart& s);

  /// It has begun a load or store that has not retired.
  static bool accesses(const iss::hart& s) {
    return s.phase == iss::access_phase::outstanding || (s.attention & iss::attention_second_half) != 0;
  }
  /// What has been begun will not retire.
  void forget_access(const iss::hart& s) {
    if (accesses(s)) --set_.instructions[s.request.write ? instruction_class::store : instruction_class::load];
  }

  template <class Observer>
  void report_access(iss::hart& s, Observer& observer) {
    retire_record r = access_record(s);
    s.phase = iss::access_phase::none;
    observer.retire(set_.index(s), r);
  }

  /// Cycles to run, bounded so that it stays far from overflow when until is `never`.
  static std::int64_t horizon_budget(cycle_t now, cycle_t until) {
    return until <= now ? 0 : static_cast<std::int64_t>(std::min<cycle_t>(until - now, cycle_t{1} << 62));
  }

  void complete_with_care(iss::hart& s, std::uint32_t rdata, cycle_t granted, cycle_t valid);
  void see_interrupts(const iss::hart& s, cycle_t valid);
  /// A jump behind a misaligned access has asked for its target's second word by now: core_stop::fetch, if true.
  bool ask_between_halves(iss::hart& s);
  void issue_second_half(iss::hart& s);
  const iss::decoded* settle(iss::hart& s);
  std::uint32_t take_interrupt(iss::hart& s, cycle_t now);
  cycle_t elw_asleep_from(const iss::hart& s, cycle_t entered) const;
  retire_record access_record(iss::hart& s);

  iss::hart_set set_;
};

}  // namespace ohmic
