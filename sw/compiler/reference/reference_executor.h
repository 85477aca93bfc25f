#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sw/compiler/graph/feature_map.h"
#include "sw/compiler/graph/integer_graph.h"
#include "sw/compiler/reference/column_sums.h"

namespace ohmic {

/// adc: the chip's arithmetic, from the calibrated graph's integers. exact: int32 sums and 31-bit multipliers
/// from the graph's scales ("The exact form" of CALIBRATED_FORMAT.md), only for comparison with onnxruntime.
enum class reference_mode { adc, exact };

struct reference_result {
  std::vector<std::int32_t> logits;
  std::vector<feature_map>
      maps;  ///< if asked for: one per tensor of the graph (empty for the logits), else empty
};

/// Executes an integer graph image by image, from the semantics in sw/models/CALIBRATED_FORMAT.md and nothing
/// else: every value that the chip makes equals one here. Immutable after construction and safe to share
/// among threads.
class reference_executor {
 public:
  /// Keeps a reference to the graph. Throws graph_error if the graph is not calibrated (mode adc) or a scale
  /// cannot be expressed (mode exact).
  explicit reference_executor(const integer_graph& graph, reference_mode mode = reference_mode::adc);
  ~reference_executor();
  reference_executor(reference_executor&&) noexcept;

  /// `image` has the shape of graph.input(). Throws graph_error if it has not.
  reference_result run(const feature_map& image, bool keep_maps = false) const;

  /// All images on `threads` threads (0: as many as the process may use); results do not depend on it.
  /// `progress` is called with the number of images done, never by two threads at once.
  std::vector<reference_result> run(const std::vector<feature_map>& images, bool keep_maps = false,
                                    unsigned threads = 0,
                                    const std::function<void(std::size_t)>& progress = {}) const;

  /// One node alone: its output from its inputs. For the logits node see logits().
  feature_map apply(int node, const std::vector<const feature_map*>& inputs) const;
  std::vector<std::int32_t> logits(const feature_map& input) const;

 private:
  struct prepared_layer;
  struct exact_constants;

  void convolve(int node, const feature_map& input, feature_map* map,
                std::vector<std::int32_t>* logits) const;

  const integer_graph& graph_;
  std::vector<std::unique_ptr<prepared_layer>> layers_;  ///< one per node, null if not on crossbars
  std::vector<residual_add> adds_;                       ///< one per node, of this mode
  std::vector<average_pool> pools_;                      ///< one per node
};

/// code = clip((ps*m + (1 << (s-1))) >> s, -128, 127) in 64 bit.
inline std::int32_t adc_code(std::int32_t partial_sum, const adc_scale& adc) {
  const std::int64_t code = (std::int64_t{partial_sum} * adc.m + (std::int64_t{1} << (adc.s - 1))) >> adc.s;
  return static_cast<std::int32_t>(code < -128 ? -128 : code > 127 ? 127 : code);
}

}  // namespace ohmic
