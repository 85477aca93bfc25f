#pragma once

#include <cstdint>
#include <vector>

#include "platform/experiment/golden.h"
#include "platform/machine/machine.h"
#include "sw/compiler/mapping/emit/deployment_image.h"

namespace ohmic {

/// Compares every tensor on every edge with the reference, while the run goes on and without disturbing it: whenever
/// the produced word of a ring changes, the columns that it announces are read from the ring and compared.
class layer_check {
 public:
  /// All arguments outlive the check. `golden` holds maps.
  layer_check(const deployment& source, const integer_graph& graph, const golden_outputs& golden, const machine& chip,
              unsigned images);

  /// After each window, with the clusters that ran in it.
  void look(const std::vector<unsigned>& clusters);

  const comparison& result() const { return result_; }
  std::uint64_t columns() const { return columns_; }

 private:
  struct watched_word {
    const ring_report* ring;
    const ring_producer* producer;
    int tensor;
    std::uint32_t seen = 0;
  };
  void compare_column(const watched_word& word, std::uint32_t number);

  const golden_outputs& golden_;
  const machine& chip_;
  const unsigned images_;
  std::vector<std::vector<watched_word>> words_;  ///< by cluster
  comparison result_;
  std::uint64_t columns_ = 0;
};

}  // namespace ohmic
