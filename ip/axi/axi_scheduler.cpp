#include "ip/axi/axi_scheduler.h"

#include <stdexcept>

namespace ohmic {

axi_scheduler::axi_scheduler(sc_core::sc_module_name name, const sc_core::sc_time& period)
    : sc_module(name), period_(period.value()), wake_("wake") {
  if (period_ < 2) throw std::invalid_argument("the clock period is at least two units of SystemC's time resolution");
  SC_HAS_PROCESS(axi_scheduler);
  SC_METHOD(run);
  sensitive << wake_;
  dont_initialize();
}

void axi_scheduler::arm(cycle_t cycle) {
  armed_ = cycle;
  wake_.notify(sc_core::sc_time::from_value(cycle * period_ + period_ / 2 - sc_core::sc_time_stamp().value()));
}

void axi_scheduler::run() {
  running_ = true;
  events_.run(
      armed_, [](axi_transit& transit) { transit.at->enqueue(transit); },
      [now = armed_](out_channel& channel) { channel.owner->grant(channel, now); });
  running_ = false;
  const cycle_t next = events_.next();
  armed_ = never;
  if (next != never) arm(next);
}

}  // namespace ohmic
