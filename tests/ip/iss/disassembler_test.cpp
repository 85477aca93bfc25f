// What the assembler has no line for, or the file of spelling_test does not say: by the ISA's and the core's manuals.
#include "ip/iss/disassembler.h"

#include <gtest/gtest.h>

#include <string>

namespace ohmic {
namespace {

using iss::disassemble;

std::uint32_t csrrs(std::uint32_t csr, unsigned rd, unsigned rs1) {
  return csr << 20 | rs1 << 15 | 2 << 12 | rd << 7 | 0x73;
}

TEST(Disassembler, CsrsHaveTheirNamesOrTheirNumbers) {
  const std::pair<std::uint32_t, const char*> known[] = {
      {0x300, "mstatus"},  {0x301, "misa"},     {0x304, "mie"},     {0x305, "mtvec"},     {0x320, "mcountinhibit"},
      {0x340, "mscratch"}, {0x341, "mepc"},     {0x342, "mcause"},  {0x343, "mtval"},     {0x344, "mip"},
      {0xb00, "mcycle"},   {0xb02, "minstret"}, {0xb80, "mcycleh"}, {0xb82, "minstreth"}, {0xf11, "mvendorid"},
      {0xf12, "marchid"},  {0xf13, "mimpid"},   {0xf14, "mhartid"}};
  for (const auto& [number, name] : known)
    EXPECT_EQ(disassemble(0, csrrs(number, 10, 0)), "csrrs a0, " + std::string(name) + ", zero");
  EXPECT_EQ(disassemble(0, csrrs(0x7a1, 10, 31)), "csrrs a0, 0x7a1, t6");
  EXPECT_EQ(disassemble(0, csrrs(0xcc2, 10, 0)), "csrrs a0, 0xcc2, zero");
  EXPECT_EQ(disassemble(0, 0x300fd073), "csrrwi zero, mstatus, 31") << "five bits, not signed";
}

TEST(Disassembler, TargetsAreWhereTheInstructionStandsAndItsDistance) {
  EXPECT_EQ(disassemble(0x80000000, 0xffdff06f), "jal zero, 0x7ffffffc");
  EXPECT_EQ(disassemble(0x80000000, 0x7ffff0ef), "jal ra, 0x800ffffe") << "as far as it goes";
  EXPECT_EQ(disassemble(0x80000010, 0x80000063), "beq zero, zero, 0x7ffff010") << "4 KiB back";
  EXPECT_EQ(disassemble(0x1000, 0x0001a001 & 0xffff), "c.jal zero, 0x1000") << "c.j 0";
}

TEST(Disassembler, HardwareLoops) {
  EXPECT_EQ(disassemble(0x40, 0x002040ab), "cv.starti 1, 8") << "bytes from the instruction, not an address";
  EXPECT_EQ(disassemble(0, 0x000541ab), "cv.start 1, a0");
  EXPECT_EQ(disassemble(0, 0x0030422b), "cv.endi 0, 12");
  EXPECT_EQ(disassemble(0, 0x0006432b), "cv.end 0, a2");
  EXPECT_EQ(disassemble(0, 0x00a044ab), "cv.counti 1, 10");
  EXPECT_EQ(disassemble(0, 0x0005c52b), "cv.count 0, a1");
  EXPECT_EQ(disassemble(0, 0x00a2462b), "cv.setupi 0, 10, 16");
  EXPECT_EQ(disassemble(0, 0x00a246ab), "cv.setupi 1, 10, 16") << "the other loop";
  EXPECT_EQ(disassemble(0, 0x008547ab), "cv.setup 1, a0, 32");
}

TEST(Disassembler, OfACompressedInstructionOnlySixteenBitsCount) {
  for (const std::uint32_t behind : {0u, 0x12340000u, 0xffff0000u}) {
    EXPECT_EQ(disassemble(0, behind | 0x852e), "c.add a0, zero, a1") << "c.mv";
    EXPECT_EQ(disassemble(0, behind | 0x0000), ".half 0x0");
    EXPECT_EQ(disassemble(0, behind | 0x4108), "c.lw a0, 0(a0)");
  }
}

TEST(Disassembler, NumbersHaveTheSignOfTheirField) {
  EXPECT_EQ(disassemble(0, 0x80050513), "addi a0, a0, -2048");
  EXPECT_EQ(disassemble(0, 0x7ff50513), "addi a0, a0, 2047");
  EXPECT_EQ(disassemble(0, 0xfffff537), "lui a0, 1048575") << "not signed";
  EXPECT_EQ(disassemble(0, 0x41f55513), "srai a0, a0, 31");
  EXPECT_EQ(disassemble(0, 0xfea52e23), "sw a0, -4(a0)");
}

}  // namespace
}  // namespace ohmic
