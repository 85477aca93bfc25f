#include "sw/compiler/mapping/plan/fit_l1.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/plan/check_ranges.h"
#include "sw/compiler/mapping/plan/digital_layer.h"
#include "sw/compiler/mapping/plan/l1_allocation.h"
#include "sw/compiler/mapping/plan/ring_sizing.h"
#include "sw/compiler/mapping/plan/token_run.h"

namespace ohmic {
namespace {

constexpr std::uint32_t largest_l1 = 8u << 20;  // that a chip may have
constexpr unsigned pieces_of_l1 = 8;            // what a part of streamed weights takes at first
constexpr std::uint64_t bytes_of_turn = 4096;   // tables and state of a part's kernel and push, about
constexpr std::uint64_t least_piece = 16384;    // bytes; tables of smaller parts take more than their weights

std::uint64_t bytes_of(const plan_ring& ring) { return std::uint64_t{ring.slots} * ring.layout.bytes; }

class l1_fitter {
 public:
  l1_fitter(const integer_graph& graph, const std::vector<stage>& stages, mapping assignment, const chip_config& chip)
      : graph_(graph), stages_(stages), assignment_(std::move(assignment)), chip_(chip) {
    for (std::size_t s = 0; s < stages_.size(); ++s)
      while (assignment_.stages[s].tile_columns > most_tile_columns) shrink_tile(s);
  }

  /// The first plan that fits, or none.
  std::optional<deployment_plan> run() {
    for (plan_anew();; plan_anew()) {
      if (fits()) return std::move(plan_);
      if (assignment_.as_written) break;
      if (assignment_.prefetch_tiles > 1) {
        --assignment_.prefetch_tiles;
        continue;
      }
      if (!relieve()) break;
    }
    trim();
    if (fits()) return std::move(plan_);
    return {};
  }

  [[noreturn]] void refuse(const std::string& remedy) const {
    const std::size_t c = worst();
    const plan_cluster& cluster = plan_.clusters[c];
    const plan_ring& largest =
        *std::max_element(cluster.rings.begin(), cluster.rings.end(),
                          [](const plan_ring& a, const plan_ring& b) { return bytes_of(a) < bytes_of(b); });
    const std::uint64_t available = available_l1(chip_);
    throw mapping_error(fmt::format(
        "{} needs {} bytes of L1 even with the smallest tiles and {} are available: {} too many (its largest ring "
        "holds "
        "{} columns of {} bytes of {}'{}'); {}",
        describe(plan_, static_cast<unsigned>(c), cluster.steps.back().stage), needs_[c], available,
        needs_[c] - available, largest.slots, largest.layout.bytes, largest.turns > 0 ? "the weights of " : "",
        graph_.tensors[largest.tensor].name, remedy));
  }

 private:
  void plan_anew() {
    plan_ = build_plan(graph_, stages_, assignment_);
    mark_followers(plan_);
    size_rings(plan_);
    needs_ = l1_needs(plan_, chip_);
  }

  std::size_t worst() const {
    return static_cast<std::size_t>(std::max_element(needs_.begin(), needs_.end()) - needs_.begin());
  }
  bool fits() const { return needs_[worst()] <= available_l1(chip_); }

  /// Stages whose tiles decide how large the ring is: who reads it and who fills it.
  std::set<int> stages_of(const plan_ring& ring) const {
    std::set<int> all = {ring.stage};
    for (const edge_reference& edge : ring.producers) all.insert(plan_.clusters[edge.cluster].steps[edge.step].stage);
    return all;
  }

  bool shrink_tiles(const plan_ring& ring) {
    const std::set<int> candidates = stages_of(ring);
    const auto tile = [&](int s) -> unsigned& { return assignment_.stages[static_cast<std::size_t>(s)].tile_columns; };
    const int s =
        *std::max_element(candidates.begin(), candidates.end(), [&](int a, int b) { return tile(a) < tile(b); });
    if (tile(s) == 1) return false;
    shrink_tile(static_cast<std::size_t>(s));
    return true;
  }

  /// To the next smaller divisor of the width.
  void shrink_tile(std::size_t s) {
    unsigned& tile = assignment_.stages[s].tile_columns;
    const auto width = static_cast<unsigned>(graph_.tensors[stages_[s].output].width);
    do --tile;
    while (width % tile != 0);
  }

  bool park(const plan_ring& ring) {
    stage_mapping& reader = assignment_.stages[static_cast<std::size_t>(ring.stage)];
    edge_mapping& edge = reader.residual;
    if (!ring.skip || ring.producers.empty() || edge.buffer == buffer_place::hbm) return false;
    edge = {buffer_place::hbm, {}, 0};
    if (graph_.nodes[stages_[static_cast<std::size_t>(ring.stage)].node].kind() == node_kind::add) reader.input = edge;
    return true;
  }

  /// Bytes of weights in the fullest cluster's L1, by stage.
  std::map<int, std::uint64_t> resident_weights() const {
    std::map<int, std::uint64_t> bytes;
    for (const plan_step& step : plan_.clusters[worst()].steps)
      if (const auto* work = std::get_if<kernel_work>(&step.work);
          work != nullptr && is_layer_kernel(work->kernel) && work->weights_input < 0)
        bytes[step.stage] += packed_bytes(graph_.nodes[work->node].layer(), work->channels);
    return bytes;
  }

