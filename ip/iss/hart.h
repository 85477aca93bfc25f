#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "ip/core/core_seam.h"
#include "ip/core/loop_rules.h"
#include "ip/core/trap_storm.h"
#include "ip/iss/decoded_text.h"
#include "ip/iss/text_versions.h"

/// State of the harts of a group, split by how often it is touched.
namespace ohmic::iss {

/// Reasons why the next advance() cannot simply go on. Zero on the fast path.
enum attention_flag : std::uint32_t {
  attention_irq = 1,          ///< an enabled interrupt line is high
  attention_line = 2,         ///< the pc's line (and bounds) must be checked before executing
  attention_second_half = 4,  ///< the second access of a misaligned one is to be issued
  attention_split = 8,        ///< the access in flight is half of a misaligned one
  attention_last_half = 64,   ///< the access in flight is the second half
  attention_halted = 16,
  attention_reset = 32,   ///< not started
  attention_hold = 128,   ///< rests at the next instruction boundary
  attention_stack = 512,  ///< sp is in the stack guard: accesses are a mistake
  attention_watch = 256,  ///< rests when about to execute hart_control::watch_pc
  /// The access before waits for its response, and what follows it is in EX already (hart_control::shadow_entry).
  attention_shadow = 1024,
  attention_stayed = 2048,  ///< the access in flight has waited in EX for the one before
};

enum class access_phase : std::uint8_t { none, outstanding, completed };

/// Touched by every instruction: three host cache lines.
struct alignas(64) hart {
  std::array<std::uint32_t, 33> x{};  ///< x0..x31 and the sink for writes to x0
  std::uint32_t attention = attention_reset;
  const decoded* at = nullptr;  ///< next instruction; while an access is outstanding: the instruction making it
  cycle_t time = 0;             ///< cycle in which `at` would issue; inside advance(): its horizon
  std::uint64_t retired = 0;
  bus_request request;          ///< while completed: data read in wdata
  bool resume_at_body = false;  ///< `at` was reached by a jump: its checkpoint is done
  access_phase phase = access_phase::none;
  std::uint8_t divided = 0;   ///< cycles that the last division took
  std::uint32_t pc_bias = 0;  ///< of the table that `at` points into

  /// Entries are 16 bytes for 2 bytes of text, so this also holds for pointers outside the table.
  std::uint32_t pc_of(const decoded* e) const {
    return pc_bias + static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(e) >> 3);
  }
};
static_assert(sizeof(hart) == 192);

/// Touched at loop ends and line changes.
struct alignas(64) hart_fetch {
  std::array<std::uint32_t, 2> lpstart{}, lpend{}, lpcount{};
  private_icache lines;
  cycle_t ready = 0;  ///< cycle in which the line asked for last is there; 0: it has been waited for
};
static_assert(sizeof(hart_fetch) == 64);

