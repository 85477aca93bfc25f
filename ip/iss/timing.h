#pragma once

#include <cstdint>

#include "ip/iss/instruction_set.h"

/// Issue cycles of the CV32E40P with zero-stall memories.
/// Source: CV32E40P user manual, "Pipeline Details", table "Cycle counts per instruction type"; where the table
/// is silent or differs, measured on the RTL (docs/timing.md).
namespace ohmic::iss {

inline constexpr std::uint8_t jump_cycles = 2;
inline constexpr std::uint8_t branch_taken_cycles = 3;
/// Of a jump's cycles those in which it waits in ID for an instruction that stays in EX: its target is fetched
/// meanwhile.
inline constexpr std::uint8_t hidden_jump_cycles = 1;
inline constexpr std::uint8_t mulh_cycles = 5;
inline constexpr std::uint8_t fence_cycles = 4;  ///< RTL: 4 (the manual says 2 for fence.i)
/// cv.elw flushes the pipeline: the next instruction issues that much later (RTL; 4 cycles if granted at once).
inline constexpr std::uint8_t elw_after_grant = 4, elw_after_response = 2;
inline constexpr std::uint8_t status_csr_cycles = 4;
inline constexpr std::uint8_t load_use_penalty = 1;
inline constexpr std::uint8_t alu_jalr_penalty = 1;
inline constexpr std::uint8_t load_jalr_penalty =
    2;                                          ///< jr_stall holds for a load in EX and in WB (cv32e40p_controller.sv)
inline constexpr std::uint8_t call_cycles = 4;  ///< ecall and ebreak, to the handler's first instruction
inline constexpr std::uint8_t illegal_cycles = 5;  ///< illegal instruction, the same
/// From the cycle in which the instruction in ID is cancelled for an interrupt, which is the one in which the vector is
/// asked for, to the issue of what stands there (cv32e40p_controller.sv, DECODE: it does not wait for EX).
inline constexpr std::uint8_t interrupt_cycles = 3;
/// From the cycle in which a line rises to the first issue cycle that it can take: the line is registered
/// (cv32e40p_int_controller.sv, irq_q), then the controller cancels the instruction in ID.
inline constexpr std::uint8_t irq_notice_cycles = 3;
inline constexpr std::uint8_t mret_cycles = 5;
inline constexpr std::uint8_t fetch_to_issue_cycles = 3;  ///< a jump's request for its target to the target's issue
inline constexpr std::uint8_t line_to_issue_cycles = 2;   ///< a word that is waited for to its instruction's issue
inline constexpr std::uint8_t reset_to_issue_cycles =
    5;  ///< start to the first instruction's issue, its line being there

constexpr std::uint8_t base_cycles(kind k) {
  switch (k) {
    case kind::mulh:
      return mulh_cycles;
    case kind::fence:
    case kind::fence_i:
      return fence_cycles;
    case kind::mret:
      return mret_cycles;
    case kind::jal:
    case kind::jalr:
      return jump_cycles;
    case kind::ecall:
    case kind::ebreak:
      return call_cycles;
    case kind::illegal:
      return illegal_cycles;
    // Accesses: cycles after the response until the next instruction issues.
    case kind::load:
    case kind::load_post:
    case kind::elw:
    case kind::store:
    case kind::store_post:
      return 0;
    default:
      return 1;
  }
}

/// CSRs that flush the pipeline: "status" CSRs of cv32e40p_decoder.sv.
std::uint8_t csr_cycles(std::uint16_t csr);

/// Division and remainder: the serial divider shifts the divisor to the left first, so the time depends on
/// the divisor's leading sign (signed) or zero (unsigned) bits. Source: cv32e40p_alu.sv (div_shift).
constexpr unsigned divider_cycles(std::uint32_t divisor, bool is_signed) {
  const bool negative = is_signed && static_cast<std::int32_t>(divisor) < 0;
  const std::uint32_t v = negative ? ~divisor : divisor;
  // Leading zeros of v, of which the sign bit of a negative divisor is free.
  const unsigned zeros = v == 0 ? 32 : static_cast<unsigned>(__builtin_clz(v));
  return negative ? 2 + zeros : 3 + zeros;
}

}  // namespace ohmic::iss
