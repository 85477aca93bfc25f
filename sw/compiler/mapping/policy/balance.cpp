#include "sw/compiler/mapping/policy/balance.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "sw/compiler/mapping/plan/l1_allocation.h"
#include "sw/compiler/mapping/policy/mapping_policy.h"
#include "sw/compiler/mapping/policy/reduction_tree.h"
#include "sw/compiler/mapping/policy/stage_kernel.h"
#include "sw/deployment/deployment.h"

namespace ohmic {
namespace {

constexpr std::size_t many_readers = 8;                    // of an image: one relay hands it on
constexpr unsigned passes = 3;                             // in which stages take each other's designs into account
constexpr unsigned most_sets_of_one_sum = 8;               // where sums shall be trees
constexpr double slowest_image = 1e8, longest_wait = 1e6;  // cycles
constexpr std::size_t kept_shares = 200;                   // of the ways to share the makes of clusters

unsigned rounded_up(unsigned value, unsigned by) { return (value + by - 1) / by; }

std::vector<cost_model> costs_of(const chip_config& chip, const cluster_supply& supply) {
  std::vector<cost_model> costs;
  for (std::size_t m = 0; m < supply.makes(); ++m)
    costs.emplace_back(chip, design_of(chip.cores.model), supply.make(m).cores);
  return costs;
}

}  // namespace

std::vector<std::pair<core_seats, core_seats>> kinds_of_seats(const integer_graph& graph) {
  std::vector<std::pair<core_seats, core_seats>> kinds = {{core_seats::own, core_seats::own},
                                                          {core_seats::shared, core_seats::own}};
  if (std::any_of(graph.nodes.begin(), graph.nodes.end(),
                  [](const graph_node& n) { return n.has_layer() && !n.on_crossbar(); }))
    kinds.push_back({core_seats::shared, core_seats::shared});
  return kinds;
}

pipeline_balancer::pipeline_balancer(const integer_graph& graph, const std::vector<stage>& stages,
                                     const chip_config& chip, const balance_rules& rules)
    : graph_(graph), stages_(stages), chip_(chip), rules_(rules), supply_(chip), costs_(costs_of(chip, supply_)) {
  for (std::size_t s = 0; s < stages.size(); ++s)
    if (node(s).has_layer() && !node(s).on_crossbar())
      for (const cost_model& cost : costs_) sharers_[s].emplace_back(graph, stages, s, chip, cost);
}

std::size_t pipeline_balancer::parts(std::size_t s, const stage_design& design) const {
  if (design.tiles.empty()) return std::max<std::size_t>(1, design.digital_parts.size());
  std::size_t most = 1;
  for (const auto& tile : design.tiles) most = std::max(most, tile.size());
  return split_channels(output(s).channels, static_cast<int>(chip_.ima.columns / (most * design.packing.x))).size();
}

graph_window pipeline_balancer::window_of(std::size_t s) const {
  if (node(s).has_layer()) return node(s).layer().window;
  if (node(s).kind() == node_kind::max_pool) return node(s).pool_window();
  return {};
}

/// Replicas with which the rings before the stage's crossbars and pools, and before its sums, fit: columns keep their
/// distances in a ring, which therefore spans a tile of every replica that reads it, or writes it.
unsigned pipeline_balancer::most_replicas(std::size_t s, const stage_design& design) const {
  const auto bytes_of_column = [](const graph_tensor& t, std::size_t parts) {
    return static_cast<double>(t.height) * t.channels / static_cast<double>(parts);
  };
  const unsigned tiles = static_cast<unsigned>(output(s).width) / design.tile_columns;
  if (rules_.rings == 0) return tiles;
  const double room = rules_.rings * static_cast<double>(available_l1(chip_)), tile = design.tile_columns;
  const graph_window window = window_of(s);
  const double columns = room / bytes_of_column(graph_.tensors[stages_[s].input], 1);
  double most = (columns - window.size_x) / (tile * window.stride_x) - 1;
  for (const reduction_node& sum : design.sums) {
    // Of packed pixels each crossbar's codes are an input, else each row set's.
    const std::size_t codes = sum.sets.empty() ? 0 : std::max(sum.sets.size(), design.tiles.size());
    const double inputs = static_cast<double>(codes) + 2.0 * static_cast<double>(sum.nodes.size());
    most = std::min(most, room / (inputs * bytes_of_column(output(s), parts(s, design)) * tile) - 1);
  }
  return static_cast<unsigned>(std::clamp(most, 1.0, static_cast<double>(tiles)));
}

/// Tiles of producers that a replica of the stage is sent in an image.
double pipeline_balancer::arrivals(std::size_t s, const std::vector<stage_design>& others,
                                   const stage_design& design) const {
  const unsigned tiles = rounded_up(static_cast<unsigned>(output(s).width) / design.tile_columns, design.replicas);
  for (std::size_t p = 0; p < s; ++p) {
    if (stages_[p].delivers != stages_[s].input) continue;
    const graph_window window = window_of(s);
    const auto width = static_cast<double>(output(p).width);
    const double columns = std::min(
        width, double((design.tile_columns - 1) * static_cast<unsigned>(window.stride_x)) + double(window.size_x));
    const double per_tile = std::min(width, columns + others[p].tile_columns - 1) / others[p].tile_columns;
    return double(parts(p, others[p])) * std::min(width / others[p].tile_columns, per_tile * tiles);
  }
  return tiles;
}

/// Runs of columns that a tile of the stage is sent as: one to each reader, of whose replicas about two want some of
/// it.
double pipeline_balancer::runs(std::size_t s, const std::vector<stage_design>& others) const {
  double all = 0;
  for (std::size_t c = s + 1; c < stages_.size(); ++c) {
    if (stages_[c].input == stages_[s].delivers)
      all += double(std::max<std::size_t>(1, others[c].tiles.size()) * parts(c, others[c])) *
             std::min(2u, others[c].replicas);
    if (stages_[c].residual == stages_[s].delivers || adds_codes(stages_[c], stages_[s].delivers)) all += 1;
  }
  return all;
}

/// Times in an image that readers give room back to a replica of the stage.
double pipeline_balancer::returns(std::size_t s, const std::vector<stage_design>& others) const {
  double events = 0;
  for (std::size_t c = s + 1; c < stages_.size(); ++c) {
    const double tiles = double(output(c).width) / others[c].tile_columns;
    if (stages_[c].input == stages_[s].delivers)
      events += others[c].input_relays != 0
                    ? tiles
                    : tiles * double(parts(c, others[c])) * double(std::max<std::size_t>(1, others[c].tiles.size()));
    if (stages_[c].residual == stages_[s].delivers || adds_codes(stages_[c], stages_[s].delivers)) events += tiles;
  }
  return events;
}

double pipeline_balancer::crossbar_cycles(std::size_t s, const std::vector<stage_design>& others,
                                          const stage_design& design) const {
  const unsigned tiles = rounded_up(static_cast<unsigned>(output(s).width) / design.tile_columns, design.replicas);
  const auto height = static_cast<unsigned>(output(s).height);
  const cost_model& cost = crossbar_cost();
  const double analog =
      cost.mvms(double(tiles) * design.tile_columns / design.packing.x * rounded_up(height, design.packing.y));
  const bool pulls = stages_[s].input == graph_.nodes[0].output && design.input_relays == 0;
  master_duties duties;
  duties.steps = 2 + (pulls ? 1 : 0);
  duties.tiles = double(tiles) * duties.steps;
  duties.jobs = duties.pushes = duties.runs = tiles;
  duties.events = arrivals(s, others, design) + tiles;
  double cores = 0;
  if (design.tiles.size() == 1) {
    kernel_share share;
    share.columns = design.tile_columns;
    share.channels = static_cast<unsigned>(output(s).channels) / static_cast<unsigned>(parts(s, design));
    share.in8 = sets_added(graph_, stages_[s]);
    cores = tiles * cost.kernel(stage_kernel(graph_, stages_[s], share));
    duties.steps += 1;
    duties.tiles += tiles;
    duties.kernel_inputs = tiles * (1 + (stages_[s].residual >= 0 ? 1 : 0) + double(stages_[s].codes.size()));
    duties.events += returns(s, others);
    duties.runs = tiles * runs(s, others);
  }
  return cost.together(analog, cores + cost.master(duties));
}

double pipeline_balancer::sum_cycles(std::size_t s, const std::vector<stage_design>& others, const stage_design& design,
                                     std::size_t n, double* tile) const {
  const reduction_node& sum = design.sums[n];
  const bool root = n + 1 == design.sums.size();
  const unsigned tiles = rounded_up(static_cast<unsigned>(output(s).width) / design.tile_columns,
                                    design.replicas * design.sum_replicas[n]);
  kernel_share share;
  share.columns = design.tile_columns;
  share.channels = static_cast<unsigned>(output(s).channels) / static_cast<unsigned>(parts(s, design));
  share.in8 = static_cast<unsigned>(sum.sets.size());
  share.in16 = static_cast<unsigned>(sum.nodes.size());
  share.root = root;
  const double inputs = share.in8 + share.in16 + (root && stages_[s].residual >= 0 ? 1 : 0);
  const cost_model& cost = core_cost(design);
  const double one = cost.kernel(stage_kernel(graph_, stages_[s], share));
  master_duties duties;
  duties.steps = 2;
  duties.tiles = 2.0 * tiles;
  duties.pushes = tiles;
  duties.runs = tiles * (root ? runs(s, others) : 1);
  duties.kernel_inputs = tiles * inputs;
  duties.events = tiles * inputs * design.packing.y + (root ? returns(s, others) : tiles);
  const double cycles = tiles * one + cost.master(duties);
  if (tile) *tile = cycles / tiles;
  return cycles;
}

double pipeline_balancer::core_cycles(std::size_t s, const std::vector<stage_design>& others,
                                      const stage_design& design, double* tile) const {
  const unsigned tiles = rounded_up(static_cast<unsigned>(output(s).width) / design.tile_columns, design.replicas);
  kernel_share share;
  share.columns = design.tile_columns;
  master_duties duties;
  duties.steps = 2;
  duties.tiles = 2.0 * tiles;
  duties.pushes = tiles;
  duties.runs = tiles * runs(s, others);
  duties.kernel_inputs = tiles;
  duties.events = arrivals(s, others, design) + returns(s, others);
  const cost_model& cost = core_cost(design);
  const double one = cost.kernel(stage_kernel(graph_, stages_[s], share));
  const double cycles = tiles * one + cost.master(duties);
  if (tile) *tile = cycles / tiles;
  return cycles;
}

double pipeline_balancer::digital_master(std::size_t s, const std::vector<stage_design>& others,
                                         const digital_share& share, const cost_model& cost) const {
  stage_design design;
  design.tile_columns = share.tile;
  design.replicas = share.columns;
  design.digital_parts = share.parts;
  const double tiles = rounded_up(static_cast<unsigned>(output(s).width) / share.tile, share.columns);
  const double came = arrivals(s, others, design), inputs = 1 + (stages_[s].residual >= 0 ? 1 : 0);
  master_duties duties;
  duties.steps = 2;
  duties.tiles = 2 * tiles;
  duties.pushes = tiles;
  duties.runs = tiles * runs(s, others);
  duties.kernel_inputs = tiles * inputs;
  duties.frontiers = duties.events = came;
  duties.events += returns(s, others);
  return cost.master(duties);
}

stage_design pipeline_balancer::choose_digital(std::size_t s, double cycles, const std::vector<stage_design>& others,
                                               std::size_t make, bool& in_time) const {
  cluster_demand one = supply_.nothing();
  one.cores[make] = 1;
  const digital_share share = sharers_.at(s)[make].within(cycles, worth(one, cycles), [&](const digital_share& here) {
    return digital_master(s, others, here, costs_[make]);
  });
  in_time = share.cycles <= cycles;
  stage_design design;
  design.tile_columns = share.tile;
  design.replicas = share.columns;
  design.digital_parts = share.parts;
  design.seats = rules_.layer_seats;
  design.core_make = make;
  return design;
}

double pipeline_balancer::worth(const cluster_demand& clusters, double cycles) const {
  const double image = images_of_batch * std::min(cycles, longest_wait);
  if (supply_.makes() == 1) return clusters.all() * (image / chip_.clusters());
  double all = clusters.relays * image / chip_.clusters() + clusters.crossbars * image / std::max(1u, supply_.imas());
  for (std::size_t m = 0; m < supply_.makes(); ++m) all += clusters.cores[m] * image / supply_.clusters(m);
  return all;
}

/// Layers on cores share the clusters that others leave, or where they leave none, those of the crossbars.
void pipeline_balancer::take_turns(std::vector<stage_design>& designs) const {
  std::vector<std::size_t> layers;
  for (const auto& sharer : sharers_) layers.push_back(sharer.first);
  const cluster_demand taken = demand(designs);
  const unsigned most = rules_.most_clusters;
  if (layers.empty() || rules_.layer_seats == core_seats::own || taken.all() > most) return;
  // Of the makes the one with the most cores that are left.
  std::size_t make = supply_.crossbar_make();
  unsigned left = 0;
  for (std::size_t m = 0; m < supply_.makes(); ++m) {
    const unsigned there = supply_.left(m, taken.crossbars + taken.relays);
    const unsigned here = std::min(most - taken.all(), there > taken.cores[m] ? there - taken.cores[m] : 0);
    if (here * supply_.make(m).cores <= left * supply_.make(make).cores) continue;
    left = here;
    make = m;
  }
  const digital_shares shares =
      share_in_turn(graph_, stages_, layers, chip_, costs_[make], left > 0 ? left : taken.all());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    stage_design& design = designs[layers[i]];
    design.digital_parts = shares.layers[i].parts;
    design.tile_columns = shares.layers[i].tile;
    design.replicas = shares.layers[i].columns;
    design.turns = left > 0 ? shares.clusters : 0;
    design.core_make = make;
  }
}

