#pragma once

#include <array>
#include <cstdint>

namespace ohmic {

/// What kind of work an instruction is, as far as its energy differs.
enum class instruction_class : std::uint8_t {
  alu,   ///< integer, bit manipulation, address computation
  mul,   ///< one product: mul, mulh*, cv.mac, cv.mul*, cv.mac*
  div,   ///< division and remainder
  simd,  ///< packed, without products
  dot,   ///< packed with products: dot products and complex products
  load,  ///< cv.elw included
  store,
  branch,  ///< taken or not
  jump,
  loop,    ///< set-up of hardware loops
  system,  ///< CSR accesses, fences, mret, wfi
};
inline constexpr unsigned instruction_class_count = 11;

constexpr const char* name_of(instruction_class c) {
  constexpr const char* names[instruction_class_count] = {"alu",   "mul",    "div",  "simd", "dot",   "load",
                                                          "store", "branch", "jump", "loop", "system"};
  return names[static_cast<unsigned>(c)];
}

/// How many of each class.
struct instruction_counts {
  std::array<std::uint64_t, instruction_class_count> of{};

  std::uint64_t& operator[](instruction_class c) { return of[static_cast<unsigned>(c)]; }
  std::uint64_t operator[](instruction_class c) const { return of[static_cast<unsigned>(c)]; }
  instruction_counts& operator+=(const instruction_counts& other) {
    for (unsigned c = 0; c < instruction_class_count; ++c) of[c] += other.of[c];
    return *this;
  }
  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t n : of) sum += n;
    return sum;
  }
};

namespace instruction_classes {

/// Of the custom-1 opcode with funct3 3: by funct7. CV32E40P user manual, "CORE-V Instruction Set Custom Extensions".
constexpr instruction_class of_custom_1(std::uint32_t funct7) {
  if (funct7 < 0x10) return instruction_class::load;   // post-increment by register, register-register
  if (funct7 < 0x18) return instruction_class::store;  // the same
  return funct7 == 0x48 || funct7 == 0x49 ? instruction_class::mul : instruction_class::alu;  // cv.mac, cv.msu
}

/// Of the custom-3 opcode, packed SIMD: by funct6.
constexpr instruction_class of_simd(std::uint32_t funct6) {
  const bool dot_product = funct6 >= 32 && funct6 <= 42, complex_product = funct6 == 21;
  return dot_product || complex_product ? instruction_class::dot : instruction_class::simd;
}

/// Of a 16-bit instruction that the core executes.
constexpr instruction_class of_compressed(std::uint32_t half) {
  const std::uint32_t funct3 = half >> 13 & 7, rs1 = half >> 7 & 31, rs2 = half >> 2 & 31;
  switch (half & 3) {
    case 0:
      return funct3 == 0 ? instruction_class::alu : funct3 < 4 ? instruction_class::load : instruction_class::store;
    case 1:
      if (funct3 == 1 || funct3 == 5) return instruction_class::jump;  // c.jal, c.j
      return funct3 >= 6 ? instruction_class::branch : instruction_class::alu;
    default:
      if (funct3 == 0) return instruction_class::alu;
      if (funct3 != 4) return funct3 < 4 ? instruction_class::load : instruction_class::store;
      if (rs2 != 0) return instruction_class::alu;                            // c.mv, c.add
      return rs1 != 0 ? instruction_class::jump : instruction_class::system;  // c.jr, c.jalr; c.ebreak
  }
}

}  // namespace instruction_classes

/// The class of an instruction that the core executes, from its bits (16 of them if compressed).
constexpr instruction_class class_of(std::uint32_t word) {
  if ((word & 3) != 3) return instruction_classes::of_compressed(word & 0xffff);
  const std::uint32_t funct3 = word >> 12 & 7, funct7 = word >> 25;
  switch (word & 0x7f) {
    case 0x03:
      return instruction_class::load;
    case 0x0b:  // post-increment loads and cv.elw; cv.beqimm, cv.bneimm
      return funct3 < 6 ? instruction_class::load : instruction_class::branch;
    case 0x23:
      return instruction_class::store;
    case 0x2b:
      if (funct3 < 3) return instruction_class::store;  // post-increment
      if (funct3 == 3) return instruction_classes::of_custom_1(funct7);
      return instruction_class::loop;
    case 0x33:
      if (funct7 != 1) return instruction_class::alu;
      return funct3 < 4 ? instruction_class::mul : instruction_class::div;
    case 0x5b:  // 0 to 3: bit fields, add and subtract with shift; 4 to 7: half-word products
      return funct3 < 4 ? instruction_class::alu : instruction_class::mul;
    case 0x63:
      return instruction_class::branch;
    case 0x67:
    case 0x6f:
      return instruction_class::jump;
    case 0x7b:
      return instruction_classes::of_simd(word >> 26);
    case 0x0f:
    case 0x73:
      return instruction_class::system;
    default:
      return instruction_class::alu;
  }
}

}  // namespace ohmic
