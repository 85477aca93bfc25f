#include "ip/axi/master_port.h"

#include <algorithm>
#include <cassert>

namespace ohmic {

axi_master_port::axi_master_port(const address_map& map, const master_port_config& config)
    : map_(map), config_(config) {
  assert(config.ids >= 1 && config.ids <= 64);
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
    d.waiting |= std::uint64_t{1} << burst->id;
  }
  s.tail = burst;
}

axi_burst* axi_master_port::pick(direction& d, cycle_t cycle) {
  if (d.waiting == 0 || d.in_flight == d.limit || cycle < d.channel_free) return nullptr;
  // Sources after the last winner first, then from 0 on.
  const std::uint64_t after = d.winner == 63 ? 0 : d.waiting & (~std::uint64_t{0} << (d.winner + 1));
  for (std::uint64_t mask : {after, d.waiting & ~after}) {
    for (; mask; mask &= mask - 1) {
      const unsigned id = static_cast<unsigned>(__builtin_ctzll(mask));
      source& s = d.sources[id];
      axi_burst* const burst = s.head;
      if (burst->ready > cycle || !s.free_to_go()) continue;
      s.target = s.head_target;
      ++s.in_flight;
      ++d.in_flight;
      d.winner = id;
      d.channel_free = cycle + (burst->write ? burst->beats(config_.width) : 1);
      s.head = burst->next;
      if (s.head) {
        s.head_target = map_.decode(s.head->addr);
      } else {
        d.waiting &= ~(std::uint64_t{1} << id);
      }
      burst->next = nullptr;
      return burst;
    }
  }
  return nullptr;
}

void axi_master_port::on_response(const axi_burst& burst) {
  direction& d = burst.write ? writes_ : reads_;
  assert(d.in_flight > 0 && d.sources[burst.id].in_flight > 0);
  --d.in_flight;
  --d.sources[burst.id].in_flight;
}

cycle_t axi_master_port::next_event(const direction& d) const {
  if (d.waiting == 0 || d.in_flight == d.limit) return never;
  cycle_t earliest = never;
  for (std::uint64_t mask = d.waiting; mask; mask &= mask - 1) {
    const source& s = d.sources[static_cast<unsigned>(__builtin_ctzll(mask))];
    if (s.free_to_go()) earliest = std::min(earliest, std::max(s.head->ready, d.channel_free));
  }
  return earliest;
}

cycle_t axi_master_port::next_event() const { return std::min(next_event(reads_), next_event(writes_)); }

}  // namespace ohmic
