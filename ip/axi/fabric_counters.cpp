#include <functional>
#include <string>

#include "ip/axi/fabric.h"

// What the lanes of all links have carried, and how long it waited there.

namespace ohmic {

void axi_fabric::for_each_lane(
    const std::function<void(const std::string&, axi_lane, const channel_counters&)>& visit) const {
  const auto add_waits = [](channel_counters count, const channel_counters& waits) {
    count.lost_arbitration += waits.lost_arbitration;
    count.blocked_order += waits.blocked_order;
    count.blocked_full += waits.blocked_full;
    count.held_cycles = waits.held_cycles;
    count.most = waits.most;
    return count;
  };
  const auto endpoint = [&](const axi_router& router, unsigned port, network_port at, const std::string& into,
                            const std::string& out_of) {
    for (const axi_lane lane : all_lanes) {
      const entry_lane& in = entries_[number(at)].at(lane);
      channel_counters count;
      count.bursts = in.bursts;
      count.beats = in.beats;
      count.bytes = in.bytes;
      count.blocked_full = in.blocked_full;
      visit(into, lane, in.pipe ? add_waits(count, router.waits(port, lane)) : count);
    }
    const sink& s = sinks_[number(at)];
    for (const axi_lane lane : all_lanes) {
      channel_counters count = router.sent(port, lane);
      const sink::channel& c = lane == axi_lane::ar ? s.reads : lane == axi_lane::aw ? s.writes : s.data;
      if (!from_target(lane)) {
        count.blocked_full += c.waited;
        count.held_cycles = c.pipe->held_cycles();
        count.most = c.pipe->most();
      }
      visit(out_of, lane, count);
    }
  };
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const router_place& place = places_[i];
    const axi_router& router = *routers_[i];
    if (place.parent < 0) {
      endpoint(router, place.config.hbm_port(), port_hbm, "top.down", "top.up");
      endpoint(router, place.config.platform_port(), port_platform, "platform.down", "platform.up");
    } else {
      const axi_router& parent = *routers_[static_cast<std::size_t>(place.parent)];
      const unsigned up = place.config.parent_port();
      for (const axi_lane lane : all_lanes)
        visit(place.name + ".up", lane, add_waits(router.sent(up, lane), parent.waits(place.parent_port, lane)));
      for (const axi_lane lane : all_lanes)
        visit(place.name + ".down", lane, add_waits(parent.sent(place.parent_port, lane), router.waits(up, lane)));
    }
    if (!place.config.children_are_clusters) continue;
    for (unsigned child = 0; child < place.config.children; ++child) {
      const unsigned cluster = place.config.first_cluster + child;
      const std::string name = "cluster_" + std::to_string(cluster);
      endpoint(router, child, cluster, name + ".up", name + ".down");
    }
  }
}

}  // namespace ohmic
