#pragma once

#include <cstdint>
#include <systemc>

#include "ip/rtl_core/rtl_group.h"
#include "ip/tlm/core_module.h"

namespace ohmic {

/// One Verilated CV32E40P alone as a TLM-2.0 module (see core_module).
class rtl_module : public core_module<rtl_group> {
 public:
  /// The bytes of the text must outlive the module.
  rtl_module(sc_core::sc_module_name name, const text_bytes& text, std::uint32_t mhartid = 0,
             const sc_core::sc_time& clock_period = sc_core::sc_time(1, sc_core::SC_NS))
      : core_module(name, rtl_group(text, 1, mhartid), clock_period) {}
};

}  // namespace ohmic
