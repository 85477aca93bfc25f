#pragma once

#include <cstdint>
#include <vector>

namespace ohmic::test {

/// One burst of a traffic list, and the cycles it took. Cycles count from 1.
struct rtl_burst {
  static constexpr unsigned memory = ~0u;

  unsigned master = 0;  ///< cluster
  bool write = false;
  unsigned dest = 0;  ///< cluster, or `memory`
  unsigned beats = 1;
  unsigned id = 0;
  std::uint64_t ready = 1;  ///< its master presents it in this cycle at the earliest
  std::uint64_t sent = 0;   ///< result: AR or AW first valid at the master's port
  std::uint64_t first = 0;  ///< result: first R beat, or B, at the master
  std::uint64_t last = 0;   ///< result: last R beat, or B, at the master
};

/// A tree of routers. Router 0 is the top, with memory behind it; a parent has a lower index than its children.
struct network_tree {
  std::vector<int> parent;        ///< per router; -1: the top
  std::vector<unsigned> cluster;  ///< per cluster: its router

  /// `children` of each router, per level from the clusters up: {4, 2} is 8 clusters under 2 routers and a top.
  static network_tree uniform(const std::vector<unsigned>& children);
};

/// `children` for network_tree::uniform: `levels` levels, `clusters` at most, at least 2; any such shape may come.
std::vector<unsigned> draw_tree(unsigned levels, unsigned clusters, unsigned seed);

/// What a random list is drawn from. The same parameters and seed give the same list.
struct traffic_parameters {
  enum class destination : std::uint8_t {
    uniform,   ///< any other cluster
    near,      ///< with `share` another cluster of the same router, else uniform
    ring,      ///< the next cluster
    hot_spot,  ///< with `share` cluster 0, else uniform
  };
  enum class ids : std::uint8_t {
    rotating,  ///< 0, 1, 2, ... and around: two bursts in flight hardly ever share one
    few,       ///< 0 to 3 at random
    one,       ///< 0
  };
  destination to = destination::uniform;
  ids id = ids::rotating;
  unsigned id_count = 64;                        ///< of `rotating`
  double share = 0.8;                            ///< of bursts, for the destination
  double memory = 0;                             ///< share of bursts that go to memory instead
  double writes = 0.5;                           ///< share of bursts
  double load = 0;                               ///< beats per cycle and cluster; 0: all are ready at once
  std::vector<unsigned> beats = {1, 4, 16, 64};  ///< one of them each
  unsigned bursts = 100;                         ///< per cluster
};

/// A list for `tree`; needs two clusters.
std::vector<rtl_burst> draw_traffic(const network_tree& tree, const traffic_parameters& parameters, unsigned seed);

/// What a played list comes to.
struct traffic_figures {
  double latency = 0;     ///< mean cycles from `sent` to `last`
  double throughput = 0;  ///< data beats per cycle, all masters, up to the last response
  std::uint64_t end = 0;  ///< cycle of the last response
};
traffic_figures figures_of(const std::vector<rtl_burst>& bursts);

}  // namespace ohmic::test
