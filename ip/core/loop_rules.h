#pragma once

#include <array>
#include <cstdint>

#include "ip/core/hart_fault.h"
#include "ip/core/text_bytes.h"

namespace ohmic {

/// What an instruction writes of a hardware loop's registers: bits, as the CV32E40P's hwlp_we.
enum loop_write : unsigned { loop_write_start = 1, loop_write_end = 2, loop_write_count = 4, loop_write_all = 7 };

/// Both loops' registers. Loop 0 is the inner one.
struct loop_registers {
  std::array<std::uint32_t, 2> start{}, end{}, count{};
};

/// The rules for a loop's body that can be seen in the text.
/// Source: CV32E40P user manual, "Hardware Loop constraints".
hart_fault check_loop_body(const text_bytes& text, unsigned loop, std::uint32_t start, std::uint32_t end);

/// The rules for two loops that both count and share instructions.
inline hart_fault check_loop_nesting(const loop_registers& r) {
  if (r.count[0] == 0 || r.count[1] == 0) return hart_fault::none;
  if (r.start[0] >= r.end[1] || r.start[1] >= r.end[0]) return hart_fault::none;
  if (r.start[0] < r.start[1] || r.end[0] > r.end[1]) return hart_fault::loop_nested_order;
  return r.end[1] < r.end[0] + 8 ? hart_fault::loop_nested_ends : hart_fault::none;
}

/// Checks one hart's loops as they are set up, so that going round costs nothing. A loop counts for real from the write
/// of its count on (start and end "must be programmed before"): then all rules are checked; a body that was checked
/// last time is not looked at again. Not checked: jumps into a body from outside.
class loop_rules {
 public:
  void reset() { checked_ = {}; }

  /// The instruction at `pc` has written `what` (loop_write) of loop `loop`; `now`: all as they stand behind it.
  hart_fault written(const text_bytes& text, std::uint32_t pc, unsigned loop, unsigned what, const loop_registers& now);

 private:
  struct body {
    std::uint32_t start = 1, end = 0;
  };
  std::array<body, 2> checked_;
};

}  // namespace ohmic
