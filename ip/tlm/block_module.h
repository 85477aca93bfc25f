#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <cstring>
#include <systemc>
#include <tlm>
#include <utility>

#include "ip/core/types.h"
#include "ip/registers/register_access.h"

namespace ohmic {

/// What a block_module puts behind its socket, for a block of registers: any class with
///   register_access read(std::uint32_t offset, cycle_t now);
///   register_access write(std::uint32_t offset, std::uint32_t value, cycle_t now);
///   register_access debug_read(std::uint32_t offset);  and  debug_write(offset, value), without side effects of time
///   bool exists(std::uint32_t offset) const;           some register lies there
/// read() may answer `blocked`: the transaction then waits and reads again whenever something was written or
/// block_module::changed() was called. Ready-made ones are in ip/tlm/block_targets.h.
///
/// For memory it is a class with `std::uint8_t* data()` and `std::uint64_t bytes() const`.
template <class Target, class = void>
inline constexpr bool is_memory_target = false;
template <class Target>
inline constexpr bool is_memory_target<Target, std::void_t<decltype(std::declval<Target&>().data())>> = true;

/// One plain block or memory as a TLM-2.0 loosely-timed target, so that it can stand alone in anyone's platform.
///
/// Transport: adds `latency` to the annotated delay per transaction and never waits, save for a blocked register
/// read. Registers take aligned 4-byte accesses without byte enables; memory takes any size, byte enables,
/// streaming and DMI. Debug transport reaches every readable register (whole words) or byte without a delay.
/// Errors: TLM_ADDRESS_ERROR_RESPONSE where there is no register or the access leaves the memory,
/// TLM_BURST_ERROR_RESPONSE for a size a register does not take, TLM_BYTE_ENABLE_ERROR_RESPONSE,
/// TLM_COMMAND_ERROR_RESPONSE where the register exists but refuses (not readable, not writable, bad value).
template <class Target>
class block_module : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<block_module> socket;

  block_module(sc_core::sc_module_name name, Target target, sc_core::sc_time latency, sc_core::sc_time clock_period)
      : sc_module(name), socket("socket"), target_(std::move(target)), latency_(latency), period_(clock_period) {
    socket.register_b_transport(this, &block_module::b_transport);
    socket.register_transport_dbg(this, &block_module::transport_dbg);
    socket.register_get_direct_mem_ptr(this, &block_module::get_direct_mem_ptr);
  }

  Target& target() { return target_; }

