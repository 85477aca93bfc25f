#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "chip/chip_config.h"
#include "platform/machine/machine.h"

namespace ohmic {

/// What --wave, --wave-from and --wave-to of the command line say.
struct waveform_words {
  std::vector<std::string> cores;   ///< CLUSTERS.CORES each
  std::optional<cycle_t> from, to;  ///< first and last cycle
};

/// The cores they mean, each with its file wave_CLUSTER.CORE.fst in `folder`. Throws config_error for cores that the
/// chip does not have or that have no signals, and std::runtime_error if a file of an existing folder cannot be
/// written.
std::vector<waved_core> choose_waveforms(const waveform_words& words, const chip_config& chip,
                                         const std::filesystem::path& folder);

/// Says on stderr how much was recorded, and where nothing was.
void print_waveforms(const machine& chip, bool quiet);

}  // namespace ohmic
