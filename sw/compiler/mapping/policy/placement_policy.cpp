#include "sw/compiler/mapping/policy/placement_policy.h"

#include <numeric>

namespace ohmic {

std::vector<unsigned> linear_placement::place(const mapping& assignment, const chip_config&) const {
  std::vector<unsigned> places(assignment.clusters);
  std::iota(places.begin(), places.end(), 0u);
  return places;
}

}  // namespace ohmic
