#pragma once

#include <string>
#include <vector>

#include "sw/compiler/graph/feature_map.h"
#include "sw/compiler/mapping/emit/deployment_image.h"
#include "tests/sw/firmware/untimed_chip.h"

namespace ohmic {

/// Puts a deployment, its crossbars' weights and the images where the loader would put them. The chip has no cluster
/// yet; set_images() has been called.
void load_dataflow(untimed_chip& chip, const deployment& mapped, const chip_config& config,
                   const std::vector<feature_map>& images);

/// The logits of image `image` in HBM.
std::vector<std::int32_t> logits_of(untimed_chip& chip, const deployment& mapped, unsigned image);

}  // namespace ohmic
