#include "sw/compiler/mapping/policy/digital_share.h"

#include <algorithm>
#include <limits>

#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/plan/digital_layer.h"
#include "sw/compiler/mapping/plan/l1_allocation.h"
#include "sw/compiler/mapping/policy/stage_kernel.h"

namespace ohmic {
namespace {

/// Of the L1 behind the firmware; the rest is for rings and the executor.
constexpr unsigned weights_of_l1 = 2;
constexpr unsigned widest_tile = 16;
/// What a cycle of a tile counts beside one of an image: the first image passes every stage tile by tile, while those
/// behind it take the time of the slowest.
constexpr double weight_of_tile = 1;
/// And what a cycle of a port does in which the network carries a layer's input to one of its clusters: each part gets
/// all of it, and each tile its window's columns.
constexpr double weight_of_traffic = 0.5;

/// So many parts, or fewer: of whole units, sizes differing by one unit.
std::vector<channel_range> split_evenly(int channels, unsigned unit, unsigned parts) {
  const unsigned units = (static_cast<unsigned>(channels) + unit - 1) / unit;
  parts = std::min(parts, units);
  std::vector<channel_range> all;
  for (unsigned p = 0, begin = 0; p < parts; ++p) {  // the largest first: what is said of it holds for all
    const unsigned end = begin + units / parts + (p < units % parts ? 1 : 0);
    all.push_back({static_cast<int>(begin * unit), std::min(channels, static_cast<int>(end * unit))});
    begin = end;
  }
  return all;
}

class layer_spreader {
 public:
  layer_spreader(const integer_graph& graph, const stage& s, const chip_config& chip, const cost_model& cost)
      : graph_(graph), stage_(s), cost_(cost), layer_(graph.nodes[s.node].layer()), out_(graph.tensors[s.output]) {
    const std::uint64_t room = available_l1(chip) / weights_of_l1;
    const unsigned units = static_cast<unsigned>(parts_of(~0u).size());
    while (least_ < units && packed_bytes(layer_, parts_of(least_)[0]) > room) ++least_;
    now_ = best_with(least_);
  }

  unsigned least() const { return least_; }
  unsigned taken() const { return static_cast<unsigned>(now_.share.parts.size()) * now_.share.columns; }
  double cycles() const { return now_.cycles; }
  const digital_share& share() const { return now_.share; }

  /// Takes as few clusters of `more` as make it faster; 0 if none do.
  unsigned grow(unsigned more) {
    const unsigned before = taken();
    for (unsigned n = before + 1; n <= before + more; ++n) {
      const choice better = best_with(n);
      if (better.cycles > 0.99 * now_.cycles) continue;
      now_ = better;
      return taken() - before;
    }
    return 0;
  }

 private:
  struct choice {
    digital_share share;
    double cycles = std::numeric_limits<double>::max();  ///< of an image, a tile and the network
  };

  std::vector<channel_range> parts_of(unsigned parts) const {
    return split_evenly(out_.channels, part_unit(layer_), parts);
  }

  choice best_with(unsigned clusters) const {
    choice best;
    const auto width = static_cast<unsigned>(out_.width);
    for (unsigned p = least_; p <= clusters; ++p) {
      const std::vector<channel_range> parts = parts_of(p);
      if (parts.size() < p && p > least_) break;
      const unsigned columns = std::min(width, clusters / static_cast<unsigned>(parts.size()));
      choose_tile(parts, columns, best);
    }
    return best;
  }

  /// The best of a few tile widths, if it is better than `best`.
  void choose_tile(const std::vector<channel_range>& parts, unsigned columns, choice& best) const {
    const auto width = static_cast<unsigned>(out_.width);
    for (unsigned tile = 1; tile <= std::min(widest_tile, width / columns); ++tile) {
      if (width % tile != 0) continue;
      kernel_share share;
      share.columns = tile;
      share.channels = static_cast<unsigned>(parts[0].count());
      const unsigned tiles = (width / tile + columns - 1) / columns;
      const double cycles =
          (tiles + weight_of_tile) * cost_.kernel(stage_kernel(graph_, stage_, share)) +
          weight_of_traffic * static_cast<double>(parts.size()) * cost_.transfer(bytes_read(columns, tile));
      if (cycles < best.cycles) best = {{parts, columns, tile}, cycles};
    }
  }

  /// By all clusters of a part, per image.
  double bytes_read(unsigned columns, unsigned tile) const {
    const graph_tensor& in = graph_.tensors[stage_.input];
    const unsigned stride = static_cast<unsigned>(layer_.window.stride_x),
                   size = static_cast<unsigned>(layer_.window.size_x);
    const unsigned tiles = static_cast<unsigned>(out_.width) / tile;
    const double read = std::min(double(tiles) * ((tile - 1) * stride + size), double(columns) * in.width);
    return read * in.height * in.channels;
  }

  const integer_graph& graph_;
  const stage& stage_;
  const cost_model& cost_;
  const crossbar_layer& layer_;
  const graph_tensor& out_;
  unsigned least_ = 1;
  choice now_;
};

}  // namespace

void refuse_digital_layers(const integer_graph& graph, const std::vector<stage>& stages, const std::string& policy) {
  for (const stage& s : stages)
    if (graph.nodes[s.node].has_layer() && graph.nodes[s.node].layer().digital)
      throw mapping_error("policy '" + policy + "' maps no digital layers, and '" + graph.nodes[s.node].name +
                          "' is one: naive does");
}

digital_shares share_clusters(const integer_graph& graph, const std::vector<stage>& stages,
                              const std::vector<std::size_t>& layers, const chip_config& chip, const cost_model& cost,
                              unsigned clusters, unsigned spare) {
  std::vector<layer_spreader> spreaders;
  digital_shares result;
  for (const std::size_t s : layers) {
    spreaders.emplace_back(graph, stages[s], chip, cost);
    result.clusters += spreaders.back().taken();
  }
  result.shared = result.clusters > clusters;
  if (result.shared) result.clusters = clusters;
  while (!result.shared && result.clusters + spare < clusters) {
    const auto slowest =
        std::max_element(spreaders.begin(), spreaders.end(),
                         [](const layer_spreader& a, const layer_spreader& b) { return a.cycles() < b.cycles(); });
    const unsigned more = slowest->grow(clusters - spare - result.clusters);
    if (more == 0) break;
    result.clusters += more;
  }
  for (const layer_spreader& spreader : spreaders) result.layers.push_back(spreader.share());
  return result;
}

}  // namespace ohmic
