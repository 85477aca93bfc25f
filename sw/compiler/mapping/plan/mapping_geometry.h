#pragma once

#include "sw/compiler/graph/integer_graph.h"
#include "sw/compiler/mapping/mapping.h"

namespace ohmic {

/// The windows of all pixels that a crossbar tile makes, together: these rows of them, all columns, these channels.
struct tile_window {
  int row_begin = 0, row_end = 0;  ///< of the window of the packed pixels; the first pixel's begins at row 0
  int columns = 0;
  int channel_begin = 0, channel_end = 0;

  int channels() const { return channel_end - channel_begin; }
  int rows() const { return row_end - row_begin; }
  /// Crossbar rows, in the order of a row set: (column, row, channel).
  int crossbar_rows() const { return columns * rows() * channels(); }
};

/// Preconditions: the sets exist and are of the same channels.
tile_window window_of(const crossbar_layer& layer, pixel_packing packing, const crossbar_tile& tile);

/// Bitlines that the tile takes.
inline unsigned bitlines_of(pixel_packing packing, const crossbar_tile& tile, channel_range channels) {
  return static_cast<unsigned>(tile.sets.size()) * packing.x * static_cast<unsigned>(channels.count());
}

/// Output pixels that an MVM steps through in y: those that lie below the map's end are made and not used.
inline unsigned steps_in_y(unsigned height, pixel_packing packing) { return (height + packing.y - 1) / packing.y; }

}  // namespace ohmic
