#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>

#include "ip/axi/burst.h"

namespace ohmic {

/// A master port between a DMA and a bench's memories: what leaves in which cycle. At most one AR and one AW per cycle;
/// an AW leaves with its first W beat, and the next one when those are out; 16 bursts in flight per direction. Bursts
/// of one id keep their order, and wait while others of that id are in flight to another target.
class paced_port {
 public:
  paced_port(unsigned width, std::function<int(std::uint64_t)> target_of)
      : width_(width), target_of_(std::move(target_of)) {}

  void collect(burst_outbox& outbox) {
    outbox.drain([&](axi_burst* b) { (b->write ? writes_ : reads_).waiting.push_back(b); });
  }
  /// Calls send(burst) for what leaves in `now`.
  template <class F>
  void issue(cycle_t now, F&& send) {
    for (direction* d : {&reads_, &writes_}) {
      if (now < d->free || d->in_flight == 16) continue;
      std::map<unsigned, bool> passed;  // ids of which an earlier burst waits
      for (auto b = d->waiting.begin(); b != d->waiting.end(); ++b) {
        axi_burst& burst = **b;
        const open& o = d->ids[burst.id];
        const bool free = (*b)->ready <= now && (o.count == 0 || o.target == target_of_(burst.addr));
        if (!free || passed[burst.id]) {
          passed[burst.id] = true;
          continue;
        }
        d->ids[burst.id] = {d->ids[burst.id].count + 1, target_of_(burst.addr)};
        ++d->in_flight;
        d->free = now + (burst.write ? burst.beats(width_) : 1);
        d->waiting.erase(b);
        send(burst);
        break;
      }
    }
  }
  void on_response(const axi_burst& b) {
    direction& d = b.write ? writes_ : reads_;
    --d.in_flight;
    --d.ids[b.id].count;
  }
  bool idle() const {
    return reads_.waiting.empty() && writes_.waiting.empty() && reads_.in_flight == 0 && writes_.in_flight == 0;
  }

 private:
  struct open {
    unsigned count = 0;
    int target = 0;
  };
  struct direction {
    std::deque<axi_burst*> waiting;
    std::map<unsigned, open> ids;
    unsigned in_flight = 0;
    cycle_t free = 0;
  };
  unsigned width_;
  std::function<int(std::uint64_t)> target_of_;
  direction reads_, writes_;
};

}  // namespace ohmic
