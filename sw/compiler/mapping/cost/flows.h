#pragma once

#include <cstdint>
#include <vector>

#include "sw/compiler/mapping/cost/link_loads.h"
#include "sw/compiler/mapping/plan/plan.h"

namespace ohmic {

/// Bytes that travel through the network per image between two logical clusters, or a cluster and HBM
/// (link_loads::hbm).
struct flow {
  unsigned from = 0, to = 0;
  std::uint64_t bytes = 0;
  bool read = false;  ///< `to` asks for them (from HBM); else `from` writes
};

/// All of a plan, one flow for each pair.
std::vector<flow> flows_of(const deployment_plan& plan);

/// What they load the links with, where the plan's clusters stand.
link_loads loads_of(const std::vector<flow>& flows, const std::vector<unsigned>& places, const chip_config& chip);

/// Of the columns that a step makes in an image, those that a destination wants.
unsigned columns_sent(const plan_step& step, const column_demand& demand);
/// Columns that a step makes in an image.
unsigned columns_made(const plan_step& step);

}  // namespace ohmic
