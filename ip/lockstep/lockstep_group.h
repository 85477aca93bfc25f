#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ip/lockstep/lockstep_checker.h"
#include "ip/rtl_core/rtl_group.h"

namespace ohmic {

/// Harts that run as RTL while the ISS checks every retirement: a kind of core behind the core seam.
///
/// Everything the cluster sees is the RTL's. At the group's first mismatch, or the one that stop_at() says, advance()
/// returns core_stop::halted for its hart and fault() hart_fault::lockstep_mismatch. After those before it the ISS goes
/// on from what the RTL did. mismatches() says what both did.
class lockstep_group {
 public:
  lockstep_group(const decoded_text& text, const text_bytes& bytes, unsigned count, std::uint32_t first_mhartid);

  unsigned size() const { return rtl_.size(); }
  /// Records the RTL's waveform, see cv32e40p_hart::record().
  void record(unsigned h, cv32e40p_waveform& to) { rtl_.record(h, to); }
  /// The group halts at its `n`-th mismatch.
  void stop_at(unsigned n) { most_ = n; }
  void start(unsigned h, std::uint32_t boot_addr, cycle_t now);
  void stop(unsigned h) { rtl_.stop(h); }
  void restore(unsigned h, const hart_state& state);
  /// Before start(): the text may be written over (ip/core/text_history.h). `versions` outlives the group.
  void follow(const iss::text_versions& versions);
  std::size_t text_version(unsigned h) const { return rtl_.text_version(h); }
  void set_text_version(unsigned h, std::size_t version) { rtl_.set_text_version(h, version); }
  void hold(unsigned h) { rtl_.hold(h); }
  void hold_at(unsigned h, std::uint32_t pc, unsigned times) { rtl_.hold_at(h, pc, times); }
  void withdraw(unsigned h, cycle_t now) { rtl_.withdraw(h, now); }
  bool resting(unsigned h) const { return rtl_.resting(h); }
  const private_icache& lines(unsigned h) const { return rtl_.lines(h); }
  void set_lines(unsigned h, const private_icache& lines) { rtl_.set_lines(h, lines); }
  hart_state save(unsigned h) const { return rtl_.save(h); }

  template <class Observer>
  core_stop advance(unsigned h, cycle_t until, Observer& observer) {
    if (first_bad_ == h) return core_stop::halted;
    comparing<Observer> both{*this, observer};
    const core_stop stop = rtl_.advance(h, until, both);
    if (first_bad_ == h) return core_stop::halted;
    // Later, an interrupt may have been taken behind the access already.
    if (stop == core_stop::bus && rtl_.hart(h).fresh_in_ex())
      checkers_[h]->expect_control(rtl_.request(h).pc, rtl_.hart(h).control_state());
    return stop;
  }

  cycle_t time(unsigned h) const { return rtl_.time(h); }
  cycle_t due(unsigned h) const { return time(h); }
  cycle_t certain_until(unsigned, cycle_t now) const { return now + 1; }
  const bus_request& request(unsigned h) const { return rtl_.request(h); }
  std::uint32_t fetch_line(unsigned h) const { return rtl_.fetch_line(h); }
  void complete(unsigned h, std::uint32_t rdata, cycle_t granted, cycle_t valid) {
    rtl_.complete(h, rdata, granted, valid);
  }
  void fetch_complete(unsigned h, cycle_t valid) { rtl_.fetch_complete(h, valid); }
  void set_irq(unsigned h, std::uint32_t lines, cycle_t now = 0) { rtl_.set_irq(h, lines, now); }
  void set_stack_guard(unsigned h, stack_guard guard) { rtl_.set_stack_guard(h, guard); }
  void set_trap_limit(unsigned h, std::uint32_t most) { rtl_.set_trap_limit(h, most); }
  std::uint32_t trap_cause(unsigned h) const { return rtl_.trap_cause(h); }
  bool irq_would_be_taken(unsigned h) const { return rtl_.irq_would_be_taken(h); }
  std::uint32_t irq_enabled(unsigned h) const { return rtl_.irq_enabled(h); }
  std::uint32_t pc(unsigned h) const { return rtl_.pc(h); }
  std::uint32_t x(unsigned h, unsigned r) const { return rtl_.x(h, r); }
  const hart_counters& counters(unsigned h) const { return rtl_.counters(h); }
  instruction_counts instructions() const { return rtl_.instructions(); }
  hart_fault fault(unsigned h) const { return first_bad_ == h ? hart_fault::lockstep_mismatch : rtl_.fault(h); }
  void warm(unsigned h) const { rtl_.warm(h); }

  /// Instructions compared so far, all harts together.
  lockstep_counts counts() const;
  /// All so far, oldest first of a hart; the retirement's cycle and pc, and what both sides did. With the first one
  /// stands what came before it.
  struct mismatch {
    unsigned hart = 0;
    cycle_t cycle = 0;
    std::uint32_t pc = 0;
    std::string what;
  };
  const std::vector<mismatch>& mismatches() const { return mismatches_; }
  /// The hart that has halted for it.
  std::optional<unsigned> bad_hart() const { return first_bad_ == none ? std::nullopt : std::optional(first_bad_); }

 private:
  static constexpr unsigned none = ~0u;

  template <class Observer>
  struct comparing {
    static constexpr bool enabled = true, counts = counts_activity<Observer>;
    lockstep_group& group;
    Observer& observer;
    void retire(unsigned h, const retire_record& r) {
      if (group.first_bad_ == h) return;
      if constexpr (Observer::enabled) observer.retire(h, r);
      if (!group.checkers_[h]->check(r, group.rtl_.text_version(h))) group.note(h, r);
    }
  };

  void note(unsigned h, const retire_record& r);

  const decoded_text* text_;
  std::uint32_t first_mhartid_;
  const iss::text_versions* versions_ = nullptr;
  rtl_group rtl_;
  std::vector<std::unique_ptr<lockstep_checker>> checkers_;
  unsigned first_bad_ = none;
  unsigned most_ = 1;
  std::vector<mismatch> mismatches_;
};

}  // namespace ohmic
