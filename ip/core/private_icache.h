#pragma once

#include <array>
#include <cstdint>

namespace ohmic {

/// Which lines are in a hart's private instruction cache: 512 bytes, direct-mapped. It keeps no data, since every hart
/// reads its instructions from the program's text; so this is what a fetch costs, not what it returns.
class private_icache {
 public:
  static constexpr unsigned line_bytes = 64, lines = 8;

  /// Lines go by their number.
  static constexpr std::uint32_t line_of(std::uint32_t addr) { return addr / line_bytes; }
  bool holds(std::uint32_t line) const { return line_[line % lines] == line; }
  void fill(std::uint32_t line) { line_[line % lines] = line; }
  void flush() { line_.fill(none); }

  bool operator==(const private_icache& other) const { return line_ == other.line_; }

 private:
  static constexpr std::uint32_t none = ~0u;
  std::array<std::uint32_t, lines> line_{none, none, none, none, none, none, none, none};
};

}  // namespace ohmic
