#pragma once

#include "sw/compiler/graph/integer_graph.h"
#include "sw/compiler/mapping/cost/kernel_time.h"
#include "sw/compiler/mapping/plan/stage.h"

namespace ohmic {

/// What the cores of one cluster are given of a stage, before there is a plan.
struct kernel_share {
  unsigned columns = 1;
  unsigned channels = 0;       ///< of a sum: those of its part
  unsigned in8 = 0, in16 = 0;  ///< of a sum
  bool root = true;            ///< of a sum; the others make partial sums
};

/// A tile of the stage's sum, pool or add.
kernel_shape stage_kernel(const integer_graph& graph, const stage& s, const kernel_share& share);

}  // namespace ohmic
