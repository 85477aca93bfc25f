#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sw/compiler/graph/feature_map.h"
#include "sw/compiler/graph/integer_graph.h"
#include "sw/compiler/reference/vector_kernels.h"

namespace ohmic {

/// Exact sums of a layer's products: of the columns of its crossbars (what an ideal one gives before its ADC), or of
/// the whole layer. Immutable after construction, so that threads may share it; each thread brings its own workspace.
class column_sums {
 public:
  struct workspace {
    std::vector<std::int16_t> map;  ///< the input with its padding, [width][height][channels]
    int map_height = 0;
    std::vector<vector_kernels::run> runs;
    std::vector<std::ptrdiff_t> offsets;
    std::vector<std::int32_t> sums;
  };

  /// No sets: the sums of the whole layer, as one set. `map_channels`: of the map that the layer reads.
  column_sums(const crossbar_layer& layer, std::vector<row_set> sets, int map_channels);

  int sets() const { return depthwise_ ? 1 : static_cast<int>(prepared_.size()); }

  /// Call order: take() for an input, then run() for any sets and columns. `out_width` and `out_height` are the size
  /// of the layer's output.
  void take(const feature_map& input, int out_width, int out_height, workspace& space) const;
  /// Sums of one set for the output pixels (x, 0 .. out_height-1): value [y * stride() + output channel],
  /// valid until the workspace is used again.
  const std::int32_t* run(int set, int x, int out_height, workspace& space) const;
  int stride() const { return padded_outputs_; }

 private:
  struct prepared_set {
    row_set rows;
    std::vector<std::int16_t> weights;  ///< [pair of rows, run by run][padded outputs][2]
  };
  prepared_set prepare(const crossbar_layer& layer, const row_set& set) const;
  /// A set of all channels has its kernel rows in one run of each kernel column.
  bool whole_rows(const row_set& set) const { return set.channels() == map_channels_; }

  graph_window window_;
  int map_channels_, first_channel_, padded_outputs_;
  bool depthwise_;  ///< one output channel per input channel, the whole layer
  std::vector<prepared_set> prepared_;
  std::vector<std::int16_t> depthwise_weights_;  ///< [ky][kx][padded outputs]
};

}  // namespace ohmic
