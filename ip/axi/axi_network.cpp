#include "ip/axi/axi_network.h"

#include <algorithm>

namespace ohmic {
namespace {

const network_config& checked(const network_config& config) {
  config.check();
  return config;
}

}  // namespace

axi_network::axi_network(sc_core::sc_module_name name, const network_config& config, const sc_core::sc_time& period)
    : sc_module(name),
      config_(checked(config)),
      scheduler_("scheduler", period),
      faults_(config.options),
      places_(place_routers(config)) {
  routers_.reserve(places_.size());
  for (const router_place& place : places_) {
    routers_.push_back(
        std::make_unique<axi_router>(place.name.c_str(), place.config, config_.map, scheduler_, faults_, in_flight_));
    if (place.parent >= 0) {
      routers_[static_cast<std::size_t>(place.parent)]->attach(place.parent_port, *routers_.back());
    }
    if (!place.config.children_are_clusters) first_leaf_ = routers_.size();
  }
}

axi_target_socket& axi_network::cluster_in(unsigned cluster) {
  const unsigned factor = config_.levels.back().factor;
  return routers_.at(first_leaf_ + cluster / factor)->in(cluster % factor);
}

axi_initiator_socket& axi_network::cluster_out(unsigned cluster) {
  const unsigned factor = config_.levels.back().factor;
  return routers_.at(first_leaf_ + cluster / factor)->out(cluster % factor);
}

cycle_t axi_network::lookahead() const {
  cycle_t lowest = never;
  for (const network_level& level : config_.levels) lowest = std::min(lowest, level.latency);
  return lowest;
}

void axi_network::for_each_lane(
    const std::function<void(const std::string&, axi_lane, const channel_counters&)>& visit) const {
  constexpr axi_lane lanes[] = {axi_lane::ar, axi_lane::aw, axi_lane::w, axi_lane::r, axi_lane::b};
  const auto in_and_out = [&](const router_model& model, unsigned port, const std::string& into,
                              const std::string& out_of) {
    for (const axi_lane lane : lanes) visit(into, lane, model.in_count(port, lane));
    for (const axi_lane lane : lanes) visit(out_of, lane, model.out_count(port, lane));
  };
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const router_place& place = places_[i];
    const router_model& model = routers_[i]->model();
    if (place.parent < 0) {
      in_and_out(model, place.config.hbm_port(), "top.down", "top.up");
      in_and_out(model, place.config.platform_port(), "platform.down", "platform.up");
    } else {
      const router_model& parent = routers_[static_cast<std::size_t>(place.parent)]->model();
      for (const axi_lane lane : lanes) {
        visit(place.name + ".up", lane, model.out_count(place.config.parent_port(), lane));
      }
      for (const axi_lane lane : lanes) visit(place.name + ".down", lane, parent.out_count(place.parent_port, lane));
    }
    if (place.config.children_are_clusters) {
      for (unsigned child = 0; child < place.config.children; ++child) {
        const std::string cluster = "cluster_" + std::to_string(place.config.first_cluster + child);
        in_and_out(model, child, cluster + ".up", cluster + ".down");
      }
    }
  }
}

void axi_network::for_each_link(const std::function<void(const std::string&, const channel_counters&)>& visit) const {
  channel_counters total;
  for_each_lane([&](const std::string& name, axi_lane lane, const channel_counters& count) {
    total.bursts += count.bursts;
    total.bytes += count.bytes;
    total.busy_cycles = std::max(total.busy_cycles, count.busy_cycles);
    if (lane == axi_lane::b) {  // the last lane of a direction
      visit(name, total);
      total = {};
    }
  });
}

}  // namespace ohmic
