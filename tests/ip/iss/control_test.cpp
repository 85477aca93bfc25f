#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "tests/ip/iss/one_instruction.h"

namespace ohmic {
namespace {

using test::code_base;
using test::one_instruction;
using test::operand_source;

constexpr std::uint32_t nop = 0x00000013;

std::uint32_t branch_word(std::uint32_t funct3, unsigned rs1, unsigned rs2, std::int32_t offset) {
  const auto o = static_cast<std::uint32_t>(offset);
  return (o >> 12 & 1) << 31 | (o >> 5 & 63) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | (o >> 1 & 15) << 8 |
         (o >> 11 & 1) << 7 | 0x63;
}

TEST(IssControl, BranchesCompareAndJumpRelative) {
  const auto seed = static_cast<unsigned>(::testing::UnitTest::GetInstance()->random_seed());
  SCOPED_TRACE("seed " + std::to_string(seed));
  operand_source random(seed);
  for (unsigned round = 0; round < 2000; ++round) {
    static constexpr std::uint32_t functs[] = {0, 1, 4, 5, 6, 7};
    const std::uint32_t f = functs[random.below(6)];
    const std::int32_t offset = (static_cast<std::int32_t>(random.next()) >> 19) & ~1;
    one_instruction machine({branch_word(f, 5, 6, offset), nop});
    hart_state before;
    before.pc = code_base;
    before.x[5] = random.next();
    before.x[6] = random.below(3) == 0 ? before.x[5] : random.next();
    const std::int64_t sa = static_cast<std::int32_t>(before.x[5]), sb = static_cast<std::int32_t>(before.x[6]);
    const std::int64_t ua = before.x[5], ub = before.x[6];
    const bool taken = f == 0   ? ua == ub
                       : f == 1 ? ua != ub
                       : f == 4 ? sa < sb
                       : f == 5 ? sa >= sb
                       : f == 6 ? ua < ub
                                : ua >= ub;
    if (taken && offset == 0) continue;
    EXPECT_EQ(machine.step(before).pc, taken ? code_base + static_cast<std::uint32_t>(offset) : code_base + 4)
        << f << " " << offset;
  }
}

TEST(IssControl, ImmediateBranchesCompareWithASignedFiveBitNumber) {
  for (std::int32_t imm = -16; imm < 16; ++imm) {
    for (const std::uint32_t equal : {0u, 1u}) {
      const std::uint32_t w = (branch_word(equal ? 6 : 7, 5, static_cast<unsigned>(imm) & 31, 20) & ~0x7fu) | 0x0b;
      one_instruction machine({w, nop});
      hart_state s;
      s.pc = code_base;
      s.x[5] = static_cast<std::uint32_t>(imm);
      EXPECT_EQ(machine.step(s).pc, code_base + (equal ? 20 : 4));
      s.x[5] ^= 32;
      EXPECT_EQ(machine.step(s).pc, code_base + (equal ? 4 : 20));
    }
  }
}

TEST(IssControl, JumpsLinkTheNextInstructionAlsoWhenBaseAndLinkAreOneRegister) {
  one_instruction jal(0x0100066f);  // jal a2, +16
  hart_state s;
  s.pc = code_base;
  hart_state r = jal.step(s);
  EXPECT_EQ(r.pc, code_base + 16);
  EXPECT_EQ(r.x[12], code_base + 4);

  one_instruction jalr({0xff9600e7, 0xff960667});  // jalr ra, -7(a2); jalr a2, -7(a2)
  s.x[12] = 0x2008;
  r = jalr.step(s);
  EXPECT_EQ(r.pc, 0x2000u);  // bit 0 cleared
  EXPECT_EQ(r.x[1], code_base + 4);
  s.pc = code_base + 4;
  r = jalr.step(s);
  EXPECT_EQ(r.pc, 0x2000u);
  EXPECT_EQ(r.x[12], code_base + 8);

  one_instruction compressed(0x95829602);  // c.jalr a2 (0x9602 is c.add a2, zero: a hint); c.jalr a1
  s = hart_state{};
  s.pc = code_base + 2;
  s.x[11] = 0x3000;
  r = compressed.step(s);
  EXPECT_EQ(r.pc, 0x3000u);
  EXPECT_EQ(r.x[1], code_base + 4);
}

TEST(IssControl, TrapsSaveThePcAndGoToTheBaseOfTheVectorTable) {
  struct {
    std::uint32_t word, cause;
  } const traps[] = {
      {0x00000073, 11},  // ecall
      {0x00100073, 3},   // ebreak
      {0x00009002, 3},   // c.ebreak
      {0x00000000, 2},   // all zeros
      {0xffffffff, 2},
      {0x30200073 | 1 << 7, 2},  // mret with rd
      {0x02001013, 2},           // slli with shamt[5]
      {0x00007003, 2},           // load with funct3 7
      {0x7c001073, 2},           // CSR 0x7c0 does not exist
      {0xcc001073, 2},           // write of lpstart0
      {0xf1401073, 2},           // write of mhartid
      {0xc0001073, 2},           // write of cycle
      {0x0000a073 | 0xfc1u << 20, 2},
      {0x7b002073, 2},  // dcsr outside debug mode
      {0x7b200073, 2},  // dret outside debug mode
      {0x00200073, 2},  // uret
      {0x0000002f, 2},  // atomics
      {0x00000007, 2},  // floating point load
      {0x41c0707b, 2},  // cv.srl.sci.b by 57: unused immediate bits must be 0
      {0x4180607b, 2},  // cv.srl.sci.h by 48
      {0xd9f0307b, 2},  // SIMD funct5 that no instruction uses
      {0xb820007b, 2},  // cv.extract.h with index 4
  };
  for (const auto& t : traps) {
    SCOPED_TRACE(t.word);
    one_instruction machine(t.word);
    hart_state s;
    s.pc = code_base;
    s.mtvec = 0x2001;
    s.mstatus = 0x1808;
    const hart_state r = machine.step(s);
    EXPECT_EQ(r.pc, 0x2000u) << std::hex << t.word;
    EXPECT_EQ(r.mepc, code_base);
    EXPECT_EQ(r.mcause, t.cause) << std::hex << t.word;
    EXPECT_EQ(r.mstatus, 0x1880u);
    EXPECT_EQ(r.minstret, 0u);
  }
}

TEST(IssControl, MretRestoresTheInterruptEnableAndReturns) {
  one_instruction machine(0x30200073);
  hart_state s;
  s.pc = code_base;
  s.mepc = 0x4002;
  s.mstatus = 0x1880;
  const hart_state r = machine.step(s);
  EXPECT_EQ(r.pc, 0x4002u);
  EXPECT_EQ(r.mstatus, 0x1888u);
}

TEST(IssControl, WfiIsANop) {
  one_instruction machine({0x10500073, nop});
  hart_state s;
  s.pc = code_base;
  EXPECT_EQ(machine.step(s).pc, code_base + 4);
}

}  // namespace
}  // namespace ohmic