/// Rarely touched.
struct hart_control {
  std::uint32_t mhartid = 0;
  std::uint32_t mstatus = 0x1800, mie = 0, mtvec = 1, mscratch = 0, mepc = 0, mcause = 0;
  std::uint32_t mcountinhibit = 0xD;
  std::uint32_t mhpmevent3 = 0;
  std::uint32_t irq_lines = 0;
  /// Lines that have fallen, and the first cycle in which an instruction does not give way to them any more.
  std::uint32_t irq_fallen = 0;
  cycle_t irq_until = 0;
  bool irq_decided = false;   ///< at the end of a cv.elw: the interrupt comes, whatever the lines do
  cycle_t irq_noticed = 0;    ///< from when on an instruction gives way to the line that rose last
  bool for_handler = false;   ///< the line that has been asked for is that of an interrupt's handler
  cycle_t handler_later = 0;  ///< an access that issues then goes before that line
  cycle_t handler_ready = 0;  ///< hart_fetch::ready for that line, while the instruction in front still has its own
  /// What issues at behind_access has been in ID since behind_since, behind something that stays in EX or waits;
  /// behind_waited: an access, for its response.
  cycle_t behind_access = 0, behind_since = 0;
  bool behind_waited = false;
  std::uint8_t behind_hidden = 0;  ///< cycles that the jump at behind_access has hidden: it issues so much later
  bool in_shadow = false;          ///< what is being executed came to EX behind an access that waits
  cycle_t irq_after = 0;           ///< what issues before this cycle is in EX already, behind an access that waits
  std::uint64_t mcycle = 0, minstret = 0, mhpmcounter3 = 0;
  bool fenced = false;       ///< behind a fence.i: the next line comes from the text as it is by then
  std::uint32_t wanted = 0;  ///< line number asked for by core_stop::fetch
  std::int8_t lead = 0;      ///< with that line hart_fetch::ready is its cycle less this
  cycle_t early =
      0;  ///< where attention_line is set: cycles from the usual request for a jump's target back to its own
  bool two_pending = false;  ///< the target of the jump that has just been executed waits for two words
  cycle_t resume = 0;        ///< time of the hart when it has the line, at the earliest
  cycle_t answered = 0;      ///< response of the last access that waited; lines are not asked for meanwhile
  cycle_t slept = 0;         ///< cycles with the clock gated in cv.elw
  cycle_t started = 0;
  cycle_t counted_awake = 0;  ///< awake time up to which mcycle has been counted
  std::uint64_t counted_retired = 0;
  std::uint64_t first_retired = 0;
  std::uint32_t split_addr = 0, split_data = 0, split_wdata = 0;
  cycle_t split_cycle = 0;
  bool for_jump = false;   ///< the line that has been asked for is that of the jump behind a misaligned access
  cycle_t jump_ready = 0;  ///< the cycle in which that is there: line jump_line. 0: none
  std::uint32_t jump_line = 0;
  cycle_t shadow_entry = 0;       ///< cycle in which the next instruction came into EX
  cycle_t shadow_front = 0;       ///< cycle behind the one in which what is in front of it came there
  cycle_t shadow_end = 0;         ///< cycle of the response that it waits for
  std::uint8_t shadow_loads = 0;  ///< the register that comes with it; 0: none
  /// What issues at slow_until has been kept from ID by the instruction in front of it, if it was not there by
  /// slow_left: then it issues a cycle later; behind an access that waits another one, if it was not there by
  /// slow_middle.
  cycle_t slow_until = 0, slow_left = 0, slow_middle = 0;
  cycle_t stayed_until = 0;  ///< what issues then has waited in ID for an access that was kept from its bank
  std::uint32_t watch_pc = 0;
  unsigned watch_times = 0;                         ///< arrivals at watch_pc still to come
  std::uint64_t watch_counted = ~std::uint64_t{0};  ///< retired count of the arrival that was counted last
  hart_fault fault = hart_fault::none;
  stack_guard guard;
  loop_rules loops;
  std::shared_ptr<const decoded_text> text;  ///< as the hart sees it
  std::size_t text_version = 0;
  cycle_t fenced_at = 0;
  trap_storm traps;
  std::uint32_t fault_cause = 0;  ///< of hart_fault::trap_storm
  mutable hart_counters counters;
};

/// Everything a group of harts consists of. Handlers get a reference to it.
struct hart_set {
  hart_set(const decoded_text& t, unsigned count) : text(&t), harts(count), fetch(count), control(count) {
    for (unsigned h = 0; h < count; ++h) set_text(h, {std::shared_ptr<void>(), &t}, 0);
  }

  const decoded_text* text;  ///< as loaded: where it lies holds for all versions
  const text_versions* versions = nullptr;
  void* observer = nullptr;
  instruction_counts instructions;   ///< but alu; of accesses those that were begun (iss_group::instructions())
  std::uint64_t retired_before = 0;  ///< by harts that have been started again
  std::vector<hart> harts;
  std::vector<hart_fetch> fetch;
  std::vector<hart_control> control;

  unsigned index(const hart& s) const { return static_cast<unsigned>(&s - harts.data()); }
  hart_fetch& fetch_of(const hart& s) { return fetch[index(s)]; }
  hart_control& control_of(const hart& s) { return control[index(s)]; }
  const decoded_text& text_of(const hart& s) const { return *control[index(s)].text; }

