#include "tests/cosim/reduce.h"

#include <algorithm>
#include <utility>

#include "ip/iss/instruction_set.h"

namespace ohmic::test {
namespace {

/// The kind of instruction at which a run failed, or which trap.
std::uint32_t place_of(const lockstep_outcome& o) {
  if (o.differing.trap) return 0x10000u | (o.differing.cause >> 31);
  const std::uint32_t w = o.differing.instruction;
  return static_cast<std::uint32_t>(iss::identify(
      iss::is_wide(static_cast<std::uint16_t>(w)) ? w : iss::expand_compressed(static_cast<std::uint16_t>(w))));
}

class reducer {
 public:
  explicit reducer(const lockstep_case& failing) {
    result_.smallest = failing;
    result_.outcome = run_case(failing);
    reason_ = result_.outcome.reason();
    place_ = place_of(result_.outcome);
  }

  reduction run() {
    if (result_.outcome.mismatch.empty()) return result_;
    stop_behind();
    for (bool smaller = true; smaller;) {
      smaller = remove_units();
      smaller = forget_happenings() || smaller;
      smaller = nops_for_instructions() || smaller;
      smaller = fewer_rounds() || smaller;
      smaller = clear_data() || smaller;
      smaller = plainer_start() || smaller;
      smaller = earlier_pulses() || smaller;
    }
    return result_;
  }

 private:
  /// Takes the change if the case still fails in the same way. change(candidate) is false if it changes nothing.
  template <class Change>
  bool attempt(Change change) {
    lockstep_case candidate = result_.smallest;
    if (!change(candidate)) return false;
    if (!candidate.program.legal()) return false;
    ++result_.tried;
    const lockstep_outcome o = run_case(candidate, 2 * result_.outcome.cycles + 1000);
    if (o.mismatch.empty() || o.reason() != reason_ || place_of(o) != place_) return false;
    result_.smallest = std::move(candidate);
    result_.outcome = o;
    return true;
  }

  /// Delta debugging: take_away(candidate, first, count) for ever smaller pieces of a list of size().
  template <class Size, class TakeAway>
  bool minimise(Size size, TakeAway take_away) {
    bool any = false;
    for (std::size_t piece = std::max<std::size_t>(size() / 2, 1); piece != 0; piece /= 2) {
      // From the end on: what stands behind matters least.
      for (std::size_t end = size(); end != 0;) {
        const std::size_t first = end > piece ? end - piece : 0;
        any = attempt([&](lockstep_case& c) { return take_away(c, first, end - first); }) || any;
        end = std::min(first, size());
      }
    }
    return any;
  }

  /// What the mismatch comes before does not matter.
  void stop_behind() {
    const assembled_program text = assemble(result_.smallest.program);
    const auto behind = static_cast<std::size_t>(
        std::upper_bound(text.unit.begin(), text.unit.end(), result_.outcome.differing.pc) - text.unit.begin());
    const std::size_t all = result_.smallest.program.units.size();
    if (behind != 0 && behind + 2 < all)
      attempt([&](lockstep_case& c) {
        c.program.erase(behind + 2, all - behind - 2);
        return true;
      });
  }

  bool remove_units() {
    const auto size = [&] { return result_.smallest.program.units.size(); };
    bool any = minimise(size, [](lockstep_case& c, std::size_t first, std::size_t n) {
      c.program.erase(first, n);
      return true;
    });
    if (result_.smallest.what.pulses.empty()) return any;
    // Interrupts that come at the same instruction as before: about a cycle earlier for each that is gone.
    return minimise(size,
                    [](lockstep_case& c, std::size_t first, std::size_t n) {
                      const unsigned before = c.program.instructions();
                      c.program.erase(first, n);
                      const unsigned gone = before - c.program.instructions();
                      for (interrupt_pulse& p : c.what.pulses) p.at -= std::min<cycle_t>(p.at, gone);
                      return true;
                    }) ||
           any;
  }

  /// Nothing instead of list entries: later ones keep their numbers.
  template <class T>
  bool forget(std::vector<T> happenings::* list) {
    auto& all = result_.smallest.what.*list;
    while (!all.empty() && all.back().nothing()) all.pop_back();
    return minimise([&] { return (result_.smallest.what.*list).size(); },
                    [&](lockstep_case& c, std::size_t first, std::size_t n) {
                      const auto from = (c.what.*list).begin() + static_cast<std::ptrdiff_t>(first);
                      const auto to = from + static_cast<std::ptrdiff_t>(n);
                      const bool gain = std::any_of(from, to, [](const T& t) { return !t.nothing(); });
                      std::fill(from, to, T{});
                      return gain;
                    });
  }