bool pipeline_balancer::replicate(std::size_t s, double cycles, const std::vector<stage_design>& others,
                                  stage_design& design, rating& to) const {
  const unsigned tiles = static_cast<unsigned>(output(s).width) / design.tile_columns, most = most_replicas(s, design);
  const bool one_pixel = node(s).kind() == node_kind::average_pool;
  const auto height = static_cast<double>(output(s).height);
  if (design.tiles.empty()) {
    double tile = 0;
    for (design.replicas = 1;; ++design.replicas) {
      to.cycles = core_cycles(s, others, design, &tile);
      if (to.cycles <= rules_.busy * cycles || one_pixel || rules_.seats == core_seats::shared) break;
      if (design.replicas == most) break;
    }
    to.latency = tile;
  } else {
    for (design.replicas = 1;; ++design.replicas) {
      to.cycles = crossbar_cycles(s, others, design);
      if (to.cycles <= cycles || design.replicas == most) break;
    }
    to.latency =
        crossbar_cost().mvms(double(design.tile_columns) / design.packing.x * height / design.packing.y) + 2000;
    if (design.tiles.size() > 1) {
      for (std::size_t n = 0; n < design.sums.size(); ++n) {
        unsigned& replicas = design.sum_replicas[n];
        double tile = 0, sum = 0;
        const std::size_t seats = rules_.seats == core_seats::shared ? design.tiles.size() : tiles;
        for (replicas = 1;; ++replicas) {
          sum = sum_cycles(s, others, design, n, &tile);
          if (sum <= rules_.busy * cycles || (replicas + 1) * design.replicas > tiles || replicas == seats) break;
        }
        to.cycles = std::max(to.cycles, sum / rules_.busy);
        if (n + 1 == design.sums.size() || n == 0) to.latency += tile;
      }
    }
  }
  to.clusters = supply_.nothing();
  add_demand(design, parts(s, design), to.clusters);
  return to.cycles <= cycles;
}

