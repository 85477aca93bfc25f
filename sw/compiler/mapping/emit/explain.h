#pragma once

#include <string>
#include <vector>

#include "chip/chip_config.h"
#include "sw/compiler/mapping/plan/plan.h"

namespace ohmic {

/// A table for people: for each stage its clusters, the part of their crossbars' cells that hold weights, replicas,
/// sums, output pixels to an MVM, columns of a tile, what it is expected to take per image, what it took in a run
/// (`measured`, by stage; empty: there was none), and what binds it.
std::string explain_mapping(const deployment_plan& plan, const chip_config& chip, const std::vector<double>& measured);

}  // namespace ohmic
