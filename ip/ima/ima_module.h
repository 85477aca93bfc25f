#pragma once

#include <cstring>

#include "ip/ima/ima.h"
#include "ip/tlm/device_module.h"
#include "registers/ima.h"

namespace ohmic {

/// The IMA alone as a TLM-2.0 module (see device_module): `registers.socket` takes the register map `ima`,
/// `l1` reaches its memory. Debug transport at weights_base reads and writes the weights, as bytes
/// [row][column], in words of four.
class ima_module : public device_module<ima, decltype(registers::ima::access)> {
 public:
  static constexpr std::uint32_t weights_base = 0x10000;

  ima_module(sc_core::sc_module_name name, const ima_parameters& parameters = {},
             sc_core::sc_time clock_period = sc_core::sc_time(1, sc_core::SC_NS))
      : device_module(name, ohmic::registers::ima::access, clock_period, parameters) {}

 private:
  void step_block(cycle_t now) override { block_.step(now); }

  register_access debug_word(std::uint32_t offset, const std::uint32_t* value) override {
    if (offset < weights_base) return register_access::error();
    std::uint8_t bytes[4] = {};
    if (value) std::memcpy(bytes, value, 4);
    const std::uint32_t at = offset - weights_base;
    if (!(value ? block_.cells().write_weights(at, bytes, 4) : block_.cells().read_weights(at, bytes, 4)))
      return register_access::error();
    std::uint32_t word = 0;
    std::memcpy(&word, bytes, 4);
    return register_access::ok(word);
  }
};

}  // namespace ohmic