std::vector<unsigned> pipeline_balancer::fan_ins_of(unsigned sets) const {
  if (rules_.fan_in != 0) return {rules_.fan_in};
  if (!rules_.trees || sets <= most_sets_of_one_sum) return {OHMIC_MOST_INPUTS};
  std::vector<unsigned> all;
  for (unsigned n = 2; n < sets && n <= OHMIC_MOST_INPUTS; ++n)
    if (n == 2 || rounded_up(sets, n) != rounded_up(sets, n - 1)) all.push_back(n);
  return all;
}

stage_design pipeline_balancer::choose(std::size_t s, double cycles, const std::vector<stage_design>& others,
                                       std::size_t make, bool& in_time) const {
  const auto width = static_cast<unsigned>(output(s).width);
  if (sharers_.count(s) != 0) {
    stage_design design = choose_digital(s, cycles, others, make, in_time);
    take_buffers(s, design);
    return design;
  }
  stage_design best;
  rating best_rating;
  double best_value = 0;
  bool found = false;
  in_time = false;
  std::vector<pixel_packing> packings = {{1, 1}};
  if (rules_.pack && node(s).on_crossbar()) packings = {{1, 1}, {1, 2}, {2, 1}, {2, 2}, {1, 4}, {4, 1}};
  for (const pixel_packing packing : packings) {
    if (packing.y > static_cast<unsigned>(output(s).height) || width % packing.x != 0) continue;
    stage_design design;
    design.packing = packing;
    design.seats = rules_.seats;
    design.core_make = make;
    take_buffers(s, design);
    std::vector<unsigned> fan_ins = {0};
    if (node(s).on_crossbar()) {
      if (rules_.image_relay && stages_[s].input == graph_.nodes[0].output) design.input_relays = 1;
      design.tiles = share_crossbars(node(s).layer(), packing, output(s).channels, chip_);
      if (design.tiles.empty()) continue;
      fan_ins = fan_ins_of(sets_added(graph_, stages_[s]));
    }
    for (const unsigned fan_in : fan_ins) {
      if (fan_in != 0) {
        design.sums = make_reduction_tree(sets_added(graph_, stages_[s]), fan_in);
        design.sum_replicas.assign(design.sums.size(), 1);
      }
      for (unsigned tile = packing.x; tile <= width; tile += packing.x) {
        if (width % tile != 0) continue;
        design.tile_columns = tile;
        rating here;
        const bool quick = replicate(s, cycles, others, design, here);
        // A tile waits until its columns are there.
        here.latency += std::min(cycles, longest_wait) * tile / width;
        const double value = worth(here.clusters, cycles) + here.latency;
        const bool better = !found             ? true
                            : quick != in_time ? quick
                            : quick            ? value < best_value
                                               : here.cycles < best_rating.cycles;
        if (!better) continue;
        found = true;
        in_time = quick;
        best = design;
        best_rating = here;
        best_value = value;
      }
    }
  }
  return best;
}

