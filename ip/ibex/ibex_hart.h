#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "ip/core/core_seam.h"
#include "ip/core/instruction_side.h"

class Vibex;
class VerilatedContext;

namespace ohmic {

class ibex_waveform;

/// One Verilated Ibex (RV32IMC, rtl/ohmic_ibex.sv) with its private instruction cache, driven cycle by cycle from the
/// core seam's calls. A cycle is two evaluations: settle() applies responses and interrupts and shows the core's
/// requests, clock() adds the grants and ends it. Between the two the hart may stop for its cluster.
///
/// Instruction port: a request is granted at once if its line is in the private cache (8 direct-mapped lines of
/// 64 bytes), answered one cycle later, or when the line's bytes are there. Data port: one access at a time.
///
/// Waiting for events: an ordinary load from `wait_address` whose response is withheld. As soon as nothing is under way
/// on the instruction port either, the clock stands still until the response, and nothing is evaluated. Ibex takes no
/// interrupt during a load: it takes it behind the load, with mepc at the next instruction.
class ibex_hart {
 public:
  ibex_hart(const text_bytes& text, std::uint32_t mhartid, std::uint32_t wait_address);
  ~ibex_hart();
  ibex_hart(ibex_hart&&) noexcept;

  /// Before start(): the hart's cycles are recorded there, at the cost of a second model. `to` outlives the hart.
  void record(ibex_waveform& to) { waveform_ = &to; }
  /// The first instruction of an Ibex is 0x80 bytes behind a multiple of 256, where its vector table is after reset:
  /// (boot_addr & ~0xff) + 0x80.
  void start(std::uint32_t boot_addr, cycle_t now);
  void stop() { running_ = false; }
  /// Returns core_stop::horizon after a stride of cycles even before `until`, but sleeps in wfi up to it.
  /// `observed`: records are to be had from take_record() after this and later calls.
  core_stop advance(cycle_t until, bool observed);
  bool take_record(retire_record& r);
  void complete(std::uint32_t rdata, cycle_t granted, cycle_t valid);
  void fetch_complete(cycle_t valid);

  cycle_t time() const { return time_; }
  const bus_request& request() const { return request_; }
  std::uint32_t fetch_line() const { return fetches_.wanted_line(); }
  void set_irq(std::uint32_t lines) { irq_ = lines; }
  std::uint32_t irq_lines() const { return irq_; }
  /// Before start(): the text may be written over. `history` outlives the hart.
  void follow(const text_history& history) { fetches_.follow(history); }
  std::size_t text_version() const { return fetches_.text_version(); }
  void set_text_version(std::size_t version) { fetches_.set_text_version(version); }
  void set_stack_guard(stack_guard guard) { stack_guard_ = guard; }
  /// In wfi a line wakes the core whether mstatus.MIE is set or not.
  std::uint32_t irq_enabled() const;
  bool irq_would_be_taken() const;
  std::uint32_t pc() const;
  std::uint32_t x(unsigned r) const;
  const hart_counters& counters() const;
  /// What it retires from now on is counted, also over start(), by class.
  void count_instructions() { counting_ = true; }
  const instruction_counts& instructions() const { return instructions_; }
  hart_fault fault() const { return fault_; }
  void warm() const;

 private:
  /// Cycles of RTL cost much: they are dealt out over the windows in which clusters run in parallel.
  static constexpr cycle_t stride = 24;

  void reset(std::uint32_t boot_addr);
  void settle();
  void fetch();
  void clock(bool data_granted);
  void stand_still(cycle_t last);
  void note_access();
  core_stop stack_overflow();
  void note_retirement();
  void note_trap();

  std::unique_ptr<VerilatedContext> context_;
  std::unique_ptr<Vibex> model_;
  cycle_t time_ = 0;
  cycle_t data_at_ = never;  // cycle of the awaited data response
  std::uint32_t data_ = 0;
  std::uint32_t irq_ = 0, enabled_ = 0;
  bool settled_ = false, running_ = false, observed_ = false, counting_ = false;
  std::uint64_t retired_ = 0;
  instruction_side fetches_;
  bus_request request_;
  stack_guard stack_guard_;

  std::uint32_t mhartid_, wait_address_;
  cycle_t started_ = 0, slept_ = 0;
  std::uint32_t fault_pc_ = 0;
  hart_fault fault_ = hart_fault::none;
  mutable hart_counters counters_;
  instruction_counts instructions_;
  ibex_waveform* waveform_ = nullptr;

  // Only when observed.
  cycle_t in_id_since_ = 0;
  bool accessed_ = false;
  std::deque<retire_record> records_;
};

}  // namespace ohmic
