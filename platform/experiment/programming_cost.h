#pragma once

#include "platform/config/experiment_config.h"
#include "sw/compiler/mapping/emit/deployment_image.h"

namespace ohmic {

/// What it takes to put a network's weights into crossbars of phase-change memory, by pulses with a read behind each:
/// docs/analog-model.md.
struct programming_figures {
  std::uint64_t devices = 0;  ///< in use: two to a weight
  std::uint64_t pulses = 0;
  std::uint64_t rows = 0, columns = 0, cells = 0;  ///< of the reads, each of one row, summed over them
  double seconds = 0;                              ///< of the crossbar with most rows; all are written side by side
  double pulses_j = 0;                             ///< without reads, which cost what MVMs do
};

programming_figures programming_of(const deployment& what, const chip_config& chip,
                                   const experiment_config::write_config& how);

}  // namespace ohmic
