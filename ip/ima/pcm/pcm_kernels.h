#pragma once

#include <cstdint>

#include "ip/ima/mvm_kernels.h"
#include "ip/ima/pcm/device_model.h"
#include "ip/ima/pcm/philox.h"

namespace ohmic::pcm {

/// Columns of a crossbar lie in blocks of 64, as those of ip/ima/mvm_kernels.h, and rows in pairs:
/// [block][pair of rows][64 columns][2 rows].
inline constexpr unsigned block_columns = mvm::block_columns;
inline constexpr unsigned pair_cells = 2 * block_columns;

/// The loops of the model, once per instruction set. All sets give the same bits: sums are integers, and everything
/// else is a fixed sequence of IEEE operations (elementary.h).
struct kernel_set {
  const char* name;

  /// Standard normal deviates: out[k * blocks + i] is number k (0..3) of counter {first[0] + i, first[1..3]}.
  void (*normals)(const philox_key&, const philox_counter& first, unsigned blocks, double* out);
  /// The random words themselves, in the same order.
  void (*words)(const philox_key&, const philox_counter& first, unsigned blocks, std::uint32_t* out);

  /// Programs devices to their targets: conductance and drift exponent, as device_model.h has it.
  void (*program)(const device_model&, const double* target, const double* xi_programming, const double* xi_exponent,
                  unsigned count, double* programmed, double* exponent);
  /// What is left after t seconds, and the standard deviation of a read.
  void (*drift)(const device_model&, const double* programmed, const double* exponent, double t, unsigned count,
                double* drifted, double* read_deviation);
  /// One read: max(0, drifted + deviation * xi).
  void (*read)(const double* drifted, const double* read_deviation, const double* xi, unsigned count, double* g);

  /// sums[c] = sum over rows of inputs * weights in one column block. Exact: the caller's numbers fit 32 bits.
  void (*multiply)(const std::int16_t* weights, const std::int16_t* inputs, unsigned pairs, std::int32_t* sums);
  /// The same with unsigned bytes, for variances.
  void (*multiply_bytes)(const std::uint8_t* weights, const std::int16_t* inputs, unsigned pairs, std::int32_t* sums);
  /// sums += nearest integer to sqrt(variance * unit) * xi, for one column block.
  void (*add_noise)(const std::int32_t* variance, double unit, const double* xi, std::int32_t* sums);
};

/// Precondition: mvm::supported(variant).
const kernel_set& kernels_of(mvm::simd variant);
/// The fastest variant of this machine.
const kernel_set& best_kernels();

}  // namespace ohmic::pcm
