#pragma once

#include <cstdint>
#include <systemc>

#include "ip/iss/iss_group.h"
#include "ip/tlm/core_module.h"

namespace ohmic {

/// One hart of the ISS alone as a TLM-2.0 module (see core_module).
class iss_module : public core_module<iss_group> {
 public:
  /// The text must outlive the module.
  iss_module(sc_core::sc_module_name name, const decoded_text& text, std::uint32_t mhartid = 0,
             const sc_core::sc_time& clock_period = sc_core::sc_time(1, sc_core::SC_NS))
      : core_module(name, iss_group(text, 1, mhartid), clock_period) {}
};

}  // namespace ohmic
