#include "platform/experiment/limiting_resource.h"

#include <algorithm>

namespace ohmic {

limiting_resource find_limiting_resource(const run_figures& f, const deployment& source) {
  limiting_resource most;
  if (f.cycles == 0) return most;
  const auto consider = [&](const char* kind, std::uint64_t busy, const std::string& name) {
    const double part = std::min(1.0, static_cast<double>(busy) / static_cast<double>(f.cycles));
    if (part > most.utilisation) most = {kind, name, part};
  };
  for (const stage_report& stage : source.stages)
    for (const unsigned cluster : stage.clusters) {
      const auto& cycles = f.clusters[cluster].cycles;
      const std::string place = " of cluster " + std::to_string(cluster) + " (" + stage.name + ")";
      consider("crossbar", cycles[static_cast<unsigned>(time_class::analog)], "crossbar" + place);
      consider("cores", cycles[static_cast<unsigned>(time_class::digital)], "cores" + place);
      consider("data movers", cycles[static_cast<unsigned>(time_class::communication)], "DMA and streamers" + place);
    }
  for (const link_activity& link : f.links) consider("link", link.busy_cycles_after_boot, "link " + link.name);
  return most;
}

}  // namespace ohmic
