#pragma once

#include <systemc>

#include "ip/axi/router_model.h"

namespace ohmic {

/// Runs the calendar of a set of routers on SystemC time: one process and one event for all of them.
///
/// Cycle c of the network is worked off half a period after its beginning, at (c + 1/2) * period, when
/// everything that arrives in c is known whatever the order of the processes that sent it. Annotated delays
/// make up for the half period, so at every boundary time is exact.
class axi_scheduler : public sc_core::sc_module {
 public:
  axi_scheduler(sc_core::sc_module_name name, const sc_core::sc_time& period);

  network_calendar& events() { return events_; }

  /// First cycle that begins at or after now + delay.
  cycle_t cycle_at(const sc_core::sc_time& delay) const {
    return (sc_core::sc_time_stamp().value() + delay.value() + period_ - 1) / period_;
  }
  /// Delay from now to the beginning of `cycle`, which is not in the past.
  sc_core::sc_time delay_until(cycle_t cycle) const {
    return sc_core::sc_time::from_value(cycle * period_ - sc_core::sc_time_stamp().value());
  }
  sc_core::sc_time cycles(cycle_t n) const { return sc_core::sc_time::from_value(n * period_); }
  /// Delay annotated by a router that starts a burst now and needs `latency` cycles.
  sc_core::sc_time hop_delay(cycle_t latency) const {
    return sc_core::sc_time::from_value(latency * period_ - period_ / 2);
  }

  /// To be called before something is added from outside run(): brings the calendar to the present.
  void catch_up() {
    if (!running_) events_.forward(sc_core::sc_time_stamp().value() / period_);
  }
  /// To be called after something was added for `cycle`.
  void wake_for(cycle_t cycle) {
    if (!running_ && cycle < armed_) arm(cycle);
  }

 private:
  void run();
  void arm(cycle_t cycle);

  std::uint64_t period_;
  network_calendar events_;
  sc_core::sc_event wake_;
  cycle_t armed_ = never;
  bool running_ = false;
};

}  // namespace ohmic
