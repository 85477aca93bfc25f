#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "ip/core/core_mix.h"

namespace ohmic {

/// One change of a hart from one kind to another.
struct relay_leg {
  unsigned order = 0;     ///< whose wish it is: what trigger() names
  unsigned kind = 0;      ///< position of the new kind among Kinds
  cycle_t cycle = never;  ///< at this time of the hart; never: not by itself
  bool at_pc = false;     ///< when about to execute `pc` for the `times`-th time since the leg before
  std::uint32_t pc = 0;
  unsigned times = 1;
};

/// A leg that a hart has gone: it went on as the new kind at `cycle`, in front of the instruction at `pc`.
struct relay_change {
  unsigned order = 0, hart = 0;
  cycle_t cycle = 0;
  std::uint32_t pc = 0;
};

/// A core_mix whose harts change their kind while they run: the new kind goes on from the architectural state of the
/// old one, at the same time and with the same lines in its private instruction cache. Counters of activity go on
/// counting.
///
/// A hart goes its legs in their order, each when its moment has come and the leg before is done. It changes between
/// two instructions, as soon as it rests (core_seam.h): accesses under way are waited for first. A hart that waits in
/// cv.elw is not waited for: the cluster takes the request back (trigger(), leaves(), withdraw()). A leg with a cycle
/// is due when the hart's own time has come there; one without gets its cycle from trigger().
///
/// Kinds that cannot rest may be among them: their harts have no legs, and no leg leads to them.
template <class... Kinds>
class core_relay : public core_mix<Kinds...> {
  using mix = core_mix<Kinds...>;
  using mix::with;

 public:
  static constexpr bool hands_over = true;

  /// legs[h]: of hart h.
  core_relay(std::vector<std::uint8_t> kind_of, std::vector<std::vector<relay_leg>> legs, Kinds... groups)
      : mix(std::move(kind_of), std::move(groups)...),
        legs_(std::move(legs)),
        next_(legs_.size()),
        due_(legs_.size()),
        lines_(legs_.size()),
        before_(legs_.size()),
        sums_(legs_.size()) {
    for (unsigned h = 0; h < legs_.size(); ++h) {
      due_[h].resize(legs_[h].size());
      if (!legs_[h].empty()) travelling_ |= bit(h);
    }
  }

  void start(unsigned h, std::uint32_t boot_addr, cycle_t now) {
    before_[h] = {};
    mix::start(h, boot_addr, now);
    mix::set_irq(h, lines_[h]);
    if (travelling_ >> h & 1) prepare(h);
  }
  void set_irq(unsigned h, std::uint32_t lines, cycle_t now = 0) {
    lines_[h] = lines;
    mix::set_irq(h, lines, now);
  }

  template <class Observer>
  core_stop advance(unsigned h, cycle_t until, Observer& observer) {
    if (__builtin_expect((travelling_ >> h & 1) == 0, 1)) return mix::advance(h, until, observer);
    for (;;) {
      cycle_t limit = until;
      if (const cycle_t at = legs_[h][next_[h]].cycle; at != never && !held(h)) {
        if (mix::time(h) >= at)
          hold(h);
        else
          limit = std::min(until, at);
      }
      const core_stop stop = mix::advance(h, limit, observer);
      bool resting = false;
      with_resting(h, [&](auto& g) { resting = g.resting(h); });
      if (resting) {
        change(h);
        if ((travelling_ >> h & 1) == 0) return mix::advance(h, until, observer);
        continue;
      }
      if (stop != core_stop::horizon || limit == until || mix::time(h) < limit) return stop;
    }
  }

  /// The moment of the legs of this order has come: the cluster is at cycle `at`. Harts that wait in cv.elw are in
  /// `asleep`; of these, those whose next leg it is are returned, to be withdrawn. A hart that is awake changes when
  /// its own time has come there; one that has run ahead, at once.
  std::uint64_t trigger(unsigned order, cycle_t at, std::uint64_t asleep) {
    std::uint64_t woken = 0;
    for (unsigned h = 0; h < legs_.size(); ++h) {
      for (std::size_t k = next_[h]; k < legs_[h].size(); ++k) {
        if (legs_[h][k].order != order) continue;
        legs_[h][k].cycle = at;
        due_[h][k] = true;
        if (k == next_[h]) woken |= asleep & bit(h);
      }
    }
    return woken;
  }

