#include "sw/compiler/mapping/cost/tile_columns.h"

#include <algorithm>

namespace ohmic {

unsigned cheapest_tile_columns(const tile_cost& cost) {
  unsigned best = 1;
  for (unsigned columns = 2; columns <= cost.width / cost.replicas; ++columns)
    if (cost.width % columns == 0 && cost.cycles(columns) < cost.cycles(best)) best = columns;
  return best;
}

unsigned choose_tile_columns(const tile_cost& cost, double bottleneck, double share, double least_cycles) {
  const unsigned most = cost.width / cost.replicas;
  const double per_column = std::max(cost.analog_per_column, cost.kernels_per_column());
  for (unsigned columns = 1; columns <= most; ++columns) {
    if (cost.width % columns != 0) continue;
    const double busy = columns * per_column;
    if (busy < least_cycles && columns < most) continue;
    if (cost.analog(columns) <= bottleneck && cost.cores(columns) <= share * bottleneck) return columns;
  }
  return cheapest_tile_columns(cost);
}

}  // namespace ohmic
