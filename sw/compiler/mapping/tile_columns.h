#pragma once

namespace ohmic {

/// Columns of a tile: the smallest divisor of `width` whose MVMs last `tile_cycles`, or the largest that
/// still leaves every one of `copies` at least four tiles of an image (all of the image if there is one
/// copy).
unsigned choose_tile_columns(unsigned width, unsigned height, unsigned mvm_cycles, unsigned tile_cycles,
                             unsigned copies);

}  // namespace ohmic
