#pragma once

#include <systemc>

#include "ip/core/types.h"

namespace ohmic {

/// Cycles of a plain block in SystemC time: cycle n lasts from n periods to n + 1 periods.
///
/// Modules that arbitrate collect the requests of a cycle from its start and decide in its middle, so that the order
/// of processes does not matter. Whole numbers of the time resolution throughout: nothing is rounded over a long run.
class cycle_clock {
 public:
  explicit cycle_clock(const sc_core::sc_time& period) : period_(period) {}

  const sc_core::sc_time& period() const { return period_; }

  /// The cycle that a moment `delay` from now lies in.
  cycle_t cycle(const sc_core::sc_time& delay = sc_core::SC_ZERO_TIME) const {
    return (sc_core::sc_time_stamp() + delay).value() / period_.value();
  }
  /// The first cycle that begins `delay` from now or later: when something that is there by then can be used.
  cycle_t next_cycle(const sc_core::sc_time& delay = sc_core::SC_ZERO_TIME) const {
    return ((sc_core::sc_time_stamp() + delay).value() + period_.value() - 1) / period_.value();
  }

  /// From now to the start or the middle of a cycle; zero if that has passed.
  sc_core::sc_time until(cycle_t cycle) const { return from_now(cycle * period_.value()); }
  sc_core::sc_time until_middle(cycle_t cycle) const { return from_now(cycle * period_.value() + period_.value() / 2); }

 private:
  static sc_core::sc_time from_now(sc_dt::uint64 moment) {
    const sc_dt::uint64 now = sc_core::sc_time_stamp().value();
    return moment > now ? sc_core::sc_time::from_value(moment - now) : sc_core::SC_ZERO_TIME;
  }

  const sc_core::sc_time period_;
};

}  // namespace ohmic
