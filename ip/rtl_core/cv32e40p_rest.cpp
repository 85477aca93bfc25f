#include <algorithm>

#include "Vcv32e40p.h"
#include "ip/rtl_core/cv32e40p_evaluate.h"
#include "ip/rtl_core/cv32e40p_hart.h"
#include "ip/rtl_core/cv32e40p_state.h"

// How a core comes to rest between two instructions, for a hand-over: by a debug request, or out of a cv.elw.

namespace ohmic {

// A debug request halts the instruction in ID, if the controller serves it in this cycle. It is taken back if not, so
// that it never meets a cv.elw on its way or the interrupt that follows one.
void cv32e40p_hart::ask_for_rest() {
  Vcv32e40p___024root& m = *model_->rootp;
  if (rest_.served) return;
  if (!rest_.at_once) {
    const bool executed = m.issued_o && ex_pc_ == rest_.pc;
    const bool trapped = m.trap_o && (m.trap_cause_o & 32) == 0 && m.trap_pc_o == rest_.pc;
    if ((executed || trapped) && rest_.times > 1) --rest_.times;
    if (rest_.times > 1 || m.pc_id_o != rest_.pc || !m.id_filled_o) return;
  }
  m.debug_req_i = 1;
  evaluate(m);
  if (!m.debug_served_o) {
    m.debug_req_i = 0;
    evaluate(m);
    return;
  }
  rest_.served = true;
  rest_.busy_at = time_;
  rest_.pc = m.pc_id_o;
}

bool cv32e40p_hart::drained() const {
  const Vcv32e40p___024root& m = *model_->rootp;
  return m.debug_mode_o && !m.data_req_o && data_at_ == never && m.ex_ready_o && m.wb_ready_o && !m.misaligned_o;
}

// All before the halted instruction is done with this cycle. The cycles of halting are not part of the cluster's time:
// the hart's time is the first in which the instruction could have been in EX.
void cv32e40p_hart::come_to_rest() {
  clock(false);
  const cycle_t resumes = rest_.busy_at + 1;
  const std::uint64_t halting = time_ - resumes;
  state_ = read_state(*model_->rootp);
  state_.pc = last_pc_ = rest_.pc;
  if ((state_.mcountinhibit & 1) == 0) state_.mcycle -= halting;
  if ((state_.mcountinhibit & 8) == 0 && (state_.mhpmevent3 & 1) != 0) state_.mhpmcounter3 -= halting;
  time_ = resumes;
  stopping_ = false;
  resting_ = true;
}

void cv32e40p_hart::hold() {
  stopping_ = !resting_;
  rest_.at_once = true;
  if (stopping_ && settled_) ask_for_rest();
}

void cv32e40p_hart::hold_at(std::uint32_t pc, unsigned times) {
  stopping_ = true;
  rest_.pc = pc;
  rest_.times = times;
}

// The cycle of the request ends without a grant: what is in WB is done then, and the cv.elw is still in EX.
void cv32e40p_hart::withdraw(cycle_t now) {
  clock(false);
  if (tap_) tap_->withdraw();
  state_ = read_state(*model_->rootp);
  state_.pc = last_pc_ = request_.pc;
  // Its clock would have run for two cycles; it has counted one of them, and the cv.elw.
  time_ = std::max(now, time_);
  const cycle_t awake = std::min<cycle_t>(time_ - request_.cycle, 2);
  slept_ += time_ - request_.cycle - awake;
  uncount();
  if ((state_.mcountinhibit & 1) == 0) state_.mcycle += awake - 1;
  if ((state_.mcountinhibit & 4) == 0) --state_.minstret;
  if ((state_.mcountinhibit & 8) == 0) {
    constexpr std::uint32_t retirements_and_loads = 1u << 1 | 1u << 5;
    if (state_.mhpmevent3 & 1)
      state_.mhpmcounter3 += awake - 1;
    else if (state_.mhpmevent3 & retirements_and_loads)
      --state_.mhpmcounter3;
  }
  stopping_ = false;
  resting_ = true;
}

}  // namespace ohmic
