#pragma once

#include <cstdint>
#include <string_view>

namespace ohmic {

/// CRC-32 as zlib, PNG and Python's zlib.crc32 compute it.
std::uint32_t crc32_of(std::string_view bytes);

}  // namespace ohmic
