#include "sw/compiler/mapping/policy/stage_design.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "sw/compiler/mapping/plan/mapping_geometry.h"
#include "sw/compiler/mapping/policy/digital_share.h"

namespace ohmic {
namespace {

constexpr std::size_t most_groups = 8;  // of codes that a job of the IMA makes

class stage_placer {
 public:
  stage_placer(const integer_graph& graph, const std::vector<stage>& stages, const std::vector<stage_design>& designs,
               const chip_config& chip)
      : graph_(graph), stages_(stages), designs_(designs), chip_(chip), supply_(chip), seats_(supply_, demand()) {}

  mapping run() {
    result_.stages.resize(stages_.size());
    for (unsigned pass = 0; pass < 3; ++pass) {
      for (std::size_t s = 0; s < stages_.size(); ++s)
        if (pass_of(s) == pass) place(s);
      if (pass == 0) open_turns();
    }
    result_.clusters = static_cast<unsigned>(result_.places.size());
    return std::move(result_);
  }

 private:
  const graph_node& node(std::size_t s) const { return graph_.nodes[stages_[s].node]; }

  cluster_demand demand() const {
    cluster_demand all = supply_.nothing();
    unsigned turns = 0;
    std::size_t make = 0;
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      const stage_design& design = designs_[s];
      const std::size_t parts =
          digital(s) ? design.digital_parts.size()
          : !node(s).on_crossbar()
              ? 1
              : split_channels(graph_.tensors[stages_[s].output].channels, bitlines_of_part(design)).size();
      add_demand(design, parts, all);
      if (in_turn(s)) turns = design.turns, make = design.core_make;
    }
    all.cores[make] += turns;
    for (const auto& [group, clusters] : group_sizes(designs_)) all.cores[make_of(group)] += clusters;
    return all;
  }

  std::size_t make_of(unsigned group) const {
    const auto member = [&](const stage_design& design) { return design.group == group; };
    return std::find_if(designs_.begin(), designs_.end(), member)->core_make;
  }

  unsigned seated(unsigned place) {
    result_.places.push_back(place);
    return static_cast<unsigned>(result_.places.size()) - 1;
  }

  bool digital(std::size_t s) const { return !designs_[s].digital_parts.empty(); }
  bool in_turn(std::size_t s) const { return digital(s) && designs_[s].seats == core_seats::shared; }
  bool any_in_turn() const {
    for (std::size_t s = 0; s < stages_.size(); ++s)
      if (in_turn(s)) return true;
    return false;
  }
  /// All at once; but layers that take turns come behind crossbars, and before pools that their clusters feed.
  unsigned pass_of(std::size_t s) const {
    if (in_turn(s)) return 1;
    return any_in_turn() && !node(s).has_layer() ? 2 : 0;
  }

  void open_turns() {
    unsigned clusters = 0;
    std::size_t make = 0;
    for (std::size_t s = 0; s < stages_.size(); ++s)
      if (in_turn(s)) clusters = designs_[s].turns, make = designs_[s].core_make;
    const auto taken = static_cast<unsigned>(result_.places.size());
    if (clusters == 0) {
      turns_ = digital_turns(0, taken);
      return;
    }
    turns_ = digital_turns(taken, clusters);
    for (; clusters > 0; --clusters) seated(seats_.cores(make));
  }

  /// Of the group's clusters those that have the least to do.
  std::vector<unsigned> group_clusters(std::size_t s) {
    const stage_design& design = designs_[s];
    if (groups_.count(design.group) == 0) {
      const unsigned clusters = group_sizes(designs_).at(design.group);
      groups_.emplace(design.group, digital_turns(static_cast<unsigned>(result_.places.size()), clusters));
      for (unsigned n = 0; n < clusters; ++n) seated(seats_.cores(design.core_make));
    }
    const graph_tensor& out = graph_.tensors[stages_[s].output];
    const double work = digital(s) ? products_of(node(s).layer(), {0, out.channels}, out)
                                   : double(out.width) * out.height * out.channels;
    return groups_.at(design.group).take(work, clusters_in_group(design));
  }

