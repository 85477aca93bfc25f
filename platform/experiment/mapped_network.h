#pragma once

#include "platform/config/experiment_config.h"
#include "platform/experiment/network.h"
#include "sw/compiler/mapping/emit/deployment_image.h"

namespace ohmic {

/// Maps the network to the experiment's chip, or takes the deployment from the cache. Throws mapping_error.
deployment map_network(const experiment_config& config, const network& net, bool quiet);

}  // namespace ohmic
