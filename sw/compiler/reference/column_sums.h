#pragma once

#include <cstdint>
#include <vector>

#include "sw/compiler/graph/feature_map.h"
#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {

/// Exact sums of the columns of a layer's crossbars: what an ideal crossbar gives before its ADC.
/// Immutable after construction, so that threads may share it; each thread brings its own workspace.
class column_sums {
 public:
  struct workspace {
    std::vector<std::int16_t> windows;  ///< inputs of one column of pixels, row by row of the set
    std::vector<std::int32_t> sums;
  };

  column_sums(const crossbar_layer& layer, std::vector<row_set> sets);

  int sets() const { return static_cast<int>(prepared_.size()); }

  /// Sums of one set for the output pixels (x, 0 .. out_height-1): value [y * stride() + output channel],
  /// valid until the workspace is used again.
  const std::int32_t* run(int set, const feature_map& input, int x, int out_height, workspace& space) const;
  int stride() const { return padded_outputs_; }

 private:
  struct prepared_set {
    row_set rows;
    int depth;                          ///< rows, rounded up with zeros
    std::vector<std::int16_t> weights;  ///< [padded outputs][depth]
  };
  void gather(const prepared_set& set, const feature_map& input, int x, int y, std::int16_t* window) const;

  graph_window window_;
  int padded_outputs_;
  std::vector<prepared_set> prepared_;
};

}  // namespace ohmic
