#pragma once

#include <cstdint>
#include <vector>

#include "chip/chip_config.h"
#include "sw/compiler/mapping/cost/flows.h"

namespace ohmic {

/// Seats clusters so that no link of the network has much to carry: simulated annealing from `places` on (by logical
/// cluster), which exchanges the seats of two clusters of one make or takes a free one `moves` times. What counts is
/// the sum of the cubes of all links' times, so that the busiest count most. Pure: the same arguments give the same
/// seats.
std::vector<unsigned> place_by_flows(const std::vector<flow>& flows, std::vector<unsigned> places,
                                     const chip_config& chip, std::uint32_t seed, unsigned moves);

}  // namespace ohmic