  /// Divides what the stage's clusters make into parts whose weights come from HBM in turn; a stage that has such
  /// parts gets twice as many.
  bool stream(int s) {
    stage_mapping& m = assignment_.stages[static_cast<std::size_t>(s)];
    const crossbar_layer& layer = graph_.nodes[stages_[static_cast<std::size_t>(s)].node].layer();
    const auto known = streamed_.try_emplace(s, streamed_stage{m.replicas[0].parts, 1}).first;
    streamed_stage& whole = known->second;
    unsigned most_units = 1;
    for (const channel_part& part : whole.parts) most_units = std::max(most_units, units_of(layer, part.channels));
    if (whole.pieces >= most_units ||
        packed_bytes(layer, pieces_of_part(layer, whole.parts[0].channels, whole.pieces).back()) <= least_piece)
      return false;
    whole.pieces = whole.pieces == 1 ? first_pieces(layer, whole.parts) : std::min(most_units, 2 * whole.pieces);
    m.weights_in_hbm = true;
    for (replica_mapping& replica : m.replicas) {
      std::vector<channel_part> parts;
      for (const channel_part& part : whole.parts)
        for (const channel_range channels : pieces_of_part(layer, part.channels, whole.pieces)) {
          parts.push_back(part_from(replica, part.channels.begin));
          parts.back().channels = channels;
        }
      replica.parts = std::move(parts);
    }
    return true;
  }
  static const channel_part& part_from(const replica_mapping& replica, int channel) {
    return *std::find_if(replica.parts.begin(), replica.parts.end(),
                         [&](const channel_part& part) { return part.channels.begin == channel; });
  }
  static unsigned units_of(const crossbar_layer& layer, channel_range channels) {
    return (static_cast<unsigned>(channels.count()) + part_unit(layer) - 1) / part_unit(layer);
  }
  static std::vector<channel_range> pieces_of_part(const crossbar_layer& layer, channel_range part, unsigned pieces) {
    const unsigned units = units_of(layer, part), n = std::min(pieces, units);
    const auto at = [&](unsigned k) {
      return std::min(part.end, part.begin + static_cast<int>(units * k / n * part_unit(layer)));
    };
    std::vector<channel_range> all;
    for (unsigned i = 0; i < n; ++i) all.push_back({at(i), at(i + 1)});
    return all;
  }
  /// So many that two of them take a share of L1; if it can be, all alike, so that readers take them as blocks.
  unsigned first_pieces(const crossbar_layer& layer, const std::vector<channel_part>& parts) const {
    const channel_range part = parts[0].channels;
    const unsigned units = units_of(layer, part);
    unsigned pieces = 2;
    while (pieces < units &&
           packed_bytes(layer, pieces_of_part(layer, part, pieces).back()) > available_l1(chip_) / pieces_of_l1)
      ++pieces;
    for (unsigned more = pieces; more <= 2 * pieces; ++more)
      if (units % more == 0) return more;
    return pieces;
  }

  /// The weights that take most of the fullest cluster wait in HBM from now on.
  bool stream_largest() {
    std::vector<std::pair<std::uint64_t, int>> order;
    for (const auto& [s, bytes] : resident_weights()) order.emplace_back(bytes, s);
    std::sort(order.rbegin(), order.rend());
    return std::any_of(order.begin(), order.end(), [&](const auto& one) { return stream(one.second); });
  }
  /// Makes something in the fullest cluster smaller: its largest ring if that can be, its weights where no ring can.
  bool relieve() {
    const std::vector<plan_ring>& rings = plan_.clusters[worst()].rings;
    std::vector<std::size_t> order(rings.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::make_pair(bytes_of(rings[b]), a) < std::make_pair(bytes_of(rings[a]), b);
    });
    const auto shrink = [&](std::size_t r) {
      if (rings[r].turns == 0) return park(rings[r]) || shrink_tiles(rings[r]);
      // Half as long, and as many kernels and pushes more as there are parts.
      return bytes_of(rings[r]) / 2 > rings[r].turns * bytes_of_turn && stream(rings[r].stage);
    };
    return std::any_of(order.begin(), order.end(), shrink) || stream_largest();
  }

  /// The clusters that are too full get the smallest rings with which every run ends.
  void trim() {
    const std::uint64_t available = available_l1(chip_);
    for (std::size_t c = 0; c < plan_.clusters.size(); ++c) {
      if (needs_[c] <= available) continue;
      for (std::size_t r = 0; r < plan_.clusters[c].rings.size(); ++r)
        size_just_live(plan_, static_cast<unsigned>(c), static_cast<unsigned>(r));
    }
    needs_ = l1_needs(plan_, chip_);
  }

  const integer_graph& graph_;
  const std::vector<stage>& stages_;
  mapping assignment_;
  const chip_config& chip_;
  deployment_plan plan_;
  std::vector<std::uint64_t> needs_;  // by cluster

  /// A layer whose weights come from HBM: what it was before, and what each of its parts is divided into.
  struct streamed_stage {
    std::vector<channel_part> parts;
    unsigned pieces = 1;
  };
  std::map<int, streamed_stage> streamed_;  // by stage
};

}  // namespace

deployment_plan make_fitting_plan(const integer_graph& graph, const std::vector<stage>& stages,
                                  const mapping& assignment, const chip_config& chip) {
  l1_fitter fitter(graph, stages, assignment, chip);
  if (std::optional<deployment_plan> plan = fitter.run()) return std::move(*plan);
  chip_config larger = chip;
  for (;;) {
    larger.cluster.l1_bytes *= 2;
    if (larger.cluster.l1_bytes > largest_l1 || larger.cluster_l1(larger.clusters()) > larger.hbm_base) break;
    if (l1_fitter(graph, stages, assignment, larger).run())
      fitter.refuse(fmt::format("it fits with cluster.l1_bytes={}", larger.cluster.l1_bytes));
  }
  fitter.refuse("no L1 that a chip of so many clusters may have is large enough");
}

}  // namespace ohmic
