#pragma once

#include "sw/compiler/mapping/cost/core_stream.h"
#include "sw/compiler/mapping/cost/kernel_time.h"

namespace ohmic {

/// What a core does for its part of a tile of a layer, as layer.c, depthwise.c and cores/cv32e40p/layers.S do it: their
/// loops access by access; what surrounds these in cycles that were measured with sw/firmware/examples/layers.c
/// (tests/system/layers_test.py holds the sum to it). Windows are taken to lie inside the map along x.
void write_layer(const kernel_shape& tile, const ohmic_work& work, core_stream& to);
/// `before`: the core's work in front of it, whose columns it may share.
void write_depthwise(const kernel_shape& tile, const ohmic_work& work, const ohmic_work* before, core_stream& to);

}  // namespace ohmic
