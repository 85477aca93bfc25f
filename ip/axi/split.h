#pragma once

#include <cstdint>

namespace ohmic {

/// Bytes of the first AXI-legal burst of a transfer: up to the next 4 KiB boundary, at most `max_bytes`,
/// counted from the start of the first beat so that no burst has more than max_bytes / width beats.
/// Preconditions: bytes >= 1, width a power of two, max_bytes a multiple of width.
inline std::uint32_t first_piece(std::uint64_t addr, std::uint64_t bytes, std::uint32_t width,
                                 std::uint32_t max_bytes) {
  const auto to_boundary = static_cast<std::uint32_t>(4096 - addr % 4096);
  const auto to_limit = max_bytes - static_cast<std::uint32_t>(addr % width);
  const std::uint32_t room = to_boundary < to_limit ? to_boundary : to_limit;
  return bytes < room ? static_cast<std::uint32_t>(bytes) : room;
}

/// Calls each(addr, bytes) for every AXI-legal burst of [addr, addr + bytes), in address order.
template <class F>
void split(std::uint64_t addr, std::uint64_t bytes, std::uint32_t width, std::uint32_t max_bytes, F&& each) {
  while (bytes > 0) {
    const std::uint32_t piece = first_piece(addr, bytes, width, max_bytes);
    each(addr, piece);
    addr += piece;
    bytes -= piece;
  }
}

/// Largest burst that AXI4 allows on a bus of `width` bytes.
inline constexpr std::uint32_t max_burst_bytes(std::uint32_t width) { return 256 * width < 4096 ? 256 * width : 4096; }

}  // namespace ohmic
