#pragma once

#include <string>

#include "sw/compiler/mapping/policy/naive_options.h"

namespace ohmic {

/// What a user may ask of the mapping: a policy by name and, for each policy, options of its own.
struct mapping_options {
  std::string policy = "naive";
  naive_options naive;
  /// Results in HBM have room for this many images.
  unsigned max_images = 1024;
};

}  // namespace ohmic
