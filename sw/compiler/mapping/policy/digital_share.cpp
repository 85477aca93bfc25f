#include "sw/compiler/mapping/policy/digital_share.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sw/compiler/mapping/plan/digital_layer.h"
#include "sw/compiler/mapping/plan/l1_allocation.h"
#include "sw/compiler/mapping/policy/mapping_policy.h"
#include "sw/compiler/mapping/policy/stage_kernel.h"

namespace ohmic {
namespace {

/// Of the L1 behind the firmware; the rest is for rings and the executor.
constexpr unsigned weights_of_l1 = 2;
constexpr unsigned widest_tile = 16;
/// Wider tiles share out no better: so many blocks of 4 pixels and 4 channels for each core.
constexpr unsigned enough_blocks = 8;
/// What is slower by this factor still is taken where its parts are more: they fill the L1 of many clusters evenly.
constexpr double about_as_fast = 1.05;
constexpr double slowest_image = 1e9;  // cycles
/// What a cycle of a link counts beside one of latency. And of a link's cycles: what a burst takes beside its beats,
/// measured. Each row of a part's channels is one where parts differ; else a part's columns travel as they are.
constexpr double weight_of_traffic = 0.5;
constexpr double cycles_of_burst = 1.6;

unsigned units_of(const crossbar_layer& layer) {
  return (static_cast<unsigned>(layer.out_channels) + part_unit(layer) - 1) / part_unit(layer);
}

}  // namespace

std::vector<channel_range> split_evenly(const crossbar_layer& layer, unsigned parts) {
  const unsigned unit = part_unit(layer), units = units_of(layer);
  parts = std::min(parts, units);
  std::vector<channel_range> all;
  for (unsigned p = 0, begin = 0; p < parts; ++p) {  // the largest first: what is said of it holds for all
    const unsigned end = begin + units / parts + (p < units % parts ? 1 : 0);
    all.push_back({static_cast<int>(begin * unit), std::min(layer.out_channels, static_cast<int>(end * unit))});
    begin = end;
  }
  return all;
}

unsigned least_parts(const crossbar_layer& layer, const chip_config& chip) {
  const std::uint64_t room = available_l1(chip) / weights_of_l1;
  unsigned parts = 1;
  while (parts < units_of(layer) && packed_bytes(layer, split_evenly(layer, parts)[0]) > room) ++parts;
  return parts;
}

digital_sharer::digital_sharer(const integer_graph& graph, const std::vector<stage>& stages, std::size_t s,
                               const chip_config& chip, const cost_model& cost)
    : graph_(graph),
      stage_(stages[s]),
      cost_(cost),
      layer_(graph.nodes[stage_.node].layer()),
      out_(graph.tensors[stage_.output]),
      kernel_(digital_kernel(graph.nodes[stage_.node])),
      cores_(cost.core_count()) {
  awaited_ = columns_awaited(graph, stages, s);
  const unsigned units = units_of(layer_), least = least_parts(layer_, chip);
  for (unsigned parts = least; parts <= units; ++parts) {
    // Fewer parts whose largest is the same take fewer clusters.
    const unsigned largest = (units + parts - 1) / parts;
    if (parts > least && (units + parts - 2) / (parts - 1) == largest) continue;
    for (spread& one : spreads_of(parts)) spreads_.push_back(std::move(one));
  }
}

std::vector<digital_sharer::spread> digital_sharer::spreads_of(unsigned parts) const {
  std::vector<spread> all;
  const std::vector<channel_range> ranges = split_evenly(layer_, parts);
  const auto width = static_cast<unsigned>(out_.width), channels = static_cast<unsigned>(ranges[0].count());
  // As if its producer had as many parts.
  const int of_block = layer_.in_channels / static_cast<int>(ranges.size());
  const bool in_blocks = layer_.groups == 1 && equal_blocks(ranges) > 1 && of_block % 4 == 0 && of_block >= 8 &&
                         graph_.nodes[graph_.tensors[stage_.input].producer].has_layer();
  const unsigned blocks = in_blocks ? static_cast<unsigned>(ranges.size()) : 1;
  for (unsigned tile = 1; tile <= std::min(widest_tile, width); ++tile) {
    if (width % tile != 0) continue;
    kernel_share share;
    share.columns = tile;
    share.channels = channels;
    kernel_shape shape = stage_kernel(graph_, stage_, share);
    shape.in_blocks = blocks;
    all.push_back({ranges, tile, cost_.kernel(shape)});
    if (tile * static_cast<unsigned>(out_.height) * channels / 16 >= enough_blocks * cores_) break;
  }
  return all;
}

digital_share digital_sharer::share(const spread& from, unsigned columns, const master_time& master) const {
  digital_share result{from.parts, columns, from.tile, 0, 0, 0};
  const unsigned tiles = static_cast<unsigned>(out_.width) / from.tile, most = (tiles + columns - 1) / columns;
  const double kernels = most * from.tile_cycles, read = bytes_read(columns, from.tile) / columns;
  result.cycles = std::max(cost_.cores(kernel_, kernels, master(result)), cost_.transfer(read));
  const unsigned at_once = columns * from.tile;
  const double row = cost_.transfer(from.parts[0].count());
  const bool whole = from.parts.size() == 1 || equal_blocks(from.parts) > 1;
  const double bursts = whole ? 1 : (std::ceil(row) + cycles_of_burst) / row;
  result.traffic = static_cast<double>(from.parts.size()) * cost_.transfer(read * columns) * bursts;
  result.latency = (awaited_ + at_once - 1) / at_once * from.tile_cycles;
  return result;
}

double digital_share::price(double cluster_worth) const {
  return clusters() * cluster_worth + latency + weight_of_traffic * traffic;
}

/// By all clusters of a part, per image.
double digital_sharer::bytes_read(unsigned columns, unsigned tile) const {
  const graph_tensor& in = graph_.tensors[stage_.input];
  const unsigned stride = static_cast<unsigned>(layer_.window.stride_x),
                 size = static_cast<unsigned>(layer_.window.size_x);
  const unsigned tiles = static_cast<unsigned>(out_.width) / tile;
  const double read = std::min(double(tiles) * ((tile - 1) * stride + size), double(columns) * in.width);
  return read * in.height * in.channels;
}

digital_share digital_sharer::within(double cycles, double cluster_worth, const master_time& master) const {
  digital_share best;
  double best_value = 0;
  for (const spread& from : spreads_) {
    const unsigned tiles = static_cast<unsigned>(out_.width) / from.tile;
    const double each = std::floor(cycles / from.tile_cycles);  // tiles of a cluster
    unsigned columns = each < 1 ? tiles : static_cast<unsigned>(std::max(1.0, std::ceil(tiles / each)));
    digital_share here = share(from, columns, master);
    while (here.cycles > cycles && columns < tiles) here = share(from, ++columns, master);
    const double value = here.price(cluster_worth);
    const bool quick = here.cycles <= cycles;
    const bool better = best.parts.empty()                 ? true
                        : quick != (best.cycles <= cycles) ? quick
                        : quick                            ? value < best_value
                                                           : here.cycles < best.cycles;
    if (!better) continue;
    best = std::move(here);
    best_value = value;
  }
  return best;
}

std::optional<digital_share> digital_sharer::fastest_on(unsigned clusters, const master_time& master) const {
  std::optional<digital_share> best;
  double least = 0;
  for (const spread& from : spreads_) {
    const auto parts = static_cast<unsigned>(from.parts.size());
    if (parts > clusters) continue;
    const unsigned tiles = static_cast<unsigned>(out_.width) / from.tile;
    digital_share here = share(from, std::min(tiles, clusters / parts), master);
    const double value = images_of_batch * here.cycles + here.price(0);
    if (best && value >= least) continue;
    least = value;
    best = std::move(here);
  }
  return best;
}

digital_share digital_sharer::on_all_of(unsigned clusters) const {
  const auto none = [](const digital_share&) { return 0.0; };
  std::vector<digital_share> all;
  for (unsigned parts = 1; parts <= std::min(clusters, units_of(layer_)); ++parts)
    for (const spread& from : spreads_of(parts)) {
      const unsigned tiles = static_cast<unsigned>(out_.width) / from.tile;
      all.push_back(share(from, std::min(tiles, clusters / parts), none));
    }
  double least = all[0].cycles;
  for (const digital_share& one : all) least = std::min(least, one.cycles);
  const digital_share* best = nullptr;
  for (const digital_share& one : all) {
    if (one.cycles > about_as_fast * least) continue;
    if (best == nullptr || one.parts.size() > best->parts.size() ||
        (one.parts.size() == best->parts.size() && one.cycles < best->cycles))
      best = &one;
  }
  return *best;
}

namespace {

/// Bytes of L1 that each of so many clusters needs at least, if all of them make some of every layer: windows of the
/// inputs, tiles of the outputs, weights, and what a push to each reader takes of tables (destination, descriptors,
/// frontier and feeder words, measured).
double least_l1_of_all(const integer_graph& graph, const std::vector<stage>& stages,
                       const std::vector<std::size_t>& layers, unsigned clusters) {
  constexpr double bytes_of_reader = 600, bytes_of_layer = 14000;  // tables and state of its kernel and its push
  double bytes = 0;
  for (const std::size_t s : layers) {
    const crossbar_layer& layer = graph.nodes[stages[s].node].layer();
    const graph_tensor &in = graph.tensors[stages[s].input], &out = graph.tensors[stages[s].output];
    bytes += double(layer.window.size_x + layer.window.stride_x) * in.height * in.channels;
    bytes += (2.0 * out.height * out.channels + packed_bytes(layer, {0, layer.out_channels})) / clusters;
    bytes += bytes_of_layer + bytes_of_reader * clusters;
  }
  return bytes;
}

/// Of the ways to give each layer the fewest clusters that make it in a time, the one whose fullest cluster has the
/// least to do.
digital_shares share_few(const std::vector<digital_sharer>& sharers, unsigned clusters) {
  std::vector<std::vector<digital_share>> by_clusters(sharers.size());  // on 1, 2, ... of them
  double all = 0;
  for (std::size_t i = 0; i < sharers.size(); ++i) {
    for (unsigned n = 1; n <= clusters; ++n) by_clusters[i].push_back(sharers[i].on_all_of(n));
    all += by_clusters[i][0].cycles;
  }
  digital_shares best;
  double least = 0;
  for (double cycles = all / clusters; cycles <= 2 * all; cycles *= 1.1) {
    digital_shares here;
    here.shared = true;
    digital_turns turns(0, clusters);
    std::vector<double> work(clusters, 0);
    for (const std::vector<digital_share>& layer : by_clusters) {
      const auto quick =
          std::find_if(layer.begin(), layer.end(), [&](const digital_share& one) { return one.cycles <= cycles; });
      here.layers.push_back(quick != layer.end() ? *quick : layer.back());
      const digital_share& taken = here.layers.back();
      for (const unsigned cluster : turns.take(taken.cycles * taken.clusters(), taken.clusters()))
        work[cluster] += taken.cycles;
    }
    for (unsigned c = 0; c < clusters; ++c)
      if (work[c] > 0) here.clusters = c + 1;
    const double fullest = *std::max_element(work.begin(), work.end());
    if (!best.layers.empty() && fullest >= least) continue;
    best = std::move(here);
    least = fullest;
  }
  return best;
}

}  // namespace

digital_shares share_in_turn(const integer_graph& graph, const std::vector<stage>& stages,
                             const std::vector<std::size_t>& layers, const chip_config& chip, const cost_model& cost,
                             unsigned clusters) {
  std::vector<digital_sharer> sharers;
  for (const std::size_t s : layers) sharers.emplace_back(graph, stages, s, chip, cost);
  if (least_l1_of_all(graph, stages, layers, clusters) > static_cast<double>(available_l1(chip)))
    return share_few(sharers, clusters);
  digital_shares result;
  result.shared = true;
  for (const digital_sharer& sharer : sharers) {
    result.layers.push_back(sharer.on_all_of(clusters));
    result.clusters = std::min(clusters, result.clusters + result.layers.back().clusters());
  }
  return result;
}

digital_shares share_clusters(const integer_graph& graph, const std::vector<stage>& stages,
                              const std::vector<std::size_t>& layers, const chip_config& chip, const cost_model& cost,
                              unsigned clusters, unsigned spare) {
  std::vector<digital_sharer> sharers;
  for (const std::size_t s : layers) sharers.emplace_back(graph, stages, s, chip, cost);
  // A kernel and a push of each tile, between neighbours that are spread alike.
  const auto spread = [&](double cycles) {
    digital_shares result;
    const double worth = images_of_batch * std::min(cycles, slowest_image) / chip.clusters();
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const auto master = [&](const digital_share& share) {
        const unsigned tiles = static_cast<unsigned>(graph.tensors[stages[layers[i]].output].width) / share.tile;
        const graph_window& window = graph.nodes[stages[layers[i]].node].layer().window;
        const double parts = static_cast<double>(share.parts.size());
        master_duties duties;
        duties.steps = 2;
        duties.pushes = duties.kernel_inputs = (tiles + share.columns - 1) / share.columns;
        duties.tiles = 2 * duties.pushes;
        duties.runs = duties.pushes * parts * std::min(2u, share.columns);
        duties.frontiers = duties.pushes * parts * window.size_x;
        duties.events = duties.frontiers + duties.runs;
        return cost.master(duties);
      };
      result.layers.push_back(sharers[i].within(cycles, worth, master));
      result.clusters += result.layers.back().clusters();
    }
    return result;
  };
  digital_shares best = spread(slowest_image);
  if (best.clusters > clusters) return share_in_turn(graph, stages, layers, chip, cost, clusters);
  const unsigned most = clusters > spare ? std::max(best.clusters, clusters - spare) : best.clusters;
  for (double low = 1, high = slowest_image; high > 1.002 * low;) {
    const double next = std::sqrt(low * high);
    digital_shares here = spread(next);
    const bool quick = std::all_of(here.layers.begin(), here.layers.end(),
                                   [&](const digital_share& share) { return share.cycles <= next; });
    if (quick && here.clusters <= most) {
      high = next;
      best = std::move(here);
    } else {
      low = next;
    }
  }
  return best;
}

double products_of(const crossbar_layer& layer, channel_range part, const graph_tensor& output) {
  return double(part.count()) * layer.group_inputs() * layer.window.size_x * layer.window.size_y * output.width *
         output.height;
}

std::vector<unsigned> digital_turns::take(double work, unsigned clusters) {
  std::vector<unsigned> order(work_.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](unsigned a, unsigned b) { return work_[a] != work_[b] ? work_[a] < work_[b] : a < b; });
  order.resize(std::min<std::size_t>(order.size(), clusters));
  for (unsigned& cluster : order) {
    work_[cluster] += work / static_cast<double>(order.size());
    cluster += first_;
  }
  return order;
}

}  // namespace ohmic
