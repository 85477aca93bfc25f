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

// ---- CSRs -------------------------------------------------------------------------------------------------

struct csr_case {
  const char* name;
  std::uint32_t number, reset, writable;
};
constexpr csr_case csrs[] = {
    {"mstatus", 0x300, 0x1800, 0x88},
    {"misa", 0x301, 0x40801104, 0},
    {"mie", 0x304, 0, 0xffff0888},
    {"mtvec", 0x305, 1, 0xffffff01},
    {"mcountinhibit", 0x320, 0xd, 0xd},
    {"mhpmevent3", 0x323, 0, 0xffff},
    {"mhpmevent4", 0x324, 0, 0},
    {"mscratch", 0x340, 0, 0xffffffff},
    {"mepc", 0x341, 0, 0xfffffffe},
    {"mcause", 0x342, 0, 0x8000001f},
    {"mtval", 0x343, 0, 0},
    {"mip", 0x344, 0, 0},
    {"tselect", 0x7a0, 0, 0},
    {"mcycle", 0xb00, 0, 0xffffffff},
    {"minstret", 0xb02, 0, 0xffffffff},
    {"mhpmcounter3", 0xb03, 0, 0xffffffff},
    {"mhpmcounter4", 0xb04, 0, 0},
    {"mcycleh", 0xb80, 0, 0xffffffff},
    {"minstreth", 0xb82, 0, 0xffffffff},
};

// The program stops counting, so that what it writes is what it reads.
TEST(IssCsr, AWriteToHalfACounterLeavesTheOtherHalf) {
  for (const std::uint32_t low : {0xb00u, 0xb02u, 0xb03u}) {
    const std::uint32_t high = low + 0x80;
    const auto write = [](std::uint32_t csr, unsigned from) { return csr << 20 | from << 15 | 0x1073; };
    const auto read = [](std::uint32_t csr, unsigned to) { return csr << 20 | to << 7 | 0x2073; };
    one_instruction machine({write(0x320, 9), write(high, 10), write(low, 11), read(high, 12), read(low, 13),
                             write(high, 11), read(low, 14), read(high, 15), read(low + 0x100, 16),
                             read(high + 0x100, 17)});
    hart_state s;
    s.pc = code_base;
    s.x[9] = 0xd;  // mcountinhibit
    s.x[10] = 0x12345678;
    s.x[11] = 0x9abcdef0;
    for (int i = 0; i < 10; ++i) s = machine.step(s);
    EXPECT_EQ(s.x[12], 0x12345678u) << std::hex << low;
    EXPECT_EQ(s.x[13], 0x9abcdef0u);
    EXPECT_EQ(s.x[14], 0x9abcdef0u);
    EXPECT_EQ(s.x[15], 0x9abcdef0u);
    // "cycle" and "instret" are the user's view of the first two.
    EXPECT_EQ(s.x[16], 0x9abcdef0u);
    EXPECT_EQ(s.x[17], 0x9abcdef0u);
  }
}

TEST(IssCsr, ResetValuesAndWritableBits) {
  for (const csr_case& c : csrs) {
    // csrrw a0, csr, a1; csrrs a2, csr, zero; csrrc a3, csr, a4; csrr a5, csr
    one_instruction machine({c.number << 20 | 0x00059573, c.number << 20 | 0x00002673, c.number << 20 | 0x000736f3,
                             c.number << 20 | 0x000027f3});
    hart_state s;
    s.pc = code_base;
    s.x[11] = 0xffffffff;
    s.x[14] = 0x55555555;
    s = machine.step(s);
    EXPECT_EQ(s.x[10], c.reset) << c.name;
    s = machine.step(s);
    const std::uint32_t all = (c.reset & ~c.writable) | c.writable;
    EXPECT_EQ(s.x[12], all) << c.name;
    s = machine.step(s);
    s = machine.step(s);
    EXPECT_EQ(s.x[15], (c.reset & ~c.writable) | (c.writable & 0xaaaaaaaa)) << c.name;
  }
}

