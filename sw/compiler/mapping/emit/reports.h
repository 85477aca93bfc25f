#pragma once

#include "sw/compiler/mapping/cost/prediction.h"
#include "sw/compiler/mapping/emit/write_cluster.h"

namespace ohmic {

std::vector<stage_report> report_stages(const placed_plan& placed, const plan_prediction& prediction);

/// Every ring that PUSH steps fill.
std::vector<ring_report> report_rings(const placed_plan& placed);

}  // namespace ohmic
