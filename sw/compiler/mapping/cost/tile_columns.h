#pragma once

#include <algorithm>
#include <functional>

namespace ohmic {

/// What an image costs a stage, depending on the columns of a tile. Cycles; of the replica with the most tiles.
struct tile_cost {
  unsigned width = 1, replicas = 1;
  double analog_per_column = 0;  ///< MVMs, one crossbar
  /// Kernels of a tile of so many columns in the busiest cluster, and what its master does for a tile, however large.
  std::function<double(unsigned)> kernels = [](unsigned) { return 0.0; };
  double master = 0;

  double tiles(unsigned columns) const { return (width / columns + replicas - 1) / replicas; }
  double analog(unsigned columns) const { return tiles(columns) * columns * analog_per_column; }
  double cores(unsigned columns) const { return tiles(columns) * (kernels(columns) + master); }
  double cycles(unsigned columns) const { return std::max(analog(columns), cores(columns)); }
  /// What a column more in a tile costs the kernels: without what every tile costs, however large.
  double kernels_per_column() const { return width > 1 ? (kernels(width) - kernels(1)) / (width - 1) : kernels(1); }
};

/// The divisor of the width that makes an image cheapest and leaves every replica a tile; the smallest if there are
/// several.
unsigned cheapest_tile_columns(const tile_cost& cost);

/// Small tiles fill and drain the pipeline fast, so: the smallest divisor of the width whose columns keep the
/// stage busy for `least_cycles` and that neither takes longer per image than `bottleneck` nor keeps the cores busy for
/// more than `share` of it. The cheapest if there is none.
unsigned choose_tile_columns(const tile_cost& cost, double bottleneck, double share, double least_cycles);

}  // namespace ohmic