TEST(IssCsr, IdentifiesItself) {
  struct {
    std::uint32_t csr, value;
  } const ids[] = {{0xf11, 0x602}, {0xf12, 4}, {0xf13, 1}, {0xf14, 7}, {0xcd0, 7}, {0xcd1, 3}};
  for (const auto& id : ids) {
    one_instruction machine(id.csr << 20 | 0x00002573);
    hart_state s;
    s.pc = code_base;
    EXPECT_EQ(machine.step(s).x[10], id.value) << std::hex << id.csr;
  }
}

TEST(IssCsr, ImmediateFormsAndZeroOperandsThatDoNotWrite) {
  // csrrwi zero, mscratch, 21; csrrsi a0, mscratch, 10; csrrci a1, mscratch, 1; csrrsi a2, mhartid, 0
  one_instruction machine({0x340ad073, 0x34056573, 0x3400f5f3, 0xf1406673});
  hart_state s;
  s.pc = code_base;
  for (unsigned i = 0; i < 4; ++i) s = machine.step(s);
  EXPECT_EQ(s.x[10], 21u);
  EXPECT_EQ(s.x[11], 31u);
  EXPECT_EQ(s.mscratch, 30u);
  EXPECT_EQ(s.x[12], 7u);
  EXPECT_EQ(s.pc, code_base + 16);
}

TEST(IssCsr, CountersStandStillUntilTheInhibitIsCleared) {
  // csrr a0, mcycle; csrw mcountinhibit, zero; csrr a1, mcycle; nop; csrr a2, mcycle; csrr a3, minstret
  const std::uint32_t words[] = {0xb0002573, 0x32001073, 0xb00025f3, nop, 0xb0002673, 0xb02026f3, 0};
  iss::decoded_text text(code_base, words, sizeof words);
  iss_group group(text, 1, 0);
  group.start(0, code_base, 50);
  null_observer silent;
  ASSERT_EQ(group.advance(0, never, silent), core_stop::fetch);
  group.fetch_complete(0, 50);
  for (unsigned i = 0; i < 6; ++i) group.advance(0, group.time(0) + 1, silent);
  const hart_state s = group.save(0);
  EXPECT_EQ(s.x[10], 0u);
  EXPECT_EQ(s.x[12] - s.x[11], 5u);  // csrr mcycle 4, nop 1
  EXPECT_EQ(s.x[13], 3u);            // csrr, nop, csrr: the csrw that starts the count is not counted
}

// Numbers as the RTL gives them for the same program.
TEST(IssCsr, CountersChangeBehindTheInstructionThatWritesThem) {
  // csrwi mcountinhibit, 0; csrw mcycle, zero; csrr a0, mcycle; csrr a1, mcycle; csrwi mcountinhibit, 5; nop;
  // csrr a2, mcycle; csrr a3, minstret; csrwi mcountinhibit, 0; csrw minstret, zero; csrr a4, minstret
  const std::uint32_t words[] = {0x32005073, 0xb0001073, 0xb0002573, 0xb00025f3, 0x3202d073, nop,
                                 0xb0002673, 0xb02026f3, 0x32005073, 0xb0201073, 0xb0202773, 0};
  iss::decoded_text text(code_base, words, sizeof words);
  iss_group group(text, 1, 0);
  group.start(0, code_base, 50);
  null_observer silent;
  ASSERT_EQ(group.advance(0, never, silent), core_stop::fetch);
  group.fetch_complete(0, 50);
  for (unsigned i = 0; i < 11; ++i) group.advance(0, group.time(0) + 1, silent);
  const hart_state s = group.save(0);
  EXPECT_EQ(s.x[10], 3u);
  EXPECT_EQ(s.x[11], 7u);
  EXPECT_EQ(s.x[12], 12u);
  EXPECT_EQ(s.x[13], 4u);  // csrw mcycle, two csrr, and the csrwi that stops the count
  EXPECT_EQ(s.x[14], 0u);
}

}  // namespace
}  // namespace ohmic
