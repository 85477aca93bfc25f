#pragma once

#include <array>
#include <cstdint>

#include "ip/core/core_seam.h"
#include "ip/core/text_bytes.h"

namespace ohmic {

/// Signals of the CV32E40P's stages in one cycle, just before the clock's edge (rtl/ohmic_cv32e40p.sv).
struct pipeline_signals {
  bool issue, ex_ready, misaligned, second_half;
  std::uint32_t pc_id;
  bool alu_we, mem_req_ex, mem_we_ex;
  std::uint8_t alu_waddr, mem_type_ex;
  std::uint32_t alu_wdata, mem_addr_ex, mem_wdata_ex;
  bool wb_ready, lsu_we;
  std::uint8_t lsu_waddr;
  std::uint32_t lsu_wdata;
  bool trap;
  std::uint8_t trap_cause;
  std::uint32_t trap_pc;
};

/// Puts an in-order pipeline's signals together into retire records: a shadow of its stages.
///
/// An instruction enters EX when ID lets it go, writes the ALU port while in EX, moves to WB if it accesses memory, and
/// retires when it and all before it are done. record.cycle is its first cycle in EX, as in the ISS.
/// next_pc is not known here and stays 0. Call sample() once per clock edge, then take() until it returns false.
class retire_tap {
 public:
  explicit retire_tap(const text_bytes& text) : text_(text) {}

  void reset();
  /// The text as it is from the next instruction on.
  void set_text(const text_bytes& text) { text_ = text; }
  /// The instruction in EX, the youngest, does not go on.
  void withdraw() {
    if (ex_ != none) tail_ = ex_;
    ex_ = none;
  }
  void sample(const pipeline_signals& s, cycle_t now);
  bool take(retire_record& record);
  /// Records should be taken before the next sample().
  bool crowded() const { return tail_ - head_ >= capacity / 2; }

 private:
  struct entry {
    retire_record record;
    bool memory = false, done = false;
  };
  /// Half of it is more than what retires in one stride of a hart and behind one long wait: so a hart that is
  /// observed stops for its cluster in the same cycles as one that is not.
  static constexpr unsigned capacity = 64;
  static constexpr unsigned none = ~0u;

  entry& at(unsigned i) { return entries_[i % capacity]; }
  void leave_wb(const pipeline_signals& s);
  void step_ex(const pipeline_signals& s);

  text_bytes text_;
  std::array<entry, capacity> entries_{};
  unsigned head_ = 0, tail_ = 0;
  unsigned ex_ = none, wb_ = none;
};

}  // namespace ohmic
