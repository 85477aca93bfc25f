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

/// Output pixels that one MVM makes: x neighbours in x, y in y. Their windows overlap, so their kernels stand in the
/// crossbar several times, shifted.
struct pixel_packing {
  unsigned x = 1, y = 1;
};

/// Codes of one row set, of the output rows y with y % packing.y == dy.
struct packed_set {
  unsigned set = 0, dy = 0;
};

/// A rectangle of a cluster's crossbar with weights of one layer: from first_row and first_bitline on. Its rows are the
/// inputs that the windows of all its sets take together (mapping_geometry.h); its bitlines are, for each of `sets` and
/// each of packing.x neighbours, one for each channel of the part.
struct crossbar_tile {
  unsigned cluster = 0;
  unsigned first_row = 0, first_bitline = 0;
  std::vector<packed_set> sets;  ///< of the same channels of the input
};

/// A node of a reduction: adds codes of row sets and partial sums of earlier nodes. The last node is the
/// root.
struct reduction_node {
  std::vector<unsigned> clusters;  ///< one for each replica of the node: they share the columns, tile by tile
  std::vector<unsigned> sets;      ///< row sets whose codes it reads
  std::vector<unsigned> nodes;     ///< earlier nodes whose int16 partial sums it reads
};

/// Some output channels of a layer: the crossbars that make their codes, and who adds these. Of a digital layer: no
/// tiles, and one sum without sets, whose clusters make the outputs.
struct channel_part {
  channel_range channels;
  std::vector<crossbar_tile> tiles;
  std::vector<reduction_node> sums;
};

/// One replica of a stage. Replica r of R makes the tiles t with t % R == r.
struct replica_mapping {
  std::vector<channel_part> parts;  ///< layers
  unsigned cluster = 0;             ///< pools and adds
};

/// Where the columns of an edge wait for their reader: in the L1 of who reads them, in the L1 of clusters in between
/// (each holds a part of the channels and hands it on), or in HBM.
enum class buffer_place { reader, relay, hbm };

struct edge_mapping {
  buffer_place buffer = buffer_place::reader;
  std::vector<unsigned> relays;  ///< clusters
  unsigned columns = 0;          ///< that the buffer holds at least; 0: as many as the pipeline needs
};

struct stage_mapping {
  unsigned tile_columns = 1;
  pixel_packing packing;
  std::vector<replica_mapping> replicas;
  edge_mapping input;     ///< to crossbars, or to a pool or add
  edge_mapping residual;  ///< the other operand of an add, fused or not
  /// Of a layer on cores, whose weights lie in L1 else: where a cluster makes several parts of the same tiles, their
  /// weights come from HBM in turn, part by part of each tile.
  bool weights_in_hbm = false;
};

/// Which cluster does what. Clusters are logical numbers 0 .. clusters-1, in pipeline order; places make them clusters
/// of the chip.
struct mapping {
  unsigned clusters = 0;
  std::vector<unsigned> places;  ///< by logical cluster: the cluster of the chip, no two the same
  unsigned prefetch_tiles = 1;   ///< that a ring holds beyond the one in work
  bool as_written = false;       ///< by hand: what does not fit is an error, not a reason to map differently
  std::vector<stage_mapping> stages;
};

}  // namespace ohmic
