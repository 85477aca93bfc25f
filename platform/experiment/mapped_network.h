#pragma once

#include <vector>

#include "platform/config/experiment_config.h"
#include "platform/experiment/network.h"
#include "sw/compiler/mapping/emit/deployment_image.h"

namespace ohmic {

/// Maps the network to the experiment's chip, or takes the deployment from the cache. Throws mapping_error.
deployment map_network(const experiment_config& config, const network& net, bool quiet);

/// Cycles per image that each stage took in the run whose summary lies in the experiment's output folder. Empty if
/// there is none, or one of another mapping: the same stages on other clusters.
std::vector<double> measured_stages(const experiment_config& config, const deployment& mapped);

}  // namespace ohmic