  bool forget_happenings() {
    bool any = forget(&happenings::accesses);
    any = forget(&happenings::lines) || any;
    any = forget(&happenings::events) || any;
    any = minimise([&] { return result_.smallest.what.pulses.size(); },
                   [](lockstep_case& c, std::size_t first, std::size_t n) {
                     const auto at = c.what.pulses.begin() + static_cast<std::ptrdiff_t>(first);
                     c.what.pulses.erase(at, at + static_cast<std::ptrdiff_t>(n));
                     return true;
                   }) ||
          any;
    return any;
  }

  /// Where a loop needs its length, an instruction that does nothing.
  bool nops_for_instructions() {
    static const program_unit nop = unit_of({0x13});
    bool any = false;
    for (std::size_t i = 0; i < result_.smallest.program.units.size(); ++i) {
      const program_unit& u = result_.smallest.program.units[i];
      if (u.span != 0 || u.halves == nop.halves || u.halves.size() < 2) continue;
      any = attempt([&](lockstep_case& c) {
              c.program.units[i] = nop;
              return true;
            }) ||
            any;
    }
    return any;
  }

  /// Immediate counts of hardware loops.
  bool fewer_rounds() {
    bool any = false;
    for (std::size_t i = 0; i < result_.smallest.program.units.size(); ++i) {
      if (!result_.smallest.program.units[i].loop) continue;
      for (const std::uint32_t count : {0u, 1u, 2u, 3u}) {
        std::uint32_t word = result_.smallest.program.units[i].halves[0] |
                             std::uint32_t{result_.smallest.program.units[i].halves[1]} << 16;
        const iss::op o = iss::identify(word);
        if (o != iss::op::cv_setupi && o != iss::op::cv_counti) break;
        if (word >> 20 <= count) break;
        if (attempt([&](lockstep_case& c) {
              c.program.units[i].halves[1] = static_cast<std::uint16_t>((word & 0xfffff) >> 16 | count << 4);
              return true;
            })) {
          any = true;
          break;
        }
      }
    }
    return any;
  }

  bool clear_data() {
    bool any = false;
    const auto clear = [&](std::size_t first, std::size_t n) {
      const auto& m = result_.smallest.program.memory;
      const auto from = m.begin() + static_cast<std::ptrdiff_t>(first);
      if (std::all_of(from, from + static_cast<std::ptrdiff_t>(n), [](std::uint8_t b) { return b == 0; })) return true;
      return attempt([&](lockstep_case& c) {
        std::fill_n(c.program.memory.begin() + static_cast<std::ptrdiff_t>(first), n, std::uint8_t{0});
        return true;
      });
    };
    // Halves of what cannot be cleared as a whole.
    std::vector<std::pair<std::size_t, std::size_t>> pieces = {{0, result_.smallest.program.memory.size()}};
    while (!pieces.empty()) {
      const auto [first, n] = pieces.back();
      pieces.pop_back();
      if (clear(first, n) || n <= 4) continue;
      pieces.push_back({first, n / 2});
      pieces.push_back({first + n / 2, n - n / 2});
    }
    for (unsigned r = 1; r < 32; ++r) {
      for (const std::uint32_t value : {0u, 1u, test_program::data}) {
        const std::uint32_t now = result_.smallest.program.x[r];
        if (now == 0 || now == value || (now == 1 && value != 0)) continue;
        if (!attempt([&](lockstep_case& c) {
              c.program.x[r] = value;
              return true;
            }))
          continue;
        any = true;
        break;
      }
    }
    return any;
  }

  /// Interrupts that come sooner need less program in front of them.
  bool earlier_pulses() {
    bool any = false;
    for (std::size_t i = 0; i < result_.smallest.what.pulses.size(); ++i) {
      for (cycle_t step = result_.smallest.what.pulses[i].at / 2; step > 1; step /= 2) {
        const cycle_t earliest = i == 0 ? 0 : result_.smallest.what.pulses[i - 1].at;
        if (result_.smallest.what.pulses[i].at < earliest + step) continue;
        any = attempt([&](lockstep_case& c) {
                c.what.pulses[i].at -= step;
                return true;
              }) ||
              any;
      }
    }
    return any;
  }

  bool plainer_start() {
    bool any = false;
    for (bool test_program::* setting : {&test_program::vectored, &test_program::interrupts}) {
      any = attempt([&](lockstep_case& c) { return std::exchange(c.program.*setting, false); }) || any;
    }
    return any;
  }

  reduction result_;
  std::string reason_;
  std::uint32_t place_ = 0;
};

}  // namespace

reduction reduce(const lockstep_case& failing) { return reducer(failing).run(); }

}  // namespace ohmic::test
