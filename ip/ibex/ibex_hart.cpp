#include "ip/ibex/ibex_hart.h"

#include <algorithm>

#include "Vibex.h"
#include "Vibex___024root.h"
#include "ip/ibex/ibex_waveform.h"
#include "rtl/still_model.h"
#include "rtl/verilated_context.h"

void Vibex___024root___eval_settle(Vibex___024root*);

namespace ohmic {
namespace {
constexpr unsigned stack_pointer = 2;  // reg_o shows it whenever no other register is asked for
}  // namespace

ibex_hart::ibex_hart(const text_bytes& text, std::uint32_t mhartid, std::uint32_t wait_address)
    : fetches_(text), mhartid_(mhartid), wait_address_(wait_address) {}
ibex_hart::~ibex_hart() = default;
ibex_hart::ibex_hart(ibex_hart&&) noexcept = default;

void ibex_hart::start(std::uint32_t boot_addr, cycle_t now) {
  if (!model_) {
    context_ = make_verilated_context();
    model_ = make_verilated_model<Vibex>(*context_, "");
  }
  reset(boot_addr & ~0xffu);
  time_ = started_ = now;
  fetches_.started(now);
  retired_ = slept_ = 0;
  fault_ = hart_fault::none;
  running_ = true;
}

// Outside the cluster's time: a falling edge of rst_ni sets every register, then the core starts.
void ibex_hart::reset(std::uint32_t boot_addr) {
  Vibex& m = *model_;
  m.boot_addr_i = boot_addr;
  m.hart_id_i = mhartid_;
  m.reg_sel_i = stack_pointer;
  m.irq_i = 0;
  m.instr_gnt_i = m.instr_rvalid_i = m.instr_err_i = m.data_gnt_i = m.data_rvalid_i = 0;
  m.instr_rdata_i = m.data_rdata_i = 0;
  const auto drive = [&](bool clock, bool reset_n) {
    m.clk_i = clock;
    m.rst_ni = reset_n;
    m.eval();
    if (waveform_ != nullptr) waveform_->follow(m);
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
  settled_ = accessed_ = false;
  enabled_ = 0;
  records_.clear();
}

// Applies the responses of cycle time_ and shows what the core asks for in it.
void ibex_hart::settle() {
  Vibex& m = *model_;
  m.clk_i = 0;
  m.irq_i = irq_;
  std::uint32_t fetched = 0;
  m.instr_rvalid_i = fetches_.answered(time_, fetched);
  if (m.instr_rvalid_i) {
    m.instr_rdata_i = fetches_.text().word(fetched);
    m.instr_err_i = !fetches_.text().contains(fetched);  // harmless unless executed
  }
  m.data_rvalid_i = data_at_ == time_;
  if (m.data_rvalid_i) {
    m.data_rdata_i = data_;
    data_at_ = never;
  }
  m.instr_gnt_i = 1;  // nearly always: a line is missing rarely, and without a request it means nothing
  m.data_gnt_i = 0;
  m.eval();
  settled_ = true;
  if (m.rvfi_valid_o && !m.rvfi_trap_o) {
    ++retired_;
    fetches_.executed(m.rvfi_pc_o);
    if (__builtin_expect(counting_, 0)) ++instructions_[class_of(fetches_.text().instruction(m.rvfi_pc_o))];
    if (__builtin_expect(observed_, 0)) note_retirement();
  }
  if (__builtin_expect(m.trap_o, 0)) note_trap();
  if (m.new_in_id_o) in_id_since_ = time_;
  fetch();
}

// Grants the instruction request of this cycle, or notes which line is missing.
void ibex_hart::fetch() {
  Vibex& m = *model_;
  fetches_.idle();
  fetches_.fence(m.fence_i_o, m.pc_id_o);
  if (m.instr_req_o) m.instr_gnt_i = fetches_.ask(m.instr_addr_o);
}

void ibex_hart::clock(bool data_granted) {
  model_->data_gnt_i = data_granted;
  if (__builtin_expect(waveform_ != nullptr, 0) && !waveform_->cycle(*model_, time_)) waveform_ = nullptr;
  model_->clk_i = 1;
  model_->eval();
  settled_ = false;
  ++time_;
}

void ibex_hart::note_access() {
  const Vibex& m = *model_;
  const unsigned lanes = m.data_be_o;
  const unsigned first = static_cast<unsigned>(__builtin_ctz(lanes | 16));
  request_.cycle = time_;
  request_.addr = (m.data_addr_o & ~3u) + first;
  request_.size = static_cast<std::uint8_t>(__builtin_popcount(lanes));
  request_.write = m.data_we_o;
  request_.wdata = m.data_wdata_o >> (8 * first);
  request_.pc = m.pc_id_o;
  accessed_ = true;
}

// The core's formal interface shows an instruction in the cycle behind its last one in ID.
void ibex_hart::note_retirement() {
  const Vibex& m = *model_;
  retire_record r;
  r.cycle = in_id_since_;
  r.pc = m.rvfi_pc_o;
  r.next_pc = m.rvfi_next_pc_o;
  r.instruction = fetches_.text().instruction(r.pc);
  r.compressed = (r.instruction & 3) != 3;
  r.rd = m.rvfi_rd_addr_o;
  r.rd_value = m.rvfi_rd_wdata_o;
  if (accessed_) {
    r.mem_addr = m.rvfi_mem_addr_o;
    r.mem_size = static_cast<std::uint8_t>(__builtin_popcount(m.rvfi_mem_mask_o));
    r.mem_write = request_.write;
    r.mem_data = request_.write ? m.rvfi_mem_wdata_o : m.rvfi_mem_rdata_o;
    if (r.mem_size < 4) r.mem_data &= (1u << 8 * r.mem_size) - 1;
  }
  accessed_ = false;
  records_.push_back(r);
}

void ibex_hart::note_trap() {
  const Vibex& m = *model_;
  if (m.trap_cause_o == 1) {  // instruction access fault: it has left the text
    running_ = false;
    fault_ = hart_fault::fetch_outside_text;
    fault_pc_ = m.trap_pc_o;
    return;
  }
  if (!observed_) return;
  retire_record r;
  r.cycle = time_;
  r.pc = m.trap_pc_o;
  r.trap = true;
  r.cause = m.trap_cause_o;
  if (r.cause >> 31 == 0) {
    r.instruction = fetches_.text().instruction(r.pc);
    r.compressed = (r.instruction & 3) != 3;
  }
  records_.push_back(r);
}

bool ibex_hart::take_record(retire_record& r) {
  if (records_.empty()) return false;
  r = records_.front();
  records_.pop_front();
  return true;
}

core_stop ibex_hart::advance(cycle_t until, bool observed) {
  observed_ = observed_ || observed;
  cycle_t stride_end = time_ + stride;
  still_schedule look;
  for (;;) {
    if (!running_) return core_stop::halted;
    if (!settled_) {
      if (time_ >= std::min(until, stride_end)) return core_stop::horizon;
      settle();
      if (!running_) return core_stop::halted;
    } else {
      model_->irq_i = irq_;
    }
    // Interrupts are being enabled: the cluster must say first which lines are high by now.
    const std::uint32_t before = enabled_;
    enabled_ = model_->irq_enable_o;
    if (__builtin_expect((enabled_ & ~before) != 0, 0)) return core_stop::horizon;
    if (__builtin_expect(fetches_.missing(), 0)) return core_stop::fetch;
    const Vibex& m = *model_;
    if (m.data_req_o) {
      note_access();
      if (__builtin_expect(stack_guard_.holds(m.reg_o), 0)) return stack_overflow();
      return core_stop::bus;
    }
    if (__builtin_expect(fetches_.waits(time_), 0)) {
      // Not part of the stride: the cluster's time is there already.
      const cycle_t last = fetches_.silent_until(until - 1), from = time_;
      if (look.due(time_, last)) {
        stand_still(last);
        stride_end += time_ - from;
        continue;
      }
      ++stride_end;
    }
    // wfi: only a line can wake it, and none comes before `until`.
    const auto asleep = [&] {
      return __builtin_expect(m.core_sleep_o, 0) && fetches_.quiet() && (irq_ & m.mie_o) == 0;
    };
    if (asleep()) ++slept_;
    clock(false);
    if (asleep() && time_ < until) {
      slept_ += until - time_;
      time_ = until;
    }
  }
}

core_stop ibex_hart::stack_overflow() {
  running_ = false;
  fault_ = hart_fault::stack_overflow;
  fault_pc_ = request_.pc;
  return core_stop::halted;
}

void ibex_hart::fetch_complete(cycle_t valid) {
  fetches_.arrived(valid, time_);
  fetch();
}

// As cv32e40p_hart::stand_still().
void ibex_hart::stand_still(cycle_t last) {
  if (waveform_ != nullptr) return;
  Vibex___024root& m = *model_->rootp;
  const auto in_motion = [&] { return m.rvfi_valid_o || m.trap_o || m.new_in_id_o; };
  if (in_motion()) return;
  auto& mcycle = m.ohmic_ibex__DOT__core_i__DOT__cs_registers_i__DOT__mcycle_counter_i__DOT__counter_q;
  auto& all = m.ohmic_ibex__DOT__core_i__DOT__cs_registers_i__DOT__mhpmcounter;  // what is read: mcycle first
  const std::uint64_t count = mcycle;
  const auto never_a_copy = [](std::uint32_t, std::uint32_t) { return false; };
  still_model<Vibex___024root> before(m);
  clock(false);
  settle();
  if (!running_ || in_motion() || !before.same_but(m, never_a_copy, [](void*) {}, mcycle, all[0])) return;
  const std::uint64_t then = mcycle + (mcycle - count) * (last - time_);
  const bool carried = then >> 32 != mcycle >> 32;
  mcycle = all[0] = then;
  if (carried) Vibex___024root___eval_settle(&m);
  time_ = last;
}

// Goes through the cycles of the wait. The settled cycle is request_.cycle.
void ibex_hart::complete(std::uint32_t rdata, cycle_t granted, cycle_t valid) {
  const bool may_sleep = request_.addr == wait_address_ && !request_.write;
  still_schedule look;
  while (time_ < granted) {
    const cycle_t last = fetches_.silent_until(granted - 1);
    if (__builtin_expect(look.due(time_, last), 0)) stand_still(last);
    clock(false);
    settle();
  }
  clock(true);
  data_at_ = valid;
  data_ = rdata << (8 * (request_.addr & 3));
  for (unsigned quiet = 0; time_ < valid;) {
    settle();
    const bool fetching = !fetches_.quiet() || (model_->instr_req_o && !fetches_.missing());
    quiet = fetching ? 0 : quiet + 1;
    // The second quiet cycle is like all that follow it.
    if (may_sleep && quiet >= 2 && time_ + 1 < valid) {
      slept_ += valid - 1 - time_;
      time_ = valid - 1;
    }
    const cycle_t last = fetches_.silent_until(valid - 1);
    if (__builtin_expect(!may_sleep && look.due(time_, last), 0)) stand_still(last);
    clock(false);
  }
  if (may_sleep) fetches_.woken(valid);
}

std::uint32_t ibex_hart::irq_enabled() const {
  if (!model_) return 0;
  return model_->core_sleep_o ? model_->mie_o : model_->irq_enable_o;
}

bool ibex_hart::irq_would_be_taken() const { return model_ && model_->mstatus_mie_o && (model_->mie_o & irq_) != 0; }

std::uint32_t ibex_hart::pc() const {
  if (fault_ != hart_fault::none) return fault_pc_;
  return model_ ? model_->pc_id_o : 0;
}

std::uint32_t ibex_hart::x(unsigned r) const {
  if (!model_ || r == 0) return 0;
  model_->reg_sel_i = r;
  model_->eval();
  const std::uint32_t value = model_->reg_o;
  model_->reg_sel_i = stack_pointer;
  model_->eval();
  return value;
}

const hart_counters& ibex_hart::counters() const {
  counters_.retired = retired_;
  counters_.awake_cycles = time_ - started_ - slept_;
  return counters_;
}

void ibex_hart::warm() const { __builtin_prefetch(model_.get()); }

}  // namespace ohmic
