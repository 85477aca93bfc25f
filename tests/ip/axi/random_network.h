#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ip/axi/topology.h"

namespace ohmic::test {

/// A random network, random traffic on it, and slaves that push back at random: all from one seed.
struct network_trial {
  std::uint64_t seed = 0;
  network_config config;
  unsigned bursts = 0;       ///< in all
  unsigned sources = 1;      ///< ids used per master
  unsigned hot_share = 0;    ///< of 8 bursts, to one endpoint
  unsigned load = 1;         ///< mean cycles between a master's bursts; 0: all at once
  unsigned late_accept = 0;  ///< a request waits up to so many cycles at its target
  unsigned late_answer = 1;  ///< a response takes up to so many
  bool with_data = false;    ///< HBM takes a write with its first data beat

  std::string text() const;
};

/// Trees of 1 to 4 levels and up to `clusters` clusters, registers of 1 to 8 beats, limits of 1 to 64, links of 4 to 64
/// bytes.
network_trial draw_trial(std::uint64_t seed, unsigned clusters, unsigned bursts);

/// How the cycles are divided among calls of axi_fabric::run().
enum class division : std::uint8_t {
  one_by_one,
  random,     ///< up to axi_fabric::batch()
  announced,  ///< likewise, and acceptance is told as soon as it is known, not in its cycle
};

/// What became of the trial: of each burst, when it was offered at its target, when each of its data beats and its
/// response came; as one number that all of it goes into. Throws std::logic_error with what was wrong: a burst that is
/// answered twice or never, out of its id's order, with a data beat too many or too few or too early, dead-lock.
/// `counted`: likewise what all channels have counted, save what is not exact to the cycle: the most beats at once, and
/// how long beats waited for room and for their order.
std::uint64_t play(const network_trial& trial, division by, std::uint64_t* counted = nullptr);

}  // namespace ohmic::test
