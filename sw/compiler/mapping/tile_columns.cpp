#include "sw/compiler/mapping/tile_columns.h"

namespace ohmic {

unsigned choose_tile_columns(unsigned width, double cycles_per_column, unsigned tile_cycles, unsigned copies) {
  unsigned best = 1;
  for (unsigned columns = 1; columns <= width; ++columns) {
    if (width % columns != 0) continue;
    if (copies > 1 && width / columns < 4 * copies) break;
    best = columns;
    if (columns * cycles_per_column >= tile_cycles) break;
  }
  return best;
}

}  // namespace ohmic
