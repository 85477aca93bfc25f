#include "ip/axi/edge_faults.h"

namespace ohmic {
namespace {

// SplitMix64's output function: a well-mixed 64-bit value per counter value.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E37'79B9'7F4A'7C15u;
  x = (x ^ (x >> 30)) * 0xBF58'476D'1CE4'E5B9u;
  x = (x ^ (x >> 27)) * 0x94D0'49BB'1331'11EBu;
  return x ^ (x >> 31);
}

}  // namespace

void edge_faults::apply(axi_transit& transit) {
  const bool request = transit.lane == axi_lane::ar || transit.lane == axi_lane::w;
  if (request && transit.burst->write && ++writes_ == options_.drop_write) transit.lost = true;
  if (options_.random_delay == 0) return;

  // A stream is what keeps its order whoever is simulated first: one initiator, id and lane.
  const std::uint64_t stream =
      (std::uint64_t{transit.source} << 32) | (static_cast<std::uint64_t>(transit.lane) << 16) | transit.burst->id;
  const std::uint64_t draw = mix(mix(options_.random_seed ^ mix(stream)) + sent_[stream]++);
  cycle_t extra = draw % (std::uint64_t{options_.random_delay} + 1);
  cycle_t& previous = last_entry_[stream];
  if (transit.head + extra <= previous) extra = previous + 1 - transit.head;
  transit.head += extra;
  transit.last += extra;
  previous = transit.head;
}

}  // namespace ohmic
