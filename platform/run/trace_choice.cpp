#include "platform/run/trace_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "platform/config/config_error.h"
#include "platform/config/core_choice.h"
#include "platform/config/numbers.h"

namespace ohmic {

std::vector<traced_core> choose_traces(const trace_words& words, const chip_config& chip,
                                       const std::filesystem::path& folder) {
  if (words.cores.empty()) {
    if (words.from || words.to || !words.pcs.empty())
      throw config_error(fmt::format("{}: allowed: together with --trace CLUSTERS.CORES", words.from ? "--trace-from"
                                                                                          : words.to ? "--trace-to"
                                                                                                     : "--trace-pc"));
    return {};
  }
  const cycle_t from = words.from.value_or(0), to = words.to.value_or(never);
  if (from > to)
    throw config_error(
        fmt::format("--trace-from {} --trace-to {}: allowed: a first cycle that is not behind the last", from, to));
  std::vector<traced_core> chosen;
  for (const std::string& word : words.cores)
    for (const auto& [cluster, core] : named_cores(word, chip, "--trace " + printable(word))) {
      const unsigned i = cluster, h = core;
      const auto same = [&](const traced_core& t) { return t.cluster == i && t.core == h; };
      if (std::any_of(chosen.begin(), chosen.end(), same)) continue;
      chosen.push_back({i, h, (folder / fmt::format("trace_{}.{}.txt", i, h)).string(), from, to, words.pcs});
    }
  return chosen;
}

void print_empty_traces(const machine& chip) {
  for (const recorded_trace& t : chip.traces())
    if (t.lines == 0)
      std::fprintf(
          stderr,
          "ohmic: the trace of core %u.%u is empty: it executed nothing in the cycles and at the pcs asked for\n",
          t.cluster, t.core);
}

}  // namespace ohmic
