#pragma once

#include "sw/compiler/mapping/plan/plan.h"

namespace ohmic {

/// Plans the assignment with rings of the sizes that suit it best and, where a cluster's L1 is too small for them, with
/// ever smaller ones: fewer tiles ahead, smaller tiles of the stages that share its largest ring, residuals that wait
/// in HBM instead, and at last rings that are just large enough to be live. What fits at once is left as it is. Throws
/// mapping_error naming the cluster that still has too little, by how much, and the option with which it would fit.
deployment_plan make_fitting_plan(const integer_graph& graph, const std::vector<stage>& stages,
                                  const mapping& assignment, const chip_config& chip);

}  // namespace ohmic
