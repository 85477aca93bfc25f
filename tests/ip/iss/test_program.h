#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ip/core/core_seam.h"

namespace ohmic::test {

/// A piece of a program that stays whole: bits that mean the same wherever they stand, except for fields that say how
/// far a target is.
struct program_unit {
  /// Where assemble() writes the distance from an instruction to the target.
  enum class field : std::uint8_t {
    branch,             ///< 32-bit branch
    jump,               ///< jal
    compressed_branch,  ///< c.beqz, c.bnez
    compressed_jump,    ///< c.j, c.jal
    loop_setup_imm,     ///< cv.setupi: words, in the place of rs1
    loop_words,         ///< cv.setup, cv.endi: words, in the upper 12 bits
    length,             ///< addi: bytes from this unit's end to the target
  };
  struct reference {
    std::uint8_t at;  ///< half-word of the unit where the instruction begins
    field what;
  };

  std::vector<std::uint16_t> halves;
  std::vector<reference> references;
  unsigned span = 0;     ///< targets lie behind this many following units
  bool aligned = false;  ///< begins at a multiple of four
  bool loop = false;     ///< its span is the body of a hardware loop: all of it 32-bit, at least 3 instructions

  unsigned instructions() const;
};

program_unit unit_of(std::initializer_list<std::uint32_t> words);
program_unit compressed_unit(std::initializer_list<unsigned> halves);
/// Adds an instruction; compressed if its low bits say so.
void append(program_unit& unit, std::uint32_t instruction);

/// A program for one hart and what it starts from. It ends by a jump out of the text.
struct test_program {
  static constexpr std::uint32_t base = 0x80000000;    ///< of the text
  static constexpr std::uint32_t body = base + 0x300;  ///< of the first unit
  static constexpr std::uint32_t data = 0x10000000;
  static constexpr std::uint32_t events = 0x10200000;  ///< cv.elw reads here; memory where there is no event unit

  std::vector<program_unit> units;
  std::array<std::uint32_t, 32> x{};  ///< registers in front of the first unit
  std::vector<std::uint8_t> memory;   ///< 4 KiB; addresses wrap
  bool interrupts = false;            ///< mie and mstatus.MIE are set in front of the first unit
  bool vectored = false;              ///< mtvec's mode

  unsigned instructions() const;
  /// Takes units away. Spans shrink with them.
  void erase(std::size_t first, std::size_t count);
  /// False if a hardware loop breaks the manual's constraints or a target is out of reach.
  bool legal() const;
};

/// Words from test_program::base on: trap vectors and handlers, the start, the units, the end.
///
/// Handlers return from interrupts, and behind the four bytes at which an exception was taken.
struct assembled_program {
  std::vector<std::uint32_t> words;
  std::uint32_t boot = 0;           ///< first pc
  std::uint32_t end = 0;            ///< behind the last unit
  std::vector<std::uint32_t> unit;  ///< address of each unit
};
assembled_program assemble(const test_program& program);

/// Reads and writes the program's memory as a bus does.
std::uint32_t access(std::vector<std::uint8_t>& memory, const bus_request& r);
void store(std::vector<std::uint8_t>& memory, std::uint32_t addr, std::uint32_t value, unsigned size);

}  // namespace ohmic::test
