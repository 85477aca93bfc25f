#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ohmic {

/// An int8 map of one image in the layout of the chip, [width][height][channels]: one column (fixed x) is
/// contiguous.
struct feature_map {
  int channels = 0, height = 0, width = 0;
  std::vector<std::int8_t> data;

  feature_map() = default;
  feature_map(int channel_count, int rows, int columns)
      : channels(channel_count),
        height(rows),
        width(columns),
        data(static_cast<std::size_t>(channel_count) * rows * columns) {}

  std::size_t index(int x, int y, int c) const { return (static_cast<std::size_t>(x) * height + y) * channels + c; }
  std::int8_t at(int x, int y, int c) const { return data[index(x, y, c)]; }
  std::int8_t& at(int x, int y, int c) { return data[index(x, y, c)]; }
};

}  // namespace ohmic
