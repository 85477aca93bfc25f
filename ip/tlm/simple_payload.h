#pragma once

#include <cstdint>
#include <tlm>

namespace ohmic {

/// A TLM-2.0 payload for one plain read or write of `bytes` consecutive bytes, ready to be sent once.
class simple_payload : public tlm::tlm_generic_payload {
 public:
  simple_payload(bool write, std::uint64_t address, std::uint8_t* data, std::uint32_t bytes) {
    set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    set_address(address);
    set_data_ptr(data);
    set_data_length(bytes);
    set_streaming_width(bytes);
    set_byte_enable_ptr(nullptr);
    set_dmi_allowed(false);
    set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  }
};

}  // namespace ohmic
