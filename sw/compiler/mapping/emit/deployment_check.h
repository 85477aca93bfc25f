#pragma once

#include <string>

#include "sw/compiler/mapping/emit/deployment_image.h"

namespace ohmic {

/// What is impossible in a deployment that came from a file: clusters that the chip does not have, rings outside of
/// what their cluster uses of L1, counts of zero, sizes that do not fit each other. Empty if nothing is.
std::string what_is_impossible(const deployment& read);

}  // namespace ohmic
