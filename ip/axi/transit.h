#pragma once

#include <cstdint>

#include "ip/axi/address_map.h"
#include "ip/axi/burst.h"

namespace ohmic {

class router_model;

/// The channels of a link that arbitrate on their own, in each direction. A write's AW travels with its first
/// W beat (W beats keep AW order, so AW alone could not get further), hence one lane for both.
enum class axi_lane : std::uint8_t { ar, w, r, b };
inline constexpr unsigned axi_lanes = 4;

/// A burst on its way: what the routers need to know of it, in one cache line. The same object goes out as a
/// request and comes back as a response.
struct axi_transit {
  axi_burst* burst = nullptr;
  cycle_t head = 0;             ///< first beat at the boundary to which it was handed over last
  cycle_t last = 0;             ///< last beat there
  axi_transit* next = nullptr;  ///< link for the one queue that holds it
  router_model* at = nullptr;   ///< router it waits in or flies to
  network_port target = 0;      ///< where it goes now (the source, once it is a response)
  network_port source = 0;      ///< who asked
  std::uint32_t bytes = 0;      ///< data bytes on the W and R lanes
  std::uint16_t lead = 0;       ///< address modulo 4096: where in a beat the data start
  axi_lane lane = axi_lane::ar;
  std::uint8_t port = 0;  ///< input port of router `at`
  bool lost = false;      ///< a write whose data the fault injection drops at the target's edge

  unsigned beats(unsigned width_log2) const {
    if (lane == axi_lane::ar || lane == axi_lane::b) return 1;
    const std::uint32_t mask = (1u << width_log2) - 1;
    return ((lead & mask) + bytes + mask) >> width_log2;
  }
};

}  // namespace ohmic