  /// Hart h is to change, so it must not fall asleep any more: withdraw() it instead.
  bool leaves(unsigned h) const { return (travelling_ >> h & 1) != 0 && (held(h) || due_[h][next_[h]]); }

  /// Takes back the request with which a hart waits in cv.elw, for trigger() or leaves(); advance() then goes on as the
  /// new kind.
  void withdraw(unsigned h, cycle_t now) {
    held_ |= bit(h);
    with_resting(h, [&](auto& g) { g.withdraw(h, now); });
  }

  const hart_counters& counters(unsigned h) const {
    const hart_counters& own = mix::counters(h);
    sums_[h] = {before_[h].retired + own.retired, before_[h].awake_cycles + own.awake_cycles};
    return sums_[h];
  }

  /// The legs that hart h has still to go.
  std::vector<relay_leg> legs_ahead(unsigned h) const {
    return {legs_[h].begin() + static_cast<std::ptrdiff_t>(next_[h]), legs_[h].end()};
  }

  /// What has happened so far, oldest first per hart.
  const std::vector<relay_change>& changes() const { return changes_; }

 private:
  /// Hart h rests, or is on its way there.
  bool held(unsigned h) const { return (held_ >> h & 1) != 0; }

  template <class Group, class = void>
  static constexpr bool rests = false;
  template <class Group>
  static constexpr bool rests<Group, std::void_t<decltype(&Group::hold)>> = true;
  /// with() for what only kinds that rest can do.
  template <class F>
  void with_resting(unsigned h, F&& f) {
    with(h, [&](auto& g) {
      if constexpr (rests<std::decay_t<decltype(g)>>) f(g);
    });
  }

  static constexpr std::uint64_t bit(unsigned h) { return std::uint64_t{1} << h; }

  void hold(unsigned h) {
    held_ |= bit(h);
    with_resting(h, [&](auto& g) { g.hold(h); });
  }

  // The hart has just begun as what it is: what it must look out for.
  void prepare(unsigned h) {
    const relay_leg& leg = legs_[h][next_[h]];
    held_ &= ~bit(h);
    if (leg.at_pc) with_resting(h, [&](auto& g) { g.hold_at(h, leg.pc, leg.times); });
  }

  void change(unsigned h) {
    const relay_leg& leg = legs_[h][next_[h]];
    hart_state state;
    private_icache lines{};
    std::size_t text_version = 0;
    with_resting(h, [&](auto& g) {
      state = g.save(h);
      lines = g.lines(h);
      text_version = g.text_version(h);
    });
    const cycle_t now = mix::time(h);
    before_[h] = counters(h);
    mix::stop(h);
    this->set_kind(h, leg.kind);
    mix::start(h, state.pc, now);
    mix::set_irq(h, lines_[h]);
    with_resting(h, [&](auto& g) {
      g.set_lines(h, lines);
      g.set_text_version(h, text_version);
      g.restore(h, state);
    });
    changes_.push_back({leg.order, h, now, state.pc});
    held_ &= ~bit(h);
    if (++next_[h] == legs_[h].size())
      travelling_ &= ~bit(h);
    else
      prepare(h);
  }

  std::uint64_t travelling_ = 0;  // harts with legs to go
  std::uint64_t held_ = 0;
  std::vector<std::vector<relay_leg>> legs_;
  std::vector<std::size_t> next_;       // by hart: the leg to go next
  std::vector<std::vector<bool>> due_;  // as legs_: triggered
  std::vector<std::uint32_t> lines_;    // of interrupts, for the kind that comes
  std::vector<hart_counters> before_;   // what a hart did as kinds that it was
  mutable std::vector<hart_counters> sums_;
  std::vector<relay_change> changes_;
};

}  // namespace ohmic
