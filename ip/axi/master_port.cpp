#include "ip/axi/master_port.h"

#include <algorithm>
#include <cassert>

namespace ohmic {

axi_master_port::axi_master_port(const address_map& map, const master_port_config& config)
    : map_(map), config_(config) {
  assert(config.ids >= 1 && config.ids <= id_set::max_ids);
  reads_.sources.resize(config.ids);
  writes_.sources.resize(config.ids);
  reads_.limit = config.outstanding_reads;
  writes_.limit = config.outstanding_writes;
  reads_.winner = writes_.winner = config.ids - 1;
}

void axi_master_port::queue(axi_burst* burst, cycle_t ready) {
  assert(burst->id < config_.ids);
  direction& d = burst->write ? writes_ : reads_;
  source& s = d.sources[burst->id];
  burst->ready = ready;
  burst->next = nullptr;
  if (s.head) {
    s.tail->next = burst;
  } else {
    s.head = burst;
    s.head_target = map_.decode(burst->addr);
    d.waiting.insert(burst->id);
  }
  s.tail = burst;
}

axi_burst* axi_master_port::pick(direction& d, cycle_t cycle) {
  if (d.waiting.empty() || d.in_flight == d.limit || cycle < d.channel_free) return nullptr;
  axi_burst* picked = nullptr;
  d.waiting.visit_from((d.winner + 1) % id_set::max_ids, [&](unsigned id) {
    source& s = d.sources[id];
    if (s.head->ready > cycle || !s.free_to_go()) return false;
    picked = s.head;
    s.target = s.head_target;
    ++s.in_flight;
    ++d.in_flight;
    d.winner = id;
    d.channel_free = cycle + (picked->write ? picked->beats(config_.width) : 1);
    s.head = picked->next;
    if (s.head)
      s.head_target = map_.decode(s.head->addr);
    else
      d.waiting.erase(id);
    picked->next = nullptr;
    return true;
  });
  return picked;
}

void axi_master_port::on_response(const axi_burst& burst) {
  direction& d = burst.write ? writes_ : reads_;
  assert(d.in_flight > 0 && d.sources[burst.id].in_flight > 0);
  --d.in_flight;
  --d.sources[burst.id].in_flight;
}

cycle_t axi_master_port::next_event(const direction& d) const {
  if (d.waiting.empty() || d.in_flight == d.limit) return never;
  cycle_t earliest = never;
  d.waiting.visit_from(0, [&](unsigned id) {
    const source& s = d.sources[id];
    if (s.free_to_go()) earliest = std::min(earliest, std::max(s.head->ready, d.channel_free));
    return false;
  });
  return earliest;
}

cycle_t axi_master_port::next_event() const { return std::min(next_event(reads_), next_event(writes_)); }

}  // namespace ohmic
