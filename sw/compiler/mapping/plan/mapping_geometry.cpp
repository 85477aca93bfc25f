#include "sw/compiler/mapping/plan/mapping_geometry.h"

namespace ohmic {

tile_window window_of(const crossbar_layer& layer, pixel_packing packing, const crossbar_tile& tile) {
  tile_window window;
  window.columns = layer.window.size_x + static_cast<int>(packing.x - 1) * layer.window.stride_x;
  bool first = true;
  for (const packed_set& part : tile.sets) {
    const row_set& set = layer.row_sets[part.set];
    const int shift = static_cast<int>(part.dy) * layer.window.stride_y;
    window.row_begin = first ? set.ky_begin + shift : std::min(window.row_begin, set.ky_begin + shift);
    window.row_end = first ? set.ky_end + shift : std::max(window.row_end, set.ky_end + shift);
    window.channel_begin = set.channel_begin;
    window.channel_end = set.channel_end;
    first = false;
  }
  return window;
}

}  // namespace ohmic
