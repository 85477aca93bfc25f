#pragma once

#include <cstdint>
#include <systemc>

#include "ip/ibex/ibex_group.h"
#include "ip/tlm/core_module.h"

namespace ohmic {

/// One Verilated Ibex alone as a TLM-2.0 module (see core_module). It starts 0x80 behind a multiple of 256.
class ibex_module : public core_module<ibex_group> {
 public:
  /// The bytes of the text must outlive the module. A load from wait_address (default: none) stops the clock
  /// until it is answered.
  ibex_module(sc_core::sc_module_name name, const text_bytes& text, std::uint32_t mhartid = 0,
              std::uint32_t wait_address = ~0u,
              const sc_core::sc_time& clock_period = sc_core::sc_time(1, sc_core::SC_NS))
      : core_module(name, ibex_group(text, 1, mhartid, wait_address), clock_period) {}
};

}  // namespace ohmic
