#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>

/// What the generated headers "registers/<block>.h" say about a register, for checks and messages.
namespace ohmic::registers {

/// One array dimension: how many elements, and how many bytes apart.
struct array_info {
  std::uint32_t count, stride;
};

/// One register, or an array of registers in at most one array of register files. 32 bits wide.
struct register_info {
  const char* name;      ///< path within the block, "[]" behind each array: "CHANNEL[].START"
  std::uint32_t offset;  ///< of the first element, bytes from the block's base
  array_info arrays[2];  ///< outer first; {1, 0} where there is no array
  std::uint32_t reset;
  std::uint32_t mask;  ///< bits that belong to a field
  bool readable, writable;

  constexpr std::uint32_t element_offset(std::uint32_t i, std::uint32_t j) const {
    return offset + i * arrays[0].stride + j * arrays[1].stride;
  }
};

/// Which words of a block may be read and written: constant time, for the cluster's loop.
template <std::uint32_t Bytes>
struct access_map {
  std::uint8_t rights[Bytes / 4] = {};  ///< bit 0: readable, bit 1: writable

  constexpr bool readable(std::uint32_t offset) const { return allows(offset, 1); }
  constexpr bool writable(std::uint32_t offset) const { return allows(offset, 2); }
  constexpr bool allows(std::uint32_t offset, unsigned right) const {
    return offset < Bytes && offset % 4 == 0 && (rights[offset / 4] & right) != 0;
  }
};

template <std::uint32_t Bytes, std::size_t N>
constexpr access_map<Bytes> make_access_map(const register_info (&table)[N]) {
  access_map<Bytes> map;
  for (const register_info& r : table) {
    for (std::uint32_t i = 0; i < r.arrays[0].count; ++i) {
      for (std::uint32_t j = 0; j < r.arrays[1].count; ++j) {
        map.rights[r.element_offset(i, j) / 4] = static_cast<std::uint8_t>((r.readable ? 1 : 0) | (r.writable ? 2 : 0));
      }
    }
  }
  return map;
}

/// A block's place in a cluster's peripheral region, with its registers.
struct block_info {
  const char* name;
  std::uint32_t base, bytes;
  const register_info* registers;
  std::size_t register_count;
};

/// A table entry and the indices of the element at an offset; `info` is null if no register lies there.
struct found_register {
  const register_info* info = nullptr;
  std::uint32_t index[2] = {0, 0};
  explicit operator bool() const { return info != nullptr; }
};

/// The register at a byte offset of a block. Linear: for messages and tests, not for the hot path.
inline found_register find(const register_info* table, std::size_t count, std::uint32_t offset) {
  for (std::size_t n = 0; n < count; ++n) {
    const register_info& r = table[n];
    for (std::uint32_t i = 0; i < r.arrays[0].count; ++i) {
      for (std::uint32_t j = 0; j < r.arrays[1].count; ++j) {
        if (r.element_offset(i, j) == offset) return {&r, {i, j}};
      }
    }
  }
  return {};
}

template <std::size_t N>
found_register find(const register_info (&table)[N], std::uint32_t offset) {
  return find(table, N, offset);
}

/// "CHANNEL[3].START", or an empty string where nothing was found.
inline std::string to_string(const found_register& found) {
  std::string out;
  if (!found) return out;
  unsigned dimension = 0;
  for (const char* c = found.info->name; *c != '\0'; ++c) {
    if (*c == ']') out += std::to_string(found.index[dimension++]);
    out += *c;
  }
  return out;
}

/// Name of the register at an offset of a cluster's peripheral region, as "dma.CHANNEL[3].START"; the offset in
/// hexadecimal if there is none. For messages.
template <std::size_t N>
std::string name_at(const block_info (&region)[N], std::uint32_t offset) {
  for (const block_info& b : region) {
    if (offset < b.base || offset - b.base >= b.bytes) continue;
    if (const auto found = find(b.registers, b.register_count, offset - b.base)) {
      return std::string(b.name) + "." + to_string(found);
    }
  }
  const char* digits = "0123456789abcdef";
  std::string hex;
  for (std::uint32_t v = offset; v != 0 || hex.empty(); v /= 16) hex.insert(hex.begin(), digits[v % 16]);
  return "0x" + hex;
}

}  // namespace ohmic::registers
