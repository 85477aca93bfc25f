#pragma once

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "chip/chip_config.h"
#include "sw/compiler/mapping/mapping.h"
#include "sw/compiler/mapping/mapping_file.h"
#include "sw/compiler/mapping/mapping_options.h"
#include "sw/compiler/mapping/plan/digital_layer.h"
#include "sw/compiler/mapping/plan/mapping_geometry.h"
#include "sw/compiler/mapping/plan/stage.h"

namespace ohmic {

/// A mapping of whatever the language can say, by chance: replicas of every stage and of sums, several output pixels to
/// an MVM, tiles of several row sets, crossbars shared by tiles and layers, layers on cores in any parts, clusters with
/// several stages, buffers at
/// the reader, in relays and in HBM, and any placement.
class random_mapper {
 public:
  random_mapper(const integer_graph& graph, const std::vector<stage>& stages, const chip_config& chip,
                std::uint32_t seed)
      : graph_(graph), stages_(stages), chip_(chip), random_(seed) {}

  mapping run() {
    mapping m;
    m.as_written = true;
    m.prefetch_tiles = 1 + below(2);
    for (std::size_t s = 0; s < stages_.size(); ++s) m.stages.push_back(stage_of(s));
    m.clusters = clusters_;
    std::vector<unsigned> places(chip_.clusters());
    for (unsigned c = 0; c < places.size(); ++c) places[c] = c;
    if (below(2)) std::shuffle(places.begin(), places.end(), random_);
    m.places.assign(places.begin(), places.begin() + m.clusters);
    return m;
  }

 private:
  unsigned below(unsigned n) { return random_() % n; }
  const graph_node& node(std::size_t s) const { return graph_.nodes[stages_[s].node]; }
  const graph_tensor& output(std::size_t s) const { return graph_.tensors[stages_[s].output]; }

  /// A cluster of its own, or one that has something to do already.
  unsigned some_cluster() {
    if (clusters_ == 0 || (below(3) != 0 && clusters_ + 1 < chip_.clusters())) return clusters_++;
    return below(clusters_);
  }

  unsigned divisor(unsigned of, unsigned most) {
    std::vector<unsigned> all;
    for (unsigned d = 1; d <= std::min(of, most); ++d)
      if (of % d == 0) all.push_back(d);
    return all[below(static_cast<unsigned>(all.size()))];
  }

  edge_mapping edge(int tensor) {
    edge_mapping e;
    if (tensor < 0) return e;
    const bool is_image = graph_.tensors[tensor].producer == 0;
    const unsigned kind = below(5);
    if (kind == 0 && !is_image) e.buffer = buffer_place::hbm;
    if (kind == 1) {
      e.buffer = buffer_place::relay;
      for (unsigned n = is_image ? 1 : 1 + below(3); n > 0; --n) {
        const unsigned cluster = some_cluster();
        if (std::find(e.relays.begin(), e.relays.end(), cluster) == e.relays.end()) e.relays.push_back(cluster);
      }
    }
    if (below(4) == 0) e.columns = 1 + below(20);
    return e;
  }

  stage_mapping stage_of(std::size_t s) {
    const auto width = static_cast<unsigned>(output(s).width);
    stage_mapping m;
    m.tile_columns = divisor(width, 6);
    m.input = edge(stages_[s].input);
    m.residual = edge(stages_[s].residual);
    const unsigned tiles = width / m.tile_columns;
    m.replicas.resize(1 + below(std::min(tiles, 3u)));
    if (node(s).on_crossbar() && below(2)) {
      m.packing.x = divisor(m.tile_columns, 3);
      m.packing.y = 1 + below(std::min(4u, static_cast<unsigned>(output(s).height)));
    }
    if (node(s).on_crossbar())
      for (unsigned set = 0; set < node(s).layer().row_sets.size(); ++set)
        if (!fits(node(s).layer(), m.packing, {0, 1}, {0, 0, 0, {{set, 0}}})) m.packing.x = 1;
    const int split = 1 + static_cast<int>(below(chip_.ima.columns / m.packing.x));
    const unsigned tiles_of_replica = tiles / static_cast<unsigned>(m.replicas.size());
    if (node(s).has_layer() && !node(s).on_crossbar()) {
      // Parts of a layer on cores begin at multiples of so many channels.
      const int units = static_cast<int>(part_unit(node(s).layer()) * (1 + below(4)));
      m.weights_in_hbm = below(2) != 0;
      for (replica_mapping& replica : m.replicas)
        for (channel_range channels : split_channels(output(s).channels, units)) {
          // Weights take turns where parts are in the same clusters.
          const bool again = m.weights_in_hbm && !replica.parts.empty() && below(4) != 0;
          replica.parts.push_back(
              {channels,
               {},
               {again ? replica.parts.back().sums[0] : reduction_node{some_clusters(tiles_of_replica), {}, {}}}});
        }
      return m;
    }
    for (replica_mapping& replica : m.replicas) {
      if (!node(s).on_crossbar()) {
        replica.cluster = some_cluster();
        continue;
      }
      for (channel_range channels : split_channels(output(s).channels, split))
        replica.parts.push_back(part_of(s, m, channels, tiles_of_replica));
    }
    return m;
  }

