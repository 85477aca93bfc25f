#pragma once

#include <cstdint>

#include "ip/axi/address_map.h"
#include "ip/axi/burst.h"

namespace ohmic {

class router_model;

/// The channels of a link, in each direction.
enum class axi_lane : std::uint8_t { ar, aw, w, r, b };
inline constexpr unsigned axi_lanes = 5;

/// A burst on its way: what the routers need to know of it, in one cache line. The same object goes out as a
/// request and comes back as a response. A write has two, one for its data and one for its AW, which may run
/// ahead.
struct alignas(64) axi_transit {
  axi_burst* burst = nullptr;
  cycle_t head = 0;                ///< first beat at the boundary to which it was handed over last
  cycle_t last = 0;                ///< last beat there
  axi_transit* next = nullptr;     ///< link for the one queue that holds it
  router_model* at = nullptr;      ///< router it waits in or flies to
  axi_transit* partner = nullptr;  ///< the AW of a write's data, the data of an AW
  network_port target = 0;         ///< where it goes now (the source, once it is a response)
  std::uint16_t source = 0;        ///< cluster that asked
  std::uint16_t bytes = 0;         ///< data bytes on the W and R lanes
  std::uint16_t lead = 0;          ///< address modulo 4096: where in a beat the data start
  axi_lane lane = axi_lane::ar;
  std::uint8_t port = 0;      ///< input port of router `at`
  bool with_address = false;  ///< a write's AW and first W beat move together
  bool lost = false;          ///< a write whose data the fault injection drops at the target's edge

  void prefetch() const { __builtin_prefetch(this, 1); }
  unsigned beats(unsigned width_log2) const {
    if (lane != axi_lane::w && lane != axi_lane::r) return 1;
    const std::uint32_t mask = (1u << width_log2) - 1;
    return ((lead & mask) + bytes + mask) >> width_log2;
  }
};

static_assert(sizeof(axi_transit) == 64);

}  // namespace ohmic
