#pragma once

#include <vector>

#include "sw/compiler/mapping/mapping.h"

namespace ohmic {

/// The shape of a reduction over `sets` leaves with at most `fan_in` inputs per node: a single root if that
/// is enough, else levels of neighbouring groups. Clusters are left 0. `fan_in` >= 2.
std::vector<reduction_node> make_reduction_tree(unsigned sets, unsigned fan_in);

}  // namespace ohmic
