// Designs of all stages against the time that they were made for: what each takes, counted here once more from what its
// clusters do, is no more than that, and with a replica less it would be.
#include "sw/compiler/mapping/policy/balance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "sw/compiler/mapping/policy/mapping_policy.h"
#include "sw/compiler/mapping/policy/stage_kernel.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

/// Counts what the clusters of a stage do in an image, given the designs of all.
class accountant {
 public:
  accountant(const integer_graph& graph, const std::vector<stage>& stages, const chip_config& chip,
             const std::vector<stage_design>& designs)
      : graph_(graph), stages_(stages), chip_(chip), cost_(chip), all_(designs) {}

  bool on_crossbar(std::size_t s) const { return node(s).on_crossbar(); }
  unsigned width(std::size_t s) const { return static_cast<unsigned>(out(s).width); }

  /// The busiest crossbar, with what its own cores do for it.
  double crossbar(std::size_t s, unsigned replicas) const {
    const stage_design& d = all_[s];
    const double tiles = each(width(s) / d.tile_columns, replicas);
    const unsigned rows = each(static_cast<unsigned>(out(s).height), d.packing.y);
    const double analog = cost_.mvms(tiles * d.tile_columns / d.packing.x * rows);
    const bool pulls = stages_[s].input == graph_.nodes[0].output && d.input_relays == 0, sums = d.tiles.size() == 1;
    master_duties duties;
    duties.steps = 2 + pulls + sums;  // the jobs, the push of codes or sums
    duties.tiles = tiles * duties.steps;
    duties.jobs = duties.pushes = tiles;
    duties.runs = tiles * (sums ? runs(s) : 1);
    duties.kernel_inputs = sums ? tiles * (stages_[s].residual >= 0 ? 2 : 1) : 0;
    duties.events = arrivals(s, replicas) + tiles + (sums ? returns(s) : 0);
    const double kernels = sums ? tiles * cost_.kernel(sum_kernel(s, d.sums[0], true)) : 0;
    return cost_.together(analog, kernels + cost_.master(duties));
  }

  /// A sum with clusters of its own.
  double sum(std::size_t s, std::size_t n, unsigned replicas) const {
    const stage_design& d = all_[s];
    const bool root = n + 1 == d.sums.size();
    const double tiles = each(width(s) / d.tile_columns, d.replicas * replicas),
                 inputs = double(d.sums[n].sets.size() + d.sums[n].nodes.size()) + (root && stages_[s].residual >= 0);
    master_duties duties;
    duties.steps = 2;
    duties.tiles = 2 * tiles;
    duties.pushes = tiles;
    duties.runs = tiles * (root ? runs(s) : 1);
    duties.kernel_inputs = tiles * inputs;
    duties.events = tiles * inputs * d.packing.y + (root ? returns(s) : tiles);
    return tiles * cost_.kernel(sum_kernel(s, d.sums[n], root)) + cost_.master(duties);
  }

  /// A pool or add.
  double cores(std::size_t s, unsigned replicas) const {
    const double tiles = each(width(s) / all_[s].tile_columns, replicas);
    kernel_share share;
    share.columns = all_[s].tile_columns;
    master_duties duties;
    duties.steps = 2;
    duties.tiles = 2 * tiles;
    duties.pushes = duties.kernel_inputs = tiles;
    duties.runs = tiles * runs(s);
    duties.events = arrivals(s, replicas) + returns(s);
    return tiles * cost_.kernel(stage_kernel(graph_, stages_[s], share)) + cost_.master(duties);
  }

