#pragma once

#include <cstdint>

namespace ohmic {

/// Notices a hart that takes one exception after the other and does nothing else: a handler that traps itself, or one
/// that returns to the instruction that trapped without having mended anything.
///
/// Progress is a return (mret) to another instruction than the one that trapped, or instructions retired behind a
/// return. So a system call per loop iteration is none of this, and interrupts do not matter. Counted from exception
/// to exception, the same way for every model of a core.
class trap_storm {
 public:
  /// Most exceptions in a row without progress; 0: any number.
  void set_limit(std::uint32_t most) { most_ = most; }
  std::uint32_t limit() const { return most_; }
  /// mret has retired as the `retired`-th instruction.
  void returned(std::uint64_t retired) {
    returned_ = true;
    at_ = retired;
  }
  /// An exception at `pc` with so many instructions retired. True if it is one too many.
  bool trapped(std::uint32_t pc, std::uint64_t retired) {
    if (returned_ && (retired != at_ || pc != pc_)) count_ = 0;
    returned_ = false;
    pc_ = pc;
    ++count_;
    return most_ != 0 && count_ > most_;
  }
  /// Whether there were exceptions at all, so that returns matter.
  bool watching() const { return count_ != 0; }
  /// The hart begins anew, or is another one from now on.
  void forget() { *this = trap_storm(most_); }

  trap_storm() = default;

 private:
  explicit trap_storm(std::uint32_t most) : most_(most) {}

  std::uint32_t most_ = 0, count_ = 0, pc_ = 0;
  bool returned_ = false;
  std::uint64_t at_ = 0;
};

}  // namespace ohmic
