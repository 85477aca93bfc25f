#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "sw/compiler/mapping/policy/balance.h"
#include "sw/compiler/mapping/policy/mapping_policy.h"

namespace ohmic {
namespace {

constexpr unsigned group_passes = 2;  // in which stages take each other's designs into account
constexpr unsigned slower_groups = 6;
constexpr double slower_step = 1.03;

}  // namespace

stage_offer pipeline_balancer::offer(std::size_t s, const std::vector<stage_design>& others, std::size_t make,
                                     unsigned clusters) const {
  stage_offer best;
  best.cycles = std::numeric_limits<double>::infinity();
  if (sharers_.count(s) != 0) {
    const auto share = sharers_.at(s)[make].fastest_on(
        clusters, [&](const digital_share& here) { return digital_master(s, others, here, costs_[make]); });
    if (!share) return best;
    best.cycles = share->cycles;
    best.of_tile = share->cycles / std::ceil(double(output(s).width) / share->tile / share->columns);
    best.design.tile_columns = share->tile;
    best.design.replicas = share->columns;
    best.design.digital_parts = share->parts;
    best.design.core_make = make;
    take_buffers(s, best.design);
    return best;
  }
  const auto width = static_cast<unsigned>(output(s).width);
  double least = 0;
  for (unsigned tile = 1; tile <= width; ++tile) {
    if (width % tile != 0) continue;
    stage_design design;
    design.tile_columns = tile;
    design.core_make = make;
    design.replicas = node(s).kind() == node_kind::average_pool ? 1 : std::min(clusters, most_replicas(s, design));
    take_buffers(s, design);
    double of_tile = 0;
    const double cycles = core_cycles(s, others, design, &of_tile), value = images_of_batch * cycles + of_tile;
    if (tile > 1 && value >= least) continue;
    least = value;
    best = {design, cycles, of_tile};
  }
  return best;
}

std::vector<unsigned> pipeline_balancer::clusters_for_cores(const std::vector<stage_design>& designs) const {
  cluster_demand taken = supply_.nothing();
  for (std::size_t s = 0; s < stages_.size(); ++s) {
    if (node(s).on_crossbar()) {
      add_demand(designs[s], parts(s, designs[s]), taken);
    } else {
      taken.relays += designs[s].residual_relays;
      if (stages_[s].input == graph_.nodes[0].output) taken.relays += 1;  // perhaps
    }
  }
  std::vector<unsigned> left;
  for (std::size_t m = 0; m < supply_.makes(); ++m) {
    const unsigned there = supply_.left(m, taken.crossbars);
    left.push_back(there - std::min(there, taken.cores[m]));
  }
  unsigned& most = *std::max_element(left.begin(), left.end());
  most -= std::min(most, taken.relays);
  // Where fewer clusters may be taken than there are, the same part of each make.
  const unsigned all = std::accumulate(left.begin(), left.end(), 0u),
                 allowed = rules_.most_clusters - std::min(rules_.most_clusters, taken.all());
  for (unsigned& clusters : left)
    if (all > allowed) clusters = clusters * allowed / all;
  return left;
}

std::vector<std::vector<stage_design>> pipeline_balancer::grouped(const std::vector<stage_design>& from) const {
  if (sharers_.empty() || rules_.layer_seats == core_seats::shared || rules_.seats == core_seats::shared) return {};
  std::vector<std::size_t> on_cores;
  for (std::size_t s = 0; s < stages_.size(); ++s)
    if (!node(s).on_crossbar()) on_cores.push_back(s);
  std::vector<std::vector<stage_design>> all;
  std::vector<stage_design> others = from;
  for (unsigned pass = 0; pass < group_passes; ++pass) {
    const stage_grouper grouper(on_cores, clusters_for_cores(from),
                                [&](std::size_t s, std::size_t make, unsigned n) { return offer(s, others, make, n); });
    double cycles = grouper.least_cycles();
    if (cycles == std::numeric_limits<double>::infinity()) return all;
    for (unsigned slower = 0; slower < slower_groups; ++slower, cycles *= slower_step) {
      const std::vector<stage_design> found = grouper.designs(cycles);
      all.push_back(from);
      for (std::size_t i = 0; i < on_cores.size(); ++i) {
        stage_design design = found[i];
        design.residual = from[on_cores[i]].residual;
        design.residual_relays = from[on_cores[i]].residual_relays;
        all.back()[on_cores[i]] = std::move(design);
      }
    }
    others = all[all.size() - slower_groups];
  }
  return all;
}

}  // namespace ohmic
