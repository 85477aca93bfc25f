#include "tests/cosim/interrupt_campaign.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "ip/iss/disassembler.h"
#include "ip/iss/iss_group.h"
#include "ip/rtl_core/rtl_group.h"

namespace ohmic::test {
namespace {

constexpr std::uint32_t irq_line = 1u << 11;
constexpr cycle_t high_for = 60;
constexpr std::uint32_t handler = test_program::base + 128 + 24;  // write_handlers() in test_program.cpp

struct step {
  cycle_t cycle = 0;
  std::uint32_t pc = 0;
  bool trap = false;
};
struct watch {
  static constexpr bool enabled = true;
  std::vector<step> steps;
  std::vector<step> lines;  ///< that were asked for
  std::vector<step> answers;
  void retire(unsigned, const retire_record& r) { steps.push_back({r.cycle, r.pc, r.trap}); }
};

/// One hart and what surrounds it, in a cluster's cycles.
template <class Group>
class interrupted_run {
 public:
  interrupted_run(Group& group, std::vector<std::uint8_t> memory, const timing_surroundings& around)
      : group_(group), memory_(std::move(memory)), around_(around) {}

  /// Until the handler's program has ended or `end`.
  watch run(cycle_t raise, cycle_t end) {
    act_ = action::advance;
    due_ = 0;
    for (cycle_t now = 0; now < end && act_ != action::none; ++now) {
      if (due_ == now && act_ == action::advance) resume(now);
      if (due_ == now && act_ == action::fetch) ask(now);
      if (due_ == now && act_ == action::line) line(now);
      if (due_ == now && act_ == action::answer) answer(now);
      if (due_ == now && act_ == action::access) access_bus(now);
      if (now == raise) set(irq_line, now);
      if (now == raise + high_for) set(0, now);
    }
    return watch_;
  }

 private:
  enum class action { none, advance, fetch, line, access, answer };

