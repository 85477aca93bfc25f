// Random timing programs: cycles of the ISS against those of the RTL, class by class. docs/timing.md says what for.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "tests/cosim/timing_campaign.h"

namespace ohmic::test {
namespace {

struct settings {
  unsigned first = 1, seeds = 20, segments = 60, show = 0;
  std::string kind;
  long only_line = -1;
};

}  // namespace
}  // namespace ohmic::test

int main(int argc, char** argv) {
  using namespace ohmic;
  using namespace ohmic::test;
  settings s;
  CLI::App app("Runs random timing programs on ISS and RTL, class by class.", "timing_random");
  app.add_option("--first", s.first, "first seed")->capture_default_str();
  app.add_option("--seeds", s.seeds, "seeds of each class")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--segments", s.segments, "segments of a program")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--class", s.kind, "only this class");
  app.add_option("--lines", s.only_line, "only with lines that take so many cycles");
  app.add_option("--show", s.show, "list so many segments that differ, the shortest first")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  double worst = 0;
  std::string worst_name;
  for (const timing_class_name& c : timing_classes) {
    if (!s.kind.empty() && s.kind != c.name) continue;
    timing_campaign campaign(c.kind);
    if (s.only_line >= 0) campaign.line_cycles = {static_cast<unsigned>(s.only_line)};
    for (unsigned seed = s.first; seed < s.first + s.seeds; ++seed) campaign.add(seed, s.segments);
    const timing_totals& t = campaign.totals();
    std::printf("%-14s ISS %9llu RTL %9llu  %+.3f %%, %.2f %% of %llu segments differ, worst %d; begin %d; mcycle %d\n",
                c.name, static_cast<unsigned long long>(t.iss), static_cast<unsigned long long>(t.rtl), t.percent(),
                100. * static_cast<double>(t.differ) / static_cast<double>(t.segments),
                static_cast<unsigned long long>(t.segments), t.worst, t.worst_begin, t.worst_counter);
    if (std::abs(t.percent()) >= std::abs(worst)) worst = t.percent(), worst_name = c.name;
    campaign.list(s.show, stdout);
  }
  std::printf("worst class: %s, %+.3f %%\n", worst_name.c_str(), worst);
  return 0;
}
