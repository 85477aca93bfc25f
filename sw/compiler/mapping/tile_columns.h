#pragma once

namespace ohmic {

/// Columns of a tile: the smallest divisor of `width` that keeps the stage busy for `tile_cycles`, or the largest that
/// still leaves every one of `copies` at least four tiles of an image (all of the image if there is one copy).
unsigned choose_tile_columns(unsigned width, double cycles_per_column, unsigned tile_cycles, unsigned copies);

}  // namespace ohmic
