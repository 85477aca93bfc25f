#pragma once

#include <cstdint>
#include <vector>

#include "ip/axi/address_map.h"
#include "ip/axi/burst.h"
#include "ip/axi/id_set.h"

namespace ohmic {

/// Bytes of the first AXI-legal burst of a transfer: up to the next 4 KiB boundary, at most `max_bytes`,
/// counted from the start of the first beat so that no burst has more than max_bytes / width beats.
/// Preconditions: bytes >= 1, width a power of two, max_bytes a multiple of width.
inline std::uint32_t first_piece(std::uint64_t addr, std::uint64_t bytes, std::uint32_t width,
                                 std::uint32_t max_bytes) {
  const auto to_boundary = static_cast<std::uint32_t>(4096 - addr % 4096);
  const auto to_limit = max_bytes - static_cast<std::uint32_t>(addr % width);
  const std::uint32_t room = to_boundary < to_limit ? to_boundary : to_limit;
  return bytes < room ? static_cast<std::uint32_t>(bytes) : room;
}

/// Calls each(addr, bytes) for every AXI-legal burst of [addr, addr + bytes), in address order.
template <class F>
void split(std::uint64_t addr, std::uint64_t bytes, std::uint32_t width, std::uint32_t max_bytes, F&& each) {
  while (bytes > 0) {
    const std::uint32_t piece = first_piece(addr, bytes, width, max_bytes);
    each(addr, piece);
    addr += piece;
    bytes -= piece;
  }
}

/// Largest burst that AXI4 allows on a bus of `width` bytes.
inline constexpr std::uint32_t max_burst_bytes(std::uint32_t width) { return 256 * width < 4096 ? 256 * width : 4096; }

struct master_port_config {
  unsigned ids = 32;                ///< sources; a burst's `id` is its source's number (at most 128)
  unsigned outstanding_reads = 16;  ///< bursts whose response is not complete
  unsigned outstanding_writes = 16;
  unsigned width = 64;  ///< bytes per beat of the port
};

/// A cluster's AXI master port: decides in which cycle which burst leaves the cluster.
///
/// Rules: at most one AR and one AW per cycle; an AW leaves with its first W beat, and the W channel then
/// carries the burst's beats, one per cycle, before the next AW. The outstanding limits hold per port and
/// direction. Bursts of one source and direction leave in the order of queue(); a source waits while its id
/// is in flight (in that direction) to another endpoint, so that its responses cannot overtake each other.
/// Among sources: round robin.
///
/// Calls: queue() at any time with ready >= the current cycle; issue(c) in every cycle c that next_event()
/// names (further calls do no harm); on_response() when the last beat of a response is there, after which a
/// waiting burst may leave in the same cycle. Cycles must not go backwards. No allocation after construction.
class axi_master_port {
 public:
  axi_master_port(const address_map& map, const master_port_config& config);

  /// `burst->id` chooses the source. It leaves at cycle `ready` at the earliest.
  void queue(axi_burst* burst, cycle_t ready);

  /// Sends what may leave in `cycle`: calls send(const axi_message&) at most twice (a read, then a write).
  template <class F>
  void issue(cycle_t cycle, F&& send) {
    for (direction* d : {&reads_, &writes_}) {
      if (axi_burst* burst = pick(*d, cycle)) {
        const cycle_t last = cycle + (burst->write ? burst->beats(config_.width) - 1 : 0);
        send(axi_message{cycle, burst, false, last});
      }
    }
  }

  /// The response of `burst` is complete.
  void on_response(const axi_burst& burst);

  /// Earliest cycle at which issue() could send something unless a response or a new burst comes first.
  cycle_t next_event() const;

  bool idle() const { return reads_.waiting.empty() && writes_.waiting.empty() && in_flight() == 0; }
  unsigned in_flight() const { return reads_.in_flight + writes_.in_flight; }
  unsigned in_flight(unsigned id) const { return reads_.sources[id].in_flight + writes_.sources[id].in_flight; }

 private:
  struct source {
    axi_burst* head = nullptr;
    axi_burst* tail = nullptr;
    network_port head_target = port_none;  // endpoint of the oldest waiting burst
    network_port target = port_none;       // endpoint of the bursts in flight
    unsigned in_flight = 0;
    bool free_to_go() const { return in_flight == 0 || target == head_target; }
  };
  struct direction {
    std::vector<source> sources;
    id_set waiting;  // sources with a burst queued
    unsigned in_flight = 0;
    unsigned limit = 0;
    unsigned winner = 0;       // source that was served last
    cycle_t channel_free = 0;  // AR, or AW with W
  };

  axi_burst* pick(direction& d, cycle_t cycle);
  cycle_t next_event(const direction& d) const;

  address_map map_;
  master_port_config config_;
  direction reads_, writes_;
};

}  // namespace ohmic
