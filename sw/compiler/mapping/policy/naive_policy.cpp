#include "sw/compiler/mapping/policy/naive_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "sw/compiler/mapping/cost/cost_model.h"
#include "sw/compiler/mapping/cost/tile_columns.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/policy/cluster_supply.h"
#include "sw/compiler/mapping/policy/digital_share.h"
#include "sw/compiler/mapping/policy/options_text.h"
#include "sw/compiler/mapping/policy/reduction_tree.h"
#include "sw/compiler/mapping/policy/stage_kernel.h"
#include "sw/deployment/deployment.h"

namespace ohmic {
namespace {

constexpr unsigned usual_conv1_replicas = 3;
constexpr std::size_t many_readers = 8;
// Parts of the bottleneck's time that cores may be at work: of a root or pool, and where they feed a crossbar as well,
// which must not wait for them.
constexpr double root_share_of_bottleneck = 0.65;
constexpr double feeder_share_of_bottleneck = 0.5;

/// A piece of work for cores alone that may have a cluster of its own.
struct digital_unit {
  std::size_t stage = 0, replica = 0, split = 0, node = 0;
  bool reduction = false;
  double cycles = 0;  ///< per image
  bool own_cluster = false;
};

struct layer_shape {
  unsigned sets = 0;   ///< on crossbars
  unsigned added = 0;  ///< with those on cores
  std::vector<channel_range> splits;
  unsigned pixels = 0;
  // Of a digital layer: clusters that share the columns of each split, tile by tile.
  unsigned column_clusters = 0, tile_columns = 0;
  bool relayed = false;  ///< the image comes through a cluster of its own
};

class naive_mapper {
 public:
  naive_mapper(const integer_graph& graph, const std::vector<stage>& stages, const chip_config& chip,
               const naive_options& options)
      : graph_(graph),
        stages_(stages),
        chip_(chip),
        options_(options),
        supply_(chip),
        core_make_(most_cores(supply_)),
        crossbar_cost_(chip, design_of(chip.cores.model), supply_.make(supply_.crossbar_make()).cores),
        core_cost_(chip, design_of(chip.cores.model), supply_.make(core_make_).cores),
        seats_(supply_, supply_.nothing()) {}

  mapping run() {
    if (options_.prefetch_tiles == 0) throw mapping_error("prefetch_tiles is 0; double buffering needs at least 1");
    result_.prefetch_tiles = options_.prefetch_tiles;
    measure_layers();
    choose_replicas();
    choose_digital();
    choose_tiles();
    grow_trees();
    hand_out_spare_clusters();
    number_clusters();
    result_.clusters = static_cast<unsigned>(result_.places.size());
    return std::move(result_);
  }

 private:
  /// The make of which the chip has most cores: that of all work without crossbars, as long as it lasts.
  static std::size_t most_cores(const cluster_supply& supply) {
    std::size_t most = 0;
    const auto cores = [&](std::size_t m) { return supply.clusters(m) * supply.make(m).cores; };
    for (std::size_t m = 1; m < supply.makes(); ++m)
      if (cores(m) > cores(most)) most = m;
    return most;
  }
  /// Of the cores of a stage's root or pool.
  const cost_model& cost_of_cores(std::size_t s) const { return shapes_[s].sets == 1 ? crossbar_cost_ : core_cost_; }

  unsigned seated(unsigned place) {
    result_.places.push_back(place);
    return static_cast<unsigned>(result_.places.size()) - 1;
  }
  const graph_node& node_of(std::size_t s) const { return graph_.nodes[stages_[s].node]; }
  bool on_crossbar(std::size_t s) const { return node_of(s).on_crossbar(); }
  bool digital(std::size_t s) const { return node_of(s).has_layer() && !on_crossbar(s); }
  const graph_tensor& output_of(std::size_t s) const { return graph_.tensors[stages_[s].output]; }

