#pragma once

#include "chip/chip_config.h"
#include "sw/compiler/mapping/cost/kernel_time.h"

namespace ohmic {

/// What a cluster's master does for a stage beside kernels, per image: the programming of IMA and DMA, the bookkeeping
/// of tiles, and the events that wake it.
struct master_duties {
  double tiles = 0;          ///< of all its steps
  double jobs = 0;           ///< tiles that are IMA jobs
  double pushes = 0;         ///< tiles that are pushed
  double runs = 0;           ///< of columns that go to one destination together, each a descriptor
  double frontiers = 0;      ///< tiles, each counted as often as its inputs have producers elsewhere
  double kernel_inputs = 0;  ///< tiles of kernels, each counted as often as it has inputs
  double events = 0;         ///< columns that arrive and room that is given back: each wakes it
  double partners = 0;  ///< tiles of kernels with several inputs from elsewhere: the first that comes wakes it in vain
  double follows = 0;   ///< columns that arrive in rings that follow their producers (OHMIC_RING_FOLLOWS)
  double followed = 0;  ///< the same, each counted as often as its ring has producers
  unsigned steps = 1;   ///< of the cluster
};

/// Cycles of the parts of a cluster: the one place in the compiler that knows what work takes. Policies decide by it,
/// tiles are chosen by it, and deployments and reports carry what it predicts. Nothing that runs is timed by it.
///
/// Measured against runs (docs/mapping.md); tests/sw/compiler/mapping/cost holds it to that. Kinds of core and clusters
/// of different make differ: a model is made for one.
class cost_model {
 public:
  cost_model(const chip_config& chip, core_design design, unsigned cores);
  cost_model(const chip_config& chip, core_design design) : cost_model(chip, design, chip.cluster.cores) {}
  /// For the cores that most of the chip has.
  explicit cost_model(const chip_config& chip) : cost_model(chip, design_of(chip.cores.model)) {}
  unsigned core_count() const { return cores_; }

  /// The crossbar, back to back.
  double mvms(double count) const { return count * mvm_cycles_; }
  /// One tile on all cores, the master's call and the wait for all included.
  double kernel(const kernel_shape& tile) const { return kernels_.cycles(tile); }
  /// What it takes at least, however its loops are arranged.
  double least_kernel(const kernel_shape& tile) const { return kernels_.least_cycles(tile); }
  double master(const master_duties& duties) const;
  /// The same where each event finds it asleep: while the first tiles come through.
  double waiting_master(const master_duties& duties) const;
  /// Kernels of one kind and the master's work of a cluster: side by side where core 0 takes no part in them. Else one
  /// behind the other: a layer's next tile waits for all of the master's work; of clusters with few cores, whose sums
  /// have many inputs, what arrives during a kernel is worked off together.
  double cores(ohmic_kernel kernel, double kernels, double master) const {
    if (ohmic_kernel_cores(kernel, cores_) != cores_) return kernels > master ? kernels : master;
    return kernels + (kernel >= OHMIC_KERNEL_LAYER ? 1 : 0.7) * master;
  }
  /// A crossbar and the cores of its cluster, which start its jobs and take its codes: they wait for each other the
  /// more the closer their times are. Measured: 0 to 0.25 of min^2 / max, the more the longer their tiles.
  double together(double analog, double cores) const {
    const double most = analog > cores ? analog : cores, least = analog > cores ? cores : analog;
    return most > 0 ? most + 0.1 * least * least / most : 0;
  }
  /// Bytes through a cluster's port.
  double transfer(double bytes) const { return bytes / port_bytes_; }

 private:
  double mvm_cycles_, port_bytes_;
  unsigned cores_;
  core_design design_;
  kernel_time kernels_;
};

}  // namespace ohmic
