#pragma once

#include <vector>

#include "chip/chip_config.h"
#include "sw/compiler/mapping/mapping.h"
#include "sw/compiler/mapping/plan/stage.h"

namespace ohmic {

/// What every mapping promises, whoever made it: the chip has the clusters, rows and bitlines; nothing overlaps in a
/// crossbar; every output element is made exactly once and every code added exactly once; every replica has a tile;
/// kernels, the IMA's groups and 16 bit fields can hold what they are given. Throws mapping_error for the first promise
/// that is broken: one sentence with the stage, what was found and what is allowed.
///
/// That rings fit into L1 and that nothing dead-locks is proven later (fit_l1.h, token_run.h).
void check_mapping(const integer_graph& graph, const std::vector<stage>& stages, const mapping& assignment,
                   const chip_config& chip);

}  // namespace ohmic
