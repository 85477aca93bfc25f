#include "tests/cosim/coverage.h"

#include <iterator>

namespace ohmic::test {
namespace {

using iss::kind;
using iss::op;

struct compressed_form {
  const char* name;
  std::uint16_t mask, match;
};
/// Source: RISC-V unprivileged ISA, "C" extension, RV32 without floating point. The first that fits.
constexpr compressed_form forms[] = {
    {"c.addi4spn", 0xe003, 0x0000}, {"c.lw", 0xe003, 0x4000},       {"c.sw", 0xe003, 0xc000},
    {"c.nop", 0xef83, 0x0001},      {"c.addi", 0xe003, 0x0001},     {"c.jal", 0xe003, 0x2001},
    {"c.li", 0xe003, 0x4001},       {"c.addi16sp", 0xef83, 0x6101}, {"c.lui", 0xe003, 0x6001},
    {"c.srli", 0xec03, 0x8001},     {"c.srai", 0xec03, 0x8401},     {"c.andi", 0xec03, 0x8801},
    {"c.sub", 0xfc63, 0x8c01},      {"c.xor", 0xfc63, 0x8c21},      {"c.or", 0xfc63, 0x8c41},
    {"c.and", 0xfc63, 0x8c61},      {"c.j", 0xe003, 0xa001},        {"c.beqz", 0xe003, 0xc001},
    {"c.bnez", 0xe003, 0xe001},     {"c.slli", 0xe003, 0x0002},     {"c.lwsp", 0xe003, 0x4002},
    {"c.jr", 0xf07f, 0x8002},       {"c.mv", 0xf003, 0x8002},       {"c.ebreak", 0xffff, 0x9002},
    {"c.jalr", 0xf07f, 0x9002},     {"c.add", 0xf003, 0x9002},      {"c.swsp", 0xe003, 0xc002}};

enum situation : unsigned {
  loop_count_0,
  loop_count_1,
  loop_count_more,
  loop_count_4095,
  loop_of_3,
  loop_of_30,
  nested_at_8_bytes,
  nested_further,
  loop_ends_with_load,
  misaligned_load_half,
  misaligned_load_word_1,
  misaligned_load_word_2,
  misaligned_load_word_3,
  misaligned_store_half,
  misaligned_store_word_1,
  misaligned_store_word_2,
  misaligned_store_word_3,
  misaligned_post_load,
  misaligned_post_store,
  branch_taken,
  branch_not_taken,
  jump_back,
  target_wide_at_2mod4,
  trap_ecall,
  trap_ebreak,
  trap_illegal_32,
  trap_illegal_16,
  trap_illegal_csr,
  trap_in_loop,
  interrupt_vectored,
  interrupt_direct,
  interrupt_in_loop,
  interrupt_replays_elw,
  event_before_sleep,
  event_as_it_falls_asleep,
  event_after,
  event_with_interrupt,
  interrupt_line_first
};
constexpr const char* names[] = {"hardware loop, count 0",
                                 "hardware loop, count 1",
                                 "hardware loop, other counts",
                                 "hardware loop, count 4095",
                                 "hardware loop of 3 instructions",
                                 "hardware loop of 30 instructions",
                                 "nested loops, ends 8 bytes apart",
                                 "nested loops, ends further apart",
                                 "hardware loop ends with a load",
                                 "load of a half-word over a word's end",
                                 "load of a word at 1 mod 4",
                                 "load of a word at 2 mod 4",
                                 "load of a word at 3 mod 4",
                                 "store of a half-word over a word's end",
                                 "store of a word at 1 mod 4",
                                 "store of a word at 2 mod 4",
                                 "store of a word at 3 mod 4",
                                 "post-increment load over a word's end",
                                 "post-increment store over a word's end",
                                 "branch taken",
                                 "branch not taken",
                                 "jump or branch back",
                                 "jump to a 32-bit instruction at 2 mod 4",
                                 "ecall",
                                 "ebreak",
                                 "illegal instruction, 32 bits",
                                 "illegal instruction, 16 bits",
                                 "illegal CSR access",
                                 "exception in a hardware loop",
                                 "interrupt, vectored",
                                 "interrupt, direct",
                                 "interrupt in a hardware loop",
                                 "interrupt with cv.elw replayed",
                                 "event before the core sleeps",
                                 "event in the cycle in which it falls asleep",
                                 "event after it has fallen asleep",
                                 "event and interrupt together"};
static_assert(std::size(names) == interrupt_line_first);
constexpr unsigned irq_lines[] = {3, 7, 11, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

op op_of(const retire_record& r) {
  return iss::identify(r.compressed ? iss::expand_compressed(static_cast<std::uint16_t>(r.instruction))
                                    : r.instruction);
}

}  // namespace

void coverage::access(const retire_record& r) {
  const unsigned offset = r.mem_addr & 3;
  if (offset + r.mem_size <= 4) return;
  const kind k = iss::info(last_).kind;
  if (r.mem_size == 2)
    count(r.mem_write ? misaligned_store_half : misaligned_load_half);
  else
    count((r.mem_write ? misaligned_store_word_1 : misaligned_load_word_1) + offset - 1);
  if (k == kind::load_post) count(misaligned_post_load);
  if (k == kind::store_post) count(misaligned_post_store);
}

void coverage::trap(const retire_record& r) {
  const auto in_loop = [&](const loop& l) { return l.count > 1 && r.pc >= l.start && r.pc < l.end; };
  const bool inside = in_loop(loops_[0]) || in_loop(loops_[1]);
  if ((r.cause >> 31) != 0) {
    for (unsigned i = 0; i < std::size(irq_lines); ++i) {
      if ((r.cause & 31) == irq_lines[i]) count(interrupt_line_first + i);
    }
    count((mtvec_ & 1) != 0 ? interrupt_vectored : interrupt_direct);
    if (inside) count(interrupt_in_loop);
    if (r.pc == elw_pc_) count(interrupt_replays_elw);
    return;
  }
  if (inside) count(trap_in_loop);
  switch (r.cause) {
    case 3:
      count(trap_ebreak);
      if (r.compressed) ++compressed_[23];
      break;
    case 11:
      count(trap_ecall);
      break;
    default:
      count(iss::info(last_).kind == kind::csr ? trap_illegal_csr : r.compressed ? trap_illegal_16 : trap_illegal_32);
      return;
  }
  ++instructions_[static_cast<unsigned>(last_)];
}

/// Follows what sets a loop up; what it amounts to is counted when the loop is entered.
void coverage::loop_register(op o, const retire_record& r) {
  const std::uint32_t w = r.instruction;
  loop& l = loops_[w >> 7 & 1];
  const std::uint32_t a = x_[w >> 15 & 31], imm = w >> 20;
  switch (iss::info(o).kind) {
    case kind::loop_start:
      l.start = iss::info(o).format == iss::format::loop_reg ? a & ~3u : r.pc + 4 * imm;
      break;
    case kind::loop_end:
      l.end = iss::info(o).format == iss::format::loop_reg ? a & ~3u : r.pc + 4 * imm;
      break;
    case kind::loop_count:
      l.count = iss::info(o).format == iss::format::loop_reg ? a : imm;
      break;
    default: {
      const bool imm_form = iss::info(o).format == iss::format::loop_setup_imm;
      l.start = r.pc + 4;
      l.end = r.pc + 4 * (imm_form ? w >> 15 & 31 : imm);
      l.count = imm_form ? imm : a;
      break;
    }
  }
  l.fresh = true;
}

void coverage::loop_entered(unsigned n) {
  loop& l = loops_[n];
  l.fresh = false;
  count(l.count == 0      ? loop_count_0
        : l.count == 1    ? loop_count_1
        : l.count == 4095 ? loop_count_4095
                          : loop_count_more);
  if (l.end - l.start == 12) count(loop_of_3);
  if (l.end - l.start == 120) count(loop_of_30);
  const loop& outer = loops_[1];
  if (n == 0 && l.start >= outer.start && l.end < outer.end)
    count(outer.end - l.end == 8 ? nested_at_8_bytes : nested_further);
}

void coverage::retire(unsigned, const retire_record& r) {
  if (branch_pc_ != 1) {
    count(r.pc == branch_next_ ? branch_not_taken : branch_taken);
    branch_pc_ = 1;
  }
  const op before = last_;
  last_ = op_of(r);
  if (r.trap) {
    trap(r);
    elw_pc_ = 1;
    return;
  }
  const kind k = iss::info(last_).kind;
  const kind was = before == op::count ? kind::alu : iss::info(before).kind;
  if ((was == kind::jal || was == kind::jalr || was == kind::branch) && !r.compressed && r.pc % 4 == 2)
    count(target_wide_at_2mod4);
  ++instructions_[static_cast<unsigned>(last_)];
  if (r.compressed) {
    for (unsigned i = 0; i < compressed_forms; ++i) {
      if ((r.instruction & forms[i].mask) != forms[i].match) continue;
      ++compressed_[i];
      break;
    }
  }
  for (unsigned l = 0; l < 2; ++l) {
    if (loops_[l].fresh && r.pc == loops_[l].start) loop_entered(l);
    if (r.pc + 4 == loops_[l].end && loops_[l].count > 1 && k == kind::load) count(loop_ends_with_load);
  }
  if (r.mem_size != 0) access(r);
  if (k == kind::loop_start || k == kind::loop_end || k == kind::loop_count || k == kind::loop_setup)
    loop_register(last_, r);
  if (k == kind::branch) {
    branch_pc_ = r.pc;
    branch_next_ = r.pc + (r.compressed ? 2 : 4);
    const bool back = r.compressed ? (r.instruction >> 12 & 1) != 0 : (r.instruction >> 31) != 0;
    if (back) count(jump_back);
  }
  if (k == kind::csr && r.instruction >> 20 == 0x305 && (r.instruction >> 12 & 7) == 1)
    mtvec_ = x_[r.instruction >> 15 & 31];
  elw_pc_ = k == kind::elw ? r.pc : 1;
  if (r.rd != 0) x_[r.rd] = r.rd_value;
  if (r.rd2 != 0) x_[r.rd2] = r.rd2_value;
}

void coverage::end_program(const happenings& what) {
  for (const event_answer& e : what.events) {
    // The core sleeps from the second cycle after its request on.
    count(e.wait == 0 ? event_before_sleep : e.wait == 1 ? event_as_it_falls_asleep : event_after);
    if (e.lines != 0) count(event_with_interrupt);
  }
  x_ = {};
  loops_ = {};
  branch_pc_ = elw_pc_ = 1;
  last_ = op::count;
}

void coverage::add(const coverage& other) {
  for (unsigned i = 0; i < iss::op_count; ++i) instructions_[i] += other.instructions_[i];
  for (unsigned i = 0; i < compressed_forms; ++i) compressed_[i] += other.compressed_[i];
  for (unsigned i = 0; i < situations; ++i) situations_[i] += other.situations_[i];
}

std::vector<std::pair<std::string, std::uint64_t>> coverage::table() const {
  static_assert(std::size(forms) == compressed_forms && interrupt_line_first + std::size(irq_lines) <= situations);
  std::vector<std::pair<std::string, std::uint64_t>> all;
  for (unsigned i = 0; i < static_cast<unsigned>(op::illegal); ++i) {
    const iss::instruction_info& what = iss::info(static_cast<op>(i));
    std::string name(what.mnemonic);
    // The same mnemonic in several forms
    switch (what.format) {
      case iss::format::load_post_imm:
      case iss::format::store_post_imm:
        name += " post imm";
        break;
      case iss::format::load_post_reg:
      case iss::format::store_post_reg:
        name += " post reg";
        break;
      case iss::format::load_reg:
      case iss::format::store_reg:
        name += " reg";
        break;
      default:
        break;
    }
    all.emplace_back(name, instructions_[i]);
  }
  for (unsigned i = 0; i < compressed_forms; ++i) all.emplace_back(forms[i].name, compressed_[i]);
  for (unsigned i = 0; i < interrupt_line_first; ++i) all.emplace_back(names[i], situations_[i]);
  for (unsigned i = 0; i < std::size(irq_lines); ++i)
    all.emplace_back("interrupt line " + std::to_string(irq_lines[i]), situations_[interrupt_line_first + i]);
  return all;
}

}  // namespace ohmic::test
