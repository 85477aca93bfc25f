#pragma once

#include <cstdint>
#include <unordered_map>

#include "ip/axi/transit.h"

namespace ohmic {

/// Disturbances for tests of software and platform; all off by default.
struct network_options {
  std::uint32_t random_delay = 0;  ///< extra cycles, 0..random_delay at random, for every request and response
  std::uint64_t random_seed = 1;
  std::uint64_t drop_write = 0;  ///< the n-th write that enters (1: the first) is answered OKAY but never performed
};

/// Applies network_options where bursts enter the network (requests from initiators, responses from targets).
///
/// A delayed burst enters its first router later; behind that everything is the normal network, so channels
/// stay exclusive and a response still means what it meant. Bursts of one initiator, id and lane keep their
/// order. The delay depends only on the seed, the initiator, the id, the lane, and how many bursts they have carried.
class edge_faults {
 public:
  explicit edge_faults(const network_options& options) : options_(options) {}
  bool active() const { return options_.random_delay != 0 || options_.drop_write != 0; }

  /// Called once per request and once per response, in the order in which they are handed over; moves `ready`, marks
  /// lost writes.
  void apply(axi_transit& transit, bool request);
  /// Writes that have entered while disturbances were active.
  std::uint64_t writes() const { return writes_; }

 private:
  network_options options_;
  std::uint64_t writes_ = 0;
  std::unordered_map<std::uint64_t, std::uint64_t> sent_;  // by stream
  std::unordered_map<std::uint64_t, cycle_t> last_entry_;  // by stream
};

}  // namespace ohmic
