#pragma once

#include <string>
#include <vector>

#include "chip/chip_config.h"
#include "platform/config/chip_file.h"

namespace ohmic {

/// Lays the argument of one --hand-over over a chip's file: "CLUSTERS.CORES=MODEL@MOMENT". Throws config_error if it is
/// not that; what it names is checked with the file.
void lay_hand_over(config_node& chip, const std::string& argument);

/// Takes the hand-overs from a checked file into a chip whose cores are chosen. Returns what is wrong: numbers that the
/// chip does not have, moments that are none, hand-overs that contradict each other. Whether a program has a symbol is
/// seen when a machine is made.
std::vector<std::string> choose_hand_overs(const chip_file& file, chip_config& chip);

/// "marker:1", "cycle:250000", "pc:0x80001234", "symbol:main:3"
std::string moment_of(const chip_config::cores_config::hand_over& hand_over);

}  // namespace ohmic
