#include "sw/compiler/mapping/policy/flow_placement.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

namespace ohmic {
namespace {

/// Loads of all links, and the sum of their cubes, kept while flows come and go.
class link_costs {
 public:
  explicit link_costs(const chip_config& chip) {
    const auto& network = chip.network;
    const std::size_t routers = network.factors.size() - 1;
    unsigned below = 1;
    for (std::size_t l = 0; l <= routers; ++l) {
      if (l > 0) below *= network.factors[routers + 1 - l];
      levels_.push_back({below, 1.0 / network.width[routers - l], {}});
      for (auto& direction : levels_.back().loads) direction.assign(chip.clusters() / below, 0.0);
    }
  }

  /// `bytes` < 0: the flow goes away.
  void add(unsigned from, unsigned to, double bytes, bool read) {
    for (level& l : levels_) {
      const unsigned source = from == link_loads::hbm ? from : from / l.below;
      const unsigned target = to == link_loads::hbm ? to : to / l.below;
      if (source == target) return;
      if (source != link_loads::hbm) change(l.loads[read ? 1 : 0][source], bytes * l.per_byte);
      if (target != link_loads::hbm) change(l.loads[read ? 3 : 2][target], bytes * l.per_byte);
    }
  }
  double cost() const { return cost_; }

 private:
  struct level {
    unsigned below = 1;  ///< clusters below a node
    double per_byte = 1;
    std::vector<double> loads[4];  ///< up of what is written and read, down of both
  };
  void change(double& load, double by) {
    cost_ -= load * load * load;
    load += by;
    cost_ += load * load * load;
  }
  std::vector<level> levels_;
  double cost_ = 0;
};

constexpr unsigned nobody = ~0u;

}  // namespace

std::vector<unsigned> place_by_flows(const std::vector<flow>& flows, std::vector<unsigned> places,
                                     const chip_config& chip, std::uint32_t seed, unsigned moves) {
  if (places.size() < 2 || chip.clusters() < 2) return places;
  std::vector<std::vector<unsigned>> of(places.size());  // flows of each cluster
  link_costs costs(chip);
  const auto at = [&](unsigned cluster) { return cluster == link_loads::hbm ? cluster : places[cluster]; };
  const auto add = [&](const flow& f, double sign) {
    costs.add(at(f.from), at(f.to), sign * static_cast<double>(f.bytes) / 1024, f.read);
  };
  for (unsigned i = 0; i < flows.size(); ++i) {
    if (flows[i].from != link_loads::hbm) of[flows[i].from].push_back(i);
    if (flows[i].to != link_loads::hbm) of[flows[i].to].push_back(i);
    add(flows[i], 1);
  }
  std::vector<unsigned> seated(chip.clusters(), nobody);
  for (unsigned c = 0; c < places.size(); ++c) seated[places[c]] = c;

  std::vector<std::size_t> make_of(chip.clusters(), 0);
  const auto makes = chip.all_makes();
  for (std::size_t m = 0; m < makes.size(); ++m)
    for (const unsigned cluster : makes[m].clusters) make_of[cluster] = m;

  std::mt19937 random(seed);
  std::vector<unsigned> touched;
  const auto exchange = [&](unsigned a, unsigned place) {
    const unsigned b = seated[place];
    touched = of[a];
    if (b != nobody) touched.insert(touched.end(), of[b].begin(), of[b].end());
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    for (const unsigned f : touched) add(flows[f], -1);
    seated[places[a]] = b;
    if (b != nobody) places[b] = places[a];
    places[a] = place;
    seated[place] = a;
    for (const unsigned f : touched) add(flows[f], 1);
  };
  std::vector<unsigned> best = places;
  double least = costs.cost();
  // So hot at first that a move may cost a thousandth of all, and in the end nothing.
  const double hot = 1e-3 * least;
  for (unsigned m = 0; m < moves; ++m) {
    const auto a = static_cast<unsigned>(random() % places.size());
    const unsigned from = places[a], to = static_cast<unsigned>(random() % chip.clusters());
    const double luck = static_cast<double>(random()) / 4294967296.0;
    if (from == to || make_of[from] != make_of[to]) continue;
    const double before = costs.cost();
    exchange(a, to);
    const double left = 1 - static_cast<double>(m) / moves, heat = hot * left * left * left;
    const double worse = costs.cost() - before;
    if (worse > 0 && (heat <= 0 || luck >= std::exp(-worse / heat))) {
      exchange(a, from);
    } else if (costs.cost() < least) {
      least = costs.cost();
      best = places;
    }
  }
  return best;
}

}  // namespace ohmic
