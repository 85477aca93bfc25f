#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "chip/chip_config.h"
#include "sw/compiler/graph/integer_graph.h"
#include "sw/compiler/mapping/cost/cost_model.h"
#include "sw/compiler/mapping/mapping.h"
#include "sw/compiler/mapping/plan/stage.h"

namespace ohmic {

/// So many parts of a digital layer, or fewer: of whole units (digital_layer.h), the largest first.
std::vector<channel_range> split_evenly(const crossbar_layer& layer, unsigned parts);

/// Parts whose weights take at most half of a cluster's L1 each, if there are any that small.
unsigned least_parts(const crossbar_layer& layer, const chip_config& chip);

/// How a digital layer is spread: output channels over parts, and the columns of each part over clusters, tile by tile.
struct digital_share {
  std::vector<channel_range> parts;
  unsigned columns = 1, tile = 1;
  double cycles = 0;   ///< an image keeps the busiest cluster at work for
  double latency = 0;  ///< until the first reader has the columns that it needs for its first output
  double traffic = 0;  ///< cycles of one link that carried all that the clusters read

  unsigned clusters() const { return static_cast<unsigned>(parts.size()) * columns; }
  /// What it costs in cycles of latency, if a cluster is worth so many.
  double price(double cluster_worth) const;
};

/// Spreads one digital layer over as many parts as it needs at least (least_parts), or more. The same for all policies,
/// which say what a cluster is worth.
class digital_sharer {
 public:
  /// Cycles per image of the master of a cluster that has such a share.
  using master_time = std::function<double(const digital_share&)>;

  digital_sharer(const integer_graph& graph, const std::vector<stage>& stages, std::size_t s, const chip_config& chip,
                 const cost_model& cost);

  /// Of the shares that take at most so many cycles per image the one with the least sum of its latency, a part of its
  /// traffic and its clusters' worth (in cycles); the fastest where none is that fast.
  digital_share within(double cycles, double cluster_worth, const master_time& master) const;

  /// On up to so many clusters (>= 1) that it may share with others: the one with the least sum of a batch's cycles,
  /// its latency and a part of its traffic. None if its weights need more.
  std::optional<digital_share> fastest_on(unsigned clusters, const master_time& master) const;

  /// The fastest on so many clusters, whose L1 it shares with other layers: in as many parts as can be among those that
  /// are about as fast.
  digital_share on_all_of(unsigned clusters) const;

 private:
  struct spread {
    std::vector<channel_range> parts;
    unsigned tile = 1;
    double tile_cycles = 0;
  };
  std::vector<spread> spreads_of(unsigned parts) const;
  digital_share share(const spread& from, unsigned columns, const master_time& master) const;
  double bytes_read(unsigned columns, unsigned tile) const;

  const integer_graph& graph_;
  const stage& stage_;
  const cost_model& cost_;
  const crossbar_layer& layer_;
  const graph_tensor& out_;
  ohmic_kernel kernel_;
  unsigned cores_ = 1, awaited_ = 1;
  std::vector<spread> spreads_;
};

struct digital_shares {
  std::vector<digital_share> layers;
  unsigned clusters = 0;  ///< that they take
  bool shared = false;    ///< several layers to a cluster, in turn
};

/// Spreads each of `layers` (indices into stages) over all of so many clusters (>= 1), or as many as it has work for.
/// Where that is more than L1 holds (every cluster has the input of every layer, and sends to all others), over so few
/// each that they share the work evenly.
digital_shares share_in_turn(const integer_graph& graph, const std::vector<stage>& stages,
                             const std::vector<std::size_t>& layers, const chip_config& chip, const cost_model& cost,
                             unsigned clusters);

/// Spreads `layers` over up to `clusters` clusters of the chip (>= 1), of which `spare` are left to others if that can
/// be, so that all take about the same time; in turn where there are too few for each to have its own.
digital_shares share_clusters(const integer_graph& graph, const std::vector<stage>& stages,
                              const std::vector<std::size_t>& layers, const chip_config& chip, const cost_model& cost,
                              unsigned clusters, unsigned spare);

/// Products of a part of a layer, per image.
double products_of(const crossbar_layer& layer, channel_range part, const graph_tensor& output);

/// Hands out the clusters that digital layers share in turn: each layer takes those that have the least to do.
class digital_turns {
 public:
  /// Clusters `first` to `first + clusters - 1`.
  digital_turns(unsigned first, unsigned clusters) : first_(first), work_(clusters, 0) {}
  /// So many clusters, which share the work.
  std::vector<unsigned> take(double work, unsigned clusters);

 private:
  unsigned first_;
  std::vector<double> work_;
};

}  // namespace ohmic
