#include "ip/iss/iss_group.h"

#include <utility>

#include "ip/iss/timing.h"

namespace ohmic {

namespace iss {
template struct handler_table<null_observer>;
template struct handler_table<counting_observer>;

namespace {
using computation = u32 (*)(const hart&, const decoded*);

template <op O>
constexpr computation computation_of() {
  constexpr instruction_info what = info(O);
  if constexpr (O < op::illegal && (what.kind == kind::alu || what.kind == kind::alu_acc || what.kind == kind::mulh)) {
    return [](const hart& s, const decoded* e) {
      const u32 imm = static_cast<u32>(e->imm);
      return value<O>(s.x[e->rs1], second_operand<what.format>(s.x[e->rs2], imm), s.x[e->rd], imm);
    };
  } else {
    return nullptr;
  }
}
template <std::size_t... I>
constexpr std::array<computation, op_count> make_computations(std::index_sequence<I...>) {
  return {{computation_of<static_cast<op>(I)>()...}};
}
}  // namespace

u32 compute(const hart& s, const decoded* e) {
  static constexpr std::array<computation, op_count> of = make_computations(std::make_index_sequence<op_count>{});
  return of[static_cast<unsigned>(op_of(*e))](s, e);
}

}  // namespace iss

using namespace iss;

iss_group::iss_group(const decoded_text& text, unsigned count, std::uint32_t first_mhartid) : set_(text, count) {
  for (unsigned h = 0; h < count; ++h) {
    set_.control[h].mhartid = first_mhartid + h;
    set_.harts[h].at = text.first();
  }
}

void iss_group::start(unsigned h, std::uint32_t boot_addr, cycle_t now) {
  hart& s = set_.harts[h];
  hart_control& c = set_.control[h];
  hart_control fresh;
  fresh.mhartid = c.mhartid;
  fresh.irq_lines = c.irq_lines;
  fresh.guard = c.guard;
  fresh.text = std::move(c.text);
  fresh.text_version = c.text_version;
  fresh.traps.set_limit(c.traps.limit());
  fresh.started = fresh.counted_awake = now;
  forget_access(s);
  set_.retired_before += s.retired;
  const u32 bias = s.pc_bias;
  s = hart{};
  s.pc_bias = bias;
  s.time = now + reset_to_issue_cycles;
  s.attention = attention_line;
  s.resume_at_body = true;
  c = std::move(fresh);
  set_.fetch[h] = hart_fetch{};
  if (set_.text_may_change()) set_.renew_text(h, set_.versions->history().fence(now));
  s.at = set_.entry_of(s, boot_addr & ~1u);
  update_stack_attention(s, c);
}

void iss_group::stop(unsigned h) {
  forget_access(set_.harts[h]);
  set_.harts[h].phase = access_phase::none;
  set_.harts[h].attention = attention_reset;
}

void iss_group::fetch_complete(unsigned h, cycle_t valid) {
  hart_fetch& f = set_.fetch[h];
  if (__builtin_expect(set_.text_may_change(), 0)) {
    const text_history& history = set_.versions->history();
    set_.renew_text(
        h, set_.control[h].fenced ? history.fence(set_.control[h].fenced_at) : history.at_fetch(set_.harts[h].time));
  }
  hart_control& c = set_.control[h];
  c.fenced = false;
  const cycle_t ready = valid - static_cast<cycle_t>(std::min<std::int64_t>(c.lead, static_cast<std::int64_t>(valid)));
  if (std::exchange(c.for_jump, false)) {
    c.jump_line = c.wanted;
    c.jump_ready = ready;
  } else {
    f.lines.fill(c.wanted);
    (std::exchange(c.for_handler, false) ? c.handler_ready : f.ready) = ready;
  }
  set_.harts[h].time = c.resume;
}

void iss_group::set_irq(unsigned h, std::uint32_t lines, cycle_t now) {
  hart_control& c = set_.control[h];
  if ((lines & ~c.irq_lines) != 0) c.irq_noticed = now != 0 ? now + irq_notice_cycles : 0;
  if (const u32 fallen = c.irq_lines & ~lines; fallen != 0) {
    c.irq_fallen = now != 0 ? (c.irq_decided ? c.irq_fallen : 0) | fallen : 0;
    c.irq_until = now + irq_notice_cycles - 1;
  }
  c.irq_fallen &= ~lines;
  c.irq_lines = lines;
  hart& s = set_.harts[h];
  if (s.attention & attention_reset) return;
  update_irq_attention(s, set_.control[h]);
}

/// Decides a hardware loop that ends at the next instruction, so that `at` is the architectural pc.
const decoded* iss_group::settle(hart& s) {
  if (s.resume_at_body || s.phase == access_phase::outstanding) return s.at;
  if (!set_.text->contains(s.pc_of(s.at))) return s.at;
  const decoded* const start = loop_back(s, set_.fetch_of(s), s.at);
  if (start == s.at) return s.at;
  s.time += late_hazard(set_, s, s.at, start);
  s.at = start;
  s.attention |= attention_line;
  s.resume_at_body = true;
  return s.at;
}

bool iss_group::ask_between_halves(hart& s) {
  const decoded* const next = next_entry(s.at);
  if (set_.control_of(s).jump_ready != 0 || !set_.text->contains(s.pc_of(next))) return false;
  const kind k = info(op_of(*next)).kind;
  if ((k != kind::jal && k != kind::jalr) || hazard_cycles(*s.at, *next) != 0) return false;
  hart_control& c = set_.control_of(s);
  const hart_fetch& f = set_.fetch_of(s);
  if (loop_back_follows(f, s.pc_of(next)) || ((next->flags & flags_needing_line) != 0 && f.ready >= c.split_cycle))
    return false;
  const line_request r = left_target(s, next, s.time - c.split_cycle);
  if (r.line == 0) return false;
  c.for_jump = true;
  ask_for_line(r.line, 0, false, 0, s, s.at, 0, s.retired, set_);
  return true;
}

void iss_group::issue_second_half(hart& s) {
  const hart_control& c = set_.control_of(s);
  const unsigned first = 4 - (c.split_addr & 3);
  s.attention &= ~static_cast<std::uint32_t>(attention_second_half);
  s.attention |= attention_last_half;
  s.request.cycle = s.time;
  s.request.addr = (c.split_addr & ~3u) + 4;
  s.request.wdata = c.split_wdata >> (8 * first);
  s.request.size = static_cast<std::uint8_t>((s.at->aux & access_size_mask) - first);
  s.phase = access_phase::outstanding;
}

// A hardware loop may not contain jumps, but one may stand behind its end.
bool iss_group::jump_follows(const hart& s) const {
  const std::uint32_t pc = s.pc_of(s.at);
  const hart_fetch& f = set_.fetch[set_.index(s)];
  if (!set_.text->contains(pc) || loop_back_follows(f, pc)) return false;
  const kind k = info(op_of(*s.at)).kind;
  return k == kind::jal || k == kind::jalr;
}

void iss_group::complete_with_care(hart& s, std::uint32_t rdata, cycle_t granted, cycle_t valid) {
  const decoded* const e = s.at;
  hart_control& c = set_.control_of(s);
  if (s.attention & attention_split) {
    // The lower address comes first; the second request follows its response (RTL; manual, "Misaligned Accesses").
    s.attention = (s.attention & ~static_cast<std::uint32_t>(attention_split)) | attention_second_half;
    see_interrupts(s, valid);
    c.split_data = rdata & ((1u << 8 * s.request.size) - 1);
    s.time = valid;
    s.phase = access_phase::none;
    return;
  }
  see_interrupts(s, valid);
  const cycle_t entered = (s.attention & attention_stayed) != 0 ? c.shadow_entry : s.request.cycle;
  bool stayed = granted > entered;
  s.attention &= ~static_cast<std::uint32_t>(attention_stayed);
  if (s.attention & attention_last_half) {
    s.attention &= ~static_cast<std::uint32_t>(attention_last_half);
    stayed = true;
    // One that comes later is asked for anew where it is needed.
    if (const cycle_t ready = std::exchange(c.jump_ready, 0); ready != 0 && ready <= valid)
      set_.fetch_of(s).lines.fill(c.jump_line);
    const unsigned first = 4 - (c.split_addr & 3);
    rdata = c.split_data | rdata << (8 * first);
    s.request.cycle = c.split_cycle;
    s.request.addr = c.split_addr;
    s.request.wdata = c.split_wdata;
    s.request.size = e->aux & access_size_mask;
  }
  if (!s.request.write) {
    const unsigned unused = 32 - 8 * (e->aux & access_size_mask);
    const u32 high = rdata << unused;
    s.request.wdata = high >> unused;
    s.x[e->rd] = e->aux & access_signed ? u32(s32(high) >> unused) : high >> unused;
  }
  s.time = valid + e->cycles;
  ++s.retired;
  s.phase = access_phase::completed;
  s.at = next_entry(e);
  s.resume_at_body = false;
  if (e->aux & access_to_sp) update_stack_attention(s, c);
  const bool waited = valid > granted + 1;
  note_in_id(s, s.request.cycle, false, waited);
  c.irq_after = waited && e->cycles == 0 && c.irq_noticed > granted + 1 ? valid + 1 : 0;
  if (valid > s.request.cycle + 1) c.answered = valid;
  if (e->aux & access_elw) {
    s.time = std::max(granted + elw_after_grant, valid + elw_after_response);
    // Gated until the cycle before the grant, which comes two before the response (ip/rtl_core/cv32e40p_hart.cpp).
    // In EX behind an access that waits it falls asleep already then; the clock runs for that one's response.
    const cycle_t asleep = elw_asleep_from(s, entered), answer = s.request.cycle;
    if (answer > asleep + 1) c.slept += answer - 1 - asleep;
    if (valid > std::max(asleep, answer) + 3) c.slept += valid - 3 - std::max(asleep, answer);
    c.irq_fallen = 0;
    update_irq_attention(s, c);
    if (pending_interrupts(c) != 0) {
      c.irq_decided = true;
      s.at = e;
      s.resume_at_body = true;
      c.irq_noticed = 0;  // it has been decided
    }
    if (__builtin_expect(set_.text_may_change(), 0))
      set_.renew_text(set_.index(s), set_.versions->history().at_wake(valid));
    return;
  }
  if (stayed && (e->aux & access_before_jump) != 0 && jump_follows(s)) {
    s.time -= hidden_jump_cycles;
    note_in_id(s, s.request.cycle, true, waited);
  }
  if (e->cycles == 0 && valid > granted + 1) {
    c.slow_until = s.time;
    c.slow_left = (s.request.cycle < entered ? s.request.cycle : entered) - 1;
    c.slow_middle = granted;
    c.shadow_entry = granted + 1;
    c.shadow_front = entered + 1;
    c.shadow_end = valid;
    c.shadow_loads = s.request.write || e->rd == sink_register ? 0 : e->rd;
    s.attention |= attention_shadow;
  } else if (stayed || valid > granted + 1) {
    c.slow_until = s.time;
    c.slow_left = valid > granted + 1 ? granted : (s.request.cycle < entered ? s.request.cycle : entered) - 1;
    c.slow_middle = never;
  }
}

// The clock runs on until the prefetcher has what it asked for (cv32e40p_sleep_unit.sv): two cycles, or one if it has
// had time for that while the cv.elw waited in ID.
cycle_t iss_group::elw_asleep_from(const hart& s, cycle_t entered) const {
  const hart_fetch& f = set_.fetch[set_.index(s)];
  const hart_control& c = set_.control[set_.index(s)];
  bool waited = entered == c.shadow_entry && c.shadow_entry > c.shadow_front;
  // Or what is in front of it has stayed in EX.
  waited = waited || entered == c.stayed_until || (entered == c.slow_until && c.slow_middle == never);
  if (!waited && set_.text->contains(s.request.pc - 4)) {
    const kind in_front = info(op_of(set_.text_of(s).entry(s.request.pc)[-2])).kind;
    waited = in_front == kind::mulh || in_front == kind::div;
  }
  return std::max(entered + (waited ? 1 : 2), f.ready + 2);
}

retire_record iss_group::access_record(hart& s) {
  const u32 pc = s.request.pc;
  const decoded& e = *set_.text_of(s).entry(pc);
  const kind k = info(op_of(e)).kind;
  retire_record r;
  r.cycle = s.request.cycle;
  r.pc = pc;
  r.next_pc = s.pc_of(settle(s));
  r.instruction = set_.text_of(s).word_at(pc);
  r.compressed = e.step == sizeof(decoded);
  r.mem_addr = s.request.addr;
  r.mem_data = s.request.wdata;
  r.mem_size = e.aux & access_size_mask;
  r.mem_write = s.request.write;
  const bool is_read = !s.request.write;
  if (r.mem_write && r.mem_size < 4) r.mem_data &= (1u << 8 * r.mem_size) - 1;
  if (is_read && e.rd != sink_register) {
    r.rd = e.rd;
    r.rd_value = s.x[e.rd];
  }
  if ((k == kind::load_post || k == kind::store_post) && e.rs1 != 0 && !(is_read && e.rs1 == e.rd)) {
    r.rd2 = e.rs1;
    r.rd2_value = s.x[e.rs1];
  }
  return r;
}

void iss_group::hold_at(unsigned h, std::uint32_t pc, unsigned times) {
  hart_control& c = set_.control[h];
  c.watch_pc = pc;
  c.watch_times = times;
  c.watch_counted = ~std::uint64_t{0};
  set_.harts[h].attention |= attention_watch;
}

bool iss_group::arrived(hart& s) {
  if (!between(s)) return false;
  hart_control& c = set_.control_of(s);
  // Where a hardware loop may end, what comes next must be decided first.
  if (!s.resume_at_body && set_.text->contains(s.pc_of(s.at)) &&
      arrival_of(s.at) == static_cast<std::uint16_t>(op::checkpoint))
    settle(s);
  if (s.pc_of(s.at) != c.watch_pc || s.retired == c.watch_counted) return false;
  c.watch_counted = s.retired;
  if (--c.watch_times != 0) return false;
  s.attention = (s.attention & ~static_cast<std::uint32_t>(attention_watch)) | attention_hold;
  return true;
}

void iss_group::withdraw(unsigned h, cycle_t now) {
  hart& s = set_.harts[h];
  forget_access(s);
  s.phase = access_phase::none;
  s.resume_at_body = true;
  s.attention |= attention_hold;
  s.time = std::max(now, s.request.cycle + 1);
  const cycle_t asleep = s.request.cycle + 2;
  if (s.time > asleep) set_.control[h].slept += s.time - asleep;
}

hart_state iss_group::save(unsigned h) const {
  // Deciding a pending loop end changes how the state is held, not what it is.
  auto& self = const_cast<iss_group&>(*this);
  iss::hart& s = self.set_.harts[h];
  self.settle(s);
  hart_control& c = self.set_.control[h];
  count_up(c, s.time, s.retired);
  const hart_fetch& f = set_.fetch[h];
  hart_state state;
  std::copy_n(s.x.begin(), 32, state.x.begin());
  state.pc = s.pc_of(s.at);
  state.lpstart = f.lpstart;
  state.lpend = f.lpend;
  state.lpcount = f.lpcount;
  state.mstatus = c.mstatus;
  state.mie = c.mie;
  state.mtvec = c.mtvec;
  state.mscratch = c.mscratch;
  state.mepc = c.mepc;
  state.mcause = c.mcause;
  state.mcountinhibit = c.mcountinhibit;
  state.mhpmevent3 = c.mhpmevent3;
  state.mcycle = c.mcycle;
  state.minstret = c.minstret;
  state.mhpmcounter3 = c.mhpmcounter3;
  return state;
}

void iss_group::restore(unsigned h, const hart_state& state) {
  iss::hart& s = set_.harts[h];
  hart_control& c = set_.control[h];
  hart_fetch& f = set_.fetch[h];
  std::copy_n(state.x.begin(), 32, s.x.begin());
  s.x[0] = 0;
  s.at = set_.entry_of(s, state.pc & ~1u);
  s.resume_at_body = true;
  s.phase = access_phase::none;
  s.attention = attention_line;
  if (s.time == c.started + reset_to_issue_cycles && s.retired == 0) s.time = c.started;  // it does not leave reset
  f.ready = 0;
  f.lpstart = state.lpstart;
  f.lpend = state.lpend;
  f.lpcount = state.lpcount;
  for (const u32 end : f.lpend) set_.text_of(s).mark_loop_end(end);
  count_up(c, s.time, s.retired);  // what ran before belongs to the old state
  c.mstatus = 0x1800 | (state.mstatus & 0x88);
  c.mie = state.mie;
  c.mtvec = state.mtvec;
  c.mscratch = state.mscratch;
  c.mepc = state.mepc;
  c.mcause = state.mcause;
  c.mcountinhibit = state.mcountinhibit;
  c.mhpmevent3 = state.mhpmevent3;
  c.mcycle = state.mcycle;
  c.minstret = state.minstret;
  c.mhpmcounter3 = state.mhpmcounter3;
  c.early = c.handler_ready = c.irq_after = c.jump_ready = 0;
  c.irq_fallen = 0;
  c.irq_decided = false;
  c.for_handler = c.for_jump = c.in_shadow = false;
  c.fault = hart_fault::none;
  c.traps.forget();
  update_irq_attention(s, c);
  update_stack_attention(s, c);
}

const hart_counters& iss_group::counters(unsigned h) const {
  const iss::hart& s = set_.harts[h];
  const hart_control& c = set_.control[h];
  c.counters.retired = s.retired;
  c.counters.awake_cycles = s.time - c.started - c.slept;
  return c.counters;
}

instruction_counts iss_group::instructions() const {
  instruction_counts counts = set_.instructions;
  std::uint64_t retired = set_.retired_before;
  for (const iss::hart& s : set_.harts) {
    if (accesses(s)) --counts[s.request.write ? instruction_class::store : instruction_class::load];
    retired += s.retired;
  }
  counts[instruction_class::alu] = retired - counts.total();
  return counts;
}

}  // namespace ohmic
