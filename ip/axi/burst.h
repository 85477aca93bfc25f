#pragma once

#include <cstdint>
#include <memory>

#include "ip/core/types.h"

namespace ohmic {

/// AXI response codes, in AXI4's encoding. Unmapped addresses answer decerr, never silence.
enum class axi_resp : std::uint8_t { okay = 0, slverr = 2, decerr = 3 };

/// One AXI4 INCR burst with its data: the unit that clusters and the network exchange.
///
/// Life: the initiator fills a burst from its own pool and sends it as a request; the target performs it,
/// sets `resp` and (for a read) the data, and sends the same object back as the response; the initiator
/// recycles it. So a burst has exactly one owner at any time and no copies of its data are made on the way.
/// Legal: 1 <= bytes <= max burst (min(4 KiB, 256 beats)), and no crossing of a 4 KiB boundary.
struct axi_burst {
  std::uint64_t addr = 0;   ///< byte address in the chip's 64-bit map
  std::uint32_t bytes = 0;  ///< data bytes, from addr on; unaligned ends use byte strobes
  bool write = false;
  axi_resp resp = axi_resp::okay;
  std::uint16_t initiator = 0;   ///< network port that issued it (cluster index): responses return there
  std::uint16_t id = 0;          ///< AXI id within that port: one per source. Same-id bursts stay in order.
  bool pooled_small = false;     ///< which size class of its burst_pool it belongs to
  std::uint8_t core = 0;         ///< issuing core where one issued it (platform control prints it)
  std::uint32_t tag = 0;         ///< initiator's own: which transaction of the source this is
  std::uint32_t pc = 0;          ///< instruction behind a core's access, for messages
  std::uint8_t* data = nullptr;  ///< at least `bytes` bytes, owned by the initiator's pool
  void* carrier = nullptr;       ///< the TLM payload that carries it through the SystemC network, if any
  axi_burst* next = nullptr;     ///< link for the one queue that holds the burst at present
  cycle_t ready = 0;             ///< earliest cycle at which it may leave its initiator's master port

  /// Data beats on a bus of `width` bytes: the aligned chunks that [addr, addr + bytes) touches.
  unsigned beats(unsigned width) const { return static_cast<unsigned>((addr % width + bytes + width - 1) / width); }
};

/// A request or response crossing the boundary between a cluster and the network.
struct axi_message {
  cycle_t cycle = 0;  ///< when its first beat (AR, AW with W, R or B) is at the boundary
  axi_burst* burst = nullptr;
  bool response = false;
  cycle_t last = 0;  ///< when its last beat is there: cycle + beats - 1 unless a narrower link stretched it.
                     ///< The network sets it; a sender whose beats are contiguous may leave it 0.
};

}  // namespace ohmic
