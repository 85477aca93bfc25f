#pragma once

#include <string>
#include <vector>

#include "chip/chip_config.h"
#include "platform/config/chip_file.h"

namespace ohmic {

/// Takes the clusters that are made differently from a checked file into a chip whose shape is known: one entry for
/// each make that is not the common one. Returns what is wrong: numbers that the chip does not have, clusters named
/// twice.
std::vector<std::string> choose_makes(const chip_file& file, chip_config& chip);

}  // namespace ohmic
