#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "chip/chip_config.h"
#include "sw/firmware/kernels/kernels.h"

namespace ohmic {

/// One tile of a kernel, as far as its time depends on it.
struct kernel_shape {
  ohmic_kernel kernel = OHMIC_KERNEL_PARTIAL;
  unsigned columns = 1, height = 1, channels = 1;  ///< of the output
  unsigned in8 = 0, in16 = 0;                      ///< inputs of a sum
  bool residual = false;
  /// Runs of channels that the output lies in (kernels.h): `channel`, `count` and `copy` count. None: one run of all.
  std::vector<ohmic_piece> pieces;
  unsigned window = 1, window_height = 1, stride_height = 1, input_height = 1, input_width = 1;  ///< of a pool or layer
  unsigned stride = 1;      ///< of a layer, along x
  unsigned pad_height = 0;  ///< of a layer: rows of the first window above the map
  unsigned in_channels = 1, groups = 1, in_blocks = 1;
  ohmic_layer_finish finish = OHMIC_LAYER_RELU;

  friend bool operator<(const kernel_shape& a, const kernel_shape& b);
};

/// What a kernel's tile takes on all cores of a cluster, in cycles from the master's call to its return.
///
/// The firmware's own sharing (sw/firmware/kernels/share.c) says what each core does; the inner loops' instructions and
/// their order are those of sw/firmware/kernels and cores/*/loops.*; a core that finds its bank taken tries again in
/// the next cycle. So cores that begin in the same bank, or whose columns lie a multiple of all banks apart, wait for
/// each other here as they do on the chip. Rings are taken to begin in the same bank, which the compiler's alignment
/// mostly makes true. What is fixed per call and per run of pixels was measured (kernel_time.cpp), and so is how much
/// longer a core of another design takes.
class kernel_time {
 public:
  /// The master's call, the waking of all cores, and the way from the last one's end to the master that has seen it.
  static constexpr double call_cycles = 115;

  /// For clusters of so many cores.
  kernel_time(const chip_config& chip, core_design design, unsigned cores);
  explicit kernel_time(const chip_config& chip, core_design design = core_design::cv32e40p)
      : kernel_time(chip, design, chip.cluster.cores) {}
  double cycles(const kernel_shape& tile) const;
  /// No arrangement of the tile's inner loops on these cores is faster: their instructions, shared evenly.
  double least_cycles(const kernel_shape& tile) const;

 private:
  double simulate(const kernel_shape& tile, double* loops) const;

  unsigned cores_, banks_, line_;
  core_design design_;
  struct answer {
    double cycles = 0, loops = 0;
  };
  answer ask(const kernel_shape& tile) const;
  struct memory;
  std::shared_ptr<memory> known_;  ///< of all that are made for such clusters and cores
};

}  // namespace ohmic
