#pragma once

#include <vector>

#include "sw/compiler/mapping/emit/deployment_image.h"
#include "sw/compiler/mapping/plan/l1_allocation.h"

namespace ohmic {

/// Everything that has an address.
struct placed_plan {
  const deployment_plan& plan;
  const chip_config& chip;
  const std::vector<unsigned>& places;              ///< by logical cluster
  const std::vector<cluster_addresses>& addresses;  ///< by logical cluster
  const hbm_layout& hbm;
};

/// The words of one logical cluster's deployment, for 0 images.
cluster_image write_cluster(const placed_plan& placed, unsigned cluster);

/// The weights of the tiles of its crossbar.
std::vector<crossbar_image> write_crossbars(const placed_plan& placed, unsigned cluster);

}  // namespace ohmic
