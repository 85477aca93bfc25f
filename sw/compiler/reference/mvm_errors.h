#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ip/ima/pcm/pcm_options.h"
#include "sw/compiler/graph/feature_map.h"
#include "sw/compiler/graph/integer_graph.h"
#include "sw/compiler/reference/analog_chip.h"

namespace ohmic {

/// How far the sums of codes of a layer's row sets are from those of ideal crossbars that see the same inputs, in ADC
/// steps: one error for each output value and image.
struct mvm_error {
  /// Errors from -most to most by one step each; the ends hold what lies beyond, too.
  static constexpr int most = 32;

  std::string layer;
  std::size_t row_sets = 0;
  std::uint64_t values = 0;
  double mean = 0, deviation = 0;
  std::array<std::uint64_t, 2 * most + 1> histogram{};
};

/// Of every layer on the crossbars of a network without a mapping (crossbars_without_mapping()), on the inputs that the
/// ideal network has there for `images`. On `threads` threads; the result does not depend on them.
std::vector<mvm_error> mvm_errors(const integer_graph& graph, unsigned columns, const pcm::pcm_options& options,
                                  const std::vector<feature_map>& images, unsigned threads = 0);

}  // namespace ohmic
