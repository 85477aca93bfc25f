#pragma once

#include <string>
#include <vector>

#include "platform/config/chip_config.h"
#include "platform/config/chip_file.h"

namespace ohmic {

/// "iss", "rtl", "lockstep"
const char* name_of(core_model model);

/// Takes the cores' models from a checked file into a chip whose shape is known. Returns what is wrong: numbers that
/// the chip does not have, overrides that overlap.
std::vector<std::string> choose_cores(const chip_file& file, chip_config& chip);

}  // namespace ohmic
