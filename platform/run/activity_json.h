#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "platform/machine/machine.h"

namespace ohmic {

/// Every counter of every block for a report, over all clusters: from reset on, and from time marker 0 on.
nlohmann::ordered_json counters_json(const std::vector<cluster_details>& clusters);

/// The links that something went over. Utilisations are of `cycles` from reset on, and of `reported` from marker 0 on.
nlohmann::ordered_json links_json(const std::vector<link_activity>& links, cycle_t cycles, cycle_t reported);

}  // namespace ohmic
