#include "sw/compiler/mapping/cost/link_loads.h"

namespace ohmic {

link_loads::link_loads(const chip_config& chip) {
  const auto& network = chip.network;
  const std::size_t routers = network.factors.size() - 1;  // levels of them; [0] is the HBM link
  unsigned below = 1;
  for (std::size_t l = 0; l <= routers; ++l) {
    // Level 0: clusters. Level l: the routers whose children are those of level l - 1.
    if (l > 0) below *= network.factors[routers + 1 - l];
    level entry;
    entry.clusters_below = below;
    entry.width = network.width[routers - l];
    entry.name = l == 0 ? "cluster_" : l == routers ? "" : "l" + std::to_string(l) + "_";
    for (unsigned channel : {0u, 1u}) {
      entry.up[channel].resize(chip.clusters() / below);
      entry.down[channel].resize(chip.clusters() / below);
    }
    levels_.push_back(std::move(entry));
  }
}

void link_loads::move(unsigned from, unsigned to, std::uint64_t bytes, unsigned channel) {
  for (level& l : levels_) {
    const unsigned source = from == hbm ? hbm : from / l.clusters_below;
    const unsigned target = to == hbm ? hbm : to / l.clusters_below;
    if (source == target) return;  // the common router is below this link
    if (source != hbm) l.up[channel][source] += bytes;
    if (target != hbm) l.down[channel][target] += bytes;
  }
}

link_loads::busiest link_loads::most_loaded() const {
  busiest result;
  for (const level& l : levels_) {
    for (const unsigned channel : {0u, 1u}) {
      for (std::size_t node = 0; node < l.up[channel].size(); ++node) {
        const std::string name = l.name.empty() ? "top" : l.name + std::to_string(node);
        const auto consider = [&](std::uint64_t bytes, const char* direction) {
          const double cycles = static_cast<double>(bytes) / l.width;
          if (cycles > result.cycles) result = {cycles, name + direction};
        };
        consider(l.up[channel][node], ".up");
        consider(l.down[channel][node], ".down");
      }
    }
  }
  return result;
}

}  // namespace ohmic
