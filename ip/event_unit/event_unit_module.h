#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "ip/event_unit/event_unit.h"
#include "ip/tlm/block_module.h"
#include "ip/tlm/block_targets.h"

namespace ohmic {

/// The event unit alone as a TLM-2.0 module: `core(i).socket` is how core i sees it, `outside.socket` everyone else
/// (other clusters' doorbells, debug transport); register map `event_unit`, timing and errors as in block_module. For
/// platforms of other people; a cluster steps the plain unit.
///
/// A read of OWN.WAIT through a core's socket waits until a line of the core's mask is pending, whoever raises it; call
/// it from a thread. An interrupt does not end it by itself, because only the core knows whether it takes it: whoever
/// drives the core calls interrupt() then, and the read is answered 0.
class event_unit_module : public sc_core::sc_module {
  struct target {
    event_unit_module* owner;
    event_unit_target seen;
    int core;

    register_access read(std::uint32_t offset, cycle_t now) {
      if (core >= 0 && offset == ohmic::registers::event_unit::own_wait_offset && owner->take_interrupt(core))
        return register_access::ok(0);
      return seen.read(offset, now);
    }
    register_access write(std::uint32_t offset, std::uint32_t value, cycle_t now) {
      const register_access answer = seen.write(offset, value, now);
      owner->after_change();
      return answer;
    }
    register_access debug_read(std::uint32_t offset) { return seen.debug_read(offset); }
    register_access debug_write(std::uint32_t offset, std::uint32_t value) {
      const register_access answer = seen.debug_write(offset, value);
      owner->after_change();
      return answer;
    }
    bool exists(std::uint32_t offset) const { return seen.exists(offset); }
  };

  event_unit unit_;

 public:
  using face = block_module<target>;
  face outside;
  sc_core::sc_event irq_changed;  ///< irq_cores() has changed

  explicit event_unit_module(sc_core::sc_module_name name, unsigned cores = 16,
                             const sc_core::sc_time& clock_period = sc_core::sc_time(1, sc_core::SC_NS))
      : sc_module(name),
        unit_(cores),
        outside("outside", {this, event_unit_target(unit_), event_unit::no_core}, clock_period, clock_period) {
    for (unsigned i = 0; i < cores; ++i)
      cores_.push_back(
          std::make_unique<face>(("core" + std::to_string(i)).c_str(),
                                 target{this, event_unit_target(unit_, static_cast<int>(i)), static_cast<int>(i)},
                                 clock_period, clock_period));
  }

  face& core(unsigned i) { return *cores_[i]; }
  unsigned cores() const { return unit_.cores(); }

  /// Raises a device line (IMA, error, DMA), as their modules' take_events() tells.
  void raise_device(unsigned line) {
    unit_.raise_device(line);
    after_change();
  }
  /// Level of interrupt line 11 of each core.
  std::uint64_t irq_cores() const { return unit_.irq_cores(); }
  /// The core takes an interrupt: a read of OWN.WAIT that waits is answered 0. Nothing happens if none does.
  void interrupt(unsigned core) {
    if ((unit_.waiting_cores() >> core & 1) == 0) return;
    unit_.cancel_wait(core);
    interrupted_ |= std::uint64_t{1} << core;
    cores_[core]->changed();
  }

 private:
  bool take_interrupt(int core) {
    const std::uint64_t bit = std::uint64_t{1} << core;
    const bool was = (interrupted_ & bit) != 0;
    interrupted_ &= ~bit;
    return was;
  }

  /// Those who wait look again; what they find decides.
  void after_change() {
    for (std::uint64_t waiting = unit_.waiting_cores(); waiting != 0; waiting &= waiting - 1)
      cores_[static_cast<unsigned>(__builtin_ctzll(waiting))]->changed();
    if (unit_.irq_cores() == irq_) return;
    irq_ = unit_.irq_cores();
    irq_changed.notify(sc_core::SC_ZERO_TIME);
  }

  std::vector<std::unique_ptr<face>> cores_;
  std::uint64_t irq_ = 0, interrupted_ = 0;
};

}  // namespace ohmic
