#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace ohmic::test {

/// A seeded legal RV32IMC program for any core: computing instructions, loads and stores at any alignment, forward
/// branches, counted backward branches, jumps over data, compressed pairs, exceptions that a handler skips. It starts
/// at `boot`, which is 0x80 behind a multiple of 256, and ends by a jump out of the text. Some loads are from `wait`,
/// where a bench may withhold the answer. With `interrupts` all lines but 31 are enabled; their handlers return at
/// once.
class rv32imc_program {
 public:
  static constexpr std::uint32_t base = 0x80000000, boot = base + 0x80;
  static constexpr std::uint32_t data = 0x10000000, wait = 0x10200000;
  explicit rv32imc_program(unsigned seed, bool interrupts = false);

  std::vector<std::uint32_t> words;
  std::vector<std::uint8_t> memory;  ///< 4 KiB at `data`; accesses wrap

 private:
  std::uint32_t computing();
  void straight(unsigned count);
  void element();
  void load_immediate(unsigned rd, std::uint32_t value);
  unsigned reg() { return 1 + random_() % 23; }  // above are the pointer, a loop count and the handler's
  std::mt19937 random_;
};

}  // namespace ohmic::test
