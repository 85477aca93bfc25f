#include "sw/compiler/mapping/cost/flows.h"

#include <map>
#include <tuple>

namespace ohmic {

unsigned columns_made(const plan_step& step) { return tiles_made(step) * step.makes.tile; }

unsigned columns_sent(const plan_step& step, const column_demand& demand) {
  unsigned sent = 0;
  for (unsigned x = step.makes.index * step.makes.tile; x < step.columns_per_image;
       x += step.makes.tile * step.makes.count)
    for (unsigned i = 0; i < step.makes.tile; ++i)
      if (demand.wants(x + i)) ++sent;
  return sent;
}

std::vector<flow> flows_of(const deployment_plan& plan) {
  std::map<std::tuple<unsigned, unsigned, bool>, std::uint64_t> bytes;
  for (unsigned c = 0; c < plan.clusters.size(); ++c)
    for (const plan_step& step : plan.clusters[c].steps) {
      if (std::holds_alternative<pull_work>(step.work))
        bytes[{link_loads::hbm, c, true}] +=
            std::uint64_t{columns_made(step)} *
            plan.clusters[c].rings[static_cast<std::size_t>(step.output_ring)].layout.bytes;
      const auto* push = std::get_if<push_work>(&step.work);
      if (push == nullptr) continue;
      for (const plan_destination& to : push->destinations) {
        const bool to_ring = to.to == plan_destination::kind::ring;
        if (to_ring && to.cluster == c) continue;
        bytes[{c, to_ring ? to.cluster : link_loads::hbm, false}] +=
            std::uint64_t{columns_sent(step, to.demand)} * to.copy.run_bytes * to.copy.rows;
      }
    }
  std::vector<flow> flows;
  for (const auto& [way, count] : bytes) flows.push_back({std::get<0>(way), std::get<1>(way), count, std::get<2>(way)});
  return flows;
}

link_loads loads_of(const std::vector<flow>& flows, const std::vector<unsigned>& places, const chip_config& chip) {
  link_loads loads(chip);
  const auto place = [&](unsigned cluster) { return cluster == link_loads::hbm ? cluster : places[cluster]; };
  for (const flow& f : flows) {
    if (f.read)
      loads.read(place(f.to), place(f.from), f.bytes);
    else
      loads.write(place(f.from), place(f.to), f.bytes);
  }
  return loads;
}

}  // namespace ohmic
