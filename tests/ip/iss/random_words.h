#pragma once

#include <cstdint>

/// What random programs are made of: registers with a purpose, values at which arithmetic goes wrong, and the encodings
/// of a few instructions. Sources: RISC-V unprivileged specification; CV32E40P user manual, "Hardware Loops".
namespace ohmic::test {

// Registers that the program does not compute with.
inline constexpr unsigned pointer = 24, step_register = 25, count_register = 26, handler_scratch = 27,
                          event_register = 28, address_scratch = 29, trip_register = 30;

inline constexpr std::uint32_t corners[] = {0,          1,          2,          0xffffffffu, 0x80000000u, 0x7fffffffu,
                                            0x80000001, 0xfffffffe, 0x00007fff, 0x00008000u, 0xffff8000u, 0x0000ffffu,
                                            0x00010000, 0x80008000, 0x7fff7fff, 0x80808080u, 0x7f7f7f7fu, 0x000000ffu,
                                            0x00000080, 0xffffff80, 0x0000007f, 0x01010101u, 0xffff0000u, 0x0000001fu,
                                            0x00000020, 0x55555555, 0xaaaaaaaa, 0x80007fffu, 0x7fff8000u, 0x00000007u};

constexpr std::uint32_t addi(unsigned rd, unsigned rs1, std::uint32_t imm) {
  return imm << 20 | rs1 << 15 | rd << 7 | 0x13;
}
constexpr std::uint32_t auipc(unsigned rd) { return rd << 7 | 0x17; }
constexpr std::uint32_t csr(std::uint32_t number, unsigned funct3, unsigned rd, unsigned source) {
  return number << 20 | source << 15 | funct3 << 12 | rd << 7 | 0x73;
}
constexpr std::uint32_t loop_word(unsigned funct4, unsigned l, unsigned rs1, std::uint32_t imm) {
  return imm << 20 | rs1 << 15 | 4 << 12 | funct4 << 8 | l << 7 | 0x2b;
}

}  // namespace ohmic::test
