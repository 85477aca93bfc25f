#pragma once

#include <cstdint>

namespace ohmic {

/// What a channel has carried since reset, and why the beats at its far end had to wait.
struct channel_counters {
  std::uint64_t bursts = 0;
  std::uint64_t beats = 0;  ///< cycles in which a beat moved onto the channel
  std::uint64_t bytes = 0;  ///< of data lanes
  /// Cycles in which the first beat at the channel's end was there and could not go on, by reason.
  std::uint64_t lost_arbitration = 0;  ///< another input was served
  std::uint64_t blocked_order = 0;     ///< its id has bursts elsewhere, or W data of another AW come first
  std::uint64_t blocked_full = 0;      ///< the stage behind has no room, or no id is free there
  std::uint64_t held_cycles = 0;       ///< sum over its beats of the cycles that they were on it
  unsigned most = 0;                   ///< beats on it at once, in the order in which they were worked off
};

}  // namespace ohmic
