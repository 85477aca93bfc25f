#include <cassert>
#include <utility>

#include "ip/axi/router_moves.h"

// What goes from targets back to initiators: R, B, and what it lets go.

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

// Beats of R are chosen one by one, but nothing else of the router depends on them within a few cycles: they are worked
// off up to `end`. All beats that are going to be there by then are on their channels already.
//
// Per cycle, first beats that are there ask for their outputs, and each output that has room takes one of those that
// ask. Who asks for what is kept from one call to the next.
void axi_router::evaluate_read_data(cycle_t now, cycle_t end) {
  constexpr axi_lane lane = axi_lane::r;
  if (!one_width_ || depth_ == 1) return convert_read_data(now, end);
  input* const ins = &in(lane, 0);
  output* const outs = &out(lane, 0);
  read_requests& reads = reads_;
  std::uint64_t& held_up = held_up_[static_cast<unsigned>(lane)];
  std::uint64_t& waiting = waiting_[static_cast<unsigned>(lane)];
  const auto look_at = [&](unsigned port, cycle_t earliest) {
    input& i = ins[port];
    const beat_pipe::slot& first = i.pipe->front();
    i.there = std::max(earliest, first.time);
    if (i.cluster == first.source) return i.there;
    i.cluster = first.source;
    i.route = static_cast<std::uint8_t>(origin(first.source));
    return i.there;
  };
  const auto hold = [&](std::uint64_t ports) {
    for_each_port(ports & ~held_up, [&](unsigned port) {
      ins[port].waits = reason::full;
      ins[port].waits_since = now;
    });
    held_up |= ports;
  };
  for_each_port(waiting & ~reads.known, [&](unsigned port) { look_at(port, 0); });
  std::uint64_t coming = reads.coming | (waiting & ~reads.known), wanted = reads.wanted;
  for (;;) {
    cycle_t next = never;
    for (std::uint64_t left = coming; left != 0; left &= left - 1) {
      const unsigned port = lowest_port(left);
      const input& i = ins[port];
      if (i.there > now) {
        next = std::min(next, i.there);
        continue;
      }
      coming ^= port_bit(port);
      outs[i.route].requests |= port_bit(port);
      wanted |= port_bit(i.route);
    }
    for (std::uint64_t left = wanted; left != 0; left &= left - 1) {
      const unsigned to = lowest_port(left);
      output& o = outs[to];
      const std::uint64_t requests = o.requests;
      if (o.free_at > now) {
        if (o.free_at == never) o.free_at = o.pipe->room_at();
        if (o.free_at > now) {
          o.turn.freeze(requests);
          hold(requests);
          if (o.free_at == never)
            o.pipe->producer_waits = true;
          else
            next = std::min(next, o.free_at);
          continue;
        }
      }
      unsigned from = lowest_port(requests);
      if (const std::uint64_t others = requests & (requests - 1); others == 0) {
        o.turn.sole(from);
        o.requests = 0;
        wanted ^= port_bit(to);
      } else {
        from = o.turn.pick(requests);
        o.turn.taken();
        o.requests = requests ^ port_bit(from);
        for_each_port(o.requests, [&](unsigned port) { ++ins[port].lost_arbitration; });
        next = now + 1;
      }
      for_each_port(requests & held_up, [&](unsigned port) { account(lane, port, now); });
      beat_pipe& pipe = *ins[from].pipe;
      const beat value = pipe.front().value;
      if (value.last()) {
        const axi_transit& t = transits_[value.burst()];
        carried& count = carried_[at(lane, to)];
        ++count.bursts;
        count.bytes += t.bytes;
        close_later(t, from, to, now, pipe.entered_last(0));
      }
      ++o.beats;
      if (o.pipe) {
        pipe.pass(*o.pipe, now);
        o.free_at = o.pipe->room_at();
        if (o.pipe->size() == 1) o.next->expect(lane, o.next_port, now + o.pipe->forward());
      } else {
        pipe.pop(now);
        o.free_at = now + 1;
        around_.arrived(o.endpoint, lane, value, now + config_.latency);
      }
      if (std::exchange(pipe.producer_waits, false)) wheel_.wake(pipe.producer, now + pipe.back());
      if (pipe.empty()) {
        waiting ^= port_bit(from);
      } else {
        coming |= port_bit(from);
        next = std::min(next, look_at(from, now + 1));
      }
    }
    if (next >= end) {
      if (next != never) wake(lane, next);
      break;
    }
    now = next;
  }
  reads.coming = coming;
  reads.wanted = wanted;
  reads.known = waiting;
}

