#include "sw/compiler/mapping/cost/cost_model.h"

#include <algorithm>

namespace ohmic {
namespace {

// Cycles of a master that is a CV32E40P, fitted to those of 215 clusters of runs of five networks that keep their
// cluster's master busier than its other cores (docs/mapping.md).
constexpr double cycles_per_tile = 490;  ///< of any step: to start it and see its end
constexpr double cycles_per_image = 85;  ///< of any step: the last tile's end
constexpr double cycles_per_job = 5;
constexpr double cycles_per_run = 90;
constexpr double cycles_per_kernel_input = 7;
constexpr double cycles_per_frontier = 30;
constexpr double cycles_per_event = 45;
/// An Ibex in its place takes so many times as long.
constexpr double ibex_master_factor = 1.65;

}  // namespace

cost_model::cost_model(const chip_config& chip, core_design design)
    : mvm_cycles_(static_cast<double>(chip.ima.mvm_cycles)),
      port_bytes_(chip.network.width.back()),
      cores_(chip.cluster.cores),
      design_(design),
      kernels_(chip, design) {}

double cost_model::master(const master_duties& d) const {
  const double cycles = d.tiles * cycles_per_tile + d.steps * cycles_per_image + d.jobs * cycles_per_job +
                        std::max(d.runs, d.pushes) * cycles_per_run + d.kernel_inputs * cycles_per_kernel_input +
                        d.frontiers * cycles_per_frontier + d.events * cycles_per_event;
  return cycles * (design_ == core_design::ibex ? ibex_master_factor : 1);
}

}  // namespace ohmic
