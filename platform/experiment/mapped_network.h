#pragma once

#include <optional>
#include <vector>

#include "platform/config/experiment_config.h"
#include "platform/experiment/mapping_trials.h"
#include "platform/experiment/network.h"
#include "sw/compiler/mapping/emit/deployment_image.h"
#include "sw/compiler/mapping/plan/plan.h"

namespace ohmic {

/// Maps the network to the experiment's chip, or takes the deployment from the cache. Policy `best` has simulations
/// choose among its proposals (mapping_trials.h). Throws mapping_error, and what try_mappings() throws.
deployment map_network(const experiment_config& config, const network& net, bool quiet);

/// The plan of the deployment that map_network() has made, and what its trials said, if there were any.
struct explained_mapping {
  deployment_plan plan;
  std::optional<trial_results> trials;
};
explained_mapping plan_network(const experiment_config& config, const network& net, bool quiet);

/// Cycles per image that each stage took in the run whose summary lies in the experiment's output folder. Empty if
/// there is none, or one of another mapping: the same stages on other clusters.
std::vector<double> measured_stages(const experiment_config& config, const deployment& mapped);

}  // namespace ohmic