  channel_part part_of(std::size_t s, const stage_mapping& m, channel_range channels, unsigned most_replicas) {
    channel_part part;
    part.channels = channels;
    const crossbar_layer& layer = node(s).layer();
    std::vector<packed_set> all;
    for (unsigned set = 0; set < layer.row_sets.size(); ++set)
      for (unsigned dy = 0; dy < m.packing.y; ++dy) all.push_back({set, dy});
    std::shuffle(all.begin(), all.end(), random_);
    for (const packed_set& p : all) {
      const bool joined = !part.tiles.empty() && below(2) && join(layer, m.packing, channels, part.tiles.back(), p);
      if (!joined) part.tiles.push_back({0, 0, 0, {p}});
    }
    for (crossbar_tile& tile : part.tiles) seat(layer, m.packing, channels, tile);
    std::vector<unsigned> open;  // sums that nobody has added yet
    std::vector<unsigned> sets;
    for (unsigned set = 0; set < layer.row_sets.size(); ++set) {
      sets.push_back(set);
      if (sets.size() >= 2 && below(3) == 0 && set + 1 < layer.row_sets.size()) {
        part.sums.push_back({some_clusters(most_replicas), sets, {}});
        open.push_back(static_cast<unsigned>(part.sums.size() - 1));
        sets.clear();
      }
    }
    part.sums.push_back({some_clusters(most_replicas), sets, open});
    return part;
  }

  std::vector<unsigned> some_clusters(unsigned most) {
    std::vector<unsigned> all;
    for (unsigned n = 1 + below(std::min(most, 3u)); n > 0; --n) {
      const unsigned cluster = some_cluster();
      if (std::find(all.begin(), all.end(), cluster) == all.end()) all.push_back(cluster);
    }
    return all;
  }

  bool fits(const crossbar_layer& layer, pixel_packing packing, channel_range channels,
            const crossbar_tile& tile) const {
    return static_cast<unsigned>(window_of(layer, packing, tile).crossbar_rows()) <= chip_.ima.rows &&
           bitlines_of(packing, tile, channels) <= chip_.ima.columns && tile.sets.size() * packing.x <= 8;
  }
  bool join(const crossbar_layer& layer, pixel_packing packing, channel_range channels, crossbar_tile& tile,
            packed_set p) const {
    const row_set &a = layer.row_sets[tile.sets[0].set], &b = layer.row_sets[p.set];
    if (a.channel_begin != b.channel_begin || a.channel_end != b.channel_end) return false;
    crossbar_tile joined = tile;
    joined.sets.push_back(p);
    if (!fits(layer, packing, channels, joined)) return false;
    tile = joined;
    return true;
  }

  /// Behind what a crossbar holds already, below it or beside it; or in a new one.
  void seat(const crossbar_layer& layer, pixel_packing packing, channel_range channels, crossbar_tile& tile) {
    const auto rows = static_cast<unsigned>(window_of(layer, packing, tile).crossbar_rows());
    const unsigned bitlines = bitlines_of(packing, tile, channels);
    struct corner {
      unsigned cluster, row, bitline;
    };
    std::vector<corner> corners;
    for (const auto& [cluster, used] : used_) {
      if (used.rows + rows <= chip_.ima.rows)
        corners.push_back({cluster, used.rows, below(chip_.ima.columns - bitlines + 1)});
      if (used.bitlines + bitlines <= chip_.ima.columns)
        corners.push_back({cluster, below(chip_.ima.rows - rows + 1), used.bitlines});
    }
    corner at{0, 0, 0};
    if (!corners.empty() && (below(2) || clusters_ + 8 > chip_.clusters())) {
      at = corners[below(static_cast<unsigned>(corners.size()))];
    } else {
      at = {clusters_++, below(chip_.ima.rows - rows + 1), below(chip_.ima.columns - bitlines + 1)};
    }
    tile.cluster = at.cluster;
    tile.first_row = at.row;
    tile.first_bitline = at.bitline;
    taken& used = used_[at.cluster];
    used.rows = std::max(used.rows, at.row + rows);
    used.bitlines = std::max(used.bitlines, at.bitline + bitlines);
  }

  struct taken {
    unsigned rows = 0, bitlines = 0;  ///< behind the last in use
  };
  const integer_graph& graph_;
  const std::vector<stage>& stages_;
  const chip_config& chip_;
  std::mt19937 random_;
  unsigned clusters_ = 0;
  std::map<unsigned, taken> used_;
};

/// Options for a random mapping of the network, "written by hand".
inline mapping_options random_mapping_options(const integer_graph& graph, const chip_config& chip, std::uint32_t seed) {
  const std::vector<stage> stages = make_stages(graph);
  mapping_options options;
  options.file = "random";
  options.file_text = write_mapping(graph, stages, random_mapper(graph, stages, chip, seed).run());
  return options;
}

}  // namespace ohmic
