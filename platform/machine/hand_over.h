#pragma once

#include <string>
#include <vector>

#include "chip/chip_config.h"
#include "ip/core/core_relay.h"
#include "platform/machine/machine.h"
#include "platform/machine/program_set.h"

namespace ohmic {

/// "0-3.all=rtl@marker:1", whatever file or option it came from.
std::string text_of(const chip_config::cores_config::hand_over& hand_over);

/// What each core of each cluster has to go through, by cluster and core; a leg's order is the index of its hand-over.
/// Throws config_error for a symbol or a pc that is not in the text of the program that a cluster runs.
std::vector<std::vector<std::vector<relay_leg>>> relay_legs(const chip_config& config, const program_set& programs);

/// A report for each hand-over, of which nothing is known yet.
std::vector<hand_over_report> begin_hand_over_reports(const chip_config& config);

/// One of its cores went on as the other model in this cycle.
void note_hand_over(hand_over_report& report, cycle_t cycle);

/// One did not. `next`: nothing else had to come first; `due`: its moment had come.
void note_left_alone(hand_over_report& report, const chip_config::cores_config::hand_over& hand_over, bool next,
                     bool due);

}  // namespace ohmic
