#include "sw/compiler/mapping/policy/stage_groups.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace ohmic {
namespace {

constexpr std::size_t most_of_group = 8;       // stages
constexpr std::size_t all_assignments = 4096;  // where there are no more they are all looked at
constexpr unsigned tried_assignments = 600;    // else so many changes of one stage's make
/// Kernels end before others begin: what a group's longest adds to an image's time, because others wait for it.
constexpr double weight_of_longest = 0.1;
constexpr double precision = 1.005;
constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

stage_grouper::stage_grouper(std::vector<std::size_t> stages, const std::vector<unsigned>& clusters,
                             const offers& offer)
    : clusters_(clusters), least_(infinity) {
  for (const std::size_t s : stages) {
    table_.emplace_back(clusters.size());
    for (std::size_t m = 0; m < clusters.size(); ++m)
      for (unsigned n = 1; n <= clusters[m]; ++n) {
        stage_offer here = offer(s, m, n);
        std::vector<stage_offer>& all = table_.back()[m];
        if (!all.empty() && all.back().cycles <= here.cycles) here = all.back();  // more are of no use
        all.push_back(std::move(here));
      }
  }
  assignment makes(stages.size(), 0);
  const double ways = std::pow(double(clusters.size()), double(stages.size()));
  if (ways <= all_assignments) {
    for (std::size_t left = static_cast<std::size_t>(ways); left > 0; --left) {
      look_at(makes);
      for (std::size_t i = 0; i < makes.size() && ++makes[i] == clusters.size(); ++i) makes[i] = 0;
    }
    return;
  }
  std::mt19937 random(1);
  for (std::size_t m = 0; m < clusters.size(); ++m) look_at(assignment(stages.size(), m));
  for (unsigned n = 0; n < tried_assignments && clusters.size() > 1; ++n) {
    makes = best_.empty() ? makes : best_;
    for (unsigned changes = 1 + random() % 2; changes > 0; --changes)
      makes[random() % makes.size()] = random() % clusters.size();
    look_at(makes);
  }
}

std::vector<std::size_t> stage_grouper::members(const assignment& makes, std::size_t make) const {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < makes.size(); ++i)
    if (makes[i] == make) all.push_back(i);
  return all;
}

double stage_grouper::cycles_of(const std::vector<std::size_t>& of, const group& g, std::size_t make) const {
  double cycles = 0, longest = 0;
  for (std::size_t i = g.begin; i < g.end; ++i) {
    const stage_offer& one = table_[of[i]][make][g.clusters - 1];
    cycles += one.cycles;
    longest = std::max(longest, one.of_tile);
  }
  return cycles + (g.end - g.begin > 1 ? weight_of_longest * longest : 0);
}

std::vector<stage_grouper::group> stage_grouper::groups_of(const std::vector<std::size_t>& of, std::size_t make,
                                                           double cycles) const {
  struct way {
    unsigned clusters = ~0u;
    group last;
  };
  const unsigned most = clusters_[make];
  std::vector<way> ways(of.size() + 1);  // for the first 0, 1, ... stages
  ways[0].clusters = 0;
  for (std::size_t end = 1; end <= of.size(); ++end)
    for (std::size_t begin = end > most_of_group ? end - most_of_group : 0; begin < end; ++begin) {
      if (ways[begin].clusters >= most) continue;
      group g{begin, end, 0};
      unsigned few = 0, enough = most - ways[begin].clusters;
      g.clusters = enough;
      if (cycles_of(of, g, make) > cycles) continue;
      while (enough - few > 1) {
        g.clusters = few + (enough - few) / 2;
        (cycles_of(of, g, make) <= cycles ? enough : few) = g.clusters;
      }
      g.clusters = enough;
      if (ways[begin].clusters + enough < ways[end].clusters) ways[end] = {ways[begin].clusters + enough, g};
    }
  if (ways.back().clusters > most) return {};
  std::vector<group> all;
  for (std::size_t end = of.size(); end > 0; end = all.back().begin) all.push_back(ways[end].last);
  std::reverse(all.begin(), all.end());
  return all;
}

bool stage_grouper::suffices(const assignment& makes, double cycles) const {
  for (std::size_t m = 0; m < clusters_.size(); ++m) {
    const std::vector<std::size_t> of = members(makes, m);
    if (!of.empty() && groups_of(of, m, cycles).empty()) return false;
  }
  return true;
}

void stage_grouper::look_at(const assignment& makes) {
  double high = least_ / precision;
  if (std::isinf(high)) {
    high = 0;
    for (std::size_t i = 0; i < makes.size(); ++i) {
      if (table_[i][makes[i]].empty()) return;
      high += table_[i][makes[i]].front().cycles;
    }
  }
  if (!suffices(makes, high)) return;
  for (double low = high / 1000; high > low * precision;) {
    const double next = std::sqrt(low * high);
    (suffices(makes, next) ? high : low) = next;
  }
  best_ = makes;
  least_ = high;
}

std::vector<stage_design> stage_grouper::designs(double cycles) const {
  std::vector<stage_design> all(table_.size());
  unsigned number = 0;
  for (std::size_t m = 0; m < clusters_.size(); ++m) {
    const std::vector<std::size_t> of = members(best_, m);
    for (const group& g : groups_of(of, m, cycles)) {
      if (g.end - g.begin > 1) ++number;
      for (std::size_t i = g.begin; i < g.end; ++i) {
        all[of[i]] = table_[of[i]][m][g.clusters - 1].design;
        all[of[i]].group = g.end - g.begin > 1 ? number : 0;
      }
    }
  }
  return all;
}

}  // namespace ohmic
