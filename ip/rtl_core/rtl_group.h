#pragma once

#include <cstdint>
#include <vector>

#include "ip/core/core_seam.h"
#include "ip/core/text_bytes.h"
#include "ip/rtl_core/cv32e40p_hart.h"

namespace ohmic {

/// Harts that are the real CV32E40P, Verilated: a kind of core behind the core seam (ip/core/core_seam.h).
///
/// COREV_PULP=1, COREV_CLUSTER=1, FPU=0. A hart's model is made when it is first started, so harts that never start
/// cost nothing. One access is in flight at a time: the core may ask for the next one while it waits, and is granted it
/// afterwards. advance() returns core_stop::horizon after a stride of cycles even before `until`. A hart that waits for
/// an instruction line from the network is not granted data meanwhile.
class rtl_group {
 public:
  /// mhartid of hart h is first_mhartid + h.
  rtl_group(const text_bytes& text, unsigned count, std::uint32_t first_mhartid);

  unsigned size() const { return static_cast<unsigned>(harts_.size()); }
  /// See cv32e40p_hart::record().
  void record(unsigned h, cv32e40p_waveform& to) { harts_[h].record(to); }
  void start(unsigned h, std::uint32_t boot_addr, cycle_t now) { harts_[h].start(boot_addr, now); }
  void stop(unsigned h) { harts_[h].stop(); }

  /// See cv32e40p_hart::restore() and hold().
  void restore(unsigned h, const hart_state& state) { harts_[h].restore(state); }
  void hold(unsigned h) { harts_[h].hold(); }
  void hold_at(unsigned h, std::uint32_t pc, unsigned times) { harts_[h].hold_at(pc, times); }
  void withdraw(unsigned h, cycle_t now) { harts_[h].withdraw(now); }
  bool resting(unsigned h) const { return harts_[h].resting(); }
  const private_icache& lines(unsigned h) const { return harts_[h].lines(); }
  void set_lines(unsigned h, const private_icache& lines) { harts_[h].set_lines(lines); }
  hart_state save(unsigned h) const { return harts_[h].save(); }

  template <class Observer>
  core_stop advance(unsigned h, cycle_t until, Observer& observer) {
    cv32e40p_hart& hart = harts_[h];
    if constexpr (counts_activity<Observer>) hart.count_instructions();
    if constexpr (!Observer::enabled) {
      return hart.advance(until, false);
    } else {
      const core_stop stop = hart.advance(until, true);
      for (retire_record r; hart.take_record(r);) observer.retire(h, r);
      return stop;
    }
  }

  cycle_t time(unsigned h) const { return harts_[h].time(); }
  cycle_t due(unsigned h) const { return time(h); }
  cycle_t certain_until(unsigned, cycle_t now) const { return now + 1; }
  const bus_request& request(unsigned h) const { return harts_[h].request(); }
  std::uint32_t fetch_line(unsigned h) const { return harts_[h].fetch_line(); }
  void complete(unsigned h, std::uint32_t rdata, cycle_t granted, cycle_t valid) {
    harts_[h].complete(rdata, granted, valid);
  }
  void fetch_complete(unsigned h, cycle_t valid) { harts_[h].fetch_complete(valid); }
  void set_irq(unsigned h, std::uint32_t lines, cycle_t now = 0) { harts_[h].set_irq(lines, now); }
  /// Before start(): the text may be written over (ip/core/text_history.h). `history` outlives the group.
  void follow(const text_history& history) {
    for (auto& hart : harts_) hart.follow(history);
  }
  std::size_t text_version(unsigned h) const { return harts_[h].text_version(); }
  void set_text_version(unsigned h, std::size_t version) { harts_[h].set_text_version(version); }
  void set_stack_guard(unsigned h, stack_guard guard) { harts_[h].set_stack_guard(guard); }
  void set_trap_limit(unsigned h, std::uint32_t most) { harts_[h].set_trap_limit(most); }
  std::uint32_t trap_cause(unsigned h) const { return harts_[h].trap_cause(); }
  bool irq_would_be_taken(unsigned h) const { return harts_[h].irq_would_be_taken(); }
  std::uint32_t irq_enabled(unsigned h) const { return harts_[h].irq_enabled(); }

  std::uint32_t pc(unsigned h) const { return harts_[h].pc(); }
  std::uint32_t x(unsigned h, unsigned r) const { return harts_[h].x(r); }
  const hart_counters& counters(unsigned h) const { return harts_[h].counters(); }
  instruction_counts instructions() const {
    instruction_counts all;
    for (const cv32e40p_hart& hart : harts_) all += hart.instructions();
    return all;
  }
  hart_fault fault(unsigned h) const { return harts_[h].fault(); }
  void warm(unsigned h) const { harts_[h].warm(); }
  const cv32e40p_hart& hart(unsigned h) const { return harts_[h]; }

 private:
  std::vector<cv32e40p_hart> harts_;
};

}  // namespace ohmic
