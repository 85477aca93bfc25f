#pragma once

#include <cstdint>
#include <systemc>

#include "ip/cluster_control/cluster_control.h"
#include "ip/tlm/block_module.h"
#include "ip/tlm/cycle_clock.h"
#include "registers/cluster_control.h"

namespace ohmic {

/// The control registers of a cluster alone as a TLM-2.0 module: `registers.socket` takes the register map
/// `cluster_control` (see block_module for timing and errors). For platforms of other people; a cluster steps the
/// plain block.
///
/// A read of CYCLE_LO gives the cycle that the access's annotated time lies in; debug transport latches nothing.
class cluster_control_module : public sc_core::sc_module {
  struct target {
    cluster_control_module* owner;

    register_access read(std::uint32_t offset, cycle_t now) {
      bool ok = true;
      const std::uint32_t value = owner->control_.read(offset, now, ok);
      return ok ? register_access::ok(value) : register_access::error();
    }
    register_access write(std::uint32_t offset, std::uint32_t value, cycle_t) {
      const std::uint64_t before = owner->control_.enabled();
      if (!owner->control_.write(offset, value)) return register_access::error();
      if (owner->control_.enabled() != before) owner->enables_changed.notify(sc_core::SC_ZERO_TIME);
      return register_access::ok();
    }
    register_access debug_read(std::uint32_t offset) {
      const cluster_control before = owner->control_;
      const register_access answer = read(offset, owner->clock_.cycle());
      owner->control_ = before;
      return answer;
    }
    register_access debug_write(std::uint32_t offset, std::uint32_t value) { return write(offset, value, 0); }
    bool exists(std::uint32_t offset) const {
      const auto& access = ohmic::registers::cluster_control::access;
      return access.readable(offset) || access.writable(offset);
    }
  };

 public:
  block_module<target> registers;
  sc_core::sc_event enables_changed;  ///< control().enabled() says which cores are out of reset now

  explicit cluster_control_module(sc_core::sc_module_name name, const cluster_identity& identity = {},
                                  const sc_core::sc_time& clock_period = sc_core::sc_time(1, sc_core::SC_NS))
      : sc_module(name),
        registers("registers", target{this}, clock_period, clock_period),
        control_(identity),
        clock_(clock_period) {}

  cluster_control& control() { return control_; }

 private:
  cluster_control control_;
  const cycle_clock clock_;
};

}  // namespace ohmic
