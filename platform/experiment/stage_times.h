#pragma once

#include <array>
#include <map>

#include "platform/experiment/figures.h"

namespace ohmic {

/// Splits the time of each cluster among the stages that it serves: MVMs by their number (each takes the same time),
/// kernels as the program says whose they are (cluster_control.IN_KERNEL), and what is left of the master's time, of
/// transfers and of waiting by what each stage is predicted to take of the master.
class stage_times {
 public:
  struct part {
    std::array<std::uint64_t, time_class_count> cycles{};
    double service = 0;  ///< without waiting: the longer of its crossbar's and its cores' time
  };

  /// Call once the figures have the clusters' activity and details.
  stage_times(const deployment& source, const run_figures& figures);
  /// Of stage number `stage` in the cluster of one of its shares. All parts of a cluster sum to its cycles.
  part of(std::size_t stage, const stage_share& share) const;
  /// Of what its cluster did for any stage: of its MVMs, and of its cores' time without waiting. Those of a cluster sum
  /// to 1, or are 0 if there was none.
  struct fractions {
    double mvms = 0, work = 0;
  };
  fractions of_cluster(std::size_t stage, const stage_share& share) const;

 private:
  struct all_of_cluster {
    std::uint64_t mvms = 0, kernels = 0;
    double master = 0;
    std::size_t last = 0;  ///< its last stage takes what rounding leaves
  };
  std::uint64_t kernels(std::size_t stage, unsigned cluster) const;
  part split(std::size_t stage, const stage_share& share) const;
  double work(std::size_t stage, const stage_share& share) const;

  const deployment& source_;
  const run_figures& figures_;
  std::map<unsigned, all_of_cluster> clusters_;
};

}  // namespace ohmic
