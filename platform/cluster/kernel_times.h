#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "ip/core/types.h"

namespace ohmic {

/// How long a cluster's cores were in kernels, by what the program has written to cluster_control.IN_KERNEL: the
/// dataflow's stage + 1.
///
/// Call order: switch_to() with non-decreasing `now`, at least where the register has changed; cycles() at any point.
class kernel_times {
 public:
  void switch_to(std::uint32_t in_kernel, cycle_t now) {
    if (in_kernel == current_) return;
    if (current_ != 0) entry(current_) += now - since_;
    current_ = in_kernel;
    since_ = now;
  }
  /// (value of IN_KERNEL, cycles) of kernels that have ended, in the order in which they were first seen.
  const std::vector<std::pair<std::uint32_t, std::uint64_t>>& cycles() const { return cycles_; }

 private:
  std::uint64_t& entry(std::uint32_t in_kernel) {
    for (auto& [kernel, cycles] : cycles_)
      if (kernel == in_kernel) return cycles;
    return cycles_.emplace_back(in_kernel, 0).second;  // as many as stages, not as kernels
  }

  std::vector<std::pair<std::uint32_t, std::uint64_t>> cycles_;
  std::uint32_t current_ = 0;
  cycle_t since_ = 0;
};

}  // namespace ohmic
