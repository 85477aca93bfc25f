#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "chip/chip_config.h"
#include "sw/compiler/mapping/plan/plan.h"
#include "sw/compiler/mapping/policy/stage_design.h"

namespace ohmic {

/// Called after each evaluation: how many there were, of how many, and the cycles that a batch is expected to take with
/// the best so far.
using search_progress = std::function<void(unsigned done, unsigned total, double best)>;

/// Changes designs a little and keeps what the cost model expects to make a batch faster, or what is hardly slower
/// while the search is young. Counted in evaluations, so the same arguments give the same designs.
class mapping_search {
 public:
  mapping_search(const integer_graph& graph, const std::vector<stage>& stages, const chip_config& chip,
                 unsigned most_clusters, std::uint32_t seed);

  std::vector<stage_design> improve(std::vector<stage_design> from, unsigned evaluations,
                                    const search_progress& progress);

  /// What a batch costs, wherever clusters stand: its cycles, if no link but HBM's was ever busy, and a little for
  /// every byte; many times that if it does not fit.
  double rate(const std::vector<stage_design>& designs) const;
  /// Whether every cluster's L1 holds what its tiles need.
  bool fits(const std::vector<stage_design>& designs) const;

 private:
  deployment_plan plan_of(const std::vector<stage_design>& designs) const;
  /// Of the fullest cluster's L1, the part that its tiles need. The plan's rings are of that size then.
  double part_of_l1(deployment_plan& plan) const;
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  /// False: nothing has changed, or what has come of it is no mapping.
  bool change(std::vector<stage_design>& designs);
  bool change(std::size_t s, stage_design& design);
  bool retile(std::size_t s, stage_design& design);
  bool repack(std::size_t s, stage_design& design);
  /// A layer on cores gets more parts or fewer.
  bool resplit(std::size_t s, stage_design& design);
  bool sound(std::size_t s, const stage_design& design) const;
  /// On cores, with clusters of its own or of a group.
  bool may_join(std::size_t s, const stage_design& design) const;
  /// Two stages, or the groups that they are in, get the clusters of both; or a stage leaves its group with some of
  /// them; or a group gets one more, or one fewer; or a stage is spread over its group's in another way.
  bool regroup(std::vector<stage_design>& designs);
  bool join(std::vector<stage_design>& designs, std::size_t s);
  bool leave(std::vector<stage_design>& designs, std::size_t s);
  /// Spreads a stage over so many clusters, about as evenly as can be; false: it cannot be on so few.
  bool spread(std::size_t s, stage_design& design, unsigned clusters);
  bool spread_group(std::vector<stage_design>& designs, unsigned group, unsigned clusters);

  const integer_graph& graph_;
  const std::vector<stage>& stages_;
  const chip_config& chip_;
  const unsigned most_clusters_;
  const std::size_t makes_;  ///< of clusters
  bool crossbars_ = false;   ///< some layers are on them
  std::mt19937 random_;
};

}  // namespace ohmic
