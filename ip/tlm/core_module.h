#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <systemc>
#include <tlm>
#include <utility>

#include "ip/core/core_seam.h"
#include "ip/core/device_error.h"
#include "ip/tlm/cycle_clock.h"
#include "ip/tlm/simple_payload.h"

namespace ohmic {

/// One hart of any kind behind the core seam (ip/core/core_seam.h) as a TLM-2.0 module: data accesses leave through
/// `data`, fetches of instruction lines through `fetch`, both by byte address. For platforms of other people; a cluster
/// steps the plain group.
///
/// Timing: a transaction is sent in the cycle of the access; the delay that the target annotates, or waits, is the
/// access's, one cycle at least; the hart sees its request granted at once and the response come then. While no
/// interrupt is enabled the hart runs up to a thousand cycles between accesses at once; SystemC time follows.
/// Instructions come from the group's text. Where `fetch` is bound (to an icache_module, say), a line that the hart's
/// private cache lacks is read there and takes its time; its bytes are not looked at. Where it is not bound, a line
/// costs nothing.
/// A refused access reads bad_access_pattern and is reported by take_error(). An interrupt is taken when the access in
/// flight has been answered: a target that lets a cv.elw wait must answer it to let the interrupt in.
template <class Cores>
class core_module : public sc_core::sc_module {
 public:
  static constexpr std::uint32_t line_bytes = private_icache::line_bytes;

  tlm_utils::simple_initiator_socket<core_module> data;
  tlm_utils::simple_initiator_socket_optional<core_module> fetch;
  sc_core::sc_event halted;  ///< the hart cannot go on: harts().fault(0) says why

  /// `harts` is a group of one.
  core_module(sc_core::sc_module_name name, Cores harts, const sc_core::sc_time& clock_period)
      : sc_module(name), data("data"), fetch("fetch"), harts_(std::move(harts)), clock_(clock_period) {
    SC_HAS_PROCESS(core_module);
    SC_THREAD(run);
  }

  /// The hart leaves reset now. Once per module.
  void start(std::uint32_t boot_address) {
    harts_.start(0, boot_address, clock_.cycle());
    started_ = true;
    start_.notify(sc_core::SC_ZERO_TIME);
  }
  /// Level of the 32 interrupt lines.
  void set_irq(std::uint32_t lines) { harts_.set_irq(0, lines, clock_.cycle()); }

  std::optional<device_error> take_error() {
    const auto error = error_;
    error_.reset();
    return error;
  }

  /// State, counters, registers: see core_seam.h. Between accesses only.
  Cores& harts() { return harts_; }

 private:
  static constexpr cycle_t ahead = 1000;

  void wait_until(cycle_t cycle) {
    const sc_core::sc_time left = clock_.until(cycle);
    if (left != sc_core::SC_ZERO_TIME) sc_core::wait(left);
  }

  void run() {
    while (!started_) sc_core::wait(start_);
    for (;;) {
      switch (harts_.advance(0, clock_.cycle() + (harts_.irq_enabled(0) != 0 ? 1 : ahead), silent_)) {
        case core_stop::bus:
          access();
          break;
        case core_stop::fetch:
          fetch_line();
          break;
        case core_stop::horizon:
          wait_until(harts_.time(0));
          break;
        case core_stop::halted:
          halted.notify(sc_core::SC_ZERO_TIME);
          return;
      }
    }
  }

  void access() {
    const bus_request request = harts_.request(0);
    wait_until(request.cycle);
    std::uint32_t word = request.wdata;
    simple_payload payload(request.write, request.addr, reinterpret_cast<std::uint8_t*>(&word), request.size);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    data->b_transport(payload, delay);
    if (!payload.is_response_ok()) {
      word = bad_access_pattern;
      if (!error_) error_ = device_error{request.addr, "the target refused an access", 0};
    }
    harts_.complete(0, word, request.cycle, std::max(request.cycle + 1, clock_.next_cycle(delay)));
  }

  void fetch_line() {
    if (fetch.size() == 0) {
      harts_.fetch_complete(0, harts_.time(0));
      return;
    }
    wait_until(harts_.time(0));
    std::array<std::uint8_t, line_bytes> line;
    simple_payload payload(false, harts_.fetch_line(0), line.data(), line_bytes);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    fetch->b_transport(payload, delay);
    harts_.fetch_complete(0, clock_.next_cycle(delay));
  }

  Cores harts_;
  const cycle_clock clock_;
  sc_core::sc_event start_;
  bool started_ = false;
  null_observer silent_;
  std::optional<device_error> error_;
};

}  // namespace ohmic
