#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sw/compiler/graph/feature_map.h"
#include "sw/compiler/graph/integer_graph.h"
#include "sw/compiler/reference/column_sums.h"

namespace ohmic {

class analog_chip;

/// adc: the chip's arithmetic (of digital layers: exact sums), from the calibrated graph's integers. exact: int32 sums
/// and 31-bit multipliers from the graph's scales ("The exact form" of CALIBRATED_FORMAT.md), only for comparison with
/// onnxruntime.
enum class reference_mode { adc, exact };

/// Executes one node of an integer graph. Copies what it needs of the node's constants at construction (in
/// mode adc they must be there), keeps a reference to the graph. Safe to share among threads.
class node_executor {
 public:
  /// Layers on crossbars get their codes from `chip`, if there is one, else from ideal crossbars. Throws graph_error if
  /// a ratio of scales cannot be expressed (mode exact).
  node_executor(const integer_graph& graph, int node, reference_mode mode, const analog_chip* chip = nullptr);
  ~node_executor();
  node_executor(node_executor&&) noexcept;

  /// The node's output map from its input maps, in the order of graph_node::inputs. Not for input and logits.
  /// `image` is its number in the run, by which a chip's noise differs.
  feature_map apply(const std::vector<const feature_map*>& inputs, unsigned image = 0) const;
  /// For the logits node.
  std::vector<std::int32_t> logits(const std::vector<const feature_map*>& inputs, unsigned image = 0) const;

 private:
  struct exact_constants;

  /// Calls f(x, S) for each output column: the sums of the sets' codes (and of those in further inputs), or exact ones
  /// (of the first input, mode exact: the whole layer's), [y * sums_->stride() + c].
  template <class finish>
  void convolve(const std::vector<const feature_map*>& inputs, unsigned image, const finish& f) const;
  void layer(const std::vector<const feature_map*>& inputs, unsigned image, feature_map& output) const;
  void max_pool(const feature_map& input, feature_map& output) const;
  void average(const feature_map& input, feature_map& output) const;
  static void concatenate(const std::vector<const feature_map*>& inputs, feature_map& output);

  const graph_node& node_;
  const graph_tensor& out_;
  const int index_;
  const analog_chip* chip_;  ///< null: ideal crossbars, or none
  std::unique_ptr<column_sums> sums_;
  std::unique_ptr<exact_constants> exact_;
  std::vector<std::int32_t> multipliers_, biases_;  ///< one per output, with room for whole vectors
  residual_add add_;
  average_pool average_;
};

/// code = clip((ps*m + (1 << (s-1))) >> s, -128, 127) in 64 bit.
inline std::int32_t adc_code(std::int32_t partial_sum, const adc_scale& adc) {
  const std::int64_t code = (std::int64_t{partial_sum} * adc.m + (std::int64_t{1} << (adc.s - 1))) >> adc.s;
  return static_cast<std::int32_t>(code < -128 ? -128 : code > 127 ? 127 : code);
}

}  // namespace ohmic
