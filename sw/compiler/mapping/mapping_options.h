#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sw/compiler/mapping/mapping.h"
#include "sw/compiler/mapping/policy/balanced_options.h"
#include "sw/compiler/mapping/policy/best_options.h"
#include "sw/compiler/mapping/policy/naive_options.h"

namespace ohmic {

/// What a user may ask of the mapping: a policy by name and, for each policy, options of its own.
struct mapping_options {
  std::string policy = "naive";
  naive_options naive;
  balanced_options balanced;
  best_options best;
  /// A mapping written by hand, instead of a policy's: a name for messages, and the text (mapping_file.h). Empty: none.
  std::string file, file_text;
  /// One of the policy's proposals, instead of the one that the cost model holds to be the best.
  std::shared_ptr<const mapping> chosen;
  /// Told how a policy's search goes on; does not change what it finds.
  std::function<void(unsigned done, unsigned total, double best)> on_progress;
  /// Results in HBM have room for this many images.
  unsigned max_images = 1024;
};

}  // namespace ohmic
