#include <algorithm>
#include <cassert>
#include <utility>

#include "ip/axi/router_moves.h"

// What goes from targets back to initiators: R.

namespace ohmic {

// Beats of R are chosen one by one, but nothing else of the router depends on them within a few cycles: they are worked
// off up to `end`. All beats that are going to be there by then are on their channels already. Who asks for what is
// kept from one call to the next.
void axi_router::evaluate_read_data(cycle_t now, cycle_t end) {
  if (!one_width_ || depth_ == 1) return convert_read_data(now, end);
  const std::uint64_t waiting = waiting_[static_cast<unsigned>(axi_lane::r)];
  const std::uint64_t fresh = waiting & ~reads_.known;
  for_each_port(fresh, [&](unsigned port) { look_at_read(in(axi_lane::r, port), 0); });
  reads_.coming |= fresh;
  if (waiting == 0) return;
  const cycle_t next =
      (waiting & (waiting - 1)) == 0 ? stream_reads(lowest_port(waiting), now, end) : choose_reads(now, end);
  reads_.known = waiting_[static_cast<unsigned>(axi_lane::r)];
  if (next != never) wake(axi_lane::r, next);
}

// The beat that is first at an input, and is so from `earliest` on. Returns from when on it asks for its output.
inline cycle_t axi_router::look_at_read(input& i, cycle_t earliest) {
  const beat_pipe::slot first = i.pipe->front();
  i.there = std::max(earliest, first.time);
  i.route = static_cast<std::uint8_t>(origin(first.source));
  return i.there;
}

// When an output takes its next beat; never: not known yet.
inline cycle_t axi_router::read_room(output& o) {
  if (o.free_at == never) o.free_at = o.pipe->room_at();
  return o.free_at;
}

// Moves the first beat of an input, for which there is room.
__attribute__((always_inline)) inline void axi_router::move_read(unsigned from, input& i, unsigned to, output& o,
                                                                 cycle_t now) {
  constexpr axi_lane lane = axi_lane::r;
  i.blocked_full += now - i.there - i.lost;
  i.lost_arbitration += std::exchange(i.lost, 0);
  beat_pipe& pipe = *i.pipe;
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
    o.free_at = pipe.pass(*o.pipe, now);
    if (o.pipe->size() == 1) o.next->expect(lane, o.next_port, now + o.pipe->forward());
  } else {
    pipe.pop(now);
    o.free_at = now + 1;
    around_.arrived(o.endpoint, lane, value, now + config_.latency);
  }
  if (std::exchange(pipe.producer_waits, false)) wheel_.wake(pipe.producer, now + pipe.back());
  if (pipe.empty()) waiting_[static_cast<unsigned>(lane)] ^= port_bit(from);
}

// Where one input alone has beats, each goes as soon as it is there and there is room. Returns when something is to be
// done next.
cycle_t axi_router::stream_reads(unsigned from, cycle_t now, cycle_t end) {
  constexpr axi_lane lane = axi_lane::r;
  input& i = in(lane, from);
  output* o = &out(lane, i.route);
  reads_.coming = reads_.wanted = o->requests = 0;
  for (;;) {
    now = std::max({now, i.there, read_room(*o)});
    if (now >= end) break;
    o->turn.sole(from);
    move_read(from, i, i.route, *o, now);
    if (i.pipe->empty()) return never;
    look_at_read(i, now + 1);
    o = &out(lane, i.route);
  }
  if (i.there >= end) {
    reads_.coming = port_bit(from);
    return i.there;
  }
  reads_.wanted = port_bit(i.route);
  o->requests = port_bit(from);
  o->turn.freeze(o->requests);
  if (o->free_at == never) o->pipe->producer_waits = true;
  return o->free_at;
}

// Per cycle, first beats that are there ask for their outputs, and each output that has room takes one of those that
// ask. Returns when something is to be done next.
cycle_t axi_router::choose_reads(cycle_t now, cycle_t end) {
  constexpr axi_lane lane = axi_lane::r;
  input* const ins = &in(lane, 0);
  output* const outs = &out(lane, 0);
  std::uint64_t coming = reads_.coming, wanted = reads_.wanted;
  cycle_t next;
  for (;; now = next) {
    next = never;
    for (std::uint64_t left = coming; left != 0; left &= left - 1) {
      const unsigned port = lowest_port(left);
      const input& i = ins[port];
      const bool asks = i.there <= now;  // no branch: it is as good as random
      next = std::min(next, asks ? never : i.there);
      coming ^= std::uint64_t{asks} << port;
      outs[i.route].requests |= std::uint64_t{asks} << port;
      wanted |= std::uint64_t{asks} << i.route;
    }
    for (std::uint64_t left = wanted; left != 0; left &= left - 1) {
      const unsigned to = lowest_port(left);
      output& o = outs[to];
      const std::uint64_t requests = o.requests;
      if (o.free_at > now && read_room(o) > now) {
        o.turn.freeze(requests);
        if (o.free_at == never)
          o.pipe->producer_waits = true;
        else
          next = std::min(next, o.free_at);
        continue;
      }
      unsigned from = lowest_port(requests);
      if ((requests & (requests - 1)) == 0) {
        o.turn.sole(from);
        o.requests = 0;
        wanted ^= port_bit(to);
      } else {
        from = o.turn.pick(requests);
        o.turn.taken();
        o.requests = requests ^ port_bit(from);
        for_each_port(o.requests, [&](unsigned port) { ++ins[port].lost; });
        next = now + 1;
      }
      input& i = ins[from];
      move_read(from, i, to, o, now);
      if (i.pipe->empty()) continue;
      coming |= port_bit(from);
      next = std::min(next, look_at_read(i, now + 1));
    }
    if (next >= end) break;
  }
  reads_.coming = coming;
  reads_.wanted = wanted;
  return next;
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
    const beat_pipe::slot first = h.pipe->front();
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
      if (convert_read(from, to, o, now)) {
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
inline bool axi_router::convert_read(unsigned from, unsigned to, output& o, cycle_t now) {
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

}  // namespace ohmic