  void measure_layers() {
    shapes_.resize(stages_.size());
    result_.stages.resize(stages_.size());
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      if (stages_[s].residual >= 0 && options_.residuals == residual_store::hbm) {
        result_.stages[s].residual.buffer = buffer_place::hbm;
        if (node_of(s).kind() == node_kind::add) result_.stages[s].input.buffer = buffer_place::hbm;
      }
      const graph_tensor& out = output_of(s);
      shapes_[s].pixels = static_cast<unsigned>(out.width * out.height);
      if (!on_crossbar(s)) continue;
      shapes_[s].sets = static_cast<unsigned>(node_of(s).layer().row_sets.size());
      shapes_[s].added = sets_added(graph_, stages_[s]);
      shapes_[s].splits = split_channels(out.channels, static_cast<int>(chip_.ima.columns));
    }
  }

  unsigned crossbars_of_one_replica(std::size_t s) const {
    return shapes_[s].sets * static_cast<unsigned>(shapes_[s].splits.size());
  }

  void choose_replicas() {
    for (const auto& asked : options_.replicas) {
      std::string known;
      bool found = false;
      for (std::size_t s = 0; s < stages_.size(); ++s) {
        if (!on_crossbar(s)) continue;
        known += (known.empty() ? "" : ", ") + node_of(s).name;
        found = found || node_of(s).name == asked.first;
      }
      if (!found)
        throw mapping_error("replicas asked of '" + asked.first +
                            "', which is no layer on crossbars; there are: " + known);
    }
    replicas_.assign(stages_.size(), 0);
    std::size_t first = stages_.size();
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      if (!on_crossbar(s)) continue;
      if (first == stages_.size()) first = s;
      const auto asked = options_.replicas.find(node_of(s).name);
      replicas_[s] = asked == options_.replicas.end() ? 1 : asked->second;
      if (replicas_[s] == 0)
        throw mapping_error("layer '" + node_of(s).name + "': 0 replicas asked, at least 1 needed");
      crossbars_ += replicas_[s] * crossbars_of_one_replica(s);
    }
    if (first < stages_.size() && options_.replicas.count(node_of(first).name) == 0) {
      const unsigned one = crossbars_of_one_replica(first);
      unsigned replicas = options_.conv1_replicas;
      if (replicas == 0) {
        // A replica more is worth less than a cluster for the dearest pool, so one cluster stays free for it.
        replicas = std::min(usual_conv1_replicas, static_cast<unsigned>(output_of(first).width));
        const unsigned most = std::min(supply_.imas(), chip_.clusters() - 1);
        while (replicas > 1 && crossbars_ + (replicas - 1) * one > most) --replicas;
      }
      crossbars_ += (replicas - 1) * one;
      replicas_[first] = replicas;
    }
    if (crossbars_ > supply_.imas())
      throw mapping_error(
          fmt::format("the network needs {} crossbars, one per cluster, and chip '{}' has {} clusters{}: {} too few",
                      crossbars_, chip_.name, supply_.imas(), supply_.imas() < chip_.clusters() ? " with an IMA" : "",
                      crossbars_ - supply_.imas()));
  }

