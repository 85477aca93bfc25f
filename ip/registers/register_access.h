#pragma once

#include <cstdint>

namespace ohmic {

/// How a block answers a 32-bit register access.
enum class access_status : std::uint8_t {
  ok,
  blocked,  ///< only the event unit's OWN.WAIT: the answer comes later, the core sleeps
  error,    ///< no such register, not readable or writable, or a value the block refuses: a guest error
};

struct register_access {
  access_status status = access_status::ok;
  std::uint32_t value = 0;  ///< read data; 0 unless a read was answered

  static constexpr register_access ok(std::uint32_t v = 0) { return {access_status::ok, v}; }
  static constexpr register_access blocked() { return {access_status::blocked, 0}; }
  static constexpr register_access error() { return {access_status::error, 0}; }
};

}  // namespace ohmic
