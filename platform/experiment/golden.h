#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ip/ima/pcm/pcm_options.h"
#include "platform/experiment/image_set.h"
#include "platform/experiment/network.h"
#include "sw/compiler/mapping/emit/deployment_image.h"
#include "sw/compiler/reference/analog_chip.h"

namespace ohmic {

/// What the integer reference says about the images of a run.
struct golden_outputs {
  std::vector<std::vector<std::int32_t>> logits;   ///< by image
  std::vector<std::vector<feature_map>> maps;      ///< by image and tensor, if asked for
  std::vector<crossbar_calibration> calibrations;  ///< of crossbars whose drift is compensated, cluster by cluster
  double seconds = 0;                              ///< the reference's own time (0: from the cache)
};

/// Runs the reference, or takes its logits from the cache. Maps are never cached. With `analog` its crossbars are those
/// of the deployment on this chip, with their noise.
golden_outputs run_reference(const network& net, const image_set& images, bool keep_maps, unsigned threads, bool quiet);
golden_outputs run_noisy_reference(const network& net, const image_set& images, const deployment& mapped,
                                   const chip_config& chip, const pcm::pcm_options& analog, bool keep_maps,
                                   unsigned threads, bool quiet);

/// A value that differs from the reference, named for a person.
struct mismatch {
  unsigned image = 0;
  std::string layer;
  int x = 0, y = 0, channel = 0;
  long expected = 0, found = 0;
};

struct comparison {
  std::uint64_t compared = 0, mismatching = 0;
  std::optional<mismatch> first;

  void add(bool equal, const mismatch& where) {
    ++compared;
    if (equal) return;
    ++mismatching;
    if (!first) first = where;
  }
};

/// With the columns of crossbars whose codes make that value, if there are any.
std::string describe(const mismatch&, const deployment& mapped);

/// Compares all logits of all images.
comparison compare_logits(const integer_graph& graph, const std::vector<std::vector<std::int32_t>>& expected,
                          const std::vector<std::vector<std::int32_t>>& found);

}  // namespace ohmic
