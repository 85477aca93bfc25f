#pragma once

#include <string>
#include <vector>

#include "tests/ip/axi/fabric_player.h"

namespace ohmic::test {

/// A network and a traffic list that no RTL was run on, drawn from a seed.
struct judge_case {
  unsigned seed = 0;
  std::vector<unsigned> children;  ///< per level from the clusters up
  rtl_parameters parameters;
  traffic_parameters traffic;

  unsigned clusters() const;
  /// The list that `traffic` and `seed` give.
  std::vector<rtl_burst> bursts() const;
  /// In one line, to be read.
  std::string text() const;
};

/// Any of: 1 to 4 levels, at most `clusters` clusters, every kind of traffic and load, registers of 1 to 8 beats,
/// latencies of 2 to 6, limits and tables of 1 to 64.
judge_case draw_judge_case(unsigned seed, unsigned clusters, unsigned bursts);

/// What the network makes of it against the simulator of the RTL's rules; errors relative, positive: the network says
/// more.
struct judgement {
  std::size_t bursts = 0, different = 0;  ///< all; those whose three cycles are not all the same
  double latency = 0, throughput = 0, unfair = 0;
  std::string first;  ///< the first one that differs, in the order of the list
};
judgement judge(const judge_case& c);
/// The same of a list.
judgement judge(const judge_case& c, const std::vector<rtl_burst>& list);

}  // namespace ohmic::test
