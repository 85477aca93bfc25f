#pragma once

#include <optional>
#include <vector>

#include "platform/machine/machine.h"
#include "sw/compiler/mapping/emit/deployment_image.h"
#include "sw/compiler/reference/analog_chip.h"

namespace ohmic {

/// What the calibration of a run's crossbars, before its batch, took and found.
struct calibration_figures {
  cycle_t cycles = 0;      ///< of the cluster that took longest; they calibrate side by side
  unsigned crossbars = 0;  ///< that were read
  std::uint64_t mvms = 0;  ///< that it took, all crossbars together
  double least_gain = 0, mean_gain = 0, greatest_gain = 0;  ///< of their ADCs
};

/// Asks the firmware of a loaded chip to compensate the drift of these crossbars (sw/deployment/calibration.h).
void ask_for_calibration(machine& chip, const deployment& source, const std::vector<crossbar_calibration>& crossbars);

/// What became of it, after a run whose machine counted OHMIC_ACTIVITY_CALIBRATES apart; nothing, if some cluster has
/// not come to its end. Gains are those of the chip, from the sums that its cores made.
std::optional<calibration_figures> calibration_of(machine& chip, const std::vector<crossbar_calibration>& crossbars);

}  // namespace ohmic