  void place_digital(std::size_t s, const stage_design& design, stage_mapping& to) {
    to.replicas.resize(1);
    std::vector<unsigned> given;
    if (design.group != 0) given = group_clusters(s);
    for (const channel_range part : design.digital_parts) {
      to.replicas[0].parts.push_back({part, {}, {{}}});
      std::vector<unsigned>& clusters = to.replicas[0].parts.back().sums[0].clusters;
      if (in_turn(s)) {
        const double work = products_of(node(s).layer(), part, graph_.tensors[stages_[s].output]);
        clusters = turns_.take(work, design.replicas);
      }
      const auto first = static_cast<std::ptrdiff_t>((to.replicas[0].parts.size() - 1) * design.replicas);
      if (design.group != 0) clusters.assign(given.begin() + first, given.begin() + first + design.replicas);
      for (unsigned q = 0; !in_turn(s) && design.group == 0 && q < design.replicas; ++q)
        clusters.push_back(seated(seats_.cores(design.core_make)));
    }
  }

  void take_relays(edge_mapping& edge, unsigned count) {
    if (count == 0) return;
    edge.buffer = buffer_place::relay;
    for (; count > 0; --count) edge.relays.push_back(seated(seats_.relay()));
  }

  void place(std::size_t s) {
    const stage_design& design = designs_[s];
    stage_mapping& to = result_.stages[s];
    to.tile_columns = design.tile_columns;
    to.packing = design.packing;
    to.residual.buffer = design.residual;
    if (design.residual == buffer_place::hbm && node(s).kind() == node_kind::add) to.input.buffer = design.residual;
    take_relays(to.input, design.input_relays);
    take_relays(to.residual, design.residual_relays);
    if (digital(s)) {
      place_digital(s, design, to);
      return;
    }
    to.replicas.resize(design.replicas);
    if (design.group != 0) {
      const std::vector<unsigned> given = group_clusters(s);
      for (std::size_t r = 0; r < given.size(); ++r) to.replicas[r].cluster = given[r];
      return;
    }
    if (!node(s).on_crossbar()) {
      for (replica_mapping& replica : to.replicas)
        replica.cluster = design.seats == core_seats::own ? seated(seats_.cores(design.core_make)) : feeding_cluster(s);
      return;
    }
    const int channels = graph_.tensors[stages_[s].output].channels;
    for (replica_mapping& replica : to.replicas)
      for (const channel_range part : split_channels(channels, bitlines_of_part(design)))
        replica.parts.push_back(place_part(design, part));
  }

  /// Of a crossbar, for each of the codes that it makes of a channel.
  int bitlines_of_part(const stage_design& design) const {
    std::size_t most = 1;
    for (const auto& tile : design.tiles) most = std::max(most, tile.size());
    return static_cast<int>(chip_.ima.columns / (most * design.packing.x));
  }

  channel_part place_part(const stage_design& design, channel_range channels) {
    channel_part part;
    part.channels = channels;
    for (const auto& sets : design.tiles) part.tiles.push_back({seated(seats_.crossbar()), 0, 0, sets});
    part.sums = design.sums;
    for (std::size_t n = 0; n < part.sums.size(); ++n) {
      std::vector<unsigned>& clusters = part.sums[n].clusters;
      clusters.clear();
      for (unsigned q = 0; q < design.sum_replicas[n]; ++q) {
        if (design.tiles.size() == 1 || design.seats == core_seats::shared)
          clusters.push_back(part.tiles[(n + q) % part.tiles.size()].cluster);
        else
          clusters.push_back(seated(seats_.cores(design.core_make)));
      }
    }
    return part;
  }