  /// Clusters for the digital layers: what is left beside crossbars and other work for cores, or if that is too little,
  /// the same clusters for several of them.
  void choose_digital() {
    std::vector<std::size_t> layers;
    unsigned others = 0;
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      if (digital(s))
        layers.push_back(s);
      else
        others += on_crossbar(s) ? replicas_[s] * static_cast<unsigned>(shapes_[s].splits.size()) : 1;
    }
    if (layers.empty()) return;
    // Their own clusters, of one make; the crossbars' where those are all.
    const unsigned free = chip_.clusters() == crossbars_ ? 0 : supply_.left(core_make_, crossbars_);
    const digital_shares shares =
        free == 0 ? share_in_turn(graph_, stages_, layers, chip_, crossbar_cost_, crossbars_)
                  : share_clusters(graph_, stages_, layers, chip_, core_cost_, free, std::min(others + 1, free / 4));
    for (std::size_t i = 0; i < layers.size(); ++i) {
      layer_shape& shape = shapes_[layers[i]];
      shape.splits = shares.layers[i].parts;
      shape.column_clusters = replicas_[layers[i]] = shares.layers[i].columns;
      shape.tile_columns = shares.layers[i].tile;
    }
    if (shares.shared) turns_ = digital_turns(0, shares.clusters);
    if (free == 0) return;  // crossbars' own cores
    crossbars_ += shares.clusters;
    layer_clusters_ = shares.clusters;
    // An image goes to many clusters through one that hands each its columns, where there is one to spare.
    for (const std::size_t s : layers) {
      const std::size_t readers = shapes_[s].splits.size() * shapes_[s].column_clusters;
      if (turns_ || graph_.tensors[stages_[s].input].producer != 0 || readers < many_readers ||
          crossbars_ == chip_.clusters())
        continue;
      shapes_[s].relayed = true;
      ++crossbars_;
    }
  }

  /// Clusters that a root (or pool) of the stage pushes to.
  double destinations(std::size_t s) const {
    double clusters = 0;
    for (std::size_t c = 0; c < stages_.size(); ++c) {
      const double splits = std::max<double>(1, shapes_[c].splits.size()), replicas = std::max(1u, replicas_[c]);
      if (stages_[c].input == stages_[s].delivers)
        clusters += on_crossbar(c) ? crossbars_of_one_replica(c) * replicas : digital(c) ? splits * replicas : 1;
      if (stages_[c].residual == stages_[s].delivers || adds_codes(stages_[c], stages_[s].delivers))
        clusters += splits * replicas;
    }
    return clusters / std::max<double>(1, shapes_[s].splits.size());
  }

  tile_cost cost_of(std::size_t s) const {
    const graph_tensor& out = output_of(s);
    tile_cost cost;
    cost.width = static_cast<unsigned>(out.width);
    cost.replicas = std::max(1u, replicas_[s]);
    double inputs = 1;
    if (on_crossbar(s)) {
      cost.analog_per_column = crossbar_cost_.mvms(out.height);
      inputs = shapes_[s].added;
    }
    if (stages_[s].residual >= 0) ++inputs;
    cost.kernels = [this, s](unsigned columns) { return kernel_of(s, columns, shapes_[s].added); };
    // In the cluster of a root or pool: a kernel and a push, an input from everyone, room from everyone. The only row
    // set's cluster has its root's work, and where the image is read also a pull.
    const bool own_crossbar = shapes_[s].sets == 1, pulls = graph_.tensors[stages_[s].input].producer == 0;
    master_duties duties;
    duties.steps = 2 + (own_crossbar ? 1 : 0) + (own_crossbar && pulls ? 1 : 0);
    duties.tiles = duties.steps;
    duties.jobs = own_crossbar ? 1 : 0;
    duties.pushes = 1;
    duties.kernel_inputs = inputs;
    duties.events = inputs + destinations(s);
    cost.master = cost_of_cores(s).master(duties);
    return cost;
  }

  /// A tile of the stage's root or pool on all cores. `inputs`: of the first split's root.
  double kernel_of(std::size_t s, unsigned columns, unsigned inputs) const {
    kernel_share share;
    share.columns = columns;
    if (node_of(s).has_layer()) share.channels = static_cast<unsigned>(shapes_[s].splits[0].count());
    share.in8 = inputs;
    return cost_of_cores(s).kernel(stage_kernel(graph_, stages_[s], share));
  }

  /// Kernels of an image in the cluster of a root that adds so many inputs, or of a pool.
  double kernels_per_image(std::size_t s, unsigned inputs) const {
    const unsigned columns = result_.stages[s].tile_columns;
    const auto width = static_cast<unsigned>(output_of(s).width), replicas = std::max(1u, replicas_[s]);
    return double((width / columns + replicas - 1) / replicas) * kernel_of(s, columns, inputs);
  }

  void choose_tiles() {
    std::vector<tile_cost> costs;
    double bottleneck = 0;
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      costs.push_back(cost_of(s));
      if (costs[s].replicas > costs[s].width)
        throw mapping_error(fmt::format("layer '{}': {} replicas asked, but its map has only {} columns to share",
                                        stages_[s].name, costs[s].replicas, costs[s].width));
      bottleneck = std::max(bottleneck, costs[s].cycles(cheapest_tile_columns(costs[s])));
    }
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      unsigned& tile = result_.stages[s].tile_columns;
      tile = choose_tile_columns(costs[s], bottleneck,
                                 shapes_[s].sets == 1 ? feeder_share_of_bottleneck : root_share_of_bottleneck,
                                 options_.tile_cycles);
      if (digital(s)) tile = shapes_[s].tile_columns;
    }
  }

  /// Cycles per image of the slowest IMA: what no arrangement of cores can beat.
  double analog_bottleneck() const {
    double worst = 0;
    for (std::size_t s = 0; s < stages_.size(); ++s)
      if (on_crossbar(s)) worst = std::max(worst, crossbar_cost_.mvms(double(shapes_[s].pixels) / replicas_[s]));
    return worst;
  }

  unsigned fan_in(std::size_t s) const {
    if (options_.reduction_fan_in == 1)
      throw mapping_error("reduction_fan_in is 1; a reduction adds at least 2 inputs (0: chosen by the compiler)");
    if (options_.reduction_fan_in > 0) return options_.reduction_fan_in;
    unsigned inputs = std::min(shapes_[s].added, OHMIC_MOST_INPUTS);
    const double allowed = root_share_of_bottleneck * analog_bottleneck();
    while (inputs > 4 && kernels_per_image(s, inputs) > allowed) --inputs;
    return std::max(2u, inputs);
  }

  void grow_trees() {
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      if (digital(s)) {
        result_.stages[s].replicas.resize(1);
        for (const channel_range part : shapes_[s].splits)
          result_.stages[s].replicas[0].parts.push_back({part, {}, {{}}});
        continue;
      }
      if (!on_crossbar(s)) {
        digital_unit unit;
        unit.stage = s;
        unit.cycles = kernels_per_image(s, 0);
        units_.push_back(unit);
        result_.stages[s].replicas.resize(1);
        continue;
      }
      result_.stages[s].replicas.resize(replicas_[s]);
      for (std::size_t r = 0; r < replicas_[s]; ++r) {
        replica_mapping& replica = result_.stages[s].replicas[r];
        for (std::size_t j = 0; j < shapes_[s].splits.size(); ++j) {
          channel_part part;
          part.channels = shapes_[s].splits[j];
          for (unsigned k = 0; k < shapes_[s].sets; ++k) part.tiles.push_back({0, 0, 0, {{k, 0}}});
          part.sums = make_reduction_tree(shapes_[s].added, fan_in(s));
          replica.parts.push_back(part);
          if (shapes_[s].sets == 1) continue;  // the only set's cluster does its own cores' work
          const std::vector<reduction_node>& tree = part.sums;
          for (std::size_t n = 0; n < tree.size(); ++n) {
            const unsigned inputs = static_cast<unsigned>(tree[n].sets.size() + tree[n].nodes.size());
            digital_unit unit;
            unit.stage = s;
            unit.replica = r;
            unit.split = j;
            unit.node = n;
            unit.reduction = true;
            unit.cycles = kernels_per_image(s, inputs);
            units_.push_back(unit);
          }
        }
      }
    }
  }

  void hand_out_spare_clusters() {
    const unsigned spare = chip_.clusters() - crossbars_;
    std::vector<std::size_t> order;
    for (std::size_t u = 0; u < units_.size(); ++u)
      if (!units_[u].reduction || options_.reductions != reduction_seats::shared) order.push_back(u);
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      if (units_[a].cycles != units_[b].cycles) return units_[a].cycles > units_[b].cycles;
      return a < b;
    });
    if (options_.reductions == reduction_seats::extra && order.size() > spare)
      throw mapping_error(
          fmt::format("reductions and pools of their own need {} clusters beside {} crossbars, and chip '{}' "
                      "has {} clusters: {} too few (reductions: automatic shares clusters)",
                      order.size(), crossbars_, chip_.name, chip_.clusters(), order.size() - spare));
    for (std::size_t i = 0; i < order.size() && i < spare; ++i) units_[order[i]].own_cluster = true;
  }

  /// Pipeline order: a layer's row sets, then its roots, so that neighbours in the pipeline are neighbours in
  /// number.
  void number_clusters() {
    cluster_demand wanted = supply_.nothing();
    for (std::size_t s = 0; s < stages_.size(); ++s)
      if (on_crossbar(s)) wanted.crossbars += replicas_[s] * crossbars_of_one_replica(s);
    wanted.cores[core_make_] = layer_clusters_;
    seats_ = seat_giver(supply_, wanted);
    for (unsigned c = 0; turns_ && c < layer_clusters_; ++c) seated(seats_.cores(core_make_));
    std::size_t next_unit = 0;
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      stage_mapping& stage = result_.stages[s];
      if (digital(s)) {
        if (shapes_[s].relayed) stage.input = {buffer_place::relay, {seated(seats_.relay())}, 0};
        for (channel_part& part : stage.replicas[0].parts) {
          std::vector<unsigned>& clusters = part.sums[0].clusters;
          const double work = products_of(node_of(s).layer(), part.channels, output_of(s));
          if (turns_) clusters = turns_->take(work, shapes_[s].column_clusters);
          for (unsigned q = 0; !turns_ && q < shapes_[s].column_clusters; ++q)
            clusters.push_back(seated(seats_.cores(core_make_)));
        }
        continue;
      }
      if (!on_crossbar(s)) {
        stage.replicas[0].cluster = units_[next_unit++].own_cluster ? seated(seats_.others()) : feeding_cluster(s);
        continue;
      }
      for (replica_mapping& replica : stage.replicas) {
        for (channel_part& part : replica.parts) {
          for (crossbar_tile& tile : part.tiles) tile.cluster = seated(seats_.crossbar());
          for (reduction_node& node : part.sums) {
            const bool own = shapes_[s].sets > 1 && units_[next_unit++].own_cluster;
            node.clusters = {own ? seated(seats_.others()) : first_leaf(part, node)};
          }
        }
      }
    }
  }

  /// The cluster that makes the node's first codes; the last crossbar's where cores make them.
  static unsigned first_leaf(const channel_part& part, const reduction_node& node) {
    if (!node.sets.empty()) return part.tiles[std::min<std::size_t>(node.sets.front(), part.tiles.size() - 1)].cluster;
    return first_leaf(part, part.sums[node.nodes.front()]);
  }

  unsigned feeding_cluster(std::size_t s) const {
    for (std::size_t p = 0; p < s; ++p) {
      if (stages_[p].delivers != stages_[s].input) continue;
      if (!node_of(p).has_layer()) return result_.stages[p].replicas[0].cluster;
      return result_.stages[p].replicas[0].parts[0].sums.back().clusters[0];
    }
    throw mapping_error(
        fmt::format("stage '{}' reads the image and has no cluster to share: chip '{}' needs {} clusters and has {}",
                    stages_[s].name, chip_.name, crossbars_ + 1, chip_.clusters()));
  }

  const integer_graph& graph_;
  const std::vector<stage>& stages_;
  const chip_config& chip_;
  const naive_options& options_;
  const cluster_supply supply_;
  const std::size_t core_make_;
  const cost_model crossbar_cost_, core_cost_;
  seat_giver seats_;
  std::vector<layer_shape> shapes_;
  std::vector<unsigned> replicas_;
  std::vector<digital_unit> units_;
  unsigned layer_clusters_ = 0;         ///< beside the crossbars', for digital layers
  unsigned crossbars_ = 0;              ///< clusters with one, and those of digital layers and their relays
  std::optional<digital_turns> turns_;  ///< that digital layers take on the same clusters
  mapping result_;
};

}  // namespace

mapping naive_policy::map(const integer_graph& graph, const std::vector<stage>& stages, const chip_config& chip) const {
  return naive_mapper(graph, stages, chip, options_).run();
}

std::string naive_policy::options_text() const {
  options_writer writer;
  visit_naive_options(options_, writer);
  return writer.text();
}

}  // namespace ohmic
