#include "ip/axi/topology.h"

#include <algorithm>
#include <stdexcept>

#include "ip/axi/id_tables.h"

namespace ohmic {

unsigned network_config::clusters() const {
  unsigned product = 1;
  for (const network_level& level : levels) product *= level.factor;
  return product;
}

void network_config::check() const {
  if (levels.empty()) throw std::invalid_argument("the network needs at least one level of routers");
  if (levels.size() > axi_transit::max_levels) {
    throw std::invalid_argument("the network has at most " + std::to_string(axi_transit::max_levels) +
                                " levels of routers");
  }
  std::uint64_t product = 1;
  for (const network_level& level : levels) {
    if (level.factor == 0) throw std::invalid_argument("a quadrant factor is at least 1");
    if (level.latency < 1) throw std::invalid_argument("an AXI router's latency is at least 1 cycle");
    for (const unsigned width : {level.width, hbm_width}) {
      if (width < 4 || width > 4096 || (width & (width - 1)) != 0) {
        throw std::invalid_argument("an AXI link's width is a power of two of 4 to 4096 bytes");
      }
    }
    product *= level.factor;
    if (product > 65536) throw std::invalid_argument("the network has at most 65536 clusters");
  }
  const flow_limits& f = flow;
  if (f.stage_depth < 1 || f.stage_depth > 255 || f.names < 1 || f.names > remap_table::max_names ||
      f.open_per_id < 1 || f.open_writes < 1) {
    throw std::invalid_argument("the network's registers and tables hold at least one each, at most 64 ids per output");
  }
  if (port.ids < 1 || port.ids > id_set::max_ids || port.outstanding_reads < 1 || port.outstanding_writes < 1) {
    throw std::invalid_argument("a cluster's port has 1 to 128 ids and at least one burst in flight per direction");
  }
  if (map.cluster_count != product) {
    throw std::invalid_argument("the address map has " + std::to_string(map.cluster_count) +
                                " clusters, the network's factors give " + std::to_string(product));
  }
  if (!map.valid()) {
    throw std::invalid_argument("address regions overlap, or do not lie on 4 KiB boundaries");
  }
}

std::vector<router_place> place_routers(const network_config& config) {
  std::vector<router_place> places;
  const std::size_t depth = config.levels.size();
  unsigned nodes = 1;
  unsigned clusters_per_node = config.clusters();
  std::size_t parents_start = 0;  // first router of the level above
  for (std::size_t k = 0; k < depth; ++k) {
    const network_level& level = config.levels[k];
    const unsigned per_child = clusters_per_node / level.factor;
    for (unsigned j = 0; j < nodes; ++j) {
      router_place place;
      place.name = k == 0 ? "top" : "l" + std::to_string(depth - k) + "_" + std::to_string(j);
      if (k > 0) {
        place.parent = static_cast<int>(parents_start + j / config.levels[k - 1].factor);
        place.parent_port = j % config.levels[k - 1].factor;
      }
      place.config.latency = level.latency;
      place.config.level = static_cast<unsigned>(depth - 1 - k);
      place.config.cluster_ids = config.port.ids;
      place.config.children = level.factor;
      place.config.first_cluster = j * clusters_per_node;
      place.config.clusters_per_child = per_child;
      place.config.parent_clusters = k == 0 ? config.clusters() : clusters_per_node * config.levels[k - 1].factor;
      place.config.parent_first =
          place.config.first_cluster / place.config.parent_clusters * place.config.parent_clusters;
      place.config.top = k == 0;
      place.config.child_width = level.width;
      place.config.up_width = k == 0 ? config.hbm_width : config.levels[k - 1].width;
      place.config.widest_log2 =
          static_cast<unsigned>(__builtin_ctz(std::max(place.config.child_width, place.config.up_width)));
      place.config.children_are_clusters = k + 1 == depth;
      places.push_back(place);
    }
    parents_start = places.size() - nodes;
    nodes *= level.factor;
    clusters_per_node = per_child;
  }
  return places;
}

cycle_t zero_load_round_trip(const network_config& config, network_port from, network_port to) {
  // Routers on the way up to the common one, which is crossed once, and down again.
  cycle_t one_way = 0;
  unsigned size = 1;
  for (std::size_t k = config.levels.size(); k-- > 0;) {
    size *= config.levels[k].factor;
    const bool common = k == 0 || (to < config.clusters() && from / size == to / size);
    const bool comes_down = to < config.clusters();
    one_way += config.levels[k].latency * (common || !comes_down ? 1 : 2);
    if (common) break;
  }
  return 2 * one_way;
}

}  // namespace ohmic
