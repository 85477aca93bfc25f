#pragma once

#include <algorithm>

#include "chip/chip_config.h"
#include "ip/axi/topology.h"
#include "ip/hbm/hbm.h"
#include "platform/cluster/cluster_parameters.h"

namespace ohmic {

/// The chip's address map as the network sees it.
inline address_map make_address_map(const chip_config& c) {
  address_map map;
  map.cluster_base = chip_config::clusters_base;
  map.cluster_stride = c.cluster_stride();
  map.cluster_count = c.clusters();
  map.hbm_base = c.hbm_base;
  map.hbm_bytes = c.hbm.bytes;
  map.platform_base = chip_config::platform_base;
  map.platform_bytes = chip_config::platform_bytes;
  return map;
}

/// factors[0], latency[0] and width[0] describe the HBM link; the rest are levels of routers from the top.
inline network_config make_network_config(const chip_config& c, const address_map& map,
                                          const network_options& options) {
  network_config n;
  n.levels.clear();
  for (std::size_t i = 1; i < c.network.factors.size(); ++i)
    n.levels.push_back({c.network.factors[i], c.network.latency[i], c.network.width[i]});
  n.hbm_width = c.network.width[0];
  n.flow = {c.network.stage_depth, c.network.open_per_id, c.network.open_writes, c.network.remap_ids};
  n.port = make_master_port_config(c);
  n.map = map;
  if (c.network.latency[0] < 3) n.batch_limit = 1;  // HBM may answer within a batch
  n.options = options;
  return n;
}

inline hbm_config make_hbm_config(const chip_config& c) {
  hbm_config h;
  h.base = c.hbm_base;
  h.bytes = c.hbm.bytes;
  h.timing.access = c.network.latency[0];
  h.timing.outstanding = c.hbm.outstanding;
  h.timing.width = c.network.width[0];
  return h;
}

}  // namespace ohmic
