#include "ip/rtl_core/retire_tap.h"

namespace ohmic {

void retire_tap::reset() {
  head_ = tail_ = 0;
  ex_ = wb_ = none;
}

void retire_tap::leave_wb(const pipeline_signals& s) {
  if (wb_ == none || !s.wb_ready) return;
  entry& e = at(wb_);
  retire_record& r = e.record;
  if (!r.mem_write && s.lsu_we) {
    r.rd = s.lsu_waddr & 31;
    r.rd_value = r.rd != 0 ? s.lsu_wdata : 0;
    r.mem_data = s.lsu_wdata;
    if (r.mem_size < 4) r.mem_data &= (1u << 8 * r.mem_size) - 1;
    if (r.rd2 == r.rd) r.rd2 = 0, r.rd2_value = 0;  // the load's result is written last
  }
  e.done = true;
  wb_ = none;
}

void retire_tap::step_ex(const pipeline_signals& s) {
  if (ex_ == none) return;
  entry& e = at(ex_);
  retire_record& r = e.record;
  if (s.alu_we && (s.alu_waddr & 31) != 0) {
    r.rd = s.alu_waddr & 31;
    r.rd_value = s.alu_wdata;
  }
  if (s.mem_req_ex) {
    e.memory = true;
    if (!s.second_half) {
      r.mem_size = s.mem_type_ex == 0 ? 4 : s.mem_type_ex == 1 ? 2 : 1;
      r.mem_write = s.mem_we_ex;
      r.mem_addr = s.mem_addr_ex;
      if (s.mem_we_ex) {
        r.mem_data = s.mem_wdata_ex;
        if (r.mem_size < 4) r.mem_data &= (1u << 8 * r.mem_size) - 1;
      }
    }
  }
  if (!s.ex_ready || s.misaligned) return;
  if (e.memory) {
    // What the ALU port wrote is the base register of a post-increment access.
    r.rd2 = r.rd, r.rd2_value = r.rd_value;
    r.rd = 0, r.rd_value = 0;
    wb_ = ex_;
  } else {
    e.done = true;
  }
  ex_ = none;
}

void retire_tap::sample(const pipeline_signals& s, cycle_t now) {
  leave_wb(s);
  step_ex(s);
  if (s.issue) {
    ex_ = tail_++;
    entry& e = at(ex_);
    e = entry{};
    e.record.cycle = now + 1;
    e.record.pc = s.pc_id;
    e.record.instruction = text_.instruction(s.pc_id);
    e.record.compressed = (e.record.instruction & 3) != 3;
  }
  if (s.trap) {
    entry& e = at(tail_++);
    e = entry{};
    e.done = true;
    e.record.cycle = now + 1;
    e.record.pc = s.trap_pc;
    e.record.trap = true;
    e.record.cause = (s.trap_cause & 31) | (s.trap_cause & 32 ? 0x80000000u : 0);
    if ((s.trap_cause & 32) == 0) {
      e.record.instruction = text_.instruction(s.trap_pc);
      e.record.compressed = (e.record.instruction & 3) != 3;
    }
  }
}

bool retire_tap::take(retire_record& record) {
  if (head_ == tail_ || !at(head_).done) return false;
  record = at(head_++).record;
  return true;
}

}  // namespace ohmic