  /// Hart h executes this version from now on, from the same pc.
  void set_text(unsigned h, std::shared_ptr<const decoded_text> table, std::size_t version) {
    hart& s = harts[h];
    const std::uint32_t pc = s.pc_of(s.at);
    s.pc_bias = table->base() - static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(table->first()) >> 3);
    control[h].text = std::move(table);
    control[h].text_version = version;
    control[h].loops.reset();
    s.at = entry_of(s, pc);
    for (const std::uint32_t end : fetch[h].lpend) text_of(s).mark_loop_end(end);
  }
  /// Hart h sees this version if it is newer than what it has.
  void renew_text(unsigned h, std::size_t version) {
    if (version > control[h].text_version) set_text(h, versions->at(version), version);
  }
  bool text_may_change() const { return versions != nullptr && !versions->history().untouched(); }

  const decoded* entry_of(const hart& s, std::uint32_t pc) const {
    const auto distance = static_cast<std::intptr_t>(static_cast<std::int32_t>(pc - text->base())) * 8;
    return reinterpret_cast<const decoded*>(reinterpret_cast<std::uintptr_t>(text_of(s).first()) +
                                            static_cast<std::uintptr_t>(distance));
  }
};

/// The entry of `pc` in the table that e lies in.
inline const decoded* entry_beside(const hart& s, const decoded* e, std::uint32_t pc) {
  const auto distance = static_cast<std::intptr_t>(static_cast<std::int32_t>(pc - s.pc_of(e))) * 8;
  return reinterpret_cast<const decoded*>(reinterpret_cast<std::uintptr_t>(e) + static_cast<std::uintptr_t>(distance));
}

/// A hardware loop goes round at pc.
inline bool loop_back_follows(const hart_fetch& f, std::uint32_t pc) {
  return (f.lpcount[0] > 1 && f.lpend[0] == pc) || (f.lpcount[1] > 1 && f.lpend[1] == pc);
}

/// Enabled interrupt lines that are high; 0 if none or interrupts are off.
inline std::uint32_t high_interrupts(const hart_control& c) { return (c.mstatus & 8) != 0 ? c.mie & c.irq_lines : 0; }

/// The same with those that have been high until now: the core decides by the lines of two cycles before.
inline std::uint32_t pending_interrupts(const hart_control& c) {
  return (c.mstatus & 8) != 0 ? c.mie & (c.irq_lines | c.irq_fallen) : 0;
}

/// Interrupt lines that would be taken if they were high.
inline std::uint32_t pending_enables(const hart_control& c) { return (c.mstatus & 8) != 0 ? c.mie : 0; }

/// Checks a hardware loop of which the instruction at `pc` has written `what` (loop_write).
hart_fault check_loop(hart_set&, hart&, std::uint32_t pc, unsigned loop, unsigned what);

/// Reads and writes CSRs. Returns false for an access that must trap as illegal.
/// now, retired: the hart's time and count at the instruction; write: false for csrrs/csrrc with a zero operand.
bool access_csr(hart_set&, hart&, std::uint16_t csr, std::uint32_t funct3, std::uint32_t operand, bool write,
                cycle_t now, std::uint64_t retired, std::uint32_t& old_value);

/// Counts mcycle, minstret and mhpmcounter3 up to now.
void count_up(hart_control&, cycle_t now, std::uint64_t retired);

/// Takes an exception (cause < 32) or interrupt (cause has bit 31): updates the CSRs, returns the handler's pc.
std::uint32_t enter_trap(hart_control&, std::uint32_t cause, std::uint32_t pc);

/// Where a trap of this cause goes.
std::uint32_t trap_handler(const hart_control&, std::uint32_t cause);

/// mret: restores mstatus.MIE, returns mepc.
std::uint32_t leave_trap(hart_control&);

/// Interrupt with the highest priority among `pending` (not 0). Source: manual, "Interrupts".
unsigned highest_priority(std::uint32_t pending);

/// Re-evaluates attention_stack where sp or the guard has changed.
inline void update_stack_attention(hart& s, const hart_control& c) {
  if (__builtin_expect(c.guard.holds(s.x[stack_pointer]), 0)) s.attention |= attention_stack;
}

/// Re-evaluates attention_irq after a change of lines, mie or mstatus.
inline void update_irq_attention(hart& s, const hart_control& c) {
  s.attention = (s.attention & ~attention_irq) | (pending_interrupts(c) != 0 ? attention_irq : 0);
}

}  // namespace ohmic::iss
