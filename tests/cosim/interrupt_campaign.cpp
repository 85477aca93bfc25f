#include "tests/cosim/interrupt_campaign.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "ip/iss/disassembler.h"
#include "ip/iss/iss_group.h"
#include "ip/rtl_core/rtl_group.h"
#include "tests/cosim/interrupted_run.h"

namespace ohmic::test {
namespace {

constexpr std::uint32_t handler = test_program::base + 128 + 24;  // write_handlers() in test_program.cpp

/// Undisturbed, the two models execute the same instructions in the same cycles around `cycle`.
bool same_until(const std::vector<interrupted_step>& a, const std::vector<interrupted_step>& b, cycle_t cycle) {
  bool near = false;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (b[i].cycle + 12 < cycle || b[i].cycle > cycle + 6) continue;
    if (a[i].pc != b[i].pc || a[i].cycle != b[i].cycle) return false;
    near = true;
  }
  return near;
}

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
    const auto body = std::find_if(undisturbed.begin(), undisturbed.end(),
                                   [](const interrupted_step& s) { return s.pc == test_program::body; });
    if (body == undisturbed.end()) throw std::runtime_error("the program does not begin");
    for (unsigned n = 0; n < count; ++n) {
      const cycle_t raised = body->cycle + first + n * spacing;
      if (raised + 80 > undisturbed.back().cycle) break;  // behind the end of the program is no place to return to
      iss.start(0, text.boot, 0);
      iss.set_irq(0, 0);
      rtl.start(0, text.boot, 0);
      rtl.set_irq(0, 0);
      const interrupted_watch in_iss = interrupted_run(iss, program.memory, around).run(raised, raised + 400, high);
      const interrupted_watch in_rtl = interrupted_run(rtl, program.memory, around).run(raised, raised + 400, high);
      const auto &a = in_iss.steps, &b = in_rtl.steps;
      const auto begins = [](const std::vector<interrupted_step>& steps) {
        std::vector<std::size_t> at;
        for (std::size_t i = 1; i < steps.size(); ++i) {
          if (steps[i].pc == handler && !steps[i].trap) at.push_back(i);
        }
        return at;
      };
      const auto p = begins(a), q = begins(b);
      const auto show = [&](const char* name, const interrupted_watch& w, std::size_t last, std::string& what) {
        const auto& s = w.steps;
        what += "    lines";
        for (const interrupted_step& l : w.lines) {
          char line[40];
          std::snprintf(line, sizeof line, " %lld:%x", static_cast<long long>(l.cycle - raised), l.pc);
          if (l.cycle + 60 > raised && l.cycle <= s[last].cycle) what += line;
        }
        what += "; answers";
        for (const interrupted_step& l : w.answers) {
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
      if (p.empty() || q.empty()) {
        lost_ += p.size() != q.size();
        if (p.empty() != q.empty() && same_until(alone, undisturbed, raised + high)) {
          ++disagree_;
          const interrupted_watch& taken = p.empty() ? in_rtl : in_iss;
          std::string what = p.empty() ? "    taken by the RTL alone\n" : "    taken by the ISS alone\n";
          show("taken", taken, p.empty() ? q[0] : p[0], what);
          std::size_t last = 0;
          const auto& steps = (p.empty() ? in_iss : in_rtl).steps;
          while (last + 1 < steps.size() && steps[last].cycle < raised + 10) ++last;
          show("other", p.empty() ? in_iss : in_rtl, last, what);
          differences_.push_back({seed, cycles, raised, 0, what});
        }
        refused_ += p.empty() && q.empty();
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
        show("ISS", in_iss, p[k], what);
        show("RTL", in_rtl, q[k], what);
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
