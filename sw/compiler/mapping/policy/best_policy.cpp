#include "sw/compiler/mapping/policy/best_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "sw/compiler/mapping/cost/flows.h"
#include "sw/compiler/mapping/cost/prediction.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/plan/fit_l1.h"
#include "sw/compiler/mapping/plan/l1_allocation.h"
#include "sw/compiler/mapping/plan/plan.h"
#include "sw/compiler/mapping/plan/ring_sizing.h"
#include "sw/compiler/mapping/plan/token_run.h"
#include "sw/compiler/mapping/policy/balance.h"
#include "sw/compiler/mapping/policy/balanced_policy.h"
#include "sw/compiler/mapping/policy/flow_placement.h"
#include "sw/compiler/mapping/policy/naive_policy.h"
#include "sw/compiler/mapping/policy/options_text.h"

namespace ohmic {
namespace {

// The start is the best of designs for so many times per image, each longer than the one before.
constexpr unsigned slower_starts = 8;
constexpr double slower_step = 1.03;
constexpr unsigned placement_moves_per_cluster = 300;
constexpr double may_be_as_fast = 1.35;  // times what ours is expected to take: the cost model may be wrong by 15 %

class best_mapper {
 public:
  best_mapper(const integer_graph& graph, const std::vector<stage>& stages, const chip_config& chip,
              const best_options& options, const search_progress& progress)
      : graph_(graph), stages_(stages), chip_(chip), options_(options), progress_(progress) {}

  /// `seeds` mappings that differ in their seats, and what other policies make; first the one that is expected to be
  /// fastest.
  std::vector<mapping_proposal> run(unsigned seeds) {
    const unsigned asked = options_.most_clusters == 0 ? chip_.clusters() : options_.most_clusters;
    const unsigned most = std::min(asked, chip_.clusters());
    const std::vector<mapping> found = search(most);
    std::vector<mapping_proposal> all;
    for (unsigned k = 0; k < seeds; ++k)
      all.push_back(seated(fmt::format("best, seats of seed {}", options_.seed + k), found[0], options_.seed + k));
    if (seeds > 1 && found.size() > 1) all.push_back(seated("best, the other way to share", found[1], options_.seed));
    add_others(all, most);
    const auto refused = [](const mapping_proposal& p) { return std::isinf(p.expected_cycles); };
    if (!std::all_of(all.begin(), all.end(), refused))
      all.erase(std::remove_if(all.begin(), all.end(), refused), all.end());
    if (seeds > 1 && saves_energy()) add_smaller(all, most);
    // Of what is as fast the first stays the first: links that do not bind are nothing to the cost model.
    const auto faster = [](const mapping_proposal& a, const mapping_proposal& b) {
      return a.expected_cycles < b.expected_cycles;
    };
    std::iter_swap(all.begin(), std::min_element(all.begin(), all.end(), faster));
    return all;
  }

 private:
  bool saves_energy() const {
    return options_.objective == mapping_objective::energy || options_.objective == mapping_objective::edp;
  }

  /// Our mappings for so many clusters, in pipeline order: where stages on cores can share clusters, one in which they
  /// do and one in which each has its own. First the one that promises more.
  std::vector<mapping> search(unsigned most) const {
    std::vector<std::pair<double, mapping>> found;
    const starts from = start(most);
    for (const std::vector<stage_design>& designs : {from.own, from.grouped}) {
      if (designs.empty()) continue;
      mapping_search search(graph_, stages_, chip_, most, options_.seed);
      const std::vector<stage_design> improved = search.improve(designs, options_.evaluations, progress_);
      mapping placed = place_stages(graph_, stages_, improved, chip_);
      fill_l1(placed);
      found.emplace_back(search.rate(improved), std::move(placed));
    }
    if (found.size() > 1 && found[1].first < found[0].first) std::swap(found[0], found[1]);
    std::vector<mapping> all;
    for (auto& [cycles, placed] : found) all.push_back(std::move(placed));
    return all;
  }

  /// Of the mapping as it will run: with the tiles and rings that L1 has room for. Infinity if it has none.
  double batch_cycles(const mapping& m) const {
    try {
      const plan_prediction expected = predict(make_fitting_plan(graph_, stages_, m, chip_), chip_);
      return images_of_batch * expected.bottleneck_cycles + expected.drain_cycles;
    } catch (const mapping_error&) {
      return std::numeric_limits<double>::infinity();
    }
  }

  struct starts {
    std::vector<stage_design> own, grouped;  ///< the second empty where no stages can share clusters
  };
  /// With as many replicas as time asks for; where their rings do not fit into L1, with fewer.
  starts start(unsigned most) const {
    const mapping_search judge(graph_, stages_, chip_, most, 0);
    starts found;
    for (const double rings : {0.0, 1.0, 0.75, 0.5}) {
      found = start(most, rings);
      if (judge.fits(found.own)) break;
    }
    return found;
  }