  /// The cluster that makes the input of a pool or add; the first where the image is read.
  unsigned feeding_cluster(std::size_t s) const {
    for (std::size_t p = 0; p < s; ++p) {
      if (stages_[p].delivers != stages_[s].input) continue;
      const replica_mapping& replica = result_.stages[p].replicas[0];
      return replica.parts.empty() ? replica.cluster : replica.parts[0].sums.back().clusters[0];
    }
    return 0;
  }

  const integer_graph& graph_;
  const std::vector<stage>& stages_;
  const std::vector<stage_design>& designs_;
  const chip_config& chip_;
  const cluster_supply supply_;
  seat_giver seats_;
  digital_turns turns_{0, 0};
  std::map<unsigned, digital_turns> groups_;
  mapping result_;
};

}  // namespace

std::vector<std::vector<packed_set>> share_crossbars(const crossbar_layer& layer, pixel_packing packing, int channels,
                                                     const chip_config& chip) {
  std::vector<packed_set> all;
  for (unsigned set = 0; set < layer.row_sets.size(); ++set)
    for (unsigned dy = 0; dy < packing.y; ++dy) all.push_back({set, dy});
  const auto first_row = [&](packed_set p) {
    return layer.row_sets[p.set].ky_begin + static_cast<int>(p.dy) * layer.window.stride_y;
  };
  const auto channel = [&](packed_set p) { return layer.row_sets[p.set].channel_begin; };
  std::sort(all.begin(), all.end(), [&](packed_set a, packed_set b) {
    return std::make_tuple(channel(a), first_row(a), a.set) < std::make_tuple(channel(b), first_row(b), b.set);
  });
  const int bitlines = std::min(channels, static_cast<int>(chip.ima.columns));
  const auto fits = [&](const std::vector<packed_set>& sets) {
    const crossbar_tile tile{0, 0, 0, sets};
    return sets.size() * packing.x <= most_groups &&
           window_of(layer, packing, tile).crossbar_rows() <= static_cast<int>(chip.ima.rows) &&
           sets.size() * packing.x * static_cast<std::size_t>(bitlines) <= chip.ima.columns;
  };
  std::vector<std::vector<packed_set>> tiles;
  for (const packed_set p : all) {
    if (!tiles.empty() && channel(tiles.back()[0]) == channel(p)) {
      std::vector<packed_set> more = tiles.back();
      more.push_back(p);
      if (packing.y > 1 && fits(more)) {
        tiles.back() = more;
        continue;
      }
    }
    tiles.push_back({p});
    if (!fits(tiles.back())) return {};
  }
  return tiles;
}

unsigned clusters_in_group(const stage_design& design) {
  return design.replicas * std::max(1u, static_cast<unsigned>(design.digital_parts.size()));
}

std::map<unsigned, unsigned> group_sizes(const std::vector<stage_design>& designs) {
  std::map<unsigned, unsigned> sizes;
  for (const stage_design& design : designs)
    if (design.group != 0) sizes[design.group] = std::max(sizes[design.group], clusters_in_group(design));
  return sizes;
}

void add_demand(const stage_design& design, std::size_t parts, cluster_demand& to) {
  const unsigned all_parts = design.replicas * static_cast<unsigned>(parts);
  const bool own = design.seats == core_seats::own;
  to.relays += design.residual_relays + design.input_relays;
  to.crossbars += all_parts * static_cast<unsigned>(design.tiles.size());
  if (design.tiles.empty() && own && design.group == 0) to.cores[design.core_make] += all_parts;
  if (design.tiles.size() > 1 && own)
    to.cores[design.core_make] +=
        all_parts * std::accumulate(design.sum_replicas.begin(), design.sum_replicas.end(), 0u);
}

mapping place_stages(const integer_graph& graph, const std::vector<stage>& stages,
                     const std::vector<stage_design>& designs, const chip_config& chip) {
  return stage_placer(graph, stages, designs, chip).run();
}

}  // namespace ohmic
