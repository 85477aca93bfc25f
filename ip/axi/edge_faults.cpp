#include "ip/axi/edge_faults.h"

#include <algorithm>

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

void edge_faults::apply(axi_transit& transit, bool request) {
  if (request && transit.write && ++writes_ == options_.drop_write) transit.lost = true;
  if (options_.random_delay == 0) return;

  // A stream is what keeps its order whoever is simulated first: one initiator, id, direction and kind.
  const unsigned kind = (transit.write ? 1u : 0u) + (request ? 0u : 2u);
  const std::uint64_t stream = (std::uint64_t{transit.source} << 32) | (std::uint64_t{kind} << 16) | transit.id;
  const std::uint64_t draw = mix(mix(options_.random_seed ^ mix(stream)) + sent_[stream]++);
  cycle_t& previous = last_entry_[stream];
  transit.ready = std::max(transit.ready + draw % (std::uint64_t{options_.random_delay} + 1), previous + 1);
  previous = transit.ready;
}

}  // namespace ohmic
