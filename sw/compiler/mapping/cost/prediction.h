#pragma once

#include "sw/compiler/mapping/cost/link_loads.h"
#include "sw/compiler/mapping/emit/deployment_image.h"
#include "sw/compiler/mapping/plan/plan.h"

namespace ohmic {

struct plan_prediction {
  std::vector<predicted_cycles> stages;
  double bottleneck_cycles = 0;  ///< per image, of the busiest cluster, all its stages together, or of the busiest link
  link_loads::busiest busiest_link;
  double fill_cycles = 0;  ///< one tile of every other stage on the way through the bottleneck
};

/// What the plan costs per image if nothing ever waits: crossbars back to back, kernels at the rates of
/// kernel_cost.h on all cores, ports at full width.
plan_prediction predict(const deployment_plan& plan, const chip_config& chip);

}  // namespace ohmic
