#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "chip/chip_config.h"
#include "platform/machine/machine.h"

namespace ohmic {

/// What --trace, --trace-from, --trace-to and --trace-pc of the command line say.
struct trace_words {
  std::vector<std::string> cores;   ///< CLUSTERS.CORES each
  std::optional<cycle_t> from, to;  ///< first and last cycle
  std::vector<std::string> pcs;     ///< FUNCTION or FIRST-LAST each; none: all
};

/// The cores they mean, each with its file trace_CLUSTER.CORE.txt in `folder`. Throws config_error for cores that the
/// chip does not have, and windows that are none.
std::vector<traced_core> choose_traces(const trace_words& words, const chip_config& chip,
                                       const std::filesystem::path& folder);

/// Behind a run: names the traced cores of which nothing was traced, on standard error.
void print_empty_traces(const machine& chip);

}  // namespace ohmic
