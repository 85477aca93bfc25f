#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "tests/cosim/timing_program.h"

namespace ohmic::test {

inline constexpr std::uint32_t interrupting_line = 1u << 11;

/// What a hart did in an interrupted_run.
struct interrupted_step {
  cycle_t cycle = 0;
  std::uint32_t pc = 0;
  bool trap = false;
};
struct interrupted_watch {
  static constexpr bool enabled = true;
  std::vector<interrupted_step> steps;
  std::vector<interrupted_step> lines;  ///< that were asked for
  std::vector<interrupted_step> answers;
  void retire(unsigned, const retire_record& r) { steps.push_back({r.cycle, r.pc, r.trap}); }
};

/// One hart and what surrounds it, driven as a cluster drives it (platform/cluster/cluster_cycle.h): cycle by cycle
/// while a line could interrupt it, far ahead while none can, lines and answers in the cluster's order.
template <class Group>
class interrupted_run {
 public:
  interrupted_run(Group& group, std::vector<std::uint8_t> memory, const timing_surroundings& around)
      : group_(group), memory_(std::move(memory)), around_(around) {}

  /// Remote accesses are all answered that many cycles later than at once, instead of at random.
  void answer_remote_after(unsigned cycles) { remote_wait_ = cycles; }

  /// Until the hart halts or `end`; interrupting_line is high for `high` cycles from `raise` on.
  interrupted_watch run(cycle_t raise, cycle_t end, cycle_t high = 60) {
    act_ = action::advance;
    due_ = 0;
    for (cycle_t now = 0; now < end && act_ != action::none; ++now) {
      if (due_ == now && act_ == action::advance) resume(now);
      if (due_ == now && act_ == action::fetch) ask(now);
      if (due_ == now && act_ == action::line) line(now);
      if (due_ == now && act_ == action::answer) answer(now);
      if (due_ == now && act_ == action::access) access_bus(now);
      if (now == raise) set(interrupting_line, now);
      if (now == raise + high) set(0, now);
    }
    return watch_;
  }

 private:
  enum class action { none, advance, fetch, line, access, answer };

  bool interruptible() const { return (group_.irq_enabled(0) & interrupting_line) != 0; }
  void set(std::uint32_t lines, cycle_t now) {
    group_.set_irq(0, lines, now);
    if (possible_ && act_ == action::advance) due_ = std::max(group_.due(0), now + 1);
  }
  void resume(cycle_t now) {
    if (possible_ && !interruptible()) possible_ = false;
    const cycle_t until = possible_ ? group_.certain_until(0, now) : (now | 4095) + 1;
    switch (group_.advance(0, until, watch_)) {
      case core_stop::bus:
        act_ = action::access;
        asked_ = group_.request(0).cycle;  // earlier, if it has waited for a line that the jump behind it asks for
        due_ = std::max(asked_, now);
        wait_ = ~0u;
        return;
      case core_stop::fetch:
        possible_ = possible_ || interruptible();
        if (group_.time(0) <= now) return ask(now);
        act_ = action::fetch;
        due_ = group_.time(0);
        return;
      case core_stop::horizon:
        possible_ = possible_ || interruptible();
        act_ = action::advance;
        due_ = std::max(group_.due(0), now + 1);
        return;
      case core_stop::halted:
        act_ = action::none;
        return;
    }
  }
  // A near line is answered as it is asked for, one from the network as it comes.
  void ask(cycle_t now) {
    watch_.lines.push_back({now, group_.fetch_line(0)});
    const cycle_t valid = now + around_.line_cycles;
    if (around_.line_cycles <= 3) {
      group_.fetch_complete(0, valid);
      return resume(now);
    }
    act_ = action::line;
    due_ = valid - 1;
  }
  void line(cycle_t now) {
    group_.fetch_complete(0, now + 1);
    resume(now);
  }
  unsigned draw(unsigned below) {
    std::uint32_t x = (around_.seed * 0x9e3779b9u) ^ (++drawn_ * 0x85ebca6bu);
    x ^= x >> 15, x *= 0x2c1b3c6du, x ^= x >> 13;
    return x % below;
  }
  void access_bus(cycle_t now) {
    const bus_request r = group_.request(0);
    if (wait_ == ~0u) {
      const bool local = r.addr < timing_remote && r.addr - test_program::events >= 4096;
      wait_ = local && around_.conflicts && draw(2) == 0 ? draw(4) : 0;
    }
    if (wait_ != 0) {
      --wait_;
      due_ = now + 1;
      return;
    }
    if (r.addr >= timing_remote) {
      act_ = action::answer;
      due_ = now + 1 + (remote_wait_ ? *remote_wait_ : draw(4) == 0 ? draw(4) : 13 + draw(20));
      return;
    }
    if (r.addr - test_program::events < 4096) {
      // A register of the cluster, answered two cycles later
      group_.complete(0, access(memory_, r), now, now + 2);
      return resume(now);
    }
    group_.complete(0, access(memory_, r), now, now + 1);
    resume(now);
  }
  void answer(cycle_t now) {
    watch_.answers.push_back({asked_, static_cast<std::uint32_t>(now - asked_)});
    group_.complete(0, access(memory_, group_.request(0)), asked_, now);
    resume(now);
  }

  Group& group_;
  std::vector<std::uint8_t> memory_;
  timing_surroundings around_;
  std::optional<unsigned> remote_wait_;
  interrupted_watch watch_;
  action act_ = action::none;
  cycle_t due_ = 0, asked_ = 0;
  unsigned wait_ = 0, drawn_ = 0;
  bool possible_ = false;
};

}  // namespace ohmic::test
