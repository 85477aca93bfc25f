#pragma once

#include <cstdint>
#include <systemc>
#include <tlm>

#include "ip/axi/axi_extension.h"
#include "ip/platform_control/platform_control.h"
#include "ip/tlm/cycle_clock.h"

namespace ohmic {

/// Platform control as a TLM-2.0 target, AT (the answer comes at once, with one cycle annotated) and LT: for the top
/// of an axi_network or any other platform. An axi_extension says which core asks; without one it is core 0 of
/// cluster 0.
///
/// One register access per transaction; anything else is TLM_GENERIC_ERROR_RESPONSE (SLVERR). Debug transport reads
/// without latching and never writes: observers must not end the run. No DMI.
class platform_control_module : public sc_core::sc_module, tlm::tlm_fw_transport_if<> {
 public:
  /// `model` must outlive the module; its registers begin at address `base`.
  platform_control_module(sc_core::sc_module_name name, platform_control& model, std::uint64_t base,
                          const sc_core::sc_time& clock_period = sc_core::sc_time(1, sc_core::SC_NS));

  axi_target_socket socket;

 private:
  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload&, tlm::tlm_phase&, sc_core::sc_time&) override;
  void b_transport(tlm::tlm_generic_payload&, sc_core::sc_time&) override;
  unsigned transport_dbg(tlm::tlm_generic_payload&) override;
  bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }

  platform_control& model_;
  const std::uint64_t base_;
  const cycle_clock clock_;
};

}  // namespace ohmic
