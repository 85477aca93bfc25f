#pragma once

#include <string>
#include <vector>

#include "platform/config/experiment_config.h"
#include "platform/experiment/image_set.h"
#include "platform/experiment/network.h"
#include "platform/experiment/trial_run.h"

namespace ohmic {

/// What a network took on the chip.
struct simulated_choice {
  trial_figures figures;
  unsigned clusters = 0;
  std::string error;  ///< why there are no figures; empty: there are
};

/// Maps each network as the experiment says and simulates it with `images` on ideal crossbars, each in a process of its
/// own. Logits are compared with the integer reference: one that differs has an error. Throws mapping_error.
std::vector<simulated_choice> simulate_networks(const experiment_config& config, const std::vector<network>& networks,
                                                const image_set& images, bool quiet);

}  // namespace ohmic
