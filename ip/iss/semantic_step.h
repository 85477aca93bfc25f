#pragma once

#include <cstdint>

#include "ip/iss/iss_group.h"

namespace ohmic {

/// Instruction semantics as a function of (state, instruction, load data): no bus, no time. For a lock-step
/// checker that follows another core retirement by retirement. The handlers are those of iss_group.
class semantic_step {
 public:
  /// The text holds the instructions; it must outlive this object.
  semantic_step(const decoded_text& text, std::uint32_t mhartid) : group_(text, 1, mhartid) {
    group_.start(0, text.base(), 0);
  }

  /// Executes the instruction at state.pc and brings `state` behind it. Reads call load(const bus_request&) for the
  /// bytes addressed, right-aligned (twice, lower address first, if misaligned); what a store writes is in the
  /// record. Exceptions are taken (record.trap), interrupts are not: see interrupt(). A pc outside the text leaves
  /// the state as it is and returns a record of no instruction. Counters advance as in the ISS: a checker that
  /// follows another core's counters writes them into `state` before each step.
  template <class Load>
  retire_record operator()(hart_state& state, Load&& load) {
    capture seen;
    group_.restore(0, state);
    while (!seen.done) {
      switch (group_.advance(0, group_.time(0) + 1, seen)) {
        case core_stop::bus: {
          const bus_request r = group_.request(0);
          group_.complete(0, r.write ? 0 : load(r), r.cycle, r.cycle + 1);
          if (!group_.mid_access(0)) group_.advance(0, group_.time(0), seen);  // reports, executes nothing
          break;
        }
        case core_stop::fetch:
          group_.fetch_complete(0, group_.time(0));
          break;
        case core_stop::horizon:
          break;
        case core_stop::halted:
          return {};
      }
    }
    state = group_.save(0);
    return seen.record;
  }

  /// The text as it is from now on.
  void set_text(std::shared_ptr<const decoded_text> text, std::size_t version) {
    group_.set_text(0, std::move(text), version);
  }

  /// Takes interrupt `id` in front of the instruction at state.pc. It must be enabled in the state.
  retire_record interrupt(hart_state& state, unsigned id) {
    capture seen;
    group_.restore(0, state);
    group_.set_irq(0, 1u << id);
    while (!seen.done) {
      if (group_.advance(0, group_.time(0) + 1, seen) == core_stop::fetch) group_.fetch_complete(0, group_.time(0));
    }
    state = group_.save(0);
    group_.set_irq(0, 0);
    return seen.record;
  }

 private:
  struct capture {
    static constexpr bool enabled = true;
    retire_record record;
    bool done = false;
    void retire(unsigned, const retire_record& r) {
      record = r;
      done = true;
    }
  };

  iss_group group_;
};

}  // namespace ohmic
