#pragma once

#include <string>
#include <vector>

#include "ip/axi/address_map.h"
#include "ip/axi/edge_faults.h"
#include "ip/axi/router_model.h"

namespace ohmic {

/// One level of quadrants: `factor` children per router of this level.
struct network_level {
  unsigned factor = 4;
  cycle_t latency = 4;  ///< cycles to cross a router of this level, request and response alike
  unsigned width = 64;  ///< bytes per beat of the links from these routers down to their children
};

/// The network's shape, from the top (wrapper) down to the L1 quadrants. The defaults are Table I's chip. The
/// HBM link of Table I is the link from the top router to HBM; its 100 cycles are the HBM block's access
/// time.
struct network_config {
  std::vector<network_level> levels = {{8, 4, 64}, {4, 4, 64}, {4, 4, 64}, {4, 4, 64}};
  unsigned hbm_width = 64;  ///< links from the top router to HBM and to platform control
  address_map map;
  network_options options;

  unsigned clusters() const;
  /// Throws std::invalid_argument with the reason if no network can be built from this.
  void check() const;
};

/// The tree of routers as plain data: what to build, in top-down order.
struct router_place {
  std::string name;          ///< "top", or "l2_5": level counted from the clusters, index within the level
  int parent = -1;           ///< index in the list; -1: the top
  unsigned parent_port = 0;  ///< which child of the parent this is
  router_config config;
};
std::vector<router_place> place_routers(const network_config& config);

/// Cycles of latency (both ways, without endpoints) between a cluster and another endpoint of an empty
/// network.
cycle_t zero_load_round_trip(const network_config& config, network_port from, network_port to);

}  // namespace ohmic
