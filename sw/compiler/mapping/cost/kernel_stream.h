#pragma once

#include "sw/compiler/mapping/cost/core_stream.h"
#include "sw/compiler/mapping/cost/kernel_time.h"

namespace ohmic {

/// What a core does for its part of a tile of a sum, an add, a pool or a copy, as sum.c, add.c, pool.c, run.c and
/// loops.S do it: the loops access by access, what surrounds them in cycles. All are instructions counted on the ISS,
/// which tests/sw/firmware/kernel_cost_test.cpp holds them to, shape by shape; a line of the program that the core's
/// own cache has not takes `line_cycles` (shared by all).
void write_kernel(const kernel_shape& tile, unsigned line_cycles, const ohmic_work& work, core_stream& to);
/// The residual that a layer adds to its own output.
void write_residual(const kernel_shape& tile, unsigned line_cycles, const ohmic_work& work, core_stream& to);

}  // namespace ohmic
