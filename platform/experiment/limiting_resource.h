#pragma once

#include <string>

#include "platform/experiment/figures.h"

namespace ohmic {

/// What was busy for the greatest part of the run: to go faster, it must do less or be more.
struct limiting_resource {
  std::string kind;  ///< "crossbar", "cores", "data movers" (of a cluster) or "link"; empty: nothing was busy
  std::string name;  ///< "crossbar of cluster 12 (l1b0c1)", "link top.up"
  double utilisation = 0;
};

/// From the time classes of the clusters, in which a crossbar's time hides that of cores and data movers beside it, and
/// from the links' busiest lanes from marker 0 on.
limiting_resource find_limiting_resource(const run_figures& figures, const deployment& source);

}  // namespace ohmic