void pipeline_balancer::take_buffers(std::size_t s, stage_design& design) const {
  design.residual = stages_[s].residual >= 0 ? rules_.residual : buffer_place::reader;
  if (rules_.relays && stages_[s].residual >= 0 && graph_.tensors[stages_[s].residual].producer != 0)
    design.residual_relays = 1;
  const bool many = design.replicas * design.digital_parts.size() >= many_readers && design.seats == core_seats::own;
  if (many && stages_[s].input == graph_.nodes[0].output) design.input_relays = 1;
}

std::vector<stage_design> pipeline_balancer::share_makes(double cycles, const std::vector<stage_design>& others,
                                                         bool& in_time) const {
  struct offer {
    stage_design design;
    cluster_demand clusters;
    bool in_time = false;
  };
  std::vector<std::vector<offer>> offers(stages_.size());
  unsigned crossbars = 0;
  for (std::size_t s = 0; s < stages_.size(); ++s) {
    for (std::size_t m = 0; m < supply_.makes(); ++m) {
      offer here{{}, supply_.nothing(), false};
      here.design = choose(s, cycles, others, m, here.in_time);
      add_demand(here.design, parts(s, here.design), here.clusters);
      offers[s].push_back(std::move(here));
    }
    crossbars += offers[s][0].clusters.crossbars;
  }
  const auto part = [&](unsigned clusters, std::size_t m) {
    const unsigned left = supply_.left(m, crossbars);
    return left == 0 ? (clusters == 0 ? 0 : 1e9) : static_cast<double>(clusters) / left;
  };
  // Stage after stage the fewest clusters of the first make for each number of all others: what uses the chip's makes
  // most evenly. Where makes are many, only what uses them most evenly so far goes on.
  struct state {
    std::vector<unsigned> others;  // clusters of the other makes
    unsigned late = 0, first = 0;  // stages that are not in time, clusters of the first make
    std::vector<std::size_t> makes{};
  };
  const auto value = [&](const state& one) {
    double fullest = part(one.first, 0);
    for (std::size_t m = 1; m < supply_.makes(); ++m) fullest = std::max(fullest, part(one.others[m - 1], m));
    return std::make_pair(one.late, fullest);
  };
  std::vector<state> states{{std::vector<unsigned>(supply_.makes() - 1, 0)}};
  for (std::size_t s = 0; s < stages_.size(); ++s) {
    std::map<std::vector<unsigned>, state> next;
    for (const state& before : states)
      for (std::size_t m = 0; m < supply_.makes(); ++m) {
        state with = before;
        const unsigned clusters = offers[s][m].clusters.cores[m];
        if (m == 0)
          with.first += clusters;
        else
          with.others[m - 1] = std::min(with.others[m - 1] + clusters, supply_.left(m, crossbars) + 1);
        with.late += offers[s][m].in_time ? 0 : 1;
        with.makes.push_back(m);
        const auto [found, is_new] = next.try_emplace(with.others, with);
        if (!is_new && std::make_pair(with.late, with.first) < std::make_pair(found->second.late, found->second.first))
          found->second = std::move(with);
      }
    states.clear();
    for (auto& [others_taken, one] : next) states.push_back(std::move(one));
    std::sort(states.begin(), states.end(), [&](const state& a, const state& b) {
      return std::make_pair(value(a), a.others) < std::make_pair(value(b), b.others);
    });
    if (states.size() > kept_shares) states.resize(kept_shares);
  }
  const state* const best = &states.front();
  std::vector<stage_design> all;
  for (std::size_t s = 0; s < stages_.size(); ++s) all.push_back(offers[s][best->makes[s]].design);
  in_time = best->late == 0;
  return all;
}

