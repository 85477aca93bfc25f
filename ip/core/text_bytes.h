#pragma once

#include <cstdint>
#include <cstring>

namespace ohmic {

/// The executable bytes of a program as cores fetch them. Not owned: they outlive every group that reads them.
struct text_bytes {
  std::uint32_t base = 0;
  std::uint32_t size = 0;
  const std::uint8_t* bytes = nullptr;

  bool contains(std::uint32_t addr) const { return addr - base < size; }

  /// The aligned word at addr; bytes outside the text are zero.
  std::uint32_t word(std::uint32_t addr) const {
    std::uint32_t value = 0;
    const std::uint32_t at = addr - base;
    if (at < size && size - at >= 4) {
      std::memcpy(&value, bytes + at, 4);
    } else {
      for (unsigned k = 0; k < 4; ++k) {
        if (contains(addr + k)) value |= std::uint32_t{bytes[addr + k - base]} << (8 * k);
      }
    }
    return value;
  }

  /// The instruction's bits at an even pc: the low 16 bits only if it is compressed.
  std::uint32_t instruction(std::uint32_t pc) const {
    const std::uint32_t low = word(pc & ~3u) >> (8 * (pc & 2)) & 0xffff;
    if ((low & 3) != 3) return low;
    return low | (word((pc + 2) & ~3u) >> (8 * ((pc + 2) & 2)) & 0xffff) << 16;
  }
};

}  // namespace ohmic
