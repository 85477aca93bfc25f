#pragma once

#include <cstdint>
#include <vector>

#include "ip/core/types.h"

namespace ohmic {

/// AXI response codes, in AXI4's encoding. Unmapped addresses answer decerr, never silence.
enum class axi_resp : std::uint8_t { okay = 0, slverr = 2, decerr = 3 };

/// When the data beats of a burst are at its receiver: beats before `begin` are there; beat `begin` comes in cycle
/// `at`, and those up to `end` in the cycles that follow it; of later ones nothing is known yet.
struct beat_times {
  cycle_t at = 0;
  std::uint16_t begin = 0, end = 0;

  /// `count` more beats, the first in `cycle`, one per cycle.
  void add(cycle_t cycle, unsigned count) {
    if (begin == end || cycle != at + (end - begin)) {
      at = cycle;
      begin = end;
    }
    end = static_cast<std::uint16_t>(end + count);
  }
  /// Cycle in which a beat is there; 0 for one that came in an earlier run; never if it is not known yet.
  cycle_t of(unsigned beat) const { return beat < begin ? 0 : beat < end ? at + (beat - begin) : never; }
};

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
  beat_times there;              ///< its data beats at the side that receives them, kept by that side
  axi_burst* next = nullptr;     ///< link for the one queue that holds the burst at present
  cycle_t ready = 0;             ///< earliest cycle at which it may leave its initiator's cluster

  /// Data beats on a bus of `width` bytes: the aligned chunks that [addr, addr + bytes) touches.
  unsigned beats(unsigned width) const { return static_cast<unsigned>((addr % width + bytes + width - 1) / width); }
};

/// What crosses the boundary between a cluster and the network. A request or response begins with its first beat;
/// further data beats of a burst (W to its target, R to its initiator) follow as they come.
struct axi_message {
  enum class kind : std::uint8_t {
    request,   ///< AR, or AW; or a burst that wants to enter the network, from `cycle` on
    response,  ///< R or B; what a target sends is ready from `cycle` on, all of it
    data       ///< data beats
  };
  cycle_t cycle = 0;  ///< when it is at the boundary; of data: its first beat
  axi_burst* burst = nullptr;
  kind what = kind::request;
  bool last = false;        ///< data: the burst's last beat is among them
  std::uint16_t beats = 0;  ///< data: so many, one per cycle
};

/// Where the blocks of a cluster put bursts that are to enter the network, in any order of `ready`.
class burst_outbox {
 public:
  /// `burst` may leave from cycle `ready` on. Bursts of one id and direction leave in the order of these calls.
  void queue(axi_burst* burst, cycle_t ready) {
    burst->ready = ready;
    burst->there = {};
    bursts_.push_back(burst);
  }
  bool empty() const { return bursts_.empty(); }
  /// Calls take(burst) for each, in the order of queue(), and forgets them.
  template <class F>
  void drain(F&& take) {
    for (axi_burst* burst : bursts_) take(burst);
    bursts_.clear();
  }

 private:
  std::vector<axi_burst*> bursts_;
};

}  // namespace ohmic