// The same where links have different widths, or registers a depth of 1.
void axi_router::convert_read_data(cycle_t now, cycle_t end) {
  constexpr axi_lane lane = axi_lane::r;
  std::uint64_t coming = waiting_[static_cast<unsigned>(lane)];  // inputs whose first beat does not ask yet
  if (coming == 0) return;                                       // woken by room for beats that have gone meanwhile
  struct head {
    beat_pipe* pipe;
    cycle_t there;  // its first beat
    std::uint32_t burst;
    std::uint32_t lost;  // cycles
    std::uint8_t to;
  };
  head heads[64];           // [port], of those with beats
  std::uint64_t asked[64];  // [output], of those that somebody asks for: by which inputs
  input* const ins = &in(lane, 0);
  output* const outs = &out(lane, 0);
  const auto look_at = [&](head& h, cycle_t earliest) {
    const beat_pipe::slot& first = h.pipe->front();
    h.there = std::max(earliest, first.time);
    if (first.value.burst() == h.burst) return;
    h.burst = first.value.burst();
    h.to = static_cast<std::uint8_t>(origin(first.source));
  };
  const std::uint64_t inputs = coming;
  for_each_port(coming, [&](unsigned port) {
    head& h = heads[port];
    h.pipe = ins[port].pipe;
    h.burst = ~0u;
    h.lost = 0;
    look_at(h, 0);
  });
  std::uint64_t wanted = 0, closed = 0;  // outputs that somebody asks for: which may take, which not before `end`
  cycle_t later = never;
  for (;;) {
    cycle_t next = never;
    for (std::uint64_t left = coming; left != 0; left &= left - 1) {
      const unsigned port = lowest_port(left);
      head& h = heads[port];
      if (h.there > now) {
        next = std::min(next, h.there);
        continue;
      }
      if (!one_width_ && absorbs(ins[port], outs[h.to], h.pipe->front().value)) {  // the width converter keeps it
        remove(lane, port, now);
        if (h.pipe->empty()) {
          coming &= ~port_bit(port);
        } else {
          look_at(h, now + 1);
          next = std::min(next, h.there);
        }
        continue;
      }
      coming &= ~port_bit(port);
      const std::uint64_t to = port_bit(h.to);
      if (((wanted | closed) & to) == 0) {
        asked[h.to] = port_bit(port);
        wanted |= to;
        continue;
      }
      asked[h.to] |= port_bit(port);
      if ((closed & to) != 0) wait(lane, port, reason::full, now);
    }
    for (std::uint64_t left = wanted; left != 0; left &= left - 1) {
      const unsigned to = lowest_port(left);
      output& o = outs[to];
      const std::uint64_t requests = asked[to];
      const cycle_t room = o.pipe ? o.pipe->room_at() : o.free_at;
      if (room > now) {
        o.turn.pick(requests);
        refuse(lane, o, requests, now);
        if (room < end) {
          next = std::min(next, room);
          continue;
        }
        wanted &= ~port_bit(to);
        closed |= port_bit(to);
        if (room == never)
          o.pipe->producer_waits = true;
        else
          later = std::min(later, room);
        continue;
      }
      unsigned from = lowest_port(requests);
      if ((requests & (requests - 1)) == 0) {
        o.turn.sole(from);
      } else {
        from = o.turn.pick(requests);
        o.turn.taken();
      }
      head& h = heads[from];
      const std::uint64_t losers = requests & ~port_bit(from);
      if (move_read(from, to, o, now)) {
        if (!h.pipe->empty()) {
          coming |= port_bit(from);
          look_at(h, now + 1);
          next = std::min(next, h.there);
        }
        if (losers == 0) {
          wanted &= ~port_bit(to);
          continue;
        }
        asked[to] = losers;
      }
      next = now + 1;
      for_each_port(losers, [&](unsigned port) {
        if ((held_up_[static_cast<unsigned>(lane)] & port_bit(port)) != 0) account(lane, port, now);
        ++heads[port].lost;
      });
    }
    if (next >= end) {
      next = std::min(next, later);
      if (next != never) wake(lane, next);
      break;
    }
    now = next;
  }
  for_each_port(inputs, [&](unsigned port) { ins[port].lost_arbitration += heads[port].lost; });
}

// Moves the first beat of an input, for which there is room. True if it has gone (and not only a part of it).
inline bool axi_router::move_read(unsigned from, unsigned to, output& o, cycle_t now) {
  constexpr axi_lane lane = axi_lane::r;
  input& i = in(lane, from);
  const beat first = i.pipe->front().value;
  if (first.last() || !one_width_ || !o.pipe || depth_ == 1) {
    const cycle_t entered = first.last() ? i.pipe->entered_last(0) : 0;
    bool last = first.last();
    if (i.width_log2 == o.width_log2)
      pass(lane, from, o, now);
    else
      last = move_data(lane, from, o, now);
    if (last) close_later(transits_[first.burst()], from, to, now, entered);
    return i.split == 0;
  }
  i.pipe->pass(*o.pipe, now);
  removed(lane, from, i, now);
  ++o.beats;
  if (o.pipe->size() == 1) o.next->expect(lane, o.next_port, now + o.pipe->forward());
  return true;
}

void axi_router::evaluate_write_response(cycle_t now) {
  constexpr axi_lane lane = axi_lane::b;
  std::uint64_t wanted = 0;  // ports that the requests came from
  for_each_port(waiting_[static_cast<unsigned>(lane)], [&](unsigned port) {
    input& i = in(lane, port);
    const beat_pipe::slot& first = i.pipe->front();
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
