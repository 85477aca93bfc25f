#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "ip/core/core_seam.h"
#include "ip/core/text_bytes.h"
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
/// Instruction port: a request is granted at once if its line is in the private cache (8 direct-mapped lines of
/// 64 bytes, as in ip/iss), answered one cycle later, or when the line's bytes are there.
/// While cv.elw sleeps (core_sleep_o) the clock stands still and nothing is evaluated.
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
  const hart_lines& lines() const { return lines_; }
  void set_lines(const hart_lines& lines) { lines_ = lines; }
  /// Returns core_stop::horizon before `until` when records must be taken first.
  /// `observed`: records are to be had from take_record() after this and later calls.
  core_stop advance(cycle_t until, bool observed);
  bool take_record(retire_record& r) { return tap_ && tap_->take(r); }
  void complete(std::uint32_t rdata, cycle_t granted, cycle_t valid);
  void fetch_complete(cycle_t valid);

  cycle_t time() const { return time_; }
  const bus_request& request() const { return request_; }
  std::uint32_t fetch_line() const { return wanted_line_ * line_bytes; }
  void set_irq(std::uint32_t lines) { irq_ = lines; }
  std::uint32_t irq_lines() const { return irq_; }
  void set_stack_guard(stack_guard guard) { stack_guard_ = guard; }
  std::uint32_t irq_enabled() const;
  std::uint32_t pc() const;
  std::uint32_t x(unsigned r) const;
  /// Control state as the registers hold it in this cycle. Without x, pc and counters.
  hart_state control_state() const;
  /// The instruction in EX came there in this cycle.
  bool fresh_in_ex() const;
  const hart_counters& counters() const;
  hart_fault fault() const { return fault_; }
  void warm() const;

 private:
  static constexpr unsigned line_bytes = 64, private_lines = 8;
  static constexpr std::uint32_t no_line = ~0u;
  static constexpr unsigned fetch_depth = 4;  // more than the prefetcher's two outstanding requests

  void reset(std::uint32_t boot_addr);
  void settle();
  void fetch();
  void clock(bool data_granted);
  void sleep_until(cycle_t then);
  void set_irq_lines();
  void note_access();
  core_stop stack_overflow();
  void sample();
  void ask_for_rest();
  bool drained() const;
  void come_to_rest();
  void write_registers(const hart_state& state);

  // Hot: touched in every cycle.
  std::unique_ptr<VerilatedContext> context_;
  std::unique_ptr<Vcv32e40p> model_;
  cycle_t time_ = 0;
  cycle_t line_ready_ = 0;   // answers of instruction requests wait for this cycle
  cycle_t data_at_ = never;  // cycle of the awaited data response
  std::uint32_t data_ = 0;
  std::uint32_t irq_ = 0;
  std::uint32_t last_pc_ = 0, ex_pc_ = 0;
  unsigned fetches_ = 0, first_fetch_ = 0;  // granted and not answered instruction requests
  std::array<std::uint32_t, fetch_depth> fetch_addr_{};
  hart_lines lines_{};
  bool settled_ = false, running_ = false, observed_ = false, outside_ = false, line_missing_ = false;
  bool grants_changed_ = false, returning_ = false;  // since settle(): an input other than the clock
  bool fence_seen_ = false;
  bool stopping_ = false, resting_ = false;  // on the way to rest(), or there
  struct coming_to_rest {
    bool at_once = false, served = false;
    std::uint32_t pc = 0;
    unsigned times = 0;
    cycle_t busy_at = 0;  // last cycle in which something older than the halted instruction kept it from EX
  } rest_;
  std::uint32_t wanted_line_ = 0;
  std::uint64_t retired_ = 0;
  text_bytes text_;
  bus_request request_;
  stack_guard stack_guard_;

  std::uint32_t mhartid_;
  cycle_t started_ = 0, slept_ = 0;
  hart_fault fault_ = hart_fault::none;
  mutable hart_counters counters_;
  hart_state state_;  // while resting
  std::unique_ptr<retire_tap> tap_;
  cv32e40p_waveform* waveform_ = nullptr;
};

}  // namespace ohmic
