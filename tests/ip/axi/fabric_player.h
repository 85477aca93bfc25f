#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ip/axi/fabric.h"
#include "tests/ip/axi/rtl_simulator.h"

namespace ohmic::test {

/// Why axi_fabric cannot be configured as `parameters` say; empty if it can.
std::string not_expressible(const rtl_parameters& parameters);

/// axi_fabric between the masters and slaves of the reference's test bench (rtl_simulator.h).
class fabric_player {
 public:
  /// `children` as for network_tree::uniform. Throws std::invalid_argument for what is not expressible.
  fabric_player(const std::vector<unsigned>& children, const rtl_parameters& parameters);

  /// As rtl_simulator::run(). Throws std::runtime_error if a burst is never answered.
  std::uint64_t run(std::vector<rtl_burst>& bursts);

  /// Of the network that run() has played on.
  std::uint64_t beats_carried() const { return beats_; }
  struct channel {
    std::string link;
    axi_lane lane;
    channel_counters count;
  };
  const std::vector<channel>& channels() const { return channels_; }

 private:
  network_config config_;
  rtl_slave cluster_, memory_;
  std::uint64_t beats_ = 0;
  std::vector<channel> channels_;
};

/// Bursts of each master that are complete when the first master has none left.
std::vector<unsigned> done_at_first_end(const std::vector<rtl_burst>& bursts);

/// How far two such lists differ: the largest difference over the bursts of the master that has done most.
double unfairness(const std::vector<unsigned>& mine, const std::vector<unsigned>& reference);

}  // namespace ohmic::test
