#include <cassert>
#include <utility>

#include "ip/axi/router_moves.h"

// What goes from targets back to initiators, and what it lets go: B. (R: router_reads.cpp)

namespace ohmic {

// Closes a burst's entries in the tables of ids and names when their cycles have come (struct closing).
void axi_router::close_later(const axi_transit& t, unsigned from, unsigned to, cycle_t now, cycle_t entered) {
  const unsigned shift = config_.response_stages_in() - config_.stages_in();  // to the requests' time
  const cycle_t cycle = now + shift, name_cycle = entered + shift;
  unsigned& ahead = names_[t.write][from].closed_ahead;
  const bool name_open = ahead == 0;
  if (!name_open) --ahead;
  closings& c = closings_[t.write];
  c.list.push_back({cycle, name_cycle, name_open, static_cast<std::uint8_t>(from), static_cast<std::uint8_t>(to),
                    name_of(t), static_cast<std::uint8_t>(id_at_input(t))});
  c.first = std::min(c.first, name_open ? name_cycle : cycle + 1);
  c.first_burst = std::min(c.first_burst, cycle + 1);
  if (blocked_inputs_[t.write] != 0) wake(t.write ? axi_lane::aw : axi_lane::ar, cycle + 1);
}

void axi_router::close_until(bool write, cycle_t now) {
  closings& all = closings_[write];
  all.first = all.first_burst = never;
  std::size_t kept = 0;
  for (closing& c : all.list) {
    if (c.name_open && c.name_cycle <= now) {
      names_[write][c.from].names.close(c.name);
      c.name_open = false;
    }
    if (c.cycle >= now) {
      all.first = std::min(all.first, c.name_open ? c.name_cycle : c.cycle + 1);
      all.first_burst = std::min(all.first_burst, c.cycle + 1);
      all.list[kept++] = c;
      continue;
    }
    open_[write][c.to].close(c.id);
    blocked_inputs_[write] &= ~port_bit(c.to);
  }
  all.list.resize(kept);
}

void axi_router::evaluate_write_response(cycle_t now) {
  constexpr axi_lane lane = axi_lane::b;
  std::uint64_t wanted = 0;  // ports that the requests came from
  for_each_port(waiting_[static_cast<unsigned>(lane)], [&](unsigned port) {
    input& i = in(lane, port);
    const beat_pipe::slot first = i.pipe->front();
    if (first.time > now) return wake(lane, first.time);
    if (i.route == unknown) i.route = static_cast<std::uint8_t>(origin(first.source));
    out(lane, i.route).requests |= port_bit(port);
    wanted |= port_bit(i.route);
  });
  for_each_port(wanted, [&](unsigned to) {
    output& o = out(lane, to);
    const std::uint64_t requests = std::exchange(o.requests, 0);
    const unsigned from = o.turn.pick(requests);
    if (!has_room(o, lane, now)) return refuse(lane, o, requests, now);
    o.turn.taken();
    const cycle_t entered = in(lane, from).pipe->entered_last(0);
    const beat_pipe::slot moved = take(lane, from, now);
    close_later(transits_[moved.value.burst()], from, to, now, entered);
    push(o, lane, moved.value, moved.source, now);
    lose(lane, requests & ~port_bit(from), now);
  });
}

}  // namespace ohmic
