#include "ip/iss/disassembler.h"

#include <array>
#include <cstdio>

#include "ip/iss/decoded_text.h"
#include "ip/iss/instruction_set.h"

namespace ohmic::iss {
namespace {

constexpr std::array<const char*, 32> names = {"zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
                                               "a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
                                               "s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};

std::string number(std::int64_t v) { return std::to_string(v); }
std::string hex(std::uint32_t v) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "0x%x", v);
  return text.data();
}

struct csr_name {
  std::uint32_t number;
  const char* name;
};
constexpr std::array<csr_name, 20> csr_names = {
    {{0x300, "mstatus"},    {0x301, "misa"},     {0x304, "mie"},      {0x305, "mtvec"},   {0x320, "mcountinhibit"},
     {0x323, "mhpmevent3"}, {0x340, "mscratch"}, {0x341, "mepc"},     {0x342, "mcause"},  {0x343, "mtval"},
     {0x344, "mip"},        {0xb00, "mcycle"},   {0xb02, "minstret"}, {0xb80, "mcycleh"}, {0xb82, "minstreth"},
     {0xf11, "mvendorid"},  {0xf12, "marchid"},  {0xf13, "mimpid"},   {0xf14, "mhartid"}, {0xc00, "cycle"}}};

std::string csr(std::uint32_t n) {
  for (const csr_name& c : csr_names) {
    if (c.number == n) return c.name;
  }
  return hex(n);
}

}  // namespace

std::string disassemble(std::uint32_t pc, std::uint32_t word) {
  const bool wide = is_wide(static_cast<std::uint16_t>(word));
  const decoded d = decoded_text::decode(pc, word);
  const op o = static_cast<op>(d.body);
  if (o == op::illegal) return (wide ? ".word " : ".half ") + hex(wide ? word : word & 0xffff);
  const std::uint32_t w = wide ? word : expand_compressed(static_cast<std::uint16_t>(word));
  const instruction_info& what = info(o);
  const std::string rd = names[w >> 7 & 31];
  const std::string rs1 = names[w >> 15 & 31];
  const std::string rs2 = names[w >> 20 & 31];
  const std::string imm = number(d.imm);
  const std::string target = hex(pc + static_cast<std::uint32_t>(d.imm / static_cast<int>(sizeof(decoded)) * 2));
  const std::uint32_t six = (w >> 20 & 31) << 1 | (w >> 25 & 1);
  const std::string loop = number(w >> 7 & 1);
  const std::string twelve = number(w >> 20);
  const std::string bytes12 = number((w >> 20) * 4);

  std::string operands;
  switch (what.format) {
    case format::r_type:
    case format::scalar_half:
    case format::scalar_byte:
      operands = rd + ", " + rs1 + ", " + rs2;
      break;
    case format::unary:
      operands = rd + ", " + rs1;
      break;
    case format::i_type:
    case format::shift_imm:
      operands = rd + ", " + rs1 + ", " + imm;
      break;
    case format::u_type:
    case format::u_type_pc:
      operands = rd + ", " + number(w >> 12);
      break;
    case format::j_type:
      operands = rd + ", " + target;
      break;
    case format::jalr_type:
    case format::load_imm:
      operands = rd + ", " + imm + "(" + rs1 + ")";
      break;
    case format::b_type:
      operands = rs1 + ", " + rs2 + ", " + target;
      break;
    case format::branch_imm:
      operands = rs1 + ", " + number(static_cast<std::int16_t>(d.aux)) + ", " + target;
      break;
    case format::load_post_imm:
      operands = rd + ", (" + rs1 + "), " + imm;
      break;
    case format::load_post_reg:
      operands = rd + ", (" + rs1 + "), " + rs2;
      break;
    case format::load_reg:
      operands = rd + ", " + rs2 + "(" + rs1 + ")";
      break;
    case format::store_imm:
      operands = rs2 + ", " + imm + "(" + rs1 + ")";
      break;
    case format::store_post_imm:
      operands = rs2 + ", (" + rs1 + "), " + imm;
      break;
    case format::store_post_reg:
      operands = rs2 + ", (" + rs1 + "), " + rd;
      break;
    case format::store_reg:
      operands = rs2 + ", " + rd + "(" + rs1 + ")";
      break;
    case format::csr_reg:
      operands = rd + ", " + csr(w >> 20) + ", " + rs1;
      break;
    case format::csr_imm:
      operands = rd + ", " + csr(w >> 20) + ", " + number(w >> 15 & 31);
      break;
    case format::bit_field:
      operands = rd + ", " + rs1 + ", " + number(w >> 25 & 31) + ", " + number(w >> 20 & 31);
      break;
    case format::clip_imm:
      operands = rd + ", " + rs1 + ", " + number(w >> 20 & 31);
      break;
    case format::three_imm:
      operands = rd + ", " + rs1 + ", " + rs2 + ", " + imm;
      break;
    case format::simm_half:
    case format::simm_byte:
      operands = rd + ", " + rs1 + ", " + number(static_cast<std::int32_t>(six << 26) >> 26);
      break;
    case format::uimm_half:
    case format::uimm_byte:
    case format::shift_half:
    case format::shift_byte:
    case format::lane_index:
      operands = rd + ", " + rs1 + ", " + number(six);
      break;
    case format::loop_target:
      operands = loop + ", " + bytes12;
      break;
    case format::loop_reg:
      operands = loop + ", " + rs1;
      break;
    case format::loop_count:
      operands = loop + ", " + twelve;
      break;
    case format::loop_setup_imm:
      operands = loop + ", " + twelve + ", " + number((w >> 15 & 31) * 4);
      break;
    case format::loop_setup_reg:
      operands = loop + ", " + rs1 + ", " + bytes12;
      break;
    case format::no_operands:
      break;
  }
  std::string text = wide ? "" : "c.";
  text += what.mnemonic;
  return operands.empty() ? text : text + " " + operands;
}

}  // namespace ohmic::iss