std::vector<stage_design> pipeline_balancer::designs(double cycles_per_image, bool* in_time) const {
  std::vector<stage_design> all(stages_.size());
  for (std::size_t s = 0; s < stages_.size(); ++s)
    for (unsigned tile = 1; tile <= 4; ++tile)
      if (output(s).width % static_cast<int>(tile) == 0) all[s].tile_columns = tile;
  for (unsigned pass = 0; pass < passes; ++pass) {
    bool quick = true;
    if (supply_.makes() > 1) all = share_makes(cycles_per_image, all, quick);
    for (std::size_t s = 0; supply_.makes() == 1 && s < stages_.size(); ++s) {
      bool here = false;
      all[s] = choose(s, cycles_per_image, all, 0, here);
      quick = quick && here;
    }
    if (in_time) *in_time = quick;
  }
  take_turns(all);
  return all;
}

cluster_demand pipeline_balancer::demand(const std::vector<stage_design>& designs) const {
  cluster_demand all = supply_.nothing();
  unsigned turns = 0;
  std::size_t make = 0;
  for (std::size_t s = 0; s < stages_.size(); ++s) {
    add_demand(designs[s], parts(s, designs[s]), all);
    if (designs[s].turns != 0) turns = designs[s].turns, make = designs[s].core_make;
  }
  all.cores[make] += turns;
  return all;
}

bool pipeline_balancer::enough(const std::vector<stage_design>& designs, unsigned clusters) const {
  const cluster_demand asked = demand(designs);
  return asked.all() <= clusters && supply_.enough_for(asked);
}

std::vector<stage_design> pipeline_balancer::smallest() const { return designs(1e15); }

std::vector<stage_design> pipeline_balancer::fastest(unsigned most, double least_cycles, double* cycles) const {
  std::vector<stage_design> best = smallest();
  if (!enough(best, most)) return {};
  if (!sharers_.empty() && rules_.layer_seats == core_seats::shared) {
    if (cycles) *cycles = slowest_image;
    return best;
  }
  double low = least_cycles, high = slowest_image;
  for (double next = low; high > low * 1.01; next = std::sqrt(low * high)) {
    bool quick = false;
    std::vector<stage_design> here = designs(next, &quick);
    if (quick && enough(here, most)) {
      high = next;
      best = std::move(here);
    } else {
      low = next;
    }
    if (next == least_cycles && quick && high == next) break;
  }
  if (cycles) *cycles = high;
  return best;
}

}  // namespace ohmic
