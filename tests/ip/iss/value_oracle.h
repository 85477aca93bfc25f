#pragma once

#include <cstdint>
#include <string>

namespace ohmic::test {

/// Operand values of one instruction, as its encoding gives them.
struct oracle_operands {
  std::uint32_t a = 0, b = 0, d = 0;  ///< x[rs1], x[rs2], the old x[rd]
  std::int32_t imm12 = 0;             ///< bits 31..20, sign-extended
  std::uint32_t imm20 = 0;            ///< bits 31..12
  std::uint32_t is2 = 0, is3 = 0;     ///< bits 24..20, bits 29..25
  std::uint32_t imm6 = 0;             ///< bits 24..20 and 25
  std::uint32_t pc = 0;
};

/// What the instruction with this mnemonic writes to rd, derived from the manuals' text with wide integers and
/// plain loops, independent of ip/iss. is_immediate: the I-type of a mnemonic is spelled differently, so not
/// needed. Returns false if the mnemonic is not one of those that only compute.
bool expected_value(const std::string& mnemonic, const oracle_operands& o, std::uint32_t& result);

}  // namespace ohmic::test