 private:
  static unsigned each(unsigned of, unsigned among) { return (of + among - 1) / among; }
  const graph_node& node(std::size_t s) const { return graph_.nodes[stages_[s].node]; }
  const graph_tensor& out(std::size_t s) const { return graph_.tensors[stages_[s].output]; }
  graph_window window(std::size_t s) const {
    return node(s).has_layer()                     ? node(s).layer().window
           : node(s).kind() == node_kind::max_pool ? node(s).pool_window()
                                                   : graph_window{};
  }
  std::size_t parts(std::size_t s) const {
    std::size_t codes = 1;
    for (const auto& tile : all_[s].tiles) codes = std::max(codes, tile.size() * all_[s].packing.x);
    const auto bitlines = static_cast<int>(chip_.ima.columns / codes);
    return all_[s].tiles.empty() ? 1 : static_cast<std::size_t>((out(s).channels + bitlines - 1) / bitlines);
  }
  kernel_shape sum_kernel(std::size_t s, const reduction_node& sum, bool root) const {
    kernel_share share;
    share.columns = all_[s].tile_columns;
    share.channels = static_cast<unsigned>(out(s).channels) / static_cast<unsigned>(parts(s));
    share.in8 = static_cast<unsigned>(sum.sets.size());
    share.in16 = static_cast<unsigned>(sum.nodes.size());
    share.root = root;
    return stage_kernel(graph_, stages_[s], share);
  }
  /// Each tile wakes for the tiles of the producer's parts that its windows begin, none more than once in all.
  double arrivals(std::size_t s, unsigned replicas) const {
    const double tiles = each(width(s) / all_[s].tile_columns, replicas);
    for (std::size_t p = 0; p < s; ++p) {
      if (stages_[p].output != stages_[s].input) continue;
      const double made = width(p), tile = all_[p].tile_columns;
      const double columns = std::min(made, double(window(s).stride_x) * (all_[s].tile_columns - 1) + window(s).size_x);
      return double(parts(p)) * std::min(made / tile, std::min(made, columns + tile - 1) / tile * tiles);
    }
    return tiles;  // pulled
  }
  /// Of a tile: one to each crossbar or cluster that reads it, of two replicas at most.
  double runs(std::size_t s) const {
    double all = 0;
    for (std::size_t c = s + 1; c < stages_.size(); ++c) {
      const double readers = double(parts(c)) * std::max<double>(1, double(all_[c].tiles.size()));
      if (stages_[c].input == stages_[s].output) all += readers * (all_[c].replicas > 1 ? 2 : 1);
      if (stages_[c].residual == stages_[s].output) ++all;
    }
    return all;
  }
  /// Each tile of a reader's gives back room.
  double returns(std::size_t s) const {
    double all = 0;
    for (std::size_t c = s + 1; c < stages_.size(); ++c) {
      const double tiles = double(width(c)) / all_[c].tile_columns;
      const double readers = double(parts(c)) * std::max<double>(1, double(all_[c].tiles.size()));
      if (stages_[c].input == stages_[s].output) all += tiles * (all_[c].input_relays ? 1 : readers);
      if (stages_[c].residual == stages_[s].output) all += tiles;
    }
    return all;
  }

  const integer_graph& graph_;
  const std::vector<stage>& stages_;
  const chip_config& chip_;
  const cost_model cost_;
  const std::vector<stage_design>& all_;
};

class Balance : public ::testing::Test {
 protected:
  void expect_balanced(const integer_graph& graph, const chip_config& chip, const balance_rules& rules) {
    const std::vector<stage> stages = make_stages(graph);
    const pipeline_balancer balancer(graph, stages, chip, rules);
    const auto step = [&](double cycles) { return balancer.designs(cycles); };
    std::vector<stage_design> before = step(1500 / 1.01), after = step(1500), last = step(1500 * 1.01);
    for (double cycles = 1500; cycles < 4e5; cycles *= 1.01) {
      bool in_time = false;
      const std::vector<stage_design> all = balancer.designs(cycles, &in_time), earlier = std::exchange(before, after);
      after = std::exchange(last, step(1.01 * 1.01 * cycles));
      const accountant count(graph, stages, chip, all);
      bool all_quick = true;
      // A stage is chosen for the later ones as they were in the pass before: nothing is claimed where these change.
      std::size_t settled = stages.size();
      while (settled > 0 && alike(all[settled - 1], earlier[settled - 1]) &&
             alike(all[settled - 1], after[settled - 1]) && alike(all[settled - 1], last[settled - 1]))
        --settled;
      for (std::size_t s = 0; s < stages.size(); ++s) {
        const stage_design& d = all[s];
        if (s + 1 < settled) continue;
        const unsigned tiles = count.width(s) / d.tile_columns;
        if (!count.on_crossbar(s)) {
          const bool one = graph.nodes[stages[s].node].kind() == node_kind::average_pool;
          all_quick = all_quick && count.cores(s, d.replicas) <= cycles;
          settle(count.cores(s, d.replicas) <= rules.busy * cycles || d.replicas == tiles || one, all[s], s, cycles);
          if (d.replicas > 1) settle(count.cores(s, d.replicas - 1) > rules.busy * cycles, all[s], s, cycles);
          continue;
        }
        all_quick = all_quick && count.crossbar(s, d.replicas) <= cycles;
        settle(count.crossbar(s, d.replicas) <= cycles || d.replicas == tiles, all[s], s, cycles);
        if (d.replicas > 1) settle(count.crossbar(s, d.replicas - 1) > cycles, all[s], s, cycles);
        for (std::size_t n = 0; n < d.sums.size() && d.tiles.size() > 1; ++n) {
          const unsigned clusters = d.sum_replicas[n];
          all_quick = all_quick && count.sum(s, n, clusters) <= rules.busy * cycles;
          settle(count.sum(s, n, clusters) <= rules.busy * cycles || (clusters + 1) * d.replicas > tiles, all[s], s,
                 cycles);
          if (clusters > 1) settle(count.sum(s, n, clusters - 1) > rules.busy * cycles, all[s], s, cycles);
        }
      }
      if (settled == 0) settle(in_time == all_quick, all[0], 0, cycles);
    }
    EXPECT_GT(claims_, 1000u);
    EXPECT_EQ(broken_, 0u) << "of " << claims_ << ": " << first_;
  }
  static bool alike(const stage_design& a, const stage_design& b) {
    return a.tile_columns == b.tile_columns && a.replicas == b.replicas && a.sum_replicas == b.sum_replicas &&
           a.tiles.size() == b.tiles.size() && a.packing.x == b.packing.x && a.packing.y == b.packing.y;
  }
  void settle(bool right, const stage_design& design, std::size_t s, double cycles) {
    ++claims_;
    if (right) return;
    if (broken_++ == 0)
      first_ = "stage " + std::to_string(s) + " at " + std::to_string(cycles) + " cycles, tiles of " +
               std::to_string(design.tile_columns) + ", replicas " + std::to_string(design.replicas);
  }
  unsigned claims_ = 0, broken_ = 0;
  std::string first_;
  std::mt19937 random{20261130};
};

