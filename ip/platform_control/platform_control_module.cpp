#include "ip/platform_control/platform_control_module.h"

namespace ohmic {

platform_control_module::platform_control_module(sc_core::sc_module_name name, platform_control& model,
                                                 std::uint64_t base, const sc_core::sc_time& clock_period)
    : sc_module(name), socket("socket"), model_(model), base_(base), clock_(clock_period) {
  socket.bind(*this);
}

tlm::tlm_sync_enum platform_control_module::nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                                            sc_core::sc_time& delay) {
  if (phase == tlm::BEGIN_REQ) b_transport(payload, delay);
  return tlm::TLM_COMPLETED;
}

void platform_control_module::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  const cycle_t cycle = clock_.cycle(delay);
  const std::uint64_t offset = payload.get_address() - base_;
  const unsigned bytes = payload.get_data_length();
  axi_burst* const burst = burst_of(payload);
  const unsigned cluster = burst != nullptr ? burst->initiator : 0, core = burst != nullptr ? burst->core : 0;
  const bool ok = payload.is_write() ? model_.write(offset, payload.get_data_ptr(), bytes, cluster, core, cycle)
                                     : model_.read(offset, payload.get_data_ptr(), bytes, cycle);
  payload.set_response_status(ok ? tlm::TLM_OK_RESPONSE : tlm::TLM_GENERIC_ERROR_RESPONSE);
  if (burst != nullptr) burst->resp = ok ? axi_resp::okay : axi_resp::slverr;
  delay += clock_.period();
}

unsigned platform_control_module::transport_dbg(tlm::tlm_generic_payload& payload) {
  const unsigned bytes = payload.get_data_length();
  const bool ok =
      payload.is_read() && model_.peek(payload.get_address() - base_, payload.get_data_ptr(), bytes, clock_.cycle());
  return ok ? bytes : 0;
}

}  // namespace ohmic
