#include "ip/iss/decoded_text.h"

#include <algorithm>
#include <cstring>

#include "ip/core/loop_rules.h"
#include "ip/iss/semantics.h"
#include "ip/iss/timing.h"

namespace ohmic::iss {
namespace {

constexpr u32 bits(u32 w, unsigned high, unsigned low) { return w >> low & ((2u << (high - low)) - 1); }
constexpr s32 sign_extend(u32 v, unsigned width) { return s32(v << (32 - width)) >> (32 - width); }

constexpr s32 imm_i(u32 w) { return s32(w) >> 20; }
constexpr s32 imm_s(u32 w) { return (s32(w) >> 25) * 32 + s32(bits(w, 11, 7)); }
constexpr s32 imm_b(u32 w) {
  return sign_extend(bits(w, 31, 31) << 12 | bits(w, 7, 7) << 11 | bits(w, 30, 25) << 5 | bits(w, 11, 8) << 1, 13);
}
constexpr s32 imm_j(u32 w) {
  return sign_extend(bits(w, 31, 31) << 20 | bits(w, 19, 12) << 12 | bits(w, 20, 20) << 11 | bits(w, 30, 21) << 1, 21);
}
constexpr u32 imm6(u32 w) { return bits(w, 24, 20) << 1 | bits(w, 25, 25); }

constexpr bool is_access(kind k) {
  return k == kind::load || k == kind::load_post || k == kind::elw || k == kind::store || k == kind::store_post;
}

/// Bytes a load or store accesses, negative if it sign-extends.
int access_size(op o) {
  switch (o) {
#define X(id, mnemonic, mask, match, fmt, knd, ...) \
  case op::id:                                      \
    return is_access(kind::knd) ? static_cast<int>(value<op::id>(0, 0, 0, 0)) : 0;
#include "ip/iss/instructions_rv32.inc"
#include "ip/iss/instructions_xcv.inc"
#undef X
    default:
      return 0;
  }
}

/// Shift immediates of half-words are 4 bits, of bytes 3 bits wide; the bits above must be 0.
bool legal(op o, u32 w) {
  const format f = info(o).format;
  if (f == format::shift_half) return imm6(w) < 16;
  if (f == format::shift_byte) return imm6(w) < 8;
  return true;
}

bool reads_rs1(const decoded& d, op o) {
  switch (info(o).format) {
    case format::u_type:
    case format::u_type_pc:
    case format::j_type:
    case format::csr_imm:
    case format::no_operands:
    case format::loop_target:
    case format::loop_count:
    case format::loop_setup_imm:
      return false;
    default:
      return true;
  }
}
bool reads_rs2(op o) {
  switch (info(o).format) {
    case format::r_type:
    case format::b_type:
    case format::load_post_reg:
    case format::load_reg:
    case format::store_imm:
    case format::store_post_imm:
    case format::store_post_reg:
    case format::store_reg:
    case format::three_imm:
    case format::scalar_half:
    case format::scalar_byte:
    case format::lane_index:  // the decoder looks at the bits of rs2 although they are an immediate
                              // (cv32e40p_decoder.sv)
      return true;
    default:
      return false;
  }
}
bool reads_rd(op o) {
  const format f = info(o).format;
  return info(o).kind == kind::alu_acc || f == format::store_post_reg || f == format::store_reg;
}
bool reads(const decoded& d, unsigned reg) {
  const op o = op_of(d);
  return (reads_rs1(d, o) && d.rs1 == reg) || (reads_rs2(o) && d.rs2 == reg) || (reads_rd(o) && d.rd == reg);
}
/// Loads whose data come late for the next instruction. cv.elw flushes the pipeline, so its are there in time.
bool is_load(kind k) { return k == kind::load || k == kind::load_post; }
bool is_jalr(const decoded& d) { return info(op_of(d)).kind == kind::jalr; }

/// The register an instruction writes from the EX stage (loads: the post-incremented base); 0 if none.
unsigned written_in_ex(const decoded& d) {
  switch (info(op_of(d)).kind) {
    case kind::alu:
    case kind::alu_acc:
    case kind::mulh:
    case kind::div:
    case kind::csr:
    case kind::jal:
    case kind::jalr:
      return d.rd == sink_register ? 0 : d.rd;
    case kind::load_post:
    case kind::store_post:
      return d.rs1;
    default:
      return 0;
  }
}
unsigned loaded_register(const decoded& d) { return is_load(info(op_of(d)).kind) && d.rd != sink_register ? d.rd : 0; }

}  // namespace

bool waits_for_load(const decoded& to, unsigned r) { return reads(to, r) || written_in_ex(to) == r; }

unsigned hazard_cycles(const decoded& from, const decoded& to) {
  unsigned cycles = 0;
  if (const unsigned r = loaded_register(from); r != 0) {
    if (is_jalr(to) && to.rs1 == r)
      cycles = load_jalr_penalty;
    else if (waits_for_load(to, r))
      cycles = load_use_penalty;
  }
  if (is_jalr(to) && to.rs1 != 0 && to.rs1 == written_in_ex(from))
    cycles = std::max<unsigned>(cycles, alu_jalr_penalty);
  return cycles;
}

bool empties_if(const decoded& d) {
  const kind k = info(op_of(d)).kind;
  return k == kind::branch || k == kind::jal || k == kind::jalr || k == kind::fence || k == kind::fence_i ||
         k == kind::elw || k == kind::mret || k == kind::ecall || k == kind::ebreak || k == kind::illegal ||
         (k == kind::csr && d.cycles >= status_csr_cycles);
}

decoded decoded_text::decode(u32 pc, u32 word) {
  const bool wide = is_wide(static_cast<std::uint16_t>(word));
  const u32 w = wide ? word : expand_compressed(static_cast<std::uint16_t>(word));
  op o = identify(w);
  if (!legal(o, w)) o = op::illegal;
  const format f = info(o).format;
  const kind k = info(o).kind;

  decoded d{};
  d.arrive = d.body = static_cast<std::uint16_t>(o);
  d.step = wide ? 2 * sizeof(decoded) : sizeof(decoded);
  d.rd = static_cast<std::uint8_t>(bits(w, 11, 7));
  d.rs1 = static_cast<std::uint8_t>(bits(w, 19, 15));
  d.rs2 = static_cast<std::uint8_t>(bits(w, 24, 20));
  d.cycles = base_cycles(k);
  const u32 five = bits(w, 29, 25);  // Is3
  switch (f) {
    case format::i_type:
    case format::jalr_type:
    case format::load_imm:
    case format::load_post_imm:
      d.imm = imm_i(w);
      break;
    case format::shift_imm:
      d.imm = d.rs2;
      break;
    case format::u_type:
      d.imm = s32(w & 0xfffff000u);
      break;
    case format::u_type_pc:
      d.imm = s32((w & 0xfffff000u) + pc);
      break;
    case format::j_type:
      d.imm = imm_j(w);
      break;
    case format::b_type:
    case format::branch_imm:
      d.imm = imm_b(w);
      break;
    case format::store_imm:
    case format::store_post_imm:
      d.imm = imm_s(w);
      break;
    case format::csr_reg:
      d.aux = static_cast<std::uint16_t>(bits(w, 31, 20));
      break;
    case format::csr_imm:
      d.aux = static_cast<std::uint16_t>(bits(w, 31, 20));
      d.imm = d.rs1;
      break;
    case format::bit_field:
      d.imm = s32(five << 5 | d.rs2);
      break;
    case format::clip_imm:
      d.imm = s32((d.rs2 == 0 ? 1u : 1u << (d.rs2 - 1)) - 1);
      break;
    case format::three_imm:
      d.imm = s32(five);
      break;
    case format::simm_half:
      d.imm = s32(replicate_half(u32(sign_extend(imm6(w), 6))));
      break;
    case format::simm_byte:
      d.imm = s32(replicate_byte(u32(sign_extend(imm6(w), 6))));
      break;
    case format::uimm_half:
    case format::shift_half:
      d.imm = s32(replicate_half(imm6(w)));
      break;
    case format::uimm_byte:
    case format::shift_byte:
      d.imm = s32(replicate_byte(imm6(w)));
      break;
    case format::lane_index:
      d.imm = s32(imm6(w));
      break;
    case format::loop_target:
      d.imm = s32(pc + (bits(w, 31, 20) << 2));
      break;
    case format::loop_count:
      d.imm = s32(bits(w, 31, 20));
      break;
    case format::loop_setup_imm:
      d.imm = s32(bits(w, 31, 20));
      break;  // count; the end comes from rs1
    case format::loop_setup_reg:
      d.imm = s32(pc + (bits(w, 31, 20) << 2));
      break;
    default:
      break;
  }
  if (is_access(k)) {
    const int coded = access_size(o);
    d.aux = static_cast<std::uint16_t>(coded < 0 ? -coded | access_signed : coded);
    if (k == kind::elw) d.aux |= access_elw;
  }
  if (f == format::branch_imm) d.aux = static_cast<std::uint16_t>(sign_extend(d.rs2, 5));
  if (f == format::csr_reg || f == format::csr_imm) d.cycles = csr_cycles(d.aux);
  if (k == kind::jal || k == kind::branch) d.imm = d.imm / 2 * s32(sizeof(decoded));
  if (k == kind::loop_start || k == kind::loop_end || k == kind::loop_count || k == kind::loop_setup) {
    d.rd &= 1;  // the loop number
  } else if (k != kind::branch && k != kind::store && k != kind::store_post && d.rd == 0) {
    d.rd = sink_register;
  }
  return d;
}

decoded_text::decoded_text(u32 base, const void* bytes, std::size_t size)
    : base_(base & ~1u),
      size_(static_cast<u32>(size & ~std::size_t{1})),
      halves_(size_ / 2),
      entries_(size_ / 2 + front_guards + back_guards),
      loop_ends_(size_ / 2 + 2) {
  if (size_ > 0) std::memcpy(halves_.data(), bytes, size_);
  for (decoded& guard : entries_) guard.arrive = guard.body = static_cast<std::uint16_t>(op::outside);
  decode_range(0, size_ / 2);
}

u32 decoded_text::bits_at(u32 index) const {
  const std::uint16_t low = half_at(index);
  return is_wide(low) ? u32{low} | u32{half_at(index + 1)} << 16 : low;
}

u32 decoded_text::word_at(u32 pc) const { return bits_at((pc - base_) >> 1); }

void decoded_text::refresh(u32 addr, const void* bytes, std::size_t size) {
  const auto* from = static_cast<const unsigned char*>(bytes);
  auto* to = reinterpret_cast<unsigned char*>(halves_.data());
  for (std::size_t i = 0; i < size; ++i) {
    const u32 offset = addr + static_cast<u32>(i) - base_;
    if (offset < size_) to[offset] = from[i];
  }
  const u32 first = addr - base_ < size_ ? (addr - base_) / 2 : 0;
  const u32 last = std::min<std::uint64_t>(std::uint64_t{first} + size / 2 + 1, size_ / 2);
  decode_range(first < 3 ? 0 : first - 3, last);
}

void decoded_text::decode_range(u32 first, u32 end) {
  for (u32 i = first; i < end; ++i) {
    decoded d = decode(base_ + 2 * i, bits_at(i));
    // A 32-bit instruction cut off by the end of the text is no instruction.
    if (d.step != sizeof(decoded) && i + 1 >= halves_.size())
      d.arrive = d.body = static_cast<std::uint16_t>(op::outside);
    at(i) = d;
    const kind k = info(op_of(d)).kind;
    u32 loop_end = 0;
    if (k == kind::loop_end && info(op_of(d)).format == format::loop_target) loop_end = u32(d.imm);
    if (k == kind::loop_setup) {
      loop_end = info(op_of(d)).format == format::loop_setup_reg ? u32(d.imm) : base_ + 2 * i + 4u * d.rs1;
    }
    if (loop_end != 0 && (loop_end - base_) / 2 <= size_ / 2) loop_ends_[(loop_end - base_) / 2] = true;
  }
  // A loop may end with the text: what follows is outside, but the loop goes round.
  if (loop_ends_[size_ / 2])
    __atomic_store_n(&at(size_ / 2).arrive, static_cast<std::uint16_t>(op::checkpoint), __ATOMIC_RELAXED);
  // A loop's end may lie anywhere, also before `first`.
  const bool whole = first == 0 && end == size_ / 2;
  for (u32 i = whole ? first : 0; i < size_ / 2; ++i) {
    if (i >= first && i < end) {
      finish(i);
      mark_stack_pointer(i);
    } else if (loop_ends_[i]) {
      __atomic_store_n(&at(i).arrive, static_cast<std::uint16_t>(op::checkpoint), __ATOMIC_RELAXED);
    }
  }
}

/// What changes sp is where a stack overflow begins: only there the ISS looks at the stack guard.
void decoded_text::mark_stack_pointer(u32 index) {
  decoded& d = at(index);
  const kind k = info(op_of(d)).kind;
  const bool loads = k == kind::load || k == kind::load_post || k == kind::elw;
  const bool steps = k == kind::load_post || k == kind::store_post;
  if ((loads && d.rd == stack_pointer) || (steps && d.rs1 == stack_pointer)) d.aux |= access_to_sp;
  if (d.rd != stack_pointer || (k != kind::alu && k != kind::alu_acc && k != kind::mulh)) return;
  d.aux = d.body;
  if (d.arrive == d.body) d.arrive = static_cast<std::uint16_t>(op::to_sp);
  d.body = static_cast<std::uint16_t>(op::to_sp);
}

/// The instruction there contains the low half of the word with which the prefetcher asks for the next line.
bool decoded_text::takes_last_word(u32 index) const {
  const u32 in_line = (base_ + 2 * index) % text_line_bytes;
  return in_line == text_line_bytes - 8 || (in_line == text_line_bytes - 10 && is_wide(half_at(index)));
}

/// When the instruction there is reached, by a jump at the latest, the prefetcher asks for the next line.
bool decoded_text::at_line_end(u32 index) const {
  const u32 pc = base_ + 2 * index;
  if (!contains((pc | (text_line_bytes - 1)) + 1)) return false;
  return pc % text_line_bytes >= text_line_bytes - 8 || takes_last_word(index) ||
         takes_last_word(index + (is_wide(half_at(index)) ? 2 : 1));
}

/// An access in front of a jump that does not wait for it and may leave its line.
bool decoded_text::asks_for_jump(u32 index) const {
  const u32 pc = base_ + 2 * index, next = index + (is_wide(half_at(index)) ? 2 : 1);
  const decoded d = decode(pc, bits_at(index)), jump = decode(base_ + 2 * next, bits_at(next));
  const kind k = info(op_of(d)).kind, j = info(static_cast<op>(jump.body)).kind;
  if (!is_access(k) || k == kind::elw || hazard_cycles(d, jump) != 0) return false;
  if (j == kind::jal)
    return (base_ + 2 * next + u32(jump.imm / s32(sizeof(decoded)) * 2)) / text_line_bytes != pc / text_line_bytes;
  return j == kind::jalr && cycles_in_id(next) == 0;
}

void decoded_text::mark_line_end(u32 index) {
  if (!at_line_end(index)) return;
  decoded& d = at(index);
  const u32 pc = base_ + 2 * index;
  d.flags |= flag_line_end;
  if (pc % text_line_bytes == text_line_bytes - 2 && d.step == sizeof(decoded)) d.flags |= flag_word_behind;
  // A jump leaves for its target before the line is asked for, unless it waits for its operand.
  const auto jumps_at_once = [&](u32 i) {
    const kind k = info(static_cast<op>(decode(base_ + 2 * i, bits_at(i)).body)).kind;
    return k == kind::jal || (k == kind::jalr && cycles_in_id(i) == 0);
  };
  const u32 next = index + (d.step != sizeof(decoded) ? 2 : 1);
  bool asks = takes_last_word(next) && !empties_if(d) && !jumps_at_once(next);
  if (takes_last_word(index) && !jumps_at_once(index)) {
    for (const u32 back : {1u, 2u}) {
      if (index < back) break;
      const decoded before = decode(pc - 2 * back, bits_at(index - back));
      asks = asks || (before.step == back * sizeof(decoded) && empties_if(before));
    }
  }
  if (asks && d.arrive == d.body) d.arrive = static_cast<std::uint16_t>(op::line_end);
}

/// Cycles that a jalr waits for the instruction in front of it, which makes its operand.
unsigned decoded_text::cycles_in_id(u32 index) const {
  const decoded& d = at(index);
  if (!is_jalr(d) || d.rs1 == 0) return 0;
  for (const u32 back : {1u, 2u}) {
    if (index < back) break;
    const decoded before = decode(base_ + 2 * (index - back), bits_at(index - back));
    if (before.step != back * sizeof(decoded)) continue;
    if (const unsigned cycles = hazard_cycles(before, d); cycles != 0) return cycles;
  }
  return 0;
}

void decoded_text::finish(u32 index) {
  decoded& d = at(index);
  const u32 pc = base_ + 2 * index;
  const kind k = info(op_of(d)).kind;
  const bool wide = d.step != sizeof(decoded);
  const u32 in_line = pc % text_line_bytes;
  if (wide && in_line == text_line_bytes - 2) d.flags |= flag_straddles;
  if (in_line == 0) d.flags |= flag_line_start;
  if (wide && pc % 4 == 2) d.flags |= flag_wide_at_2mod4;
  mark_line_end(index);
  if (loop_ends_[index])
    d.arrive = static_cast<std::uint16_t>(op::checkpoint);
  else if (d.flags & flags_needing_line)
    d.arrive = static_cast<std::uint16_t>(op::line_begin);

  if (k == kind::loop_setup) {
    const bool short_form = info(op_of(d)).format == format::loop_setup_imm;
    const u32 loop_end = short_form ? pc + 4u * d.rs1 : u32(d.imm);
    const bool allowed = pc % 4 == 0 && check_loop_body(bytes(), d.rd, pc + 4, loop_end) == hart_fault::none;
    d.aux = allowed ? 0 : 1;
  }
  if (index >= 2 && is_wide(half_at(index - 2)) && (k == kind::jal || (k == kind::jalr && cycles_in_id(index) == 0))) {
    const kind in_front = info(static_cast<op>(decode(pc - 4, bits_at(index - 2)).body)).kind;
    if (in_front == kind::mulh || in_front == kind::div) d.flags |= flag_hidden_jump;
  }
  if (k == kind::jal || k == kind::branch) {
    const u32 target = pc + u32(d.imm / s32(sizeof(decoded)) * 2);
    bool slow_target = false;
    if (contains(target)) {
      const u32 t = (target - base_) / 2;
      const bool target_wide = is_wide(half_at(t));
      slow_target = target_wide && target % 4 == 2;
      const bool straddles = target_wide && target % text_line_bytes == text_line_bytes - 2;
      if (target / text_line_bytes == pc / text_line_bytes && !straddles && t + target_wide < size_ / 2 &&
          (d.flags & (flag_line_end | flag_hidden_jump)) == 0 && !at_line_end(t) && !asks_for_jump(t)) {
        d.flags |= flag_near_target;
      }
    }
    if (k == kind::jal)
      d.cycles = static_cast<std::uint8_t>(jump_cycles + slow_target);
    else
      d.rd = static_cast<std::uint8_t>(branch_taken_cycles + slow_target);
    return;
  }

  // Hazards with the next instruction in memory order, which is the next executed (hardware loops apart).
  const u32 next = index + (wide ? 2 : 1);
  if (next >= size_ / 2) {
    if (loaded_register(d) != 0 && wide && next == size_ / 2 && loop_ends_[next]) d.flags |= flag_late_hazard;
    return;
  }
  const decoded n = decode(base_ + 2 * next, bits_at(next));
  if (loaded_register(d) != 0 && wide && loop_ends_[next])
    d.flags |= flag_late_hazard;
  else
    d.cycles = static_cast<std::uint8_t>(d.cycles + hazard_cycles(d, n));
  // A jump behind a multi-cycle instruction fetches its target's first word while it waits for EX.
  const kind nk = info(static_cast<op>(n.body)).kind;
  if ((k == kind::mulh || k == kind::div) && !loop_ends_[next] &&
      (nk == kind::jal || (nk == kind::jalr && n.rs1 != written_in_ex(d)))) {
    if (k == kind::mulh)
      d.cycles -= hidden_jump_cycles;
    else
      d.aux = hidden_jump_cycles;
  }
  const bool jump_next = nk == kind::jal || nk == kind::jalr;
  if (is_access(k) && jump_next && d.cycles == 0) {
    d.aux |= access_before_jump;
    if (asks_for_jump(index) && d.arrive == d.body) d.arrive = static_cast<std::uint16_t>(op::jump_ahead);
  }
  // A jump that only overwrites what is loaded waits in ID, its target being fetched.
  if (jump_next && is_load(k) && d.cycles != 0 && !reads(n, loaded_register(d))) d.cycles -= hidden_jump_cycles;
  // A fence fetches the next instruction anew.
  if ((k == kind::fence || k == kind::fence_i) && is_wide(half_at(next)) && (pc + 4) % 4 == 2) ++d.cycles;
  // A load two instructions before a jalr still blocks it for one cycle (WB stage).
  if (is_jalr(n) && n.rs1 != 0 && n.rs1 != written_in_ex(d) && loaded_register(d) != n.rs1) {
    for (const u32 back : {1u, 2u}) {
      if (index < back) break;
      const decoded before = decode(pc - 2 * back, bits_at(index - back));
      if (before.step == back * sizeof(decoded) && loaded_register(before) == n.rs1) d.cycles += alu_jalr_penalty;
    }
  }
}

void decoded_text::mark_loop_end(u32 pc) const {
  if (pc - base_ > size_) return;
  __atomic_store_n(&at((pc - base_) >> 1).arrive, static_cast<std::uint16_t>(op::checkpoint), __ATOMIC_RELAXED);
}

}  // namespace ohmic::iss
