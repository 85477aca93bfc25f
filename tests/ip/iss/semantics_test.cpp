#include "ip/iss/semantics.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/ip/iss/one_instruction.h"
#include "tests/ip/iss/value_oracle.h"

namespace ohmic {
namespace {

using test::code_base;
using test::one_instruction;
using test::operand_source;
using test::oracle_operands;

/// A legal encoding of the instruction: free bits random, registers as given.
std::uint32_t random_encoding(const iss::instruction_info& i, operand_source& random, unsigned rd, unsigned rs1,
                              unsigned rs2) {
  for (;;) {
    std::uint32_t w = random.next();
    w = (w & ~(31u << 7)) | rd << 7;
    w = (w & ~(31u << 15)) | rs1 << 15;
    if (i.format != iss::format::i_type && random.below(4) != 0) w = (w & ~(31u << 20)) | rs2 << 20;
    w = (w & ~i.mask) | i.match;
    const std::uint32_t imm6 = (w >> 20 & 31) << 1 | (w >> 25 & 1);
    if (i.format == iss::format::shift_half && imm6 >= 16) continue;
    if (i.format == iss::format::shift_byte && imm6 >= 8) continue;
    return w;
  }
}

oracle_operands operands_of(std::uint32_t w, const hart_state& s) {
  oracle_operands o;
  o.a = s.x[w >> 15 & 31];
  o.b = s.x[w >> 20 & 31];
  o.d = s.x[w >> 7 & 31];
  o.imm12 = static_cast<std::int32_t>(w) >> 20;
  o.imm20 = w >> 12;
  o.is2 = w >> 20 & 31;
  o.is3 = w >> 25 & 31;
  o.imm6 = (w >> 20 & 31) << 1 | (w >> 25 & 1);
  o.pc = s.pc;
  return o;
}

/// Every instruction that only computes: results of random and extreme operands, any registers, nothing else
/// in the state changed.
TEST(IssSemantics, ComputesWhatTheManualsSay) {
  const auto seed = static_cast<unsigned>(::testing::UnitTest::GetInstance()->random_seed());
  SCOPED_TRACE("seed " + std::to_string(seed));
  operand_source random(seed);
  unsigned covered = 0;
  for (unsigned n = 0; n < static_cast<unsigned>(iss::op::illegal); ++n) {
    const iss::instruction_info& i = iss::instructions[n];
    std::uint32_t ignored = 0;
    if (!test::expected_value(std::string(i.mnemonic), {}, ignored)) {
      ASSERT_TRUE(i.kind != iss::kind::alu && i.kind != iss::kind::alu_acc && i.kind != iss::kind::mulh &&
                  i.kind != iss::kind::div)
          << "no oracle for " << i.mnemonic;
      continue;
    }
    ++covered;
    for (unsigned round = 0; round < 150; ++round) {
      const unsigned rd = random.below(32), rs1 = random.below(32);
      const unsigned rs2 = random.below(3) == 0 ? rs1 : random.below(32);
      const std::uint32_t w = random_encoding(i, random, rd, rs1, rs2);
      ASSERT_EQ(static_cast<unsigned>(iss::identify(w)), n) << i.mnemonic << std::hex << w;
      one_instruction machine({w, 0x00000013});
      for (unsigned trial = 0; trial < 4; ++trial) {
        hart_state before;
        for (unsigned r = 1; r < 32; ++r) before.x[r] = random.next();
        before.pc = code_base;
        hart_state want = before;
        std::uint32_t value = 0;
        test::expected_value(std::string(i.mnemonic), operands_of(w, before), value);
        if (rd != 0) want.x[rd] = value;
        const hart_state got = machine.step(before);
        ASSERT_EQ(got.x, want.x) << i.mnemonic << " " << std::hex << w << " a=" << before.x[rs1]
                                 << " b=" << before.x[w >> 20 & 31] << " d=" << before.x[rd] << " got " << got.x[rd]
                                 << " want " << want.x[rd];
        ASSERT_EQ(got.pc, before.pc + 4) << i.mnemonic;
      }
    }
  }
  EXPECT_EQ(covered, 314u);
}

}  // namespace
}  // namespace ohmic
