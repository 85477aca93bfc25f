#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ip/core/core_seam.h"
#include "ip/core/instruction_side.h"
#include "ip/core/loop_rules.h"
#include "ip/core/trap_storm.h"
#include "ip/rtl_core/retire_tap.h"

class Vcv32e40p;
class VerilatedContext;

namespace ohmic {

class cv32e40p_waveform;

/// One Verilated CV32E40P with its private instruction cache, driven cycle by cycle from the core seam's calls.
///
/// A cycle is evaluated in two steps: settle() applies what is known at its begin (responses, interrupts) and shows the
/// core's requests; clock() adds the grants and ends it. Between the two the hart may stop for its cluster.
///
/// While cv.elw sleeps (core_sleep_o) the clock stands still and nothing is evaluated. In other waits, for a line or
/// for a response, the clock runs; but once a cycle has changed nothing except counters, those that follow are not
/// evaluated either (rtl/still_model.h): no cycle and no counter depends on that.
class cv32e40p_hart {
 public:
  cv32e40p_hart(const text_bytes& text, std::uint32_t mhartid);
  ~cv32e40p_hart();
  cv32e40p_hart(cv32e40p_hart&&) noexcept;

  /// Before start(): the hart's cycles are recorded there, at the cost of a second model. `to` outlives the hart.
  void record(cv32e40p_waveform& to) { waveform_ = &to; }
  void start(std::uint32_t boot_addr, cycle_t now);
  void stop() { running_ = false; }
  /// Goes on from this state at time(): the first cycle is the one in which the instruction at state.pc is fetched. The
  /// hart must have been started. What was in flight is gone, so only between instructions of the hart it comes from.
  void restore(const hart_state& state);
  /// The ways to rest of ip/core/core_seam.h. A debug request halts the instruction in ID; what was before it is done,
  /// accesses included, and the cycles of halting are taken back. Counters then stand as if it had not been.
  void hold();
  void hold_at(std::uint32_t pc, unsigned times);
  void withdraw(cycle_t now);
  bool resting() const { return resting_; }
  const hart_state& save() const { return state_; }
  const private_icache& lines() const { return fetches_.cache(); }
  void set_lines(const private_icache& lines) { fetches_.set_cache(lines); }
  /// Returns core_stop::horizon after a stride of cycles even before `until`, and when records must be taken first.
  /// `observed`: records are to be had from take_record() after this and later calls.
  core_stop advance(cycle_t until, bool observed);
  bool take_record(retire_record& r) { return tap_ && tap_->take(r); }
  void complete(std::uint32_t rdata, cycle_t granted, cycle_t valid);
  void fetch_complete(cycle_t valid);

  cycle_t time() const { return time_; }
  const bus_request& request() const { return request_; }
  std::uint32_t fetch_line() const { return fetches_.wanted_line(); }
  /// The lines as they are from the cycle behind `now` on.
  void set_irq(std::uint32_t lines, cycle_t now);
  std::uint32_t irq_lines() const { return irq_; }
  /// Before start(): the text may be written over. `history` outlives the hart.
  void follow(const text_history& history) { fetches_.follow(history); }
  std::size_t text_version() const { return fetches_.text_version(); }
  void set_text_version(std::size_t version);
  void set_stack_guard(stack_guard guard) { stack_guard_ = guard; }
  void set_trap_limit(std::uint32_t most) { traps_.set_limit(most); }
  std::uint32_t trap_cause() const { return trap_cause_; }
  /// From the settled cycle's end on.
  std::uint32_t irq_enabled() const;
  bool irq_would_be_taken() const;
  std::uint32_t pc() const;
  std::uint32_t x(unsigned r) const;
  /// Control state as the registers hold it in this cycle. Without x, pc and counters.
  hart_state control_state() const;
  /// The instruction in EX came there in this cycle.
  bool fresh_in_ex() const;
  const hart_counters& counters() const;
  /// What it retires from now on is counted, also over start(), by class.
  void count_instructions() { counting_ = true; }
  const instruction_counts& instructions() const { return instructions_; }
  hart_fault fault() const { return fault_; }
  void warm() const;

 private:
  /// A hart returns core_stop::horizon this often. Its cycles cost much, so they are dealt out over the windows in
  /// which clusters run in parallel, instead of thousands in one.
  static constexpr cycle_t stride = 24;

  void reset(std::uint32_t boot_addr);
  void settle();
  void fetch();
  void clock(bool data_granted);
  void sleep_until(cycle_t then);
  void stand_still(cycle_t last);
  void set_irq_lines(std::uint32_t lines);
  std::uint32_t irq_at(cycle_t cycle) const {
    if (__builtin_expect(cycle >= irq_from_, 1)) return irq_;
    return irq_before(cycle);
  }
  std::uint32_t irq_before(cycle_t cycle) const;
  cycle_t next_irq_change() const;
  void note_text();
  void uncount();
  void note_access();
  core_stop stack_overflow();
  void check_loop();
  void note_exception();
  void sample();
  void ask_for_rest();
  bool drained() const;
  void come_to_rest();
  void write_registers(const hart_state& state);

  // Hot: touched in every cycle.
  std::unique_ptr<VerilatedContext> context_;
  std::unique_ptr<Vcv32e40p> model_;
  cycle_t time_ = 0;
  cycle_t data_at_ = never;  // cycle of the awaited data response
  std::uint32_t data_ = 0;
  std::uint32_t irq_ = 0, enabled_ = 0;
  cycle_t irq_from_ = 0;
  /// Lines before that, oldest first, as far as the hart is behind its cluster's time; the first may begin earlier.
  struct irq_lines_from {
    cycle_t from;
    std::uint32_t lines;
  };
  static constexpr std::size_t most_irq_changes = 16;  // it passes more while it waits for an access, and sees none
  std::vector<irq_lines_from> irq_earlier_;
  std::uint32_t last_pc_ = 0, ex_pc_ = 0;
  bool settled_ = false, running_ = false, observed_ = false, outside_ = false;
  bool counting_ = false;
  bool grants_changed_ = false, returning_ = false;  // since settle(): an input other than the clock
  bool stopping_ = false, resting_ = false;          // on the way to rest(), or there
  struct coming_to_rest {
    bool at_once = false, served = false;
    std::uint32_t pc = 0;
    unsigned times = 0;
    cycle_t busy_at = 0;  // last cycle in which something older than the halted instruction kept it from EX
    bool in_ex = false;   // an instruction that was issued meanwhile is still there
  } rest_;
  std::uint64_t retired_ = 0;
  instruction_side fetches_;
  bus_request request_;
  stack_guard stack_guard_;
  trap_storm traps_;
  std::uint32_t trap_cause_ = 0;  // of hart_fault::trap_storm

  std::size_t text_seen_ = 0;

  std::uint32_t mhartid_;
  cycle_t started_ = 0, slept_ = 0;
  hart_fault fault_ = hart_fault::none;
  loop_rules loops_;
  std::uint32_t loop_pc_ = 0;  // of the instruction that set up a forbidden loop
  mutable hart_counters counters_;
  instruction_counts instructions_;
  hart_state state_;  // while resting
  std::unique_ptr<retire_tap> tap_;
  cv32e40p_waveform* waveform_ = nullptr;
};

}  // namespace ohmic
