#include "ip/rtl_core/cv32e40p_hart.h"

#include <algorithm>

#include "Vcv32e40p.h"
#include "ip/rtl_core/cv32e40p_evaluate.h"
#include "ip/rtl_core/cv32e40p_state.h"
#include "ip/rtl_core/cv32e40p_waveform.h"
#include "rtl/verilated_context.h"

namespace ohmic {
namespace {

constexpr std::uint32_t mret = 0x30200073;
constexpr unsigned stack_pointer = 2;  // reg_o shows it whenever no other register is asked for

}  // namespace

cv32e40p_hart::cv32e40p_hart(const text_bytes& text, std::uint32_t mhartid) : fetches_(text), mhartid_(mhartid) {}
cv32e40p_hart::~cv32e40p_hart() = default;
cv32e40p_hart::cv32e40p_hart(cv32e40p_hart&&) noexcept = default;

// Reset happens outside the cluster's time: a falling edge of rst_ni sets every register, then the core starts.
void cv32e40p_hart::start(std::uint32_t boot_addr, cycle_t now) {
  if (!model_) {
    context_ = make_verilated_context();
    model_ = make_verilated_model<Vcv32e40p>(*context_, "");
  }
  reset(boot_addr & ~3u);
  time_ = started_ = now;
  fetches_.started(now);
  note_text();
  last_pc_ = ex_pc_ = boot_addr;
  running_ = true;
  retired_ = slept_ = 0;
  fault_ = hart_fault::none;
}

void cv32e40p_hart::reset(std::uint32_t boot_addr) {
  Vcv32e40p& m = *model_;
  m.boot_addr_i = boot_addr;
  m.hart_id_i = mhartid_;
  m.fetch_enable_i = 1;
  traps_.forget();
  m.reg_sel_i = stack_pointer;
  m.debug_req_i = 0;
  m.irq_i = 0;
  m.instr_gnt_i = m.instr_rvalid_i = m.data_gnt_i = m.data_rvalid_i = 0;
  m.instr_rdata_i = m.data_rdata_i = 0;
  const auto drive = [&](bool clock, bool reset_n) {
    m.clk_i = clock;
    m.rst_ni = reset_n;
    m.eval();
    if (waveform_ != nullptr) waveform_->follow(*m.rootp);
  };
  drive(false, true);
  drive(false, false);
  for (int i = 0; i < 2; ++i) {
    drive(true, false);
    drive(false, false);
  }
  drive(false, true);
  fetches_.reset();
  data_at_ = never;
  settled_ = outside_ = grants_changed_ = false;
  stopping_ = resting_ = false;
  enabled_ = 0;
  loops_.reset();
  rest_ = coming_to_rest{};
  if (tap_) tap_->reset();
}

// Outside the cluster's time the core boots where only an mret is fetched, with mepc at the state's pc: so it arrives
// at any even pc with an empty pipeline. When it asks for that word, the registers get their values.
void cv32e40p_hart::restore(const hart_state& state) {
  const std::uint32_t target = state.pc & ~3u;
  const cycle_t now = time_;
  const std::uint64_t retired = retired_;
  const private_icache lines = fetches_.cache();
  reset(~target & 0xffffff00u);
  Vcv32e40p___024root& m = *model_->rootp;
  returning_ = true;
  hart_state entry;
  entry.mepc = state.pc;
  write_registers(entry);
  for (unsigned asked = 0; asked < 2;) {
    settle();
    if (m.instr_req_o && m.instr_addr_o == target) {
      // Held for a cycle: at first the address still comes from mepc.
      m.instr_gnt_i = 0;
      grants_changed_ = true;
      ++asked;
    } else if (m.instr_req_o) {
      fetches_.grant(m.instr_addr_o);
    }
    if (asked < 2) clock(false);
  }
  write_registers(state);
  evaluate(m);
  returning_ = false;
  grants_changed_ = true;
  time_ = now;
  retired_ = retired;
  fetches_.set_cache(lines);
  last_pc_ = ex_pc_ = state.pc;
  if (tap_) tap_->reset();
  running_ = true;
  fault_ = hart_fault::none;
  fetch();
}

// Of the model that runs and of the one whose waveform is recorded.
void cv32e40p_hart::write_registers(const hart_state& state) {
  load_state(*model_->rootp, state);
  Vcv32e40p___024root___eval_settle(model_->rootp);
  if (waveform_ != nullptr) waveform_->load(state);
}

// Applies the responses of cycle time_ and shows what the core asks for in it.
void cv32e40p_hart::settle() {
  Vcv32e40p___024root& m = *model_->rootp;
  m.clk_i = 0;
  std::uint32_t fetched = 0;
  m.instr_rvalid_i = fetches_.answered(time_, fetched);
  if (m.instr_rvalid_i) m.instr_rdata_i = returning_ ? mret : fetches_.text().word(fetched);
  if (data_at_ == time_) {
    m.data_rvalid_i = 1;
    m.data_rdata_i = data_;
    data_at_ = never;
  } else {
    m.data_rvalid_i = 0;
  }
  m.instr_gnt_i = 1;  // nearly always: a line is missing rarely, and without a request it means nothing
  m.data_gnt_i = 0;
  evaluate(m);
  settled_ = true;
  if (m.issued_o) {
    ++retired_;
    ex_pc_ = last_pc_;
    fetches_.executed(ex_pc_);
    if (__builtin_expect(counting_, 0) && !returning_) ++instructions_[class_of(fetches_.text().instruction(ex_pc_))];
    if (__builtin_expect(traps_.watching(), 0) && fetches_.text().contains(ex_pc_) &&
        fetches_.text().instruction(ex_pc_) == mret)
      traps_.returned(retired_);
  }
  if (__builtin_expect(m.hwlp_written_o, 0)) check_loop();
  last_pc_ = m.pc_id_o;
  if (__builtin_expect(m.trapped_o, 0)) note_exception();
  if (__builtin_expect(stopping_, 0)) {
    rest_.in_ex = rest_.in_ex || m.issued_o;
    ask_for_rest();
  }
  fetch();
}

// The instruction in EX has set up a hardware loop. Halts the hart before the loop is entered, if it is forbidden.
void cv32e40p_hart::check_loop() {
  const hart_state s = control_state();
  const hart_fault f = loops_.written(fetches_.text(), ex_pc_, model_->hwlp_number_o, model_->hwlp_written_o,
                                      {s.lpstart, s.lpend, s.lpcount});
  if (f == hart_fault::none) return;
  running_ = false;
  fault_ = f;
  loop_pc_ = ex_pc_;
}

// Grants the instruction request of this cycle, or notes which line is missing.
void cv32e40p_hart::fetch() {
  Vcv32e40p___024root& m = *model_->rootp;
  fetches_.idle();
  if (__builtin_expect(returning_, 0)) return;
  fetches_.fence(m.fence_i_o, m.pc_id_o);
  if (!m.instr_req_o) return;
  const std::uint32_t addr = m.instr_addr_o;
  const bool granted = fetches_.ask(addr, data_at_ != never && request_.write ? request_.addr : 0);
  if (!granted)
    grants_changed_ = true;
  else if (!fetches_.text().contains(addr))
    outside_ = true;  // prefetched past the text: harmless unless executed
  m.instr_gnt_i = granted;
}

void cv32e40p_hart::clock(bool data_granted) {
  Vcv32e40p___024root& m = *model_->rootp;
  m.data_gnt_i = data_granted;
  if (__builtin_expect(observed_ | stopping_, 0)) {
    evaluate(m);
    if (observed_ && running_) sample();
    if (rest_.served) {
      // What keeps EX to itself is there for a cycle more; of an access that waits the response alone is awaited.
      if (!m.ex_ready_o && (m.wb_ready_o || rest_.in_ex))
        rest_.busy_at = time_ + 1;
      else if (!m.wb_ready_o || m.misaligned_o)
        rest_.busy_at = std::max(rest_.busy_at, time_);
    }
    if (m.ex_ready_o) rest_.in_ex = false;
  }
  if (__builtin_expect(waveform_ != nullptr, 0) && !waveform_->cycle(m, time_, !returning_ && !rest_.served))
    waveform_ = nullptr;
  m.clk_i = 1;
  if (data_granted || grants_changed_)
    evaluate(m);
  else
    evaluate_edge(m);
  grants_changed_ = false;
  settled_ = false;
  ++time_;
}

void cv32e40p_hart::sample() {
  const Vcv32e40p___024root& m = *model_->rootp;
  pipeline_signals s;
  s.issue = m.issue_o;
  s.ex_ready = m.ex_ready_o;
  s.misaligned = m.misaligned_o;
  s.second_half = m.second_half_o;
  s.pc_id = m.pc_id_o;
  s.alu_we = m.alu_we_o;
  s.alu_waddr = m.alu_waddr_o;
  s.alu_wdata = m.alu_wdata_o;
  s.mem_req_ex = m.mem_req_ex_o;
  s.mem_we_ex = m.mem_we_ex_o;
  s.mem_type_ex = m.mem_type_ex_o;
  s.mem_addr_ex = m.mem_addr_ex_o;
  s.mem_wdata_ex = m.mem_wdata_ex_o;
  s.wb_ready = m.wb_ready_o;
  s.lsu_we = m.lsu_we_o;
  s.lsu_waddr = m.lsu_waddr_o;
  s.lsu_wdata = m.lsu_wdata_o;
  s.trap = m.trap_o;
  s.trap_cause = m.trap_cause_o;
  s.trap_pc = m.trap_pc_o;
  tap_->sample(s, time_);
}

void cv32e40p_hart::set_irq(std::uint32_t lines, cycle_t now) {
  const cycle_t from = now == 0 ? 0 : now + 1;
  if (from <= irq_from_) {
    if (from == 0) irq_earlier_.clear();
  } else {
    irq_earlier_.push_back({irq_from_, irq_});
    while (irq_earlier_.size() > 1 && irq_earlier_[1].from <= time_) irq_earlier_.erase(irq_earlier_.begin());
    if (irq_earlier_.size() > most_irq_changes) irq_earlier_.erase(irq_earlier_.begin() + 1);
  }
  irq_ = lines;
  irq_from_ = from;
}

std::uint32_t cv32e40p_hart::irq_before(cycle_t cycle) const {
  std::uint32_t lines = irq_;
  for (auto l = irq_earlier_.rbegin(); l != irq_earlier_.rend(); ++l) {
    lines = l->lines;
    if (l->from <= cycle) break;
  }
  return lines;
}

cycle_t cv32e40p_hart::next_irq_change() const {
  if (irq_from_ <= time_) return never;
  for (const irq_lines_from& l : irq_earlier_)
    if (l.from > time_) return l.from;
  return irq_from_;
}

void cv32e40p_hart::set_irq_lines(std::uint32_t lines) {
  grants_changed_ = grants_changed_ || model_->irq_i != lines;
  model_->irq_i = lines;
}

void cv32e40p_hart::note_access() {
  const Vcv32e40p___024root& m = *model_->rootp;
  const unsigned lanes = m.data_be_o;
  const unsigned first = static_cast<unsigned>(__builtin_ctz(lanes | 16));
  request_.cycle = time_;
  request_.addr = (m.data_addr_o & ~3u) + first;
  request_.size = static_cast<std::uint8_t>(__builtin_popcount(lanes));
  request_.write = m.data_we_o;
  request_.wdata = m.data_wdata_o >> (8 * first);
  request_.pc = ex_pc_;
}

core_stop cv32e40p_hart::advance(cycle_t until, bool observed) {
  if (resting_ && running_) return core_stop::horizon;
  if (observed && !observed_) {
    observed_ = true;
    if (!tap_) tap_ = std::make_unique<retire_tap>(fetches_.text());
  }
  Vcv32e40p___024root& m = *model_->rootp;
  cycle_t stride_end = time_ + stride;
  still_schedule look;
  for (;;) {
    if (!settled_) {
      if (observed_ && tap_->crowded()) return core_stop::horizon;
      m.irq_i = irq_at(time_);
      settle();
    } else {
      set_irq_lines(irq_at(time_));
    }
    if (__builtin_expect(!running_, 0)) return core_stop::halted;
    // Interrupts are being enabled: the cluster must say first which lines are high by now.
    const std::uint32_t before = enabled_;
    enabled_ = m.irq_enable_o;
    if (__builtin_expect((enabled_ & ~before) != 0, 0)) return core_stop::horizon;
    if (__builtin_expect(rest_.served, 0)) {
      if (drained()) {
        come_to_rest();
        return core_stop::horizon;
      }
    } else if (__builtin_expect(fetches_.missing(), 0)) {
      return core_stop::fetch;
    }
    if (m.data_req_o) {
      note_access();
      if (__builtin_expect(stack_guard_.holds(m.reg_o), 0)) return stack_overflow();
      return core_stop::bus;
    }
    if (__builtin_expect(outside_, 0) && m.trap_o && m.trap_cause_o == 2 && !fetches_.text().contains(m.trap_pc_o)) {
      running_ = false;
      fault_ = hart_fault::fetch_outside_text;
      last_pc_ = m.trap_pc_o;
      return core_stop::halted;
    }
    if (__builtin_expect(fetches_.waits(time_), 0)) {
      // Not part of the stride: the cluster's time is there already.
      cycle_t last = fetches_.silent_until(until - 1);
      last = std::min(last, next_irq_change() - 1);
      const cycle_t from = time_;
      if (look.due(time_, last)) {
        stand_still(last);
        stride_end += time_ - from;
        continue;
      }
      ++stride_end;
    }
    // What the core asks for in the first cycle behind the horizon is known: the interrupt lines of a cycle take
    // effect with its end. Once an instruction is halted nothing happens that the cluster could see before it, but
    // accesses.
    if (time_ >= std::min(until, stride_end) && !rest_.served) return core_stop::horizon;
    clock(false);
  }
}

void cv32e40p_hart::note_exception() {
  const Vcv32e40p___024root& m = *model_->rootp;
  if (returning_ || !fetches_.text().contains(m.mepc_o) || !traps_.trapped(m.mepc_o, retired_)) return;
  running_ = false;
  fault_ = hart_fault::trap_storm;
  trap_cause_ = m.mcause_o & 31;
  last_pc_ = m.mepc_o;
}

// The instruction that accesses memory was counted as it came to EX, and goes no further.
void cv32e40p_hart::uncount() {
  --retired_;
  if (counting_) --instructions_[class_of(fetches_.text().instruction(request_.pc))];
}

core_stop cv32e40p_hart::stack_overflow() {
  running_ = false;
  fault_ = hart_fault::stack_overflow;
  last_pc_ = request_.pc;
  uncount();
  return core_stop::halted;
}

void cv32e40p_hart::set_text_version(std::size_t version) {
  fetches_.set_text_version(version);
  note_text();
}

// What has been derived from the text is looked at anew if that has changed.
void cv32e40p_hart::note_text() {
  if (__builtin_expect(fetches_.text_version() == text_seen_, 1)) return;
  text_seen_ = fetches_.text_version();
  loops_.reset();
  if (tap_) tap_->set_text(fetches_.text());
}

void cv32e40p_hart::fetch_complete(cycle_t valid) {
  fetches_.arrived(valid, time_);
  note_text();
  fetch();
}

// Stops the clock up to `then` if the core sleeps, or as good as: only a line that is asked for later keeps it from it.
void cv32e40p_hart::sleep_until(cycle_t then) {
  const Vcv32e40p___024root& m = *model_->rootp;
  if (then <= time_ || !(m.core_sleep_o || (m.elw_busy_o && fetches_.missing() && then - time_ >= 8))) return;
  slept_ += then - time_;
  time_ = then;
}

// The core waits, and its inputs stay as they are up to cycle `last`. If it stands still, time_ becomes `last`,
// settled: the cycles between are not evaluated.
void cv32e40p_hart::stand_still(cycle_t last) {
  if (stopping_ || waveform_ != nullptr) return;
  Vcv32e40p___024root& m = *model_->rootp;
  const auto in_motion = [&] { return m.issued_o || m.issue_o || m.trap_o; };
  if (in_motion()) return;
  still_model<Vcv32e40p___024root> before(m);
  clock(false);
  settle();
  if (!in_motion() && repeat_still_cycle(m, before, last - time_)) time_ = last;
}

// Goes through the cycles of the wait. The settled cycle is request_.cycle.
void cv32e40p_hart::complete(std::uint32_t rdata, cycle_t granted, cycle_t valid) {
  Vcv32e40p___024root& m = *model_->rootp;
  const unsigned lane = request_.addr & 3;
  // The event unit grants a cv.elw when its event is there: the core then still has it in ID if an interrupt ends the
  // wait. Two cycles before the response, because the core takes one for the question whether there is an interrupt.
  const bool event_wait = m.elw_busy_o;
  if (event_wait) granted = std::max(granted, valid - 2);
  set_irq_lines(irq_at(time_));
  still_schedule look;
  while (time_ < granted) {
    sleep_until(granted - 1);
    const cycle_t last = fetches_.silent_until(granted - 1);
    if (__builtin_expect(look.due(time_, last), 0)) stand_still(last);
    clock(false);
    settle();
  }
  if (event_wait || time_ + 1 == valid) set_irq_lines(irq_);
  clock(true);
  data_at_ = valid;
  data_ = rdata << (8 * lane);
  while (time_ < valid) {
    settle();
    sleep_until(valid - 1);
    const cycle_t last = fetches_.silent_until(valid - 1);
    if (__builtin_expect(look.due(time_, last), 0)) stand_still(last);
    if (time_ + 1 == valid) set_irq_lines(irq_);  // a line that rose during the wait is seen as it ends
    clock(false);
  }
  if (event_wait) {
    fetches_.woken(valid);
    note_text();
  }
}

std::uint32_t cv32e40p_hart::irq_enabled() const { return model_ ? model_->irq_enable_o : 0; }
bool cv32e40p_hart::irq_would_be_taken() const {
  return model_ && model_->mstatus_mie_o && (model_->mie_o & irq_) != 0;
}
std::uint32_t cv32e40p_hart::pc() const {
  if (is_forbidden_loop(fault_)) return loop_pc_;
  return fault_ != hart_fault::none || resting_ || !model_ ? last_pc_ : model_->pc_id_o;
}

std::uint32_t cv32e40p_hart::x(unsigned r) const {
  if (!model_ || r == 0) return 0;
  model_->reg_sel_i = r;
  model_->eval();
  const std::uint32_t value = model_->reg_o;
  model_->reg_sel_i = stack_pointer;
  model_->eval();
  return value;
}

hart_state cv32e40p_hart::control_state() const {
  const Vcv32e40p___024root& m = *model_->rootp;
  hart_state s;
  s.mstatus = 0x1800u | (m.mstatus_mie_o ? 8 : 0) | (m.mstatus_mpie_o ? 0x80 : 0);
  s.mie = m.mie_o;
  s.mtvec = m.mtvec_o;
  s.mscratch = m.mscratch_o;
  s.mepc = m.mepc_o;
  s.mcause = (m.mcause_o & 31) | (m.mcause_o & 32 ? 0x80000000u : 0);
  for (unsigned l = 0; l < 2; ++l) {
    s.lpstart[l] = m.lpstart_o[l];
    s.lpend[l] = m.lpend_o[l];
    s.lpcount[l] = m.lpcount_o[l];
  }
  return s;
}

bool cv32e40p_hart::fresh_in_ex() const { return model_->issued_o; }

const hart_counters& cv32e40p_hart::counters() const {
  counters_.retired = retired_;
  counters_.awake_cycles = time_ - started_ - slept_;
  return counters_;
}

void cv32e40p_hart::warm() const { __builtin_prefetch(model_.get()); }

}  // namespace ohmic
