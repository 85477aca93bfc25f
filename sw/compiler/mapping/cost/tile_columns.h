#pragma once

namespace ohmic {

/// What an image costs a stage, depending on the columns of a tile. Cycles; of the replica with the most tiles.
struct tile_cost {
  unsigned width = 1, replicas = 1;
  double analog_per_column = 0;  ///< MVMs, one crossbar
  double cores_per_column = 0;   ///< kernels of the busiest cluster, on all its cores
  double cores_per_tile = 0;     ///< what its master does for a tile, however large

  double tiles(unsigned columns) const { return (width / columns + replicas - 1) / replicas; }
  double analog(unsigned columns) const { return tiles(columns) * columns * analog_per_column; }
  double cores(unsigned columns) const { return tiles(columns) * (columns * cores_per_column + cores_per_tile); }
  double cycles(unsigned columns) const { return analog(columns) > cores(columns) ? analog(columns) : cores(columns); }
};

/// The divisor of the width that makes an image cheapest and leaves every replica a tile; the smallest if there are
/// several.
unsigned cheapest_tile_columns(const tile_cost& cost);

/// Small tiles fill and drain the pipeline fast, so: the smallest divisor of the width whose tiles keep the stage
/// busy for `least_cycles` and that neither takes longer per image than `bottleneck` nor keeps the cores busy for
/// more than `share` of it. The cheapest if there is none.
unsigned choose_tile_columns(const tile_cost& cost, double bottleneck, double share, double least_cycles);

}  // namespace ohmic
