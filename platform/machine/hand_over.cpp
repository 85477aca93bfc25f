#include "platform/machine/hand_over.h"

#include <algorithm>

#include "platform/config/config_error.h"
#include "platform/config/core_choice.h"
#include "platform/config/hand_over_choice.h"
#include "platform/elf/elf_file.h"

namespace ohmic {
namespace {

using hand_over = chip_config::cores_config::hand_over;
using moment = hand_over::moment;

std::uint32_t watched_pc(const hand_over& h, const elf_file& program, const elf_segment& text) {
  const std::string who = "hand-over " + text_of(h);
  if (h.at == moment::symbol && !program.has_symbol(h.symbol))
    throw config_error(who + ": the program has no symbol " + h.symbol);
  const std::uint32_t pc = h.at == moment::symbol ? program.address_of(h.symbol) : static_cast<std::uint32_t>(h.number);
  if (pc - text.address >= text.bytes.size() || pc % 2 != 0)
    throw config_error(who + ": no instruction of the program stands there; its text is " +
                       std::to_string(text.bytes.size()) + " bytes from " + std::to_string(text.address) + " on");
  return pc;
}

}  // namespace

std::string text_of(const hand_over& h) {
  return ranges_text(h.clusters) + "." + ranges_text(h.cores) + "=" + name_of(h.model) + "@" + moment_of(h);
}

std::vector<std::vector<std::vector<relay_leg>>> relay_legs(const chip_config& config, const program_set& programs) {
  std::vector<elf_segment> texts;
  for (std::size_t p = 0; p < programs.size(); ++p) texts.push_back(programs[p].text());
  std::vector<std::vector<std::vector<relay_leg>>> legs(config.clusters());
  for (unsigned cluster = 0; cluster < legs.size(); ++cluster) legs[cluster].resize(config.cores_of(cluster));
  for (unsigned order = 0; order < config.cores.hand_overs.size(); ++order) {
    const hand_over& h = config.cores.hand_overs[order];
    for (const unsigned cluster : h.clusters) {
      relay_leg leg;
      leg.order = order;
      leg.kind = static_cast<unsigned>(h.model);
      if (h.at == moment::cycle) leg.cycle = h.number;
      if (h.at == moment::pc || h.at == moment::symbol) {
        const std::size_t program = programs.index(config, cluster);
        leg.at_pc = true;
        leg.pc = watched_pc(h, programs[program], texts[program]);
        leg.times = h.times;
      }
      for (const unsigned core : h.cores)
        if (core < legs[cluster].size()) legs[cluster][core].push_back(leg);
    }
  }
  return legs;
}

std::vector<hand_over_report> begin_hand_over_reports(const chip_config& config) {
  std::vector<hand_over_report> reports;
  for (const hand_over& h : config.cores.hand_overs) {
    hand_over_report& r = reports.emplace_back();
    r.text = text_of(h);
    for (const unsigned cluster : h.clusters)
      r.cores += static_cast<unsigned>(std::count_if(h.cores.begin(), h.cores.end(),
                                                     [&](unsigned core) { return core < config.cores_of(cluster); }));
  }
  return reports;
}

void note_hand_over(hand_over_report& report, cycle_t cycle) {
  report.first = report.handed_over == 0 ? cycle : std::min(report.first, cycle);
  report.last = std::max(report.last, cycle);
  ++report.handed_over;
}

void note_left_alone(hand_over_report& report, const hand_over& h, bool next, bool due) {
  std::string why;
  if (!next)
    why = "a hand-over before it never came";
  else if (due)
    why = "in reset, halted, or in an access to the end";
  else if (h.at == moment::marker)
    why = "marker " + std::to_string(h.number) + " was never written";
  else if (h.at == moment::cycle)
    why = "the run ended before cycle " + std::to_string(h.number);
  else
    why = "never came to " + moment_of(h);
  for (auto& [known, count] : report.left_alone) {
    if (known != why) continue;
    ++count;
    return;
  }
  report.left_alone.emplace_back(why, 1);
}

}  // namespace ohmic