  starts start(unsigned most, double rings) const {
    balance_rules rules;
    rules.pack = true;
    rules.rings = rings;
    std::vector<stage_design> best, best_grouped;
    double least = 0, least_grouped = 0;
    std::string shortage;
    mapping_search judge(graph_, stages_, chip_, most, 0);
    rules.most_clusters = most;
    for (const auto& [seats, layer_seats] : kinds_of_seats(graph_)) {
      rules.relays = false;
      rules.seats = seats;
      rules.layer_seats = layer_seats;
      for (const bool relay : {true, false}) {
        rules.image_relay = relay;
        const pipeline_balancer balancer(graph_, stages_, chip_, rules);
        double image = 1;
        std::vector<stage_design> designs = balancer.fastest(most, image, &image);
        if (designs.empty()) {
          shortage = balancer.shortage(most);
          continue;
        }
        for (const std::vector<stage_design>& grouped : balancer.grouped(designs)) {
          if (!is_seated(place_stages(graph_, stages_, grouped, chip_), most, chip_)) continue;
          const double cycles = judge.rate(grouped);
          if (!best_grouped.empty() && least_grouped <= cycles) continue;
          least_grouped = cycles;
          best_grouped = grouped;
        }
        for (unsigned slower = 0; slower < slower_starts; ++slower, image *= slower_step) {
          if (slower > 0) designs = balancer.designs(image);
          const double cycles = balancer.enough(designs, most) ? judge.rate(designs) : least + 1;
          if (!best.empty() && least <= cycles) continue;
          least = cycles;
          best = designs;
        }
      }
    }
    if (best.empty()) throw mapping_error("policy 'best' needs " + shortage);
    return {best, best_grouped};
  }

  /// Deep buffers, so that what is late once is not late again: an image's columns before each crossbar, and three
  /// images' that wait for a long branch. Where a cluster's L1 is too small, its stages' buffers are what they must be.
  void fill_l1(mapping& m) const {
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      const auto width = [&](int tensor) { return static_cast<unsigned>(graph_.tensors[tensor].width); };
      if (graph_.nodes[stages_[s].node].has_layer()) m.stages[s].input.columns = width(stages_[s].input);
      if (stages_[s].residual >= 0) m.stages[s].residual.columns = 3 * width(stages_[s].residual);
    }
    for (bool fits = false; !fits;) {
      deployment_plan plan = build_plan(graph_, stages_, m);
      mark_followers(plan);
      size_rings(plan);
      const std::vector<std::uint64_t> needs = l1_needs(plan, chip_);
      std::set<int> too_deep;
      for (std::size_t c = 0; c < needs.size(); ++c)
        if (needs[c] > available_l1(chip_))
          for (const plan_step& step : plan.clusters[c].steps) too_deep.insert(step.stage);
      fits = true;
      for (const int s : too_deep)
        for (edge_mapping* edge : {&m.stages[s].input, &m.stages[s].residual}) {
          fits = fits && edge->columns == 0;
          edge->columns = edge->columns < 8 ? 0 : edge->columns * 15 / 16;
        }
    }
  }

  mapping_proposal as_it_is(std::string name, mapping m) const {
    const double cycles = batch_cycles(m);
    return {std::move(name), std::move(m), cycles};
  }

  mapping_proposal seated(std::string name, mapping m, unsigned seed) const {
    const deployment_plan plan = build_plan(graph_, stages_, m);
    m.places = place_by_flows(flows_of(plan), m.places, chip_, seed, placement_moves_per_cluster * m.clusters);
    const double cycles = batch_cycles(m);
    return {std::move(name), std::move(m), cycles};
  }

  /// What other policies make with as many clusters as there are, and what they make if nothing is asked of them.
  void add_others(std::vector<mapping_proposal>& all, unsigned most) const {
    double least = all.front().expected_cycles;
    for (const mapping_proposal& p : all) least = std::min(least, p.expected_cycles);
    const double most_cycles = saves_energy() ? std::numeric_limits<double>::infinity() : may_be_as_fast * least;
    const auto add = [&](const std::string& name, const mapping_policy& policy, bool seats) {
      mapping m;
      try {
        m = policy.map(graph_, stages_, chip_);
      } catch (const mapping_error&) {
        return;  // the chip is too small for that one
      }
      mapping_proposal p = seats ? seated(name, std::move(m), options_.seed) : as_it_is(name, std::move(m));
      if (p.assignment.clusters <= most && p.expected_cycles <= most_cycles) all.push_back(std::move(p));
    };
    for (const paper_bar bar : {paper_bar::replicated, paper_bar::paper}) {
      const std::string name = bar == paper_bar::replicated ? "replicated" : "paper";
      balanced_options balanced;
      balanced.most_clusters = most;
      add(name, balanced_policy(bar, balanced), false);
      balanced.balance_mvms = 0;
      add(name + " on all clusters", balanced_policy(bar, balanced), true);
    }
    add("naive", naive_policy(naive_options()), false);
  }

  /// Fewer clusters take longer and have fewer cores that wait.
  void add_smaller(std::vector<mapping_proposal>& all, unsigned most) const {
    for (const unsigned part : {2u, 4u}) {
      try {
        all.push_back(seated(fmt::format("best on {} clusters", most / part), search(most / part)[0], options_.seed));
      } catch (const mapping_error&) {
        return;  // too few
      }
    }
  }

  const integer_graph& graph_;
  const std::vector<stage>& stages_;
  const chip_config& chip_;
  const best_options& options_;
  const search_progress& progress_;
};

}  // namespace

mapping best_policy::map(const integer_graph& graph, const std::vector<stage>& stages, const chip_config& chip) const {
  return std::move(best_mapper(graph, stages, chip, options_, progress_).run(1).front().assignment);
}

std::vector<mapping_proposal> best_policy::propose(const integer_graph& graph, const std::vector<stage>& stages,
                                                   const chip_config& chip) const {
  return best_mapper(graph, stages, chip, options_, progress_).run(std::max(1u, options_.trials));
}

std::string best_policy::options_text() const {
  options_writer writer;
  visit_best_options(options_, writer);
  return writer.text();
}

}  // namespace ohmic
