#pragma once

#include <string>
#include <vector>

#include "ip/axi/address_map.h"
#include "ip/axi/edge_faults.h"
#include "ip/axi/master_port.h"

namespace ohmic {

/// Where a router stands in the tree. Ports: children 0..children-1, then the parent, or (in the top router)
/// HBM, platform control and the decode-error responder.
struct router_config {
  cycle_t latency = 4;  ///< cycles to cross it, request and response alike, >= 1
  unsigned children = 4;
  unsigned first_cluster = 0;
  unsigned clusters_per_child = 1;
  unsigned level = 0;         ///< counted from the clusters
  unsigned parent_first = 0;  ///< first cluster below the parent, and their number; the top's are its own
  unsigned parent_clusters = 0;
  unsigned cluster_ids = 32;  ///< ids of a cluster's port
  bool top = false;
  unsigned child_width = 64;  ///< bytes per beat of the links to the children, powers of two
  unsigned up_width = 64;     ///< ... to the parent, or to HBM and platform control
  unsigned widest_log2 = 6;   ///< of both widths
  bool children_are_clusters = false;

  unsigned ports() const { return children + (top ? 3 : 1); }
  unsigned parent_port() const { return children; }
  unsigned hbm_port() const { return children; }
  unsigned platform_port() const { return children + 1; }
  unsigned error_port() const { return children + 2; }
  unsigned width(unsigned port) const { return port < children ? child_width : up_width; }

  /// Its latency is that of its register stages: some in front of where outputs choose, some behind.
  unsigned stages_in() const { return latency == 1 ? 1 : static_cast<unsigned>(latency / 2); }
  unsigned stages_out() const { return static_cast<unsigned>(latency) - stages_in(); }
  /// The same for responses, which come the other way through the same ports.
  unsigned response_stages_in() const { return latency == 1 ? 1 : stages_out(); }
  unsigned response_stages_out() const { return static_cast<unsigned>(latency) - response_stages_in(); }
};

/// What the network's registers and tables hold. The defaults are the parameters of the RTL that the model is held to
/// (docs/timing.md).
struct flow_limits {
  unsigned stage_depth = 2;   ///< beats per register stage
  unsigned open_per_id = 63;  ///< bursts of one id and direction per router input (and name at an output); all AWs
                              ///< there ahead of their last W beat
  unsigned open_writes = 64;  ///< AWs ahead of their last W beat, per router output
  unsigned names = 64;        ///< ids in flight per router output and direction (1..64)
};

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
  flow_limits flow;
  master_port_config port;  ///< of every cluster
  address_map map;
  network_options options;
  cycle_t batch_limit = never;  ///< see axi_fabric::batch(); lower for a target that answers within a few cycles

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
