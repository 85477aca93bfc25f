#pragma once

#include "sw/compiler/mapping/plan/plan.h"

namespace ohmic {

/// Sets the slots of every ring and parked region: the window of one tile, the mapping's `prefetch_tiles` more, and
/// what arrives with a producer's tile; a multiple of the tiles that are written or read as one piece. Skip connections
/// hold the most columns that can be in flight on the long branch, so that they never hold the pipeline up.
void size_rings(deployment_plan& plan);

/// Gives every ring the slots that its tiles need, as if nothing had to wait in it for a long branch: an estimate from
/// below, without a run of the plan.
void size_rings_for_tiles(deployment_plan& plan);

/// Gives one ring the fewest slots with which the plan is still live and its tiles do not wrap; it is live as it is.
void size_just_live(deployment_plan& plan, unsigned cluster, unsigned ring);

}  // namespace ohmic
