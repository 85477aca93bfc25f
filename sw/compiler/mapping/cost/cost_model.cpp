#include "sw/compiler/mapping/cost/cost_model.h"

namespace ohmic {
namespace {

// Cycles of a master that is a CV32E40P, fitted to the clusters of ten runs of four networks (docs/mapping.md).
constexpr double cycles_per_tile = 500;  ///< of any step: to start it and see its end
constexpr double cycles_per_round =
    1000;  ///< to find out what is ready and tell others; steps that run together share it
constexpr double cycles_per_job = 124;
constexpr double cycles_per_push = 125;
constexpr double cycles_per_kernel_input = 71;
constexpr double cycles_per_event = 30;
constexpr double cycles_per_event_and_step = 60;
/// An Ibex in its place takes so many times as long.
constexpr double ibex_master_factor = 1.65;

}  // namespace

cost_model::cost_model(const chip_config& chip, core_design design)
    : mvm_cycles_(static_cast<double>(chip.ima.mvm_cycles)),
      port_bytes_(chip.network.width.back()),
      design_(design),
      kernels_(chip, design) {}

double cost_model::master(const master_duties& d) const {
  const double cycles = d.tiles * cycles_per_tile + d.tiles / d.steps * cycles_per_round + d.jobs * cycles_per_job +
                        d.pushes * cycles_per_push + d.kernel_inputs * cycles_per_kernel_input +
                        d.events * (cycles_per_event + d.steps * cycles_per_event_and_step);
  return cycles * (design_ == core_design::ibex ? ibex_master_factor : 1);
}

}  // namespace ohmic
