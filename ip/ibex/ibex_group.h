#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "ip/core/core_seam.h"
#include "ip/core/text_bytes.h"
#include "ip/ibex/ibex_hart.h"

namespace ohmic {

/// Harts that are the real Ibex, Verilated: a kind of core behind the core seam (ip/core/core_seam.h).
///
/// RV32IMC without the custom extensions of the other kinds. A hart's model is made when it is first started, so harts
/// that never start cost nothing. Harts start at (boot_addr & ~0xff) + 0x80, see ibex_hart::start(). No save() and
/// restore().
class ibex_group {
 public:
  /// mhartid of hart h is first_mhartid + h; wait_address is the event unit's OWN.WAIT as the harts see it.
  ibex_group(const text_bytes& text, unsigned count, std::uint32_t first_mhartid, std::uint32_t wait_address);

  unsigned size() const { return static_cast<unsigned>(harts_.size()); }
  /// See ibex_hart::record().
  void record(unsigned h, ibex_waveform& to) { harts_[h].record(to); }
  void start(unsigned h, std::uint32_t boot_addr, cycle_t now) { harts_[h].start(boot_addr, now); }
  void stop(unsigned h) { harts_[h].stop(); }

  template <class Observer>
  core_stop advance(unsigned h, cycle_t until, Observer& observer) {
    ibex_hart& hart = harts_[h];
    if constexpr (counts_activity<Observer>) hart.count_instructions();
    const core_stop stop = hart.advance(until, Observer::enabled);
    if constexpr (Observer::enabled)
      for (retire_record r; hart.take_record(r);) observer.retire(h, r);
    return stop;
  }

  cycle_t time(unsigned h) const { return harts_[h].time(); }
  cycle_t due(unsigned h) const { return time(h); }
  cycle_t certain_until(unsigned h, cycle_t now) const { return std::max(now, time(h)) + 1; }
  const bus_request& request(unsigned h) const { return harts_[h].request(); }
  std::uint32_t fetch_line(unsigned h) const { return harts_[h].fetch_line(); }
  void complete(unsigned h, std::uint32_t rdata, cycle_t granted, cycle_t valid) {
    harts_[h].complete(rdata, granted, valid);
  }
  void fetch_complete(unsigned h, cycle_t valid) { harts_[h].fetch_complete(valid); }
  void set_irq(unsigned h, std::uint32_t lines, cycle_t = 0) { harts_[h].set_irq(lines); }
  /// Before start(): the text may be written over (ip/core/text_history.h). `history` outlives the group.
  void follow(const text_history& history) {
    for (auto& hart : harts_) hart.follow(history);
  }
  std::size_t text_version(unsigned h) const { return harts_[h].text_version(); }
  void set_text_version(unsigned h, std::size_t version) { harts_[h].set_text_version(version); }
  void set_stack_guard(unsigned h, stack_guard guard) { harts_[h].set_stack_guard(guard); }
  void set_trap_limit(unsigned, std::uint32_t) {}  ///< not noticed: docs/not-modelled.md
  std::uint32_t trap_cause(unsigned) const { return 0; }
  bool irq_would_be_taken(unsigned h) const { return harts_[h].irq_would_be_taken(); }
  std::uint32_t irq_enabled(unsigned h) const { return harts_[h].irq_enabled(); }
  std::uint32_t pc(unsigned h) const { return harts_[h].pc(); }
  std::uint32_t x(unsigned h, unsigned r) const { return harts_[h].x(r); }
  const hart_counters& counters(unsigned h) const { return harts_[h].counters(); }
  instruction_counts instructions() const {
    instruction_counts all;
    for (const ibex_hart& hart : harts_) all += hart.instructions();
    return all;
  }
  hart_fault fault(unsigned h) const { return harts_[h].fault(); }
  void warm(unsigned h) const { harts_[h].warm(); }

 private:
  std::vector<ibex_hart> harts_;
};

}  // namespace ohmic
