#pragma once

#include <cstdint>

#include "ip/core/types.h"
#include "ip/iss/hart.h"

/// When the core's prefetcher asks for the instruction line behind the one it executes from.
///
/// It runs two words ahead: it asks for a word in the cycle in which the instruction that contains the low half of the
/// word two before it comes into ID, which is the cycle in which the instruction in front of that one comes into EX.
/// Behind a jump it asks for one word per cycle until it is two ahead. A jump or taken branch that leaves for its
/// target first keeps it from asking. Source: cv32e40p_prefetch_controller.sv (FIFO_DEPTH 2), cv32e40p_aligner.sv,
/// measured against the RTL by tests/ip/iss (timing_random_test, prefetch_test).
namespace ohmic::iss {

struct next_line_request {
  bool asked = false;
  cycle_t before = 0;  ///< cycles before the instruction issues
};

/// The instruction e at pc, marked flag_line_end, has been reached sequentially.
next_line_request next_line_behind(const hart_fetch& f, const decoded* e, std::uint32_t pc);

/// It has been reached by a jump.
next_line_request next_line_behind_jump(const decoded* e, std::uint32_t pc);

/// The core leaves for the target of `jump` (any instruction that empties IF) when the prefetcher has asked for two
/// words of the next line.
bool asks_twice(const decoded* jump, std::uint32_t pc);

/// Cycles from the request for the target of `jump`, right behind mulh or a division that has just been executed, to
/// the target's issue if that needs no line.
cycle_t hidden_request(const hart& s, const decoded* jump);

}  // namespace ohmic::iss
