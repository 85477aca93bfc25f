#include "platform/chip/platform_control.h"

#include <cstring>

#include "registers/platform_control.h"

namespace ohmic {

namespace reg = registers::platform_control;

platform_control::platform_control(sc_core::sc_module_name name, std::uint64_t base, const sc_core::sc_time& period)
    : sc_module(name), socket("socket"), base_(base), period_(period.value()) {
  socket.bind(*this);
}

tlm::tlm_sync_enum platform_control::nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                                     sc_core::sc_time& delay) {
  if (phase != tlm::BEGIN_REQ) return tlm::TLM_COMPLETED;
  perform(payload, (sc_core::sc_time_stamp() + delay).value() / period_);
  delay += sc_core::sc_time::from_value(period_);
  return tlm::TLM_COMPLETED;
}

void platform_control::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  perform(payload, (sc_core::sc_time_stamp() + delay).value() / period_);
  delay += sc_core::sc_time::from_value(period_);
}

unsigned platform_control::transport_dbg(tlm::tlm_generic_payload& payload) {
  if (payload.is_write()) return 0;  // observers must not end the run
  const std::uint32_t latched = time_hi_;
  perform(payload, sc_core::sc_time_stamp().value() / period_);
  time_hi_ = latched;  // what the program sees is not disturbed
  return payload.is_response_ok() ? payload.get_data_length() : 0;
}

void platform_control::perform(tlm::tlm_generic_payload& payload, cycle_t cycle) {
  const std::uint64_t offset = payload.get_address() - base_;
  const unsigned bytes = payload.get_data_length();
  bool ok = bytes >= 1 && bytes <= 4 && offset % 4 + bytes <= 4;
  unsigned cluster = 0, core = 0;
  if (const axi_burst* burst = burst_of(payload)) {
    cluster = burst->initiator;
    core = burst->core;
  }
  if (ok)
    ok = payload.is_write() ? write(offset, payload.get_data_ptr(), bytes, cluster, core, cycle)
                            : read(offset, payload.get_data_ptr(), bytes, cycle);
  payload.set_response_status(ok ? tlm::TLM_OK_RESPONSE : tlm::TLM_GENERIC_ERROR_RESPONSE);
  if (axi_burst* burst = burst_of(payload)) burst->resp = ok ? axi_resp::okay : axi_resp::slverr;
}

bool platform_control::write(std::uint64_t offset, const std::uint8_t* data, unsigned bytes, unsigned cluster,
                             unsigned core, cycle_t cycle) {
  if (offset == reg::console_offset) {
    for (unsigned n = 0; n < bytes; ++n)
      if (data[n] != 0) put(cluster, core, cycle, static_cast<char>(data[n]));
    return true;
  }
  if (bytes != 4) return false;
  std::uint32_t value;
  std::memcpy(&value, data, 4);
  switch (offset) {
    case reg::exit_offset:
    case reg::assert_failed_offset:
      if (!ended_) ended_ = ending{cycle, value, offset == reg::assert_failed_offset, cluster, core};
      return true;
    case reg::marker_offset:
      if (value >= marker_count) return false;
      markers_[value] = cycle;
      return true;
    case reg::progress_offset:
      progress_ += value;
      return true;
    default:
      return false;
  }
}

bool platform_control::read(std::uint64_t offset, std::uint8_t* data, unsigned bytes, cycle_t cycle) {
  std::uint32_t value;
  if (offset == reg::time_lo_offset) {
    value = static_cast<std::uint32_t>(cycle);
    time_hi_ = static_cast<std::uint32_t>(cycle >> 32);
  } else if (offset == reg::time_hi_offset) {
    value = time_hi_;
  } else {
    return false;
  }
  if (bytes != 4) return false;
  std::memcpy(data, &value, 4);
  return true;
}

void platform_control::put(unsigned cluster, unsigned core, cycle_t cycle, char c) {
  std::string& line = partial_[{cluster, core}];
  if (c != '\n') {
    line += c;
    return;
  }
  if (sink_) sink_(cluster, core, cycle, line);
  line.clear();
}

void platform_control::flush() {
  for (auto& [who, line] : partial_) {
    if (!line.empty() && sink_) sink_(who.first, who.second, 0, line);
    line.clear();
  }
}

}  // namespace ohmic
