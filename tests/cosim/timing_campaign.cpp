#include "tests/cosim/timing_campaign.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <tuple>

#include "ip/iss/disassembler.h"
#include "ip/iss/iss_group.h"
#include "ip/rtl_core/rtl_group.h"

namespace ohmic::test {

void timing_campaign::add(unsigned seed, unsigned segments) {
  const test_program program = make_timing_program(kind_, seed, segments);
  const assembled_program text = assemble(program);
  const auto bytes = static_cast<std::uint32_t>(text.words.size() * 4);
  const decoded_text decoded(test_program::base, text.words.data(), bytes);
  iss_group iss(decoded, 1, 0);
  rtl_group rtl({test_program::base, bytes, reinterpret_cast<const std::uint8_t*>(text.words.data())}, 1, 0);
  // Where the stores are that close a segment
  std::vector<std::uint32_t> marks;
  for (std::size_t u = 0; u < program.units.size(); ++u) {
    const auto& h = program.units[u].halves;
    if (h.size() == 2) {
      const std::uint32_t w = h[0] | std::uint32_t{h[1]} << 16;
      constexpr std::uint32_t offset = timing_mark - test_program::data - 1024;
      if ((w & 0xfe0fffffu) == ((offset & 31) << 7 | (offset >> 5) << 25 | 2u << 12 | 24u << 15 | 0x23u))
        marks.push_back(text.unit[u]);
    }
  }
  for (const unsigned cycles : line_cycles) {
    timing_surroundings around;
    around.line_cycles = cycles;
    around.seed = seed;
    around.conflicts = kind_ == timing_class::conflicts || kind_ == timing_class::everything;
    iss.start(0, text.boot, 0);
    rtl.start(0, text.boot, 0);
    const auto a = run_timed(iss, program.memory, around), b = run_timed(rtl, program.memory, around);
    if (a.size() != b.size() || a.size() != marks.size() || a.size() < 2)
      throw std::runtime_error("the program of seed " + std::to_string(seed) + " did not run to its end");
    const int begin = static_cast<int>(a[0].at - b[0].at);
    if (std::abs(begin) > std::abs(totals_.worst_begin)) totals_.worst_begin = begin;
    for (std::size_t s = 1; s < a.size(); ++s) {
      const cycle_t in_iss = a[s].at - a[s - 1].at, in_rtl = b[s].at - b[s - 1].at;
      totals_.iss += in_iss;
      totals_.rtl += in_rtl;
      ++totals_.segments;
      const int d = static_cast<int>(in_iss - in_rtl);
      int counted = 0;
      // A segment that read mcycle notes its value: compared from the previous reading segment on.
      if (b[s].value != 0 && a[s].value != 0 && (kind_ == timing_class::counters || kind_ == timing_class::events)) {
        std::size_t p = s - 1;
        while (p > 0 && a[p].value == 0) --p;
        if (p > 0) counted = static_cast<int>((a[s].value - a[p].value) - (b[s].value - b[p].value));
      }
      if (std::abs(counted) > std::abs(totals_.worst_counter)) totals_.worst_counter = counted;
      if (d == 0 && counted == 0) continue;
      if (d != 0) ++totals_.differ;
      if (std::abs(d) > 2 || std::abs(counted) > 2) ++totals_.far;
      if (std::abs(d) > std::abs(totals_.worst)) totals_.worst = d;
      differences_.push_back({seed, static_cast<unsigned>(s), cycles, d, counted, in_rtl, marks[s - 1], marks[s] + 4,
                              s > 2 ? marks[s - 3] : marks[0], text.words});
    }
  }
}

void timing_campaign::list(unsigned most, std::FILE* to) const {
  std::vector<const difference*> shortest;
  for (const difference& d : differences_) shortest.push_back(&d);
  std::sort(shortest.begin(), shortest.end(), [](const auto* a, const auto* b) {
    return std::make_tuple(a->end - a->first, a) < std::make_tuple(b->end - b->first, b);
  });
  if (shortest.size() > most) shortest.resize(most);
  for (const difference* d : shortest) {
    std::fprintf(to, "  seed %u segment %u, lines %u: ISS %+d of %llu cycles, mcycle %+d\n", d->seed, d->segment,
                 d->line_cycles, d->cycles, static_cast<unsigned long long>(d->rtl), d->counted);
    const text_bytes bytes{test_program::base, static_cast<std::uint32_t>(d->words.size() * 4),
                           reinterpret_cast<const std::uint8_t*>(d->words.data())};
    for (std::uint32_t pc = d->context; pc < d->end;) {
      if (pc == d->first) std::fprintf(to, "    --\n");
      const std::uint32_t w = bytes.instruction(pc);
      std::fprintf(to, "    %08x%s %s\n", pc, pc % 64 == 0 ? "*" : " ", iss::disassemble(pc, w).c_str());
      pc += (w & 3) == 3 ? 4 : 2;
    }
  }
}

}  // namespace ohmic::test
