#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "ip/core/hart_fault.h"
#include "ip/core/instruction_class.h"
#include "ip/core/private_icache.h"
#include "ip/core/types.h"

/// The core seam: what a cluster may ask of a group of harts of one kind, and nothing more.
///
/// A group is a class (no base class: the cluster is a template over it, so that calls are static). It holds
/// the harts of one kind in one cluster and offers
///
///   unsigned  size() const;
///   void      start(unsigned h, std::uint32_t boot_addr, cycle_t now);
///               hart h leaves reset; its first instruction issues at `now` at the earliest
///   void      stop(unsigned h);
///               back into reset: the hart does nothing until start()
///   template <class Observer>
///   core_stop advance(unsigned h, cycle_t until, Observer&);
///               runs hart h from its own time on until it needs the bus, needs an instruction line, halts, or
///               its time reaches `until`. Must not be called while a request of h is outstanding.
///   cycle_t   time(unsigned h) const;         the hart's own time: where the next instruction would issue
///   cycle_t   due(unsigned h) const;          after core_stop::horizon: the cluster's cycle in which advance() is to
///   be
///               called again, at the latest
///   cycle_t   certain_until(unsigned h, cycle_t now) const;
///               what the hart does before this cycle does not depend on lines that rise in cycle `now` or later
///   const bus_request&  request(unsigned h);  valid after core_stop::bus
///   std::uint32_t fetch_line(unsigned h);     byte address of the wanted line, valid after core_stop::fetch
///   void      complete(unsigned h, std::uint32_t rdata, cycle_t granted, cycle_t valid);
///               answers the request: granted in cycle `granted` (>= request.cycle), response (rvalid) in `valid`
///               (>= granted + 1). rdata is the addressed bytes, right-aligned, not yet sign-extended.
///   void      fetch_complete(unsigned h, cycle_t valid);
///               the wanted line is in the hart's private instruction cache from cycle `valid` on
///   void      set_irq(unsigned h, std::uint32_t lines, cycle_t now = 0);
///               level of the 32 interrupt lines, which change in cycle `now` (0: long ago). Seen by the next
///               advance(), in whose horizon it may change due(). The cluster calls advance() with until =
///               certain_until(h, now) for as long as any line of this hart could rise, so a group need not look back.
///   bool      irq_would_be_taken(unsigned h) const;   an enabled line is high: mie & lines and mstatus.MIE
///   std::uint32_t irq_enabled(unsigned h) const;      lines that would interrupt if they rose: mie, 0 without MIE.
///               When lines become enabled, advance() returns core_stop::horizon before the hart runs on, so that the
///               cluster can say which of them are high
///   void      set_stack_guard(unsigned h, stack_guard);
///               from now on, also before start(): a load or store with sp in the guard halts the hart in front of it
///   void      set_trap_limit(unsigned h, std::uint32_t most);
///               from now on, also before start(): more exceptions in a row without progress halt the hart in front of
///               the next (ip/core/trap_storm.h); 0, as at first: any number
///   std::uint32_t trap_cause(unsigned h) const;  mcause of the exception that halted it with hart_fault::trap_storm
///   std::uint32_t pc(unsigned h) const;       of the next instruction, at any time: for messages
///   hart_fault fault(unsigned h) const;       why it halted
///   std::uint32_t x(unsigned h, unsigned r) const;  register r, for dumps
///   void      warm(unsigned h) const;         hint: h is advanced soon
///   const hart_counters& counters(unsigned h) const;
///   instruction_counts instructions() const;
///               what the harts have retired since the group was made, by class; if they advanced with observers that
///               count (counts_activity)
///
/// Coming to rest between two instructions, so that another kind can go on from the state (ip/core/core_relay.h):
///
///   void      hold(unsigned h);               rest in front of the next instruction
///   void      hold_at(unsigned h, std::uint32_t pc, unsigned times);
///               rest when about to execute the instruction at pc for the times-th time (>= 1)
///   bool      resting(unsigned h) const;      it does: advance() executes nothing and returns core_stop::horizon. On
///               the way there advance() returns what it always does: accesses under way are waited for
///   void      withdraw(unsigned h, cycle_t now);
///               instead of complete() of a cv.elw: takes the request back at `now` and rests in front of the cv.elw
///   hart_state save(unsigned h) const;        while resting
///   private_icache lines(unsigned h) const;  void set_lines(unsigned h, const private_icache&);
///               what is in its private instruction cache; set_lines() between start() and restore()
///   std::size_t text_version(unsigned h) const;  void set_text_version(unsigned h, std::size_t);
///               which version of its text it executes (ip/core/text_history.h); set like lines
///   void      restore(unsigned h, const hart_state&);
///               after start(): goes on from this state at time(h), no longer resting or held
///
/// Order of calls: start, then advance / (complete | fetch_complete) in turn. Everything between two stops is
/// private to the hart, so it may run ahead of the cluster's time.
namespace ohmic {

/// Why advance() returned.
enum class core_stop : std::uint8_t {
  bus,      ///< request() must be granted and answered by complete()
  fetch,    ///< fetch_line() missed the private instruction cache; answer with fetch_complete()
  horizon,  ///< time(h) >= until, or earlier as the group says; call advance() again
  halted,   ///< the hart cannot go on (fatal guest error, see hart_fault); never advance() it again
};

/// One data access of a hart on its OBI port. A misaligned access is two of these, one after the other.
/// cv.elw is an ordinary word read: only its address (the event unit's WAIT register) makes it sleep.
struct bus_request {
  cycle_t cycle = 0;        ///< cycle of the address phase: the first in which it may be granted
  std::uint32_t addr = 0;   ///< byte address; the access never crosses a word
  std::uint32_t wdata = 0;  ///< right-aligned write data (byte 0 is the byte at addr)
  std::uint32_t pc = 0;     ///< instruction that makes the access, for messages
  std::uint8_t size = 4;    ///< 1, 2, 3 or 4 bytes (3 only as part of a misaligned word)
  bool write = false;
};

/// Values of sp (x2) with which a hart must not access memory: floor <= sp < limit. None if limit <= floor.
struct stack_guard {
  std::uint32_t floor = 0, limit = 0;
  bool holds(std::uint32_t sp) const { return sp >= floor && sp < limit; }
};

/// Architectural state of an RV32IMC + XCV hart in machine mode, as plain data.
/// Source: CV32E40P user manual, "Control and Status Registers" and "CORE-V Hardware Loop feature".
struct hart_state {
  std::array<std::uint32_t, 32> x{};
  std::uint32_t pc = 0;
  std::array<std::uint32_t, 2> lpstart{}, lpend{}, lpcount{};
  std::uint32_t mstatus = 0x1800, mie = 0, mtvec = 1, mscratch = 0, mepc = 0, mcause = 0;
  std::uint32_t mcountinhibit = 0xD, mhpmevent3 = 0;
  std::uint64_t mcycle = 0, minstret = 0, mhpmcounter3 = 0;
};

/// Activity of one hart since start(). awake_cycles counts cycles in which its clock ran (not asleep in cv.elw).
struct hart_counters {
  std::uint64_t retired = 0;
  std::uint64_t awake_cycles = 0;
};

/// What one retired instruction did (the fields of the RISC-V Formal Interface that software can see).
struct retire_record {
  cycle_t cycle = 0;
  std::uint32_t pc = 0, next_pc = 0;
  std::uint32_t instruction = 0;  ///< as in memory: low 16 bits valid if compressed
  bool compressed = false;
  bool trap = false;             ///< exception or interrupt taken instead of / after this instruction
  std::uint32_t cause = 0;       ///< mcause, if trap
  std::uint8_t rd = 0, rd2 = 0;  ///< 0: no write. rd2: base register of a post-increment access
  std::uint32_t rd_value = 0, rd2_value = 0;
  std::uint32_t mem_addr = 0, mem_data = 0;
  std::uint8_t mem_size = 0;  ///< 0: no access
  bool mem_write = false;
};

/// The observer that sees nothing and costs nothing. Others have `enabled = true` and retire(hart, record).
struct null_observer {
  static constexpr bool enabled = false;
  void retire(unsigned, const retire_record&) {}
};

/// The same for who wants to know how often things were done: groups count their instructions by class, a cluster its
/// accesses to L1 (at most 3 % of the simulation's time; without it nothing).
struct counting_observer : null_observer {
  static constexpr bool counts = true;
};

/// Whether an observer asks for that; those that do not say do not.
template <class Observer, class = void>
inline constexpr bool counts_activity = false;
template <class Observer>
inline constexpr bool counts_activity<Observer, std::enable_if_t<Observer::counts>> = true;

}  // namespace ohmic
