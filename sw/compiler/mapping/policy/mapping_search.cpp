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

// Cores that are at work for more of an image's time make others wait for them; hardly where no layer is on crossbars.
constexpr double busy_cores = 0.75, busy_without_crossbars = 0.95;
// Beats that are on the way between quadrants make others wait: a part of the time in which all links of the level
// above the lowest would carry all bytes.
constexpr double weight_of_bytes = 0.25;
constexpr double too_full = 10;  // times slower than it is: a mapping whose tiles do not fit into L1
constexpr double young = 0.01;   // part of a batch that a change may cost at first
constexpr double uneven = 1.1;   // times more than it must be: what a group's fullest cluster may have of a stage

}  // namespace

mapping_search::mapping_search(const integer_graph& graph, const std::vector<stage>& stages, const chip_config& chip,
                               unsigned most_clusters, std::uint32_t seed)
    : graph_(graph),
      stages_(stages),
      chip_(chip),
      most_clusters_(most_clusters),
      makes_(chip.all_makes().size()),
      random_(seed) {
  for (const stage& s : stages) {
    const graph_node& node = graph.nodes[s.node];
    crossbars_ = crossbars_ || node.on_crossbar();
  }
}

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
  const double busy_part = crossbars_ ? busy_cores : busy_without_crossbars;
  double image = 0;
  for (const predicted_cycles& c : expected.clusters)
    image = std::max({image, c.analog, c.digital / busy_part, c.communication});
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

bool mapping_search::may_join(std::size_t s, const stage_design& design) const {
  return design.seats == core_seats::own && !graph_.nodes[stages_[s].node].on_crossbar();
}

bool mapping_search::spread(std::size_t s, stage_design& design, unsigned clusters) {
  const graph_node& node = graph_.nodes[stages_[s].node];
  const auto width = static_cast<unsigned>(graph_.tensors[stages_[s].output].width);
  struct choice {
    unsigned tile, replicas;
    std::vector<channel_range> parts;
    double most;  // of its work that a cluster does
  };
  std::vector<choice> all;
  double least = 1;
  const unsigned units = node.has_layer() ? static_cast<unsigned>(split_evenly(node.layer(), ~0u).size()) : 1;
  for (unsigned parts = node.has_layer() ? least_parts(node.layer(), chip_) : 1; parts <= std::min(units, clusters);
       ++parts)
    for (unsigned tile = 1; tile <= width; ++tile) {
      if (width % tile != 0) continue;
      const unsigned tiles = width / tile;
      const unsigned replicas = node.kind() == node_kind::average_pool ? 1 : std::min(tiles, clusters / parts);
      const double of_columns = std::ceil(double(tiles) / replicas) / tiles;
      const double most = of_columns * std::ceil(double(units) / parts) / units;
      all.push_back({tile, replicas, {}, most});
      if (node.has_layer()) all.back().parts = split_evenly(node.layer(), parts);
      least = std::min(least, most);
    }
  all.erase(std::remove_if(all.begin(), all.end(), [&](const choice& c) { return c.most > uneven * least; }),
            all.end());
  if (all.empty()) return false;
  choice& taken = all[below(static_cast<unsigned>(all.size()))];
  design.tile_columns = taken.tile;
  design.replicas = taken.replicas;
  design.digital_parts = std::move(taken.parts);
  return true;
}

bool mapping_search::spread_group(std::vector<stage_design>& designs, unsigned group, unsigned clusters) {
  if (clusters == 0) return false;
  for (std::size_t s = 0; s < designs.size(); ++s)
    if (designs[s].group == group && !spread(s, designs[s], clusters)) return false;
  return true;
}

bool mapping_search::join(std::vector<stage_design>& designs, std::size_t s) {
  const std::size_t t = below(static_cast<unsigned>(stages_.size()));
  if (s == t || !may_join(t, designs[t])) return false;
  if (designs[s].group != 0 && designs[s].group == designs[t].group) return false;
  const auto sizes = group_sizes(designs);
  const auto clusters_of = [&](std::size_t i) {
    return designs[i].group != 0 ? sizes.at(designs[i].group) : clusters_in_group(designs[i]);
  };
  const std::size_t make = designs[t].core_make;
  const unsigned all = clusters_of(t) + (designs[s].core_make == make ? clusters_of(s) : 0);
  const unsigned group = sizes.empty() ? 1 : sizes.rbegin()->first + 1, of_s = designs[s].group,
                 of_t = designs[t].group;
  for (std::size_t i = 0; i < designs.size(); ++i) {
    const bool with =
        i == s || i == t || (designs[i].group != 0 && (designs[i].group == of_s || designs[i].group == of_t));
    if (!with) continue;
    designs[i].group = group;
    designs[i].core_make = make;
  }
  return spread_group(designs, group, all);
}

bool mapping_search::leave(std::vector<stage_design>& designs, std::size_t s) {
  const unsigned group = designs[s].group, all = group_sizes(designs).at(group), own = 1 + below(all);
  designs[s].group = 0;
  return spread(s, designs[s], own) && spread_group(designs, group, all - own);
}

bool mapping_search::regroup(std::vector<stage_design>& designs) {
  const std::size_t s = below(static_cast<unsigned>(stages_.size()));
  if (!may_join(s, designs[s])) return false;
  const unsigned group = designs[s].group, what = below(4);
  if (group == 0 || what == 0) return join(designs, s);
  if (what == 1) return leave(designs, s);
  const unsigned clusters = group_sizes(designs).at(group);
  if (what == 2) return spread(s, designs[s], clusters);
  return spread_group(designs, group, below(2) ? clusters + 1 : clusters - 1);
}

bool mapping_search::change(std::vector<stage_design>& designs) {
  const bool groups = std::any_of(designs.begin(), designs.end(), [](const stage_design& d) { return d.group != 0; });
  if (groups && below(3) == 0)
    return regroup(designs) && is_seated(place_stages(graph_, stages_, designs, chip_), most_clusters_, chip_);
  for (unsigned n = 1 + below(3); n > 0; --n) {
    const std::size_t s = below(static_cast<unsigned>(stages_.size()));
    stage_design& design = designs[s];
    if (graph_.nodes[stages_[s].node].kind() == node_kind::average_pool) return false;
    if (design.group != 0) {
      if (!spread(s, design, group_sizes(designs).at(design.group))) return false;
      continue;
    }
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