  bool interruptible() const { return (group_.irq_enabled(0) & irq_line) != 0; }
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
        due_ = group_.request(0).cycle;
        asked_ = due_;
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
      due_ = now + 1 + (draw(4) == 0 ? draw(4) : 13 + draw(20));
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
  watch watch_;
  action act_ = action::none;
  cycle_t due_ = 0, asked_ = 0;
  unsigned wait_ = 0, drawn_ = 0;
  bool possible_ = false;
};

}  // namespace

void interrupt_campaign::add(unsigned seed, cycle_t first, cycle_t spacing, unsigned count) {
  test_program program = make_timing_program(kind_, seed, 24);
  program.interrupts = program.vectored = true;
  const assembled_program text = assemble(program);
  const auto bytes = static_cast<std::uint32_t>(text.words.size() * 4);
  const decoded_text decoded(test_program::base, text.words.data(), bytes);
  const text_bytes raw{test_program::base, bytes, reinterpret_cast<const std::uint8_t*>(text.words.data())};
  iss_group iss(decoded, 1, 0);
  rtl_group rtl(raw, 1, 0);
  for (const unsigned cycles : line_cycles) {
    timing_surroundings around;
    around.line_cycles = cycles;
    around.seed = seed;
    around.conflicts = kind_ == timing_class::conflicts || kind_ == timing_class::everything;
    // Counted from when interrupts are enabled.
    rtl.start(0, text.boot, 0);
    rtl.set_irq(0, 0);
    const auto undisturbed = interrupted_run(rtl, program.memory, around).run(never - 1000, 40000).steps;
    iss.start(0, text.boot, 0);
    iss.set_irq(0, 0);
    const auto alone = interrupted_run(iss, program.memory, around).run(never - 1000, 40000).steps;
    const auto body =
        std::find_if(undisturbed.begin(), undisturbed.end(), [](const step& s) { return s.pc == test_program::body; });
    if (body == undisturbed.end()) throw std::runtime_error("the program does not begin");
    for (unsigned n = 0; n < count; ++n) {
      const cycle_t raised = body->cycle + first + n * spacing;
      if (raised + 80 > undisturbed.back().cycle) break;  // behind the end of the program is no place to return to
      iss.start(0, text.boot, 0);
      iss.set_irq(0, 0);
      rtl.start(0, text.boot, 0);
      rtl.set_irq(0, 0);
      const watch in_iss = interrupted_run(iss, program.memory, around).run(raised, raised + 400);
      const watch in_rtl = interrupted_run(rtl, program.memory, around).run(raised, raised + 400);
      const auto &a = in_iss.steps, &b = in_rtl.steps;
      const auto begins = [](const std::vector<step>& steps) {
        std::vector<std::size_t> at;
        for (std::size_t i = 1; i < steps.size(); ++i) {
          if (steps[i].pc == handler && !steps[i].trap) at.push_back(i);
        }
        return at;
      };
      const auto p = begins(a), q = begins(b);
      if (p.empty() || q.empty()) {
        lost_ += p.size() != q.size();
        continue;
      }
      // Where the line rises both must keep step when nothing interrupts them. (Behind an access that waits they count
      // cycles differently.)
      bool same = false;
      for (std::size_t i = q[0] - 2; i < q[0] + 6 && i < undisturbed.size(); ++i)
        same = same || (i < alone.size() && !alone[i].trap && alone[i].cycle == undisturbed[i].cycle);
      if (!same) {
        ++lost_;
        continue;
      }
      for (std::size_t k = 0; k < 1; ++k) {
        ++handlers_;
        const int d = static_cast<int>(a[p[k]].cycle - b[q[k]].cycle);
        if (d == 0) continue;
        ++differ_;
        if (std::abs(d) > 2) ++far_;
        if (std::abs(d) > std::abs(worst_)) worst_ = d;
        std::string what;
        const auto show = [&](const char* name, const watch& w, std::size_t last) {
          const auto& s = w.steps;
          what += "    lines";
          for (const step& l : w.lines) {
            char line[40];
            std::snprintf(line, sizeof line, " %lld:%x", static_cast<long long>(l.cycle - raised), l.pc);
            if (l.cycle + 60 > raised && l.cycle <= s[last].cycle) what += line;
          }
          what += "; answers";
          for (const step& l : w.answers) {
            char line[40];
            std::snprintf(line, sizeof line, " %lld+%u", static_cast<long long>(l.cycle - raised), l.pc);
            if (l.cycle + 60 > raised && l.cycle <= s[last].cycle) what += line;
          }
          what += "\n";
          for (std::size_t i = last > 9 ? last - 9 : 0; i <= last; ++i) {
            char line[120];
            std::snprintf(line, sizeof line, "    %s %5lld %08x%s %s\n", name,
                          static_cast<long long>(s[i].cycle - raised), s[i].pc, s[i].trap ? " (trap)" : "",
                          raw.contains(s[i].pc) ? iss::disassemble(s[i].pc, raw.instruction(s[i].pc)).c_str() : "");
            what += line;
          }
        };
        show("ISS", in_iss, p[k]);
        show("RTL", in_rtl, q[k]);
        differences_.push_back({seed, cycles, raised, d, what});
      }
    }
  }
}

void interrupt_campaign::list(unsigned most, std::FILE* to) const {
  std::vector<const difference*> worst;
  for (const difference& d : differences_) worst.push_back(&d);
  std::stable_sort(worst.begin(), worst.end(),
                   [](const auto* a, const auto* b) { return std::abs(a->cycles) > std::abs(b->cycles); });
  if (worst.size() > most) worst.resize(most);
  for (const difference* d : worst) {
    std::fprintf(to, "  seed %u, lines %u, line rises in cycle %llu: ISS %+d cycles\n%s", d->seed, d->line_cycles,
                 static_cast<unsigned long long>(d->raised), d->cycles, d->what.c_str());
  }
}

}  // namespace ohmic::test
