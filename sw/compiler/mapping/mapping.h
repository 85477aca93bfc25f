#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "chip/chip_config.h"
#include "sw/compiler/mapping/mapping_options.h"
#include "sw/compiler/mapping/plan/stage.h"

namespace ohmic {

/// Half-open range of channels of a tensor.
struct channel_range {
  int begin = 0, end = 0;
  int count() const { return end - begin; }
  friend bool operator==(const channel_range& a, const channel_range& b) {
    return a.begin == b.begin && a.end == b.end;
  }
};

/// What both hold; count() <= 0 if there is nothing.
inline channel_range intersect(channel_range a, channel_range b) {
  return {std::max(a.begin, b.begin), std::min(a.end, b.end)};
}

/// The crossbar column ranges that a layer's output channels are split into, in order.
std::vector<channel_range> column_splits(int channels, int crossbar_columns);

/// A node of a reduction: adds codes of row sets and partial sums of earlier nodes. The last node is the
/// root.
struct reduction_node {
  unsigned cluster = 0;
  std::vector<unsigned> sets;   ///< row sets whose codes it reads
  std::vector<unsigned> nodes;  ///< earlier nodes whose int16 partial sums it reads
};

/// One copy of a layer's crossbars.
struct replica_mapping {
  std::vector<std::vector<unsigned>> set_clusters;      ///< [split][row set]: a cluster each, no two the same
  std::vector<std::vector<reduction_node>> reductions;  ///< [split]
};

struct stage_mapping {
  unsigned tile_columns = 1;
  std::vector<replica_mapping> replicas;  ///< crossbar stages
  unsigned cluster = 0;                   ///< pools and adds
  bool residual_in_hbm = false;           ///< a residual waits there and not in the L1 of who adds it
};

/// Which cluster does what. Clusters are logical numbers 0 .. clusters-1, in pipeline order; placement makes
/// them places on the chip.
struct mapping {
  unsigned clusters = 0;
  std::vector<stage_mapping> stages;
};

/// Decides how stages are spread over clusters. Pure: the same arguments give the same answer. Throws
/// mapping_error if the chip has too few clusters.
class mapping_policy {
 public:
  virtual ~mapping_policy() = default;
  virtual mapping map(const integer_graph&, const std::vector<stage>&, const chip_config&,
                      const mapping_options&) const = 0;
};

/// The policy of that name; throws mapping_error naming those that exist.
std::unique_ptr<mapping_policy> make_mapping_policy(const std::string& name);

}  // namespace ohmic
