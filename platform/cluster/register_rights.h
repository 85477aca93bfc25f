#pragma once

#include <bitset>
#include <cstdint>

#include "ip/registers/register_info.h"

namespace ohmic {

/// Which word offsets of a register block may be read and written, expanded once from the generated table so that
/// an access is one bit test. For blocks of up to 4 KiB.
class register_rights {
 public:
  template <std::size_t N>
  explicit register_rights(const registers::register_info (&table)[N]) {
    for (const registers::register_info& r : table)
      for (std::uint32_t i = 0; i < r.arrays[0].count; ++i)
        for (std::uint32_t j = 0; j < r.arrays[1].count; ++j) {
          const std::uint32_t word = r.element_offset(i, j) / 4;
          readable_[word] = r.readable;
          writable_[word] = r.writable;
        }
  }
  bool readable(std::uint32_t offset) const { return offset / 4 < readable_.size() && readable_[offset / 4]; }
  bool writable(std::uint32_t offset) const { return offset / 4 < writable_.size() && writable_[offset / 4]; }

 private:
  std::bitset<1024> readable_, writable_;
};

}  // namespace ohmic
