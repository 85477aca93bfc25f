#include "platform/run/waveform_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "host/whole_file.h"
#include "platform/config/config_error.h"
#include "platform/config/core_choice.h"

namespace ohmic {
namespace {

bool has_waveform(core_model model) { return model != core_model::iss; }

/// A core that is not RTL from the start may become so while the program runs.
bool becomes_rtl(const chip_config& chip, unsigned cluster, unsigned core) {
  return std::any_of(chip.cores.hand_overs.begin(), chip.cores.hand_overs.end(), [&](const auto& h) {
    return has_waveform(h.model) && std::binary_search(h.clusters.begin(), h.clusters.end(), cluster) &&
           std::binary_search(h.cores.begin(), h.cores.end(), core);
  });
}

}  // namespace

std::vector<waved_core> choose_waveforms(const waveform_words& words, const chip_config& chip,
                                         const std::filesystem::path& folder) {
  if (words.cores.empty()) {
    if (words.from || words.to)
      throw config_error(
          fmt::format("{}: allowed: together with --wave CLUSTERS.CORES", words.from ? "--wave-from" : "--wave-to"));
    return {};
  }
  const cycle_t from = words.from.value_or(0), to = words.to.value_or(never);
  if (from > to)
    throw config_error(
        fmt::format("--wave-from {} --wave-to {}: allowed: a first cycle that is not behind the last", from, to));
  std::vector<waved_core> chosen;
  for (const std::string& word : words.cores) {
    const std::string place = "--wave " + word;
    for (const auto& [cluster, core] : named_cores(word, chip, place)) {
      const core_model model = chip.core_models(cluster)[core];
      if (!has_waveform(model) && !becomes_rtl(chip, cluster, core))
        throw config_error(
            fmt::format("{}: core {}.{} is of model {}, of which there are no waveforms; allowed: cores of model rtl, "
                        "lockstep or ibex, "
                        "as with --cores {}.{}=rtl",
                        place, cluster, core, name_of(model), cluster, core));
      const auto same = [c = cluster, k = core](const waved_core& w) { return w.cluster == c && w.core == k; };
      if (std::any_of(chosen.begin(), chosen.end(), same)) continue;
      const std::string file = (folder / fmt::format("wave_{}.{}.fst", cluster, core)).string();
      if (std::filesystem::is_directory(folder)) check_file_can_be_written(file);
      chosen.push_back({cluster, core, file, from, to});
    }
  }
  return chosen;
}

void print_waveforms(const machine& chip, bool quiet) {
  for (const recorded_waveform& w : chip.waveforms()) {
    if (w.cycles == 0)
      std::fprintf(stderr, "ohmic: no waveform of core %u.%u: it did not run in the cycles asked for\n", w.of.cluster,
                   w.of.core);
    else if (!quiet)
      std::fprintf(stderr, "waveform: %s, %llu cycles\n", w.of.file.c_str(), static_cast<unsigned long long>(w.cycles));
  }
}

}  // namespace ohmic
