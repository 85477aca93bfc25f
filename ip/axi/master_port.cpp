#include "ip/axi/master_port.h"

#include <algorithm>
#include <cassert>

namespace ohmic {

void axi_master_port::queue(axi_transit& t) {
  assert(t.id < sources_.size());
  transit_queue& source = sources_[t.id];
  if (source.empty()) waiting_.insert(t.id);
  source.push(t, *transits_);
}

void axi_master_port::settle(cycle_t now) {
  while (!releases_.empty() && releases_.front() <= now) {
    releases_.pop();
    assert(in_flight_ > 0);
    --in_flight_;
  }
}

axi_transit* axi_master_port::offer(cycle_t now, bool& first) {
  first = offered_ == 0;
  if (!first) return &(*transits_)[offered_];
  settle(now);
  if (waiting_.empty() || in_flight_ == limit_ || now < not_before_) return nullptr;
  waiting_.visit_from((winner_ + 1) % id_set::max_ids, [&](unsigned id) {
    transit_queue& source = sources_[id];
    axi_transit& t = (*transits_)[source.front()];
    if (t.ready > now) return false;
    offered_ = t.index;
    t.ready = now;
    ++in_flight_;
    winner_ = id;
    source.pop(*transits_);
    if (source.empty()) waiting_.erase(id);
    return true;
  });
  return offered_ != 0 ? &(*transits_)[offered_] : nullptr;
}

cycle_t axi_master_port::next(cycle_t now) const {
  if (offered_ != 0 || waiting_.empty()) return never;
  cycle_t earliest = never;
  waiting_.visit_from(0, [&](unsigned id) {
    earliest = std::min(earliest, (*transits_)[sources_[id].front()].ready);
    return false;
  });
  earliest = std::max({earliest, not_before_, now + 1});
  if (in_flight_ == limit_) {
    if (releases_.empty()) return never;
    earliest = std::max(earliest, releases_.front());
  }
  return earliest;
}

}  // namespace ohmic
