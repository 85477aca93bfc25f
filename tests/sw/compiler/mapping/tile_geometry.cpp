#include <algorithm>

#include "tests/sw/compiler/mapping/simulated_cluster.h"

namespace ohmic {

std::uint32_t tile_count(const simulated_cluster& c, const simulated_step& s) {
  std::uint32_t per_image = 0;
  for (std::uint32_t x = 0; x < s.head.columns_per_image; x += s.head.tile_columns)
    if ((x / s.head.tile_columns) % s.head.replicas == s.head.replica) ++per_image;
  return per_image * c.header.images;
}

tile_place place_of(const simulated_step& s, std::uint32_t tile) {
  const std::uint32_t tiles = s.head.columns_per_image / s.head.tile_columns;
  const std::uint32_t mine = (tiles + s.head.replicas - 1 - s.head.replica) / s.head.replicas;
  return {tile / mine, (tile % mine * s.head.replicas + s.head.replica) * s.head.tile_columns, tile};
}

std::uint32_t needed_column(const simulated_cluster& c, const simulated_step& s, const ohmic_window& w,
                            std::uint32_t tile, bool end) {
  const ohmic_ring& ring = c.rings.at(w.ring);
  const tile_place t = place_of(s, tile);
  const std::uint32_t T = s.head.tile_columns;
  if (ring.flags & OHMIC_RING_SEQUENCE) return (t.order + (end ? 1 : 0)) * T;
  if (ring.flags & OHMIC_RING_WEIGHTS) return t.order * w.stride + static_cast<std::uint32_t>(-w.pad) + (end ? 1 : 0);
  const std::int64_t W = ring.columns_per_image;
  if (w.whole_image) return static_cast<std::uint32_t>(W * (t.image + (end ? 1 : 0)));
  std::int64_t x = std::int64_t{t.x} * w.stride - w.pad;
  if (end) x += std::int64_t{T - 1} * w.stride + w.size;
  return static_cast<std::uint32_t>(t.image * W + std::min(std::max<std::int64_t>(x, 0), W));
}

bool is_wanted(const ohmic_destination& d, std::uint32_t x) {
  if (d.want_replicas <= 1) return true;
  for (std::uint32_t out = 0; out < d.want_columns; ++out) {
    if ((out / d.want_tile) % d.want_replicas != d.want_replica) continue;
    const std::int64_t begin = std::int64_t{out} * d.want_stride - d.want_pad;
    if (x >= begin && x < begin + d.want_size) return true;
  }
  return false;
}

std::uint32_t slot_of(const ohmic_ring& ring, const simulated_step& s, const tile_place& t, std::uint32_t column) {
  const std::uint32_t n = ring.flags & OHMIC_RING_SEQUENCE ? t.order * s.head.tile_columns + column
                                                           : t.image * s.head.columns_per_image + t.x + column;
  return ring.base + n % ring.slots * ring.column_bytes;
}

}  // namespace ohmic
