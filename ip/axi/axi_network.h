#pragma once

#include <functional>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "ip/axi/axi_router.h"
#include "ip/axi/axi_scheduler.h"
#include "ip/axi/topology.h"

namespace ohmic {

/// The AXI network of a chip: a tree of axi_router modules between clusters, HBM and platform control.
///
/// Bind each cluster's master port to cluster_in(i), its slave port to cluster_out(i); protocol and times as
/// in axi_router. Endpoints that are not bound answer DECERR, like unmapped addresses. A request that is sent
/// with `delay` is at the boundary at now + delay (rounded up to a cycle); a delivery is called as soon as
/// its last router has started it, with the rest of that router's latency annotated. So nothing that happens
/// at time t has an effect at another endpoint before t + the lowest latency: that is the window in which
/// clusters may run in parallel. Calls into one port and lane must come in the order of their times; main
/// thread only. Throws std::invalid_argument for a configuration that cannot be built.
class axi_network : public sc_core::sc_module {
 public:
  axi_network(sc_core::sc_module_name name, const network_config& config,
              const sc_core::sc_time& period = sc_core::sc_time(1, sc_core::SC_NS));

  unsigned clusters() const { return config_.clusters(); }
  axi_target_socket& cluster_in(unsigned cluster);
  axi_initiator_socket& cluster_out(unsigned cluster);
  axi_initiator_socket& hbm_out() { return routers_.front()->out(routers_.front()->model().config().hbm_port()); }
  axi_initiator_socket& platform_out() {
    return routers_.front()->out(routers_.front()->model().config().platform_port());
  }

  const network_config& config() const { return config_; }

  const edge_faults& faults() const { return faults_; }

  /// Bursts between their entry and the delivery of their response.
  std::uint64_t in_flight() const { return in_flight_; }

  /// The lowest latency of a path between two endpoints, in cycles.
  cycle_t lookahead() const;

  /// Calls visit(name, totals) for each direction of each link; `busy_cycles` is that of its busiest lane,
  /// the one that limits. Names: "<router>.up" and "<router>.down" for a router's link to its parent (for
  /// "top": to HBM), "cluster_<i>.up" / ".down" for a cluster's, "platform.up" / ".down"; up is towards the
  /// top.
  void for_each_link(const std::function<void(const std::string&, const channel_counters&)>& visit) const;

  /// The same per lane.
  void for_each_lane(const std::function<void(const std::string&, axi_lane, const channel_counters&)>& visit) const;

 private:
  network_config config_;
  axi_scheduler scheduler_;
  edge_faults faults_;
  std::uint64_t in_flight_ = 0;
  std::vector<router_place> places_;
  std::vector<std::unique_ptr<axi_router>> routers_;  // in the order of places_
  std::size_t first_leaf_ = 0;                        // routers that have clusters as children
};

}  // namespace ohmic
