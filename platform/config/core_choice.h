#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chip/chip_config.h"
#include "platform/config/chip_file.h"

namespace ohmic {

/// "iss", "rtl", "lockstep", "ibex"
const char* name_of(core_model model);
/// The reverse; nothing if no model has this name.
std::optional<core_model> core_model_named(const std::string& word);

/// Models may be written as the two that run in lock-step: "rtl+iss" becomes lockstep. Throws config_error, with the
/// reason, for pairs that cannot.
void resolve_lockstep_pairs(config_node& chip);

/// "0-3,7" or "all" as sorted numbers below `count`; nothing if it is neither.
std::optional<std::vector<unsigned>> parse_ranges(const std::string& text, unsigned count);
/// "... is not allowed; allowed: ..." for a text that is neither.
std::string allowed_ranges(const std::string& text, unsigned count);

/// Numbers of cores that each of the clusters has; of "all" also those that only some of them have. Nothing if it is
/// neither.
std::optional<std::vector<unsigned>> parse_cores(const std::string& text, const std::vector<unsigned>& clusters,
                                                 const chip_config& chip);
/// "... is not allowed; allowed: ..." for a text that is neither.
std::string allowed_cores(const std::string& text, const std::vector<unsigned>& clusters, const chip_config& chip);

/// The other way: "0-3,7" of sorted numbers.
std::string ranges_text(const std::vector<unsigned>& numbers);

/// Lays the argument of one --cores over a chip's file: "MODEL" for all cores, or "CLUSTERS.CORES=MODEL" as one more
/// override. Throws config_error if it is neither; what it names is checked with the file.
void lay_core_choice(config_node& chip, const std::string& argument);

/// The cores that "CLUSTERS.CORES" names, as in 0-3.0 or 2.all. Throws config_error that begins with `place`.
std::vector<std::pair<unsigned, unsigned>> named_cores(const std::string& text, const chip_config& chip,
                                                       const std::string& place);

/// Takes the cores' models from a checked file into a chip whose shape is known. Returns what is wrong: numbers that
/// the chip does not have, overrides that overlap. For the cores that it names, an option of the command line goes
/// before what files say.
std::vector<std::string> choose_cores(const chip_file& file, chip_config& chip);

}  // namespace ohmic
