#include "sw/compiler/mapping/policy/placement_policy.h"

#include <numeric>

namespace ohmic {

std::vector<unsigned> linear_placement::place(const deployment_plan& plan, const chip_config&) const {
  std::vector<unsigned> places(plan.clusters.size());
  std::iota(places.begin(), places.end(), 0u);
  return places;
}

}  // namespace ohmic
