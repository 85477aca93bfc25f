#include "sw/compiler/mapping/policy/mapping_search.h"

#include <algorithm>
#include <cmath>

#include "sw/compiler/mapping/cost/flows.h"
#include "sw/compiler/mapping/cost/prediction.h"
#include "sw/compiler/mapping/plan/l1_allocation.h"
#include "sw/compiler/mapping/plan/plan.h"
#include "sw/compiler/mapping/plan/ring_sizing.h"
#include "sw/compiler/mapping/policy/digital_share.h"
#include "sw/compiler/mapping/policy/mapping_policy.h"

namespace ohmic {
namespace {

// Beats that are on the way between quadrants make others wait: a part of the time in which all links of the level
// above the lowest would carry all bytes.
// Cores that are at work for more of an image's time make others wait for them.
constexpr double busy_cores = 0.75;
constexpr double weight_of_bytes = 0.25;
constexpr double too_full = 10;  // times slower than it is: a mapping whose tiles do not fit into L1
constexpr double young = 0.01;   // part of a batch that a change may cost at first

}  // namespace

mapping_search::mapping_search(const integer_graph& graph, const std::vector<stage>& stages, const chip_config& chip,
                               unsigned most_clusters, std::uint32_t seed)
    : graph_(graph),
      stages_(stages),
      chip_(chip),
      most_clusters_(most_clusters),
      makes_(chip.all_makes().size()),
      random_(seed) {}

deployment_plan mapping_search::plan_of(const std::vector<stage_design>& designs) const {
  return build_plan(graph_, stages_, place_stages(graph_, stages_, designs, chip_));
}

double mapping_search::part_of_l1(deployment_plan& plan) const {
  size_rings_for_tiles(plan);
  const std::vector<std::uint64_t> needs = l1_needs(plan, chip_);
  return static_cast<double>(*std::max_element(needs.begin(), needs.end())) / static_cast<double>(available_l1(chip_));
}

bool mapping_search::fits(const std::vector<stage_design>& designs) const {
  deployment_plan plan = plan_of(designs);
  return part_of_l1(plan) <= 1;
}

double mapping_search::rate(const std::vector<stage_design>& designs) const {
  deployment_plan plan = plan_of(designs);
  const plan_prediction expected = predict(plan, chip_);
  double bytes = 0, hbm[2] = {0, 0};
  for (const flow& f : flows_of(plan)) {
    bytes += static_cast<double>(f.bytes);
    if (f.from == link_loads::hbm || f.to == link_loads::hbm) hbm[f.read ? 1 : 0] += static_cast<double>(f.bytes);
  }
  const auto& network = chip_.network;
  double quadrants = 1;
  for (std::size_t l = 0; l + 2 < network.factors.size(); ++l) quadrants *= network.factors[l];
  const double busy = weight_of_bytes * bytes / network.width.back() / quadrants;
  double image = 0;
  for (const predicted_cycles& c : expected.clusters)
    image = std::max({image, c.analog, c.digital / busy_cores, c.communication});
  const double top = std::max(hbm[0], hbm[1]) / network.width.front();
  const double part = part_of_l1(plan);
  return (images_of_batch * (std::max(image, top) + busy) + expected.drain_cycles) * (part > 1 ? too_full * part : 1);
}

bool mapping_search::sound(std::size_t s, const stage_design& design) const {
  const auto width = static_cast<unsigned>(graph_.tensors[stages_[s].output].width);
  if (design.tile_columns == 0 || width % design.tile_columns != 0 || design.tile_columns % design.packing.x != 0)
    return false;
  const unsigned tiles = width / design.tile_columns;
  if (design.replicas == 0 || design.replicas > tiles) return false;
  if (design.tiles.size() == 1 &&
      std::any_of(design.sum_replicas.begin(), design.sum_replicas.end(), [](unsigned n) { return n > 1; }))
    return false;
  return std::all_of(design.sum_replicas.begin(), design.sum_replicas.end(),
                     [&](unsigned n) { return n > 0 && n * design.replicas <= tiles; });
}

bool mapping_search::retile(std::size_t s, stage_design& design) {
  const auto width = static_cast<unsigned>(graph_.tensors[stages_[s].output].width);
  std::vector<unsigned> tiles;
  for (unsigned t = design.packing.x; t <= width && t <= 4 * design.tile_columns; t += design.packing.x)
    if (width % t == 0 && t != design.tile_columns) tiles.push_back(t);
  if (tiles.empty()) return false;
  const unsigned before = design.tile_columns;
  design.tile_columns = tiles[below(static_cast<unsigned>(tiles.size()))];
  const unsigned most = width / design.tile_columns;
  design.replicas = std::min(design.replicas, most);
  for (unsigned& n : design.sum_replicas) {
    if (below(2)) n = n * before / design.tile_columns;  // as many columns of each
    n = std::clamp(n, 1u, most / design.replicas);
  }
  return true;
}

bool mapping_search::repack(std::size_t s, stage_design& design) {
  const graph_node& node = graph_.nodes[stages_[s].node];
  const pixel_packing packings[] = {{1, 1}, {1, 2}, {2, 1}, {2, 2}};
  const pixel_packing chosen = packings[below(4)];
  const graph_tensor& output = graph_.tensors[stages_[s].output];
  if (chosen.y > static_cast<unsigned>(output.height) || output.width % static_cast<int>(chosen.x) != 0) return false;
  const auto tiles = share_crossbars(node.layer(), chosen, output.channels, chip_);
  if (tiles.empty()) return false;
  design.packing = chosen;
  design.tiles = tiles;
  if (tiles.size() == 1) std::fill(design.sum_replicas.begin(), design.sum_replicas.end(), 1u);  // its own cores add
  while (design.tile_columns % chosen.x != 0) ++design.tile_columns;
  const unsigned pixels = chosen.x * chosen.y;
  if (below(2)) design.replicas = std::max(1u, design.replicas / pixels);
  return true;
}

bool mapping_search::resplit(std::size_t s, stage_design& design) {
  const auto before = static_cast<unsigned>(design.digital_parts.size());
  unsigned parts = before + below(5) - 2;
  if (below(4) == 0) parts = below(2) ? 2 * before : before / 2;
  const crossbar_layer& layer = graph_.nodes[stages_[s].node].layer();
  if (parts == 0 || parts < least_parts(layer, chip_)) return false;
  design.digital_parts = split_evenly(layer, parts);
  if (below(2)) design.replicas = std::max(1u, design.replicas * before / parts);
  return design.digital_parts.size() != before;
}

bool mapping_search::change(std::size_t s, stage_design& design) {
  if (makes_ > 1 && below(6) == 0) {
    const std::size_t before = design.core_make;
    design.core_make = below(static_cast<unsigned>(makes_));
    return design.core_make != before;
  }
  const bool layer = !design.tiles.empty();
  if (!design.digital_parts.empty() && below(3) == 0) return resplit(s, design);
  switch (below(layer ? 6 : 3)) {
    case 0:
      return retile(s, design);
    case 1:
      ++design.replicas;
      return true;
    case 2:
      --design.replicas;
      return true;
    case 3:
      return repack(s, design);
    default: {
      unsigned& n = design.sum_replicas[below(static_cast<unsigned>(design.sum_replicas.size()))];
      n += below(2) ? 1 : -1;
      return design.tiles.size() > 1;
    }
  }
}

bool mapping_search::change(std::vector<stage_design>& designs) {
  for (unsigned n = 1 + below(3); n > 0; --n) {
    const std::size_t s = below(static_cast<unsigned>(stages_.size()));
    stage_design& design = designs[s];
    if (graph_.nodes[stages_[s].node].kind() == node_kind::average_pool) return false;
    if (design.seats != core_seats::own || !change(s, design) || !sound(s, design)) return false;
  }
  return is_seated(place_stages(graph_, stages_, designs, chip_), most_clusters_, chip_);
}

std::vector<stage_design> mapping_search::improve(std::vector<stage_design> from, unsigned evaluations,
                                                  const search_progress& progress) {
  std::vector<stage_design> best = from;
  double here = rate(from), least = here;
  for (unsigned done = 0, tried = 0; done < evaluations && tried < 100 * evaluations; ++tried) {
    std::vector<stage_design> other = from;
    if (!change(other)) continue;
    const double there = rate(other);
    ++done;
    const double heat = young * least * (1 - static_cast<double>(done) / evaluations);
    const double luck = static_cast<double>(random_()) / 4294967296.0;
    if (there <= here || luck < std::exp((here - there) / std::max(heat, 1.0))) {
      from = std::move(other);
      here = there;
    }
    if (here < least) {
      least = here;
      best = from;
    }
    if (progress) progress(done, evaluations, least);
  }
  return best;
}

}  // namespace ohmic
