#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ip/ima/pcm/pcm_kernels.h"
#include "ip/ima/pcm/pcm_options.h"

namespace ohmic::pcm {

/// A device that does not do what it is told, from the start: `conductance` in uS for ever, without noise.
struct device_fault {
  unsigned row, column;
  bool negative;  ///< the device that is subtracted
  double conductance;
};

/// One crossbar of phase-change memory with its converters: pairs of devices with noise, drift and 1/f reads.
///
/// A weight w of +-W (see weight_scale) is a pair of devices with targets g+ = max(0, w) g_max / W and
/// g- = max(0, -w) g_max / W, both programmed (zeros too), both drifting. A column's current is the sum of
/// x (g+ - g-); in units of weights it is what an ideal crossbar's sum of x w becomes, and goes to the same ADC.
///
/// Randomness: counters of (row and column, crossbar, tag, purpose) under the seed, so that a result depends on what
/// is computed and not on when, in which order or on which thread. `identity` is the crossbar's number in the chip.
///
/// Arithmetic: after programming, weights are kept as integers of 1/128 of a weight's unit (1.5 nS where 127 is 25 uS),
/// per-MVM variances of a cell as a byte of the crossbar's largest (a column's variance is then right within 0.1 %),
/// so sums are exact and no order of operations shows: scalar, AVX2 and AVX-512 give the same bits. Crossbars of more
/// than 512 rows have a bit less of both for each doubling. Without noise the codes are those of an ideal crossbar.
///
/// Read noise per MVM is one normal deviate per column with the variance of all its devices, sum of x^2 sigma^2: exact
/// in distribution, but for reads that would be negative, which `once` clips and this does not.
/// Not modelled: IR drop beyond its first order (wire_drop.h), sneak currents, noise of converters, temperature, the
/// time between MVMs (1/f noise of two reads is independent here).
class pcm_crossbar {
 public:
  pcm_crossbar(unsigned rows, unsigned columns, const pcm_options&, std::uint32_t identity,
               const kernel_set& kernels = best_kernels());

  /// Programs every cell: weights[row * columns + column]. Faults win over what is drawn. `at_start`, a crossbar of the
  /// same shape whose reads have no noise, becomes what this one was right after programming, before any drift.
  void program(const std::int8_t* weights, const std::vector<device_fault>& faults = {},
               pcm_crossbar* at_start = nullptr);

  /// What an MVM needs of memory. Threads that share a crossbar bring one each; it may serve any number of crossbars.
  struct workspace {
    std::vector<std::int16_t> inputs, squares;
    std::vector<std::int32_t> sums, column_variances;
    std::vector<double> xi;
  };

  /// As crossbar::mvm(): inputs by row, zero outside the range where rows share a group of four with it; codes by
  /// column, with room for whole blocks of 64. `tag` tells MVMs apart that draw their own read noise.
  void mvm(const std::int8_t* inputs, unsigned first_row, unsigned row_count, unsigned first_column, unsigned count,
           std::int32_t m, unsigned s, std::uint32_t tag, std::int8_t* codes, workspace&) const;

  /// The sums before the ADC in units of 2^-fraction_bits(), by column; others of their blocks are undefined.
  const std::int32_t* sums(const std::int8_t* inputs, unsigned first_row, unsigned row_count, unsigned first_column,
                           unsigned count, std::uint32_t tag, workspace&) const;
  unsigned fraction_bits() const { return fraction_bits_; }

  /// What a cell weighs now, in units of weights (read noise `once` included).
  double weight(unsigned row, unsigned column) const;
  /// Variance of its reads in the same units, squared; 0 unless read noise is drawn per MVM.
  double read_variance(unsigned row, unsigned column) const;

 private:
  std::size_t cell(unsigned row, unsigned column) const {
    return (std::size_t{column / block_columns} * pairs_ + row / 2) * pair_cells + column % block_columns * 2 + row % 2;
  }
  struct row_of_devices;
  void apply_faults(unsigned row, row_of_devices&, const std::vector<device_fault>&) const;
  void drop_along_wires(std::vector<row_of_devices>& all) const;

  const kernel_set* kernels_;
  const mvm::kernel_set* adc_;
  unsigned rows_, columns_, pairs_, blocks_, fraction_bits_;
  int largest_byte_;
  pcm_options options_;
  std::uint32_t identity_;
  std::vector<std::int16_t> weights_;    // [block][pair][64 columns][2 rows]
  std::vector<std::uint8_t> variances_;  // the same cells, in units of variance_unit_; empty unless per MVM
  double variance_unit_ = 0;             // in squares of a weight's least bit
};

}  // namespace ohmic::pcm
