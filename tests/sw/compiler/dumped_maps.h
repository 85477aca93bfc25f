#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "sw/compiler/graph/feature_map.h"
#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {

/// Maps of one tensor for many images, as sw/models dumps them: int8 [image][height][width][channel].
inline std::vector<feature_map> read_maps(const std::string& path, const graph_tensor& shape) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw graph_error(path + ": cannot be read");
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const std::size_t size = feature_map(shape.channels, shape.height, shape.width).data.size();
  if (bytes.empty() || bytes.size() % size) throw graph_error(path + ": does not hold whole maps");
  std::vector<feature_map> maps;
  for (std::size_t i = 0; i < bytes.size();) {
    feature_map& map = maps.emplace_back(shape.channels, shape.height, shape.width);
    for (int y = 0; y < shape.height; ++y)
      for (int x = 0; x < shape.width; ++x)
        for (int c = 0; c < shape.channels; ++c) map.at(x, y, c) = static_cast<std::int8_t>(bytes[i++]);
  }
  return maps;
}

}  // namespace ohmic
