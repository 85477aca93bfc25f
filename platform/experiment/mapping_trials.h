#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/config/experiment_config.h"
#include "platform/experiment/network.h"
#include "platform/experiment/trial_run.h"
#include "sw/compiler/mapping/policy/mapping_policy.h"

namespace ohmic {

/// A proposal of a policy, and how far it came.
struct mapping_trial {
  std::string name;
  unsigned clusters = 0;
  double expected_cycles = 0;  ///< of a batch, by the cost model
  unsigned images = 0;         ///< of its longest simulation that went to its end; 0: none
  trial_figures figures;       ///< of that one
  std::string error;           ///< why it is no candidate; empty: it is one
};

struct trial_results {
  unsigned chosen = 0;
  std::vector<mapping_trial> trials;  ///< by proposal
};

/// Whether simulations choose between the mappings of the experiment's policy: it is `best`, asks for trials, and all
/// cores are those that a mapping's cost model knows and that are simulated fast.
bool wants_trials(const experiment_config& config);

/// Simulates proposals in processes of their own, as many at a time as the run may have threads: each with a batch
/// or, where that would take minutes, all of them with a few images and then those that promise most with a batch. The
/// one with the least `objective` is chosen. Images are those
/// that calibrate the network, or noise where there are none: never those that will run. A simulation that cannot win
/// any more is ended, which changes nothing: the same experiment gives the same answer on every machine.
///
/// Throws config_error if energy is the objective and the experiment names no coefficients, and std::runtime_error if
/// no proposal runs, or if two that run give different logits.
trial_results try_mappings(const experiment_config& config, const network& net,
                           const std::vector<mapping_proposal>& proposals, bool quiet);

/// For a cache.
std::string to_text(const trial_results&);
std::optional<trial_results> trial_results_from(const std::string& text);

/// The trials as a table for a person, the chosen one marked. `pareto`: only those that no other one beats in all of
/// batch time, time between images, energy (where it is known) and clusters; a few images stand for a batch where no
/// more were simulated.
std::string trial_table(const trial_results&, bool pareto);

}  // namespace ohmic
