#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ip/iss/iss_group.h"
#include "platform/elf/elf_file.h"

namespace ohmic {

/// The cores of one cluster on the ISS with a flat L1 and nothing else: runs a function of a firmware ELF on every
/// hart, one hart after the other (so the function must not wait for another core).
class kernel_machine {
 public:
  static constexpr std::uint32_t l1_base = 0x10000000u, l1_bytes = 1u << 20;
  /// First byte that tests may use: the firmware's data and stacks lie below.
  static constexpr std::uint32_t first_free = 0x10000u;

  explicit kernel_machine(const std::string& elf) : file_(elf_file::load(elf)), l1_(l1_bytes) {}

  std::uint32_t symbol(const std::string& name) const;
  std::uint8_t* l1(std::uint32_t offset) { return l1_.data() + offset; }

  /// Runs `function` on harts 0 .. cores-1 with these arguments; returns the most cycles a hart took.
  /// Throws std::runtime_error if a hart does not return or touches memory outside L1 and the program.
  cycle_t run(unsigned cores, const std::string& function, const std::vector<std::uint32_t>& arguments);
  /// What a line of the program takes that a hart's own cache has not, which is empty at the beginning of run(). None
  /// takes time if this is not called.
  void set_line_cycles(cycle_t cycles) { line_cycles_ = cycles; }
  /// From now on run() throws if a hart touches L1 above first_free outside of the ranges that allow() gives.
  void fence() { fenced_ = true, allowed_.clear(); }
  void allow(std::uint32_t offset, std::uint32_t bytes) { allowed_.push_back({offset, offset + bytes}); }
  void open() { fenced_ = false; }                  ///< no fence any more
  void close() { fenced_ = true; }                  ///< the fence stands again, with the ranges of before
  std::uint32_t result() const { return result_; }  ///< a0 of the last hart

 private:
  std::uint8_t* at(std::uint32_t address, unsigned size);

  elf_file file_;
  std::vector<std::uint8_t> l1_;
  std::uint32_t result_ = 0;
  cycle_t line_cycles_ = 0;
  bool fenced_ = false;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> allowed_;
};

}  // namespace ohmic
