#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sw/compiler/graph/feature_map.h"
#include "sw/compiler/graph/integer_graph.h"
#include "sw/compiler/reference/node_executor.h"

namespace ohmic {

struct reference_result {
  std::vector<std::int32_t> logits;
  std::vector<feature_map> maps;  ///< if asked for: one per tensor of the graph (empty for the logits), else empty
};

/// Executes an integer graph image by image, from the semantics in sw/models/CALIBRATED_FORMAT.md and nothing
/// else: every value that the chip makes equals one here. Immutable after construction and safe to share
/// among threads.
class reference_executor {
 public:
  /// Keeps a reference to the graph, and to the chip whose crossbars make the codes (null: ideal ones). Throws
  /// graph_error if the graph is not calibrated (mode adc) or a scale cannot be expressed (mode exact).
  explicit reference_executor(const integer_graph& graph, reference_mode mode = reference_mode::adc,
                              const analog_chip* chip = nullptr);

  /// `image` has the shape of graph.input(). Throws graph_error if it has not. `number` is its place in the run: a
  /// chip's read noise differs from image to image.
  reference_result run(const feature_map& image, bool keep_maps = false, unsigned number = 0) const;

  /// All images on `threads` threads (0: as many as the process may use); results do not depend on it.
  /// `progress` is called with the number of images done, never by two threads at once.
  std::vector<reference_result> run(const std::vector<feature_map>& images, bool keep_maps = false,
                                    unsigned threads = 0, const std::function<void(std::size_t)>& progress = {}) const;

 private:
  const integer_graph& graph_;
  std::vector<node_executor> nodes_;
};

}  // namespace ohmic
