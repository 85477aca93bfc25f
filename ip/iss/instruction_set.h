#pragma once

#include <array>
#include <cstdint>
#include <string_view>

/// The instructions of the core, described once: decoder, disassembler, handlers and tests are made from
/// instructions_rv32.inc, instructions_xcv.inc and instructions_simd.inc.
namespace ohmic::iss {

/// Operand layout of an instruction: where its fields lie and how they are written in assembly.
enum class format : std::uint8_t {
  r_type,          ///< rd, rs1, rs2
  unary,           ///< rd, rs1
  i_type,          ///< rd, rs1, simm12
  shift_imm,       ///< rd, rs1, shamt
  u_type,          ///< rd, imm20
  u_type_pc,       ///< rd, imm20, relative to pc
  j_type,          ///< rd, target
  jalr_type,       ///< rd, simm12(rs1)
  b_type,          ///< rs1, rs2, target
  branch_imm,      ///< rs1, simm5, target
  load_imm,        ///< rd, simm12(rs1)
  load_post_imm,   ///< rd, (rs1), simm12
  load_post_reg,   ///< rd, (rs1), rs2
  load_reg,        ///< rd, rs2(rs1)
  store_imm,       ///< rs2, simm12(rs1)
  store_post_imm,  ///< rs2, (rs1), simm12
  store_post_reg,  ///< rs2, (rs1), rs3 (rs3 in the place of rd)
  store_reg,       ///< rs2, rs3(rs1)
  csr_reg,         ///< rd, csr, rs1
  csr_imm,         ///< rd, csr, uimm5
  no_operands,
  bit_field,    ///< rd, rs1, Is3, Is2
  clip_imm,     ///< rd, rs1, Is2
  three_imm,    ///< rd, rs1, rs2, Is3
  scalar_half,  ///< rd, rs1, rs2 (low half-word replicated)
  scalar_byte,  ///< rd, rs1, rs2 (low byte replicated)
  simm_half,
  simm_byte,
  uimm_half,
  uimm_byte,  ///< rd, rs1, imm6 (replicated)
  shift_half,
  shift_byte,      ///< rd, rs1, imm6 (unused high bits must be 0)
  lane_index,      ///< rd, rs1, imm6 (not replicated)
  loop_target,     ///< L, uimm12 * 4 from pc
  loop_reg,        ///< L, rs1
  loop_count,      ///< L, uimm12
  loop_setup_imm,  ///< L, uimm12, uimm5 * 4 from pc
  loop_setup_reg,  ///< L, rs1, uimm12 * 4 from pc
};

/// What an instruction does to the machine beyond computing a value.
enum class kind : std::uint8_t {
  alu,      ///< writes rd
  alu_acc,  ///< writes rd and reads its old value
  mulh,
  div,
  load,
  load_post,
  elw,
  store,
  store_post,
  branch,
  jal,
  jalr,
  csr,
  fence,
  fence_i,
  ecall,
  ebreak,
  mret,
  nop,
  loop_start,
  loop_end,
  loop_count,
  loop_setup,
  illegal,
};

enum class op : std::uint16_t {
#define X(id, ...) id,
#include "ip/iss/instructions_rv32.inc"
#include "ip/iss/instructions_simd.inc"
#include "ip/iss/instructions_xcv.inc"
#undef X
  illegal,     ///< anything else: trap cause 2
  checkpoint,  ///< not an instruction: a place where a line starts or a hardware loop may end (decoded_text)
  to_sp,       ///< not an instruction: one that computes sp, which is then compared with the stack guard (op_of())
  line_begin,  ///< not an instruction: the first that needs the next line
  line_end,    ///< not an instruction: a place where the prefetcher asks for the next line
  jump_ahead,  ///< not an instruction: an access whose next instruction is a jump
  outside,     ///< not an instruction: the guard behind the last byte of the text
  count
};

inline constexpr unsigned op_count = static_cast<unsigned>(op::count);

/// One line of the description.
struct instruction_info {
  std::string_view mnemonic;
  std::uint32_t mask, match;  ///< a 32-bit word w is this instruction if (w & mask) == match
  ohmic::iss::format format;
  ohmic::iss::kind kind;
};

inline constexpr std::array<instruction_info, op_count> instructions = {{
#define X(id, mnemonic, mask, match, fmt, knd, ...) {mnemonic, mask, match, format::fmt, kind::knd},
#include "ip/iss/instructions_rv32.inc"
#include "ip/iss/instructions_simd.inc"
#include "ip/iss/instructions_xcv.inc"
#undef X
    {"illegal", 0, 1, format::no_operands, kind::illegal},
    {"checkpoint", 0, 1, format::no_operands, kind::illegal},
    {"to_sp", 0, 1, format::no_operands, kind::alu},
    {"line_begin", 0, 1, format::no_operands, kind::illegal},
    {"line_end", 0, 1, format::no_operands, kind::illegal},
    {"jump_ahead", 0, 1, format::no_operands, kind::illegal},
    {"outside", 0, 1, format::no_operands, kind::illegal},
}};

constexpr const instruction_info& info(op o) { return instructions[static_cast<unsigned>(o)]; }

/// The instruction a 32-bit word encodes; op::illegal if none.
op identify(std::uint32_t word);

/// The 32-bit instruction that a 16-bit one stands for (RV32 Zca); 0, which is illegal, if it is none.
/// Source: RISC-V ISA manual, "C" Standard Extension, and cv32e40p_compressed_decoder.sv for reserved encodings.
std::uint32_t expand_compressed(std::uint16_t half);

/// True if the 16 bits begin a 32-bit instruction.
constexpr bool is_wide(std::uint16_t half) { return (half & 3) == 3; }

}  // namespace ohmic::iss