TEST_F(Balance, StagesOfOneCrossbarHaveAsManyReplicasAsTimeAsksFor) {
  const integer_graph graph =
      chain_network(random, 16, 31, {{3, 3, 1, 1, 1, 1}, {3, 3, 1, 1, 1, 1}, {5, 5, 1, 1, 2, 2}});
  chip_config chip = small_chip(256, 256, 256);
  for (const unsigned mvm : {1u, 130u, 1000u}) {
    chip.ima.mvm_cycles = mvm;
    expect_balanced(graph, chip, {});
  }
}

TEST_F(Balance, SumsPoolsAndAddsHaveThem) {
  chip_config chip = small_chip(256, 40, 8);
  expect_balanced(small_network(random, 29, 37, 40), chip, {});
  chip.ima.mvm_cycles = 10;
  expect_balanced(network_with_separate_add(random, 29, 37, 40), chip, {});
}

TEST_F(Balance, PixelsArePackedAndSumsAreTrees) {
  balance_rules rules;
  rules.pack = true;
  expect_balanced(small_network(random, 32, 64, 256), small_chip(256, 256, 256), rules);
  rules.trees = true;
  rules.relays = true;
  rules.busy = 0.7;
  expect_balanced(small_network(random, 29, 37, 28), small_chip(256, 28, 64), rules);
}

// What a pipeline is said to need is what it takes, however many pixels and row sets share a crossbar, and into however
// many parts its bitlines then cut a layer.
TEST_F(Balance, DemandIsTheClustersThatAreTaken) {
  unsigned parts = 0;
  for (const int rows : {40, 100, 256})
    for (const unsigned columns : {16u, 24u, 48u}) {
      const integer_graph graph = small_network(random, 29, 36, rows);
      const std::vector<stage> stages = make_stages(graph);
      const chip_config chip = small_chip(512, static_cast<unsigned>(rows), columns);
      balance_rules rules;
      rules.pack = rules.trees = rules.relays = true;
      const pipeline_balancer balancer(graph, stages, chip, rules);
      for (double cycles = 3000; cycles < 1e5; cycles *= 1.5) {
        const std::vector<stage_design> all = balancer.designs(cycles);
        const mapping m = place_stages(graph, stages, all, chip);
        EXPECT_EQ(m.clusters, balancer.demand(all).all()) << rows << " x " << columns << ", " << cycles;
        for (std::size_t s = 0; s < stages.size(); ++s)
          for (const replica_mapping& replica : m.stages[s].replicas)
            parts += replica.parts.size() > 1 && all[s].packing.y > 1;
      }
    }
  EXPECT_GT(parts, 0u) << "packed layers in several parts";
}

// Layers on cores take turns on the clusters that crossbars leave, and where these leave none, on theirs.
TEST_F(Balance, LayersInTurnTakeWhatIsLeftOrNothing) {
  integer_graph graph = small_network(random, 29, 37, 60);
  for (graph_node& node : graph.nodes)
    if (node.name == "down") put_on_cores(node, random);
  const chip_config chip = small_chip(64, 60, 64);
  const std::vector<stage> stages = make_stages(graph);
  balance_rules rules;
  rules.seats = rules.layer_seats = core_seats::shared;
  const auto turns_with = [&](unsigned most, unsigned& clusters) {
    rules.most_clusters = most;
    const pipeline_balancer balancer(graph, stages, chip, rules);
    const std::vector<stage_design> all = balancer.smallest();
    clusters = balancer.demand(all).all();
    unsigned turns = 0;
    for (const stage_design& design : all) turns = std::max(turns, design.turns);
    return turns;
  };
  unsigned clusters = 0;
  const unsigned turns = turns_with(64, clusters), crossbars = clusters - turns;
  EXPECT_GT(turns, 0u);
  EXPECT_LE(clusters, 64u);
  EXPECT_EQ(turns_with(crossbars + 1, clusters), 1u);
  EXPECT_EQ(turns_with(crossbars, clusters), 0u);
  EXPECT_EQ(clusters, crossbars);
}

}  // namespace
}  // namespace ohmic
