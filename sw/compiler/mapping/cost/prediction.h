#pragma once

#include "sw/compiler/mapping/cost/link_loads.h"
#include "sw/compiler/mapping/emit/deployment_image.h"
#include "sw/compiler/mapping/plan/plan.h"

namespace ohmic {

struct plan_prediction {
  std::vector<predicted_cycles> stages;
  std::vector<std::vector<stage_share>> shares;  ///< by stage; of logical clusters, ascending
  /// Per image, no run is faster: MVMs, inner loops or bytes of the busiest cluster, all its stages together, or bytes
  /// of the busiest link.
  double bound_cycles = 0;
  /// Per image, of the busiest cluster, cores included, or of the busiest link: what a run is expected to take.
  double bottleneck_cycles = 0;
  std::vector<predicted_cycles> clusters;  ///< by logical cluster, all its stages together
  link_loads::busiest busiest_link;
  double fill_cycles = 0;   ///< one tile of every other stage on the way through the bottleneck, at least
  double drain_cycles = 0;  ///< the last columns' way through the stages, expected
};

/// What the plan costs per image if nothing ever waits.
plan_prediction predict(const deployment_plan& plan, const chip_config& chip);

}  // namespace ohmic
