#pragma once

#include <string>
#include <vector>

#include "platform/config/experiment_config.h"
#include "sw/compiler/graph/feature_map.h"
#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {

/// The images of a run, in order.
struct image_set {
  std::vector<std::string> files;  ///< with their folders
  std::vector<feature_map> maps;   ///< as the network takes them
  /// Index of the label that the file's name tells ("07_coins.png": coins); -1 if it tells none.
  std::vector<int> scenes;
  std::string hash;

  std::size_t size() const { return maps.size(); }
};

/// Decodes `config.images.count` images. `folder` is that of a model of sw/models (empty: none): its photos/, or its
/// photos48/ if more are asked for, are used where the experiment names no folder. A folder that holds too few is
/// gone through again at other offsets. Throws image_error, missing_file.
image_set load_images(const experiment_config& config, const integer_graph& graph, const std::string& folder);

}  // namespace ohmic
