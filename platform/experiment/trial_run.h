#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/child_processes.h"
#include "platform/config/experiment_config.h"
#include "platform/energy/coefficients.h"
#include "platform/experiment/image_set.h"
#include "sw/compiler/mapping/emit/deployment_image.h"

namespace ohmic {

/// What a mapping took when it was simulated.
struct trial_figures {
  cycle_t cycles = 0;          ///< of all images, as in a summary
  double image_cycles = 0;     ///< between one image's last logit and the next one's, of the later half of the images
  double energy_j = 0;         ///< 0: not asked for
  std::uint32_t results = 0;   ///< CRC-32 of all logits
  double other_reading_j = 0;  ///< energy if MVMs took what the coefficients' other reading says (`mvm`: in_use, fixed)
};

/// Simulates a deployment on the experiment's chip with `images`, on this thread alone, exactly as a run does but
/// without random delays. `coefficients`: energy is asked for. on_progress gets the cycles since the images' start a
/// few times a second. Throws std::runtime_error if the run does not end well. Once in a process (machine.h).
trial_figures run_trial(const experiment_config& config, const deployment& mapped, const image_set& images,
                        const std::optional<energy_coefficients>& coefficients,
                        const std::function<void(cycle_t)>& on_progress);

/// Runs trials of `count` deployments, each in a process of its own (child_processes.h), as many at a time as the run
/// may have threads. heard(i, now, end) is told how far the i-th is and, once, what it took (before: null), and says
/// whether it is to go on.
std::vector<child_outcome> run_trials(
    unsigned count, const experiment_config& config, const std::function<deployment(unsigned)>& mapped,
    const image_set& images, const std::optional<energy_coefficients>& coefficients,
    const std::function<bool(unsigned i, cycle_t now, const trial_figures* end)>& heard);

}  // namespace ohmic
