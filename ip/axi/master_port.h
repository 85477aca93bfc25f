#pragma once

#include <cstdint>
#include <vector>

#include "ip/axi/fifo.h"
#include "ip/axi/id_set.h"
#include "ip/axi/transit.h"

namespace ohmic {

struct master_port_config {
  unsigned ids = 32;                ///< sources; a burst's `id` is its source's number (at most 128)
  unsigned outstanding_reads = 16;  ///< bursts whose response is not complete
  unsigned outstanding_writes = 16;
  cycle_t turnaround = 1;  ///< last response beat at the boundary to the next request that it lets go, >= 1
};

/// One direction (reads or writes) of a cluster's AXI master port: which burst asks to enter the network next.
///
/// Rules: one AR and one AW at a time, offered until the network takes it; the next one from the next cycle on. AWs run
/// ahead of their data. The outstanding limits hold per port and direction. Bursts of one source and direction go in
/// the order of queue(); among sources round robin. The order of one source's responses is the routers' work (id rule).
///
/// It stands on the network's side of a cluster's boundary: the cluster hands its bursts over when they are ready and
/// learns of responses only.
class axi_master_port {
 public:
  axi_master_port(unsigned ids, unsigned outstanding, transit_pool& transits)
      : transits_(&transits), sources_(ids), limit_(outstanding), winner_(ids - 1) {}

  /// `t.id` chooses the source, `t.ready` is set.
  void queue(axi_transit& t);

  /// The burst that is offered in `now`, or null. Once offered it stays until taken(). `first` tells whether this is
  /// its first cycle; t.ready is that cycle from then on.
  axi_transit* offer(cycle_t now, bool& first);
  void taken(cycle_t now) {
    offered_ = 0;
    not_before_ = now + 1;
  }

  /// A response is complete: one more may be in flight from `at` on. In the order of `at`.
  void release(cycle_t at) { releases_.push(at); }

  /// The earliest cycle after `now` in which offer() may find something, given what is known.
  cycle_t next(cycle_t now) const;

  /// Whether offer() may find something at all.
  bool wants() const { return offered_ != 0 || !waiting_.empty(); }
  bool idle() const { return in_flight_ == 0 && waiting_.empty(); }

 private:
  void settle(cycle_t now);

  transit_pool* transits_;
  std::vector<transit_queue> sources_;
  id_set waiting_;  // sources with a burst queued
  unsigned in_flight_ = 0, limit_, winner_;
  std::uint32_t offered_ = 0;
  cycle_t not_before_ = 0;
  fifo<cycle_t> releases_;
};

}  // namespace ohmic
