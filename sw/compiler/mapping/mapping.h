#pragma once

#include <algorithm>
#include <vector>

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

/// The ranges that a layer's output channels are split into, in order: as many as a crossbar has bitlines (its columns;
/// a column is always one of a map).
std::vector<channel_range> split_channels(int channels, int bitlines);

/// A node of a reduction: adds codes of row sets and partial sums of earlier nodes. The last node is the
/// root.
struct reduction_node {
  unsigned cluster = 0;
  std::vector<unsigned> sets;   ///< row sets whose codes it reads
  std::vector<unsigned> nodes;  ///< earlier nodes whose int16 partial sums it reads
};

/// One replica of a layer's crossbars.
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
  unsigned prefetch_tiles = 1;  ///< that a ring holds beyond the one in work
  std::vector<stage_mapping> stages;
};

}  // namespace ohmic
