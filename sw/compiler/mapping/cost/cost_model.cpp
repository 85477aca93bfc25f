#include "sw/compiler/mapping/cost/cost_model.h"

#include <algorithm>

namespace ohmic {
namespace {

// Cycles of a master that is a CV32E40P, fitted to the clusters of runs of five networks (docs/mapping.md).
constexpr double cycles_per_tile = 515;  ///< of any step: to start it and see its end
constexpr double cycles_per_image = 80;  ///< of any step: the last tile's end
constexpr double cycles_per_job = 10;
constexpr double cycles_per_run = 70;
constexpr double cycles_per_kernel_input = 10;
constexpr double cycles_per_frontier = 33;
constexpr double cycles_per_event = 41;
constexpr double cycles_per_follow = 95;    ///< a ring's frontier is looked at, and those in front of it are told
constexpr double cycles_per_partner = 200;  ///< the first input has come, and the tile cannot begin
constexpr double cycles_per_followed = 22;  ///< of each of its producers
/// Of one tile. What more producers and readers send comes while the master is awake: they work in step.
constexpr double most_events_of_tile = 8;
/// An Ibex in its place takes so many times as long.
constexpr double ibex_master_factor = 1.65;

}  // namespace

cost_model::cost_model(const chip_config& chip, core_design design, unsigned cores)
    : mvm_cycles_(static_cast<double>(chip.ima.mvm_cycles)),
      port_bytes_(chip.network.width.back()),
      cores_(cores),
      design_(design),
      kernels_(chip, design, cores) {}

double cost_model::waiting_master(const master_duties& d) const {
  const double cycles = d.tiles * cycles_per_tile + d.steps * cycles_per_image + d.jobs * cycles_per_job +
                        std::max(d.runs, d.pushes) * cycles_per_run + d.kernel_inputs * cycles_per_kernel_input +
                        d.frontiers * cycles_per_frontier + d.events * cycles_per_event +
                        d.partners * cycles_per_partner + d.follows * cycles_per_follow +
                        d.followed * cycles_per_followed;
  return cycles * (design_ == core_design::ibex ? ibex_master_factor : 1);
}

double cost_model::master(const master_duties& d) const {
  master_duties awake = d;
  awake.events = std::min(d.events, most_events_of_tile * d.tiles);
  return waiting_master(awake);
}

}  // namespace ohmic
