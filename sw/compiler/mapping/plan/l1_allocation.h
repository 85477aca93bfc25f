#pragma once

#include <cstdint>
#include <vector>

#include "sw/compiler/mapping/plan/plan.h"
#include "sw/firmware/kernels/kernels.h"

namespace ohmic {

/// Where a step's record and its tables lie (L1 offsets; 0 where it has none).
struct step_addresses {
  std::uint32_t record = 0, inputs = 0, segments = 0, input_segments = 0, multipliers = 0, biases = 0, weights = 0;
  std::uint32_t destinations = 0;
  std::uint32_t first_frontier = 0, first_feeder = 0;  ///< PULL of parked data: indices
  std::vector<std::uint32_t> released;                 ///< PUSH: frontier index by destination, or OHMIC_NONE
};

struct ring_addresses {
  std::uint32_t base = 0;
  std::uint32_t first_frontier = 0, first_feeder = 0;  ///< indices
};

struct cluster_addresses {
  std::uint32_t header = 0, go_word = 0, rings = 0, steps = 0, feeders = 0, frontiers = 0;
  std::uint32_t participants = 0, ready_words = 0;  ///< coordinator's
  std::uint32_t feeder_count = 0, frontier_count = 0;
  std::uint32_t tables_end = 0;  ///< what the loader writes ends here
  std::uint32_t heap = 0, heap_bytes = 0, end = 0;
  std::vector<ring_addresses> ring;
  std::vector<step_addresses> step;

  std::uint32_t frontier(std::uint32_t index) const { return frontiers + 4 * index; }
};

/// L1 behind the firmware's part.
std::uint64_t available_l1(const chip_config& chip);

/// What each cluster takes of it.
std::vector<std::uint64_t> l1_needs(const deployment_plan& plan, const chip_config& chip);

/// Lays out every cluster's L1 from chip.cluster.program_l1_bytes on: header, go word, tables, heap, rings. Cluster
/// 0 of the plan is the coordinator. Precondition: no need is larger than what is available.
std::vector<cluster_addresses> allocate_l1(const deployment_plan& plan, const chip_config& chip);

/// Where the channels that a digital layer reads lie in a column of its input, which is one block.
struct layer_input {
  std::uint32_t offset = 0, pitch = 0;
};
layer_input input_of(const column_layout& layout, channel_range channels);

/// Pixel-major pieces that a step of these channels reads or writes, as the format lists them: relative to the first.
std::vector<ohmic_segment> format_segments(const column_layout& layout, channel_range channels);

/// What the firmware makes of these of a kernel's output, and of its residual or pooled input: none for plain sums.
std::vector<ohmic_piece> pieces_of(const plan_cluster& cluster, const plan_step& step, const kernel_work& work);

}  // namespace ohmic