  /// The block's state changed otherwise than through the socket: blocked reads look again.
  void changed() { changed_.notify(sc_core::SC_ZERO_TIME); }

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    payload.set_dmi_allowed(false);
    if constexpr (is_memory_target<Target>) {
      payload.set_response_status(access_memory(payload));
      payload.set_dmi_allowed(payload.is_response_ok());
    } else {
      payload.set_response_status(access_register(payload, delay));
    }
    delay += latency_;
  }

  tlm::tlm_response_status access_memory(tlm::tlm_generic_payload& payload) {
    const std::uint64_t length = payload.get_data_length();
    const std::uint64_t width = payload.get_streaming_width();
    if (width == 0) return tlm::TLM_BURST_ERROR_RESPONSE;
    if (!inside(payload.get_address(), length < width ? length : width)) return tlm::TLM_ADDRESS_ERROR_RESPONSE;
    std::uint8_t* const memory = target_.data() + payload.get_address();
    std::uint8_t* const data = payload.get_data_ptr();
    const unsigned char* const enable = payload.get_byte_enable_ptr();
    if (payload.is_read() || payload.is_write()) {
      if (enable == nullptr && width >= length) {
        if (payload.is_read())
          std::memcpy(data, memory, length);
        else
          std::memcpy(memory, data, length);
        return tlm::TLM_OK_RESPONSE;
      }
      if (enable != nullptr && payload.get_byte_enable_length() == 0) return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
      for (std::uint64_t i = 0; i < length; ++i) {
        if (enable != nullptr && enable[i % payload.get_byte_enable_length()] == TLM_BYTE_DISABLED) continue;
        if (payload.is_read())
          data[i] = memory[i % width];
        else
          memory[i % width] = data[i];
      }
    }
    return tlm::TLM_OK_RESPONSE;
  }

  tlm::tlm_response_status access_register(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    const std::uint64_t address = payload.get_address();
    if (payload.get_command() == tlm::TLM_IGNORE_COMMAND) return tlm::TLM_OK_RESPONSE;
    if (payload.get_byte_enable_ptr() != nullptr) return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
    if (payload.get_data_length() != 4 || payload.get_streaming_width() < 4 || address % 4 != 0) {
      return tlm::TLM_BURST_ERROR_RESPONSE;
    }
    if (address > UINT32_MAX) return tlm::TLM_ADDRESS_ERROR_RESPONSE;
    const auto offset = static_cast<std::uint32_t>(address);
    if (payload.is_write()) {
      std::uint32_t value = 0;
      std::memcpy(&value, payload.get_data_ptr(), 4);
      const register_access answer = target_.write(offset, value, cycle(delay));
      changed();
      return response(answer, offset);
    }
    register_access answer = target_.read(offset, cycle(delay));
    if (answer.status == access_status::blocked && delay != sc_core::SC_ZERO_TIME) {
      sc_core::wait(delay);  // what was annotated passes first; what happens meanwhile stays in the block
      delay = sc_core::SC_ZERO_TIME;
      answer = target_.read(offset, cycle(delay));
    }
    while (answer.status == access_status::blocked) {
      sc_core::wait(changed_);
      answer = target_.read(offset, cycle(delay));
    }
    if (answer.status == access_status::ok) std::memcpy(payload.get_data_ptr(), &answer.value, 4);
    return response(answer, offset);
  }

  tlm::tlm_response_status response(const register_access& answer, std::uint32_t offset) const {
    if (answer.status == access_status::ok) return tlm::TLM_OK_RESPONSE;
    return target_.exists(offset) ? tlm::TLM_COMMAND_ERROR_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE;
  }

  /// Bytes transferred: up to the first word without a register, or the end of the memory.
  unsigned transport_dbg(tlm::tlm_generic_payload& payload) {
    const std::uint64_t address = payload.get_address();
    unsigned length = payload.get_data_length();
    if (!payload.is_read() && !payload.is_write()) return 0;
    if constexpr (is_memory_target<Target>) {
      if (address >= target_.bytes()) return 0;
      if (length > target_.bytes() - address) length = static_cast<unsigned>(target_.bytes() - address);
      if (payload.is_read())
        std::memcpy(payload.get_data_ptr(), target_.data() + address, length);
      else
        std::memcpy(target_.data() + address, payload.get_data_ptr(), length);
      return length;
    } else {
      if (address % 4 != 0 || address > UINT32_MAX - length) return 0;
      unsigned done = 0;
      for (; done + 4 <= length; done += 4) {
        if (!debug_word(payload.is_write(), static_cast<std::uint32_t>(address) + done,
                        payload.get_data_ptr() + done)) {
          break;
        }
      }
      if (payload.is_write() && done != 0) changed();
      return done;
    }
  }

  bool debug_word(bool write, std::uint32_t offset, unsigned char* data) {
    std::uint32_t value = 0;
    if (write) {
      std::memcpy(&value, data, 4);
      return target_.debug_write(offset, value).status == access_status::ok;
    }
    const register_access answer = target_.debug_read(offset);
    if (answer.status != access_status::ok) return false;
    std::memcpy(data, &answer.value, 4);
    return true;
  }

  bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) {
    if constexpr (is_memory_target<Target>) {
      dmi.set_dmi_ptr(target_.data());
      dmi.set_start_address(0);
      dmi.set_end_address(target_.bytes() - 1);
      dmi.set_read_latency(latency_);
      dmi.set_write_latency(latency_);
      dmi.allow_read_write();
      return true;
    } else {
      dmi.allow_none();
      return false;
    }
  }

  bool inside(std::uint64_t address, std::uint64_t length) {
    return address <= target_.bytes() && length <= target_.bytes() - address;
  }

  cycle_t cycle(const sc_core::sc_time& delay) const {
    return static_cast<cycle_t>((sc_core::sc_time_stamp() + delay) / period_);
  }

  Target target_;
  sc_core::sc_time latency_, period_;
  sc_core::sc_event changed_;
};

}  // namespace ohmic
