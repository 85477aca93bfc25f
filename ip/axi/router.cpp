#include "ip/axi/router.h"

#include <cassert>
#include <stdexcept>

namespace ohmic {
namespace {

constexpr std::uint64_t bit(unsigned port) { return std::uint64_t{1} << port; }
unsigned lowest(std::uint64_t ports) { return static_cast<unsigned>(__builtin_ctzll(ports)); }

template <class F>
void for_each(std::uint64_t ports, F&& f) {
  for (; ports != 0; ports &= ports - 1) f(lowest(ports));
}

}  // namespace

axi_router::axi_router(const router_config& config, const flow_limits& limits, cycle_wheel& wheel,
                       transit_pool& transits, router_surroundings& around, unsigned first_node)
    : config_(config),
      span_(config.children * config.clusters_per_child),
      child_shift_((config.clusters_per_child & (config.clusters_per_child - 1)) == 0
                       ? static_cast<unsigned>(__builtin_ctz(config.clusters_per_child))
                       : 32),
      first_node_(first_node),
      open_writes_(limits.open_per_id),
      wheel_(wheel),
      transits_(transits),
      around_(around),
      ports_(config.ports()),
      inputs_(std::size_t{ports_} * axi_lanes),
      outputs_(inputs_.size()),
      waited_(inputs_.size()),
      sent_(inputs_.size()),
      write_inputs_(config.ports()),
      write_outputs_(config.ports()),
      read_requests_(config.ports()),
      depth_(limits.stage_depth),
      requests_(config.ports()) {
  const unsigned ports = config.ports();
  if (ports > 64) throw std::invalid_argument("an AXI router has at most 64 ports");
  unsigned most_ids = limits.names;
  if (config.children_are_clusters) most_ids = std::max(most_ids, config.cluster_ids);
  for (unsigned port = 0; port < ports; ++port) {
    for (const axi_lane lane : all_lanes) {
      const auto width = static_cast<std::uint8_t>(__builtin_ctz(config.width(port)));
      in(lane, port).width_log2 = out(lane, port).width_log2 = width;
    }
    write_outputs_[port].order.resize(limits.open_writes);
    const bool from_cluster = config.children_are_clusters && port < config.children;
    for (const unsigned write : {0u, 1u}) {
      open_[write].emplace_back(from_cluster ? config.cluster_ids : limits.names, limits.open_per_id);
      names_[write].push_back({remap_table(ports, most_ids, limits.names, limits.open_per_id),
                               {},
                               0,
                               std::vector<cycle_t>(limits.stage_depth),
                               0});
    }
  }
}

void axi_router::attach_in(unsigned port, axi_lane lane, beat_pipe* pipe) {
  pipe->consumer = node(lane);
  in(lane, port).pipe = pipe;
}

void axi_router::attach_out(unsigned port, axi_lane lane, beat_pipe* pipe, axi_router* next, unsigned next_port) {
  output& o = out(lane, port);
  pipe->producer = node(lane);
  o.pipe = pipe;
  o.next = next;
  o.next_port = static_cast<std::uint8_t>(next_port);
}

void axi_router::attach_out(unsigned port, axi_lane lane, beat_pipe* pipe, network_port endpoint) {
  output& o = out(lane, port);
  if (pipe) pipe->producer = node(lane);
  o.pipe = pipe;
  o.endpoint = endpoint;
}

void axi_router::evaluate(axi_lane lane, cycle_t now, cycle_t end) {
  switch (lane) {
    case axi_lane::ar:
      return evaluate_address<axi_lane::ar>(now);
    case axi_lane::aw:
      return evaluate_address<axi_lane::aw>(now);
    case axi_lane::w:
      return evaluate_write_data(now);
    case axi_lane::r:
      return evaluate_read_data(now, end);
    case axi_lane::b:
      return evaluate_write_response(now);
  }
}

// The waits of an input's first beat.

void axi_router::account(input& i, cycle_t now) {
  channel_counters& count = waited_[static_cast<std::size_t>(&i - inputs_.data())];
  const std::uint64_t cycles = now - i.waits_since;
  switch (i.waits) {
    case reason::arbitration:
      count.lost_arbitration += cycles;
      break;
    case reason::order:
      count.blocked_order += cycles;
      break;
    case reason::full:
      count.blocked_full += cycles;
      break;
    case reason::none:
      break;
  }
}

void axi_router::wait(input& i, reason why, cycle_t now) {
  if (i.waits == why) return;
  account(i, now);
  i.waits = why;
  i.waits_since = now;
}

// Beats in and out.

bool axi_router::has_room(output& o, axi_lane lane, cycle_t now) {
  const cycle_t at = o.pipe ? o.pipe->room_at() : o.free_at;
  if (at <= now) return true;
  if (at == never)
    o.pipe->producer_waits = true;
  else
    wake(lane, at);
  return false;
}

// The same where requests wait for names: what is in the first register counts.
bool axi_router::has_room(output& o, const name_table& table, axi_lane lane, cycle_t now) {
  if (table.held.empty()) return has_room(o, lane, now);
  if (table.held.size() >= depth_) return false;
  const unsigned ago = depth_ - static_cast<unsigned>(table.held.size());
  const cycle_t behind = o.pipe->room_behind_first(ago);
  return behind <= now && table.passed_at(ago) + 1 < now;
}

__attribute__((always_inline)) inline beat_pipe::slot axi_router::remove(axi_lane lane, unsigned port, cycle_t now) {
  input& i = in(lane, port);
  beat_pipe& pipe = *i.pipe;
  const beat_pipe::slot taken = pipe.pop(now);
  i.route = unknown;
  if (i.waits != reason::none) {
    account(i, now);
    i.waits = reason::none;
  }
  if (pipe.producer_waits) {
    pipe.producer_waits = false;
    wheel_.wake(pipe.producer, now + pipe.back());
  }
  if (pipe.empty()) waiting_[static_cast<unsigned>(lane)] &= ~bit(port);
  return taken;
}

// The same, and looks at what is first then in its time.
beat_pipe::slot axi_router::take(axi_lane lane, unsigned port, cycle_t now) {
  const beat_pipe::slot taken = remove(lane, port, now);
  const beat_pipe& pipe = *in(lane, port).pipe;
  if (!pipe.empty()) wake(lane, std::max(now + 1, pipe.front().time));
  return taken;
}

__attribute__((always_inline)) inline void axi_router::push(output& o, axi_lane lane, beat value, unsigned source,
                                                            cycle_t now) {
  channel_counters& count = sent_[static_cast<std::size_t>(&o - outputs_.data())];
  ++count.beats;
  if (value.last()) {
    ++count.bursts;
    if (carries_data(lane)) count.bytes += transits_[value.burst()].bytes;
  }
  if (!o.pipe) o.free_at = now + (depth_ == 1 ? 2 : 1);
  const cycle_t at = o.pipe ? o.pipe->push(value, source, now) : now + config_.latency;
  if (o.next)
    o.next->expect(lane, o.next_port, at);
  else
    around_.arrived(o.endpoint, lane, value, at);
}

// The same width on both sides, and room: moves the first beat in `at`. The caller sees to what comes next.
inline void axi_router::pass(axi_lane lane, unsigned port, output& o, cycle_t at) {
  const beat_pipe::slot moved = remove(lane, port, at);
  push(o, lane, moved.value, moved.source, at);
}

// A narrower link's beat that does not complete a beat of the output's link is kept by the width converter.
bool axi_router::absorbs(const input& i, const output& o, beat first) const {
  if (i.width_log2 >= o.width_log2 || first.last()) return false;
  const unsigned parts = 1u << (o.width_log2 - i.width_log2);
  return first.chunk() % parts != parts - 1;
}

// Moves one beat of a data lane; the output has room. True if the burst's last beat has left the input. The caller sees
// to what comes next.
bool axi_router::move_data(axi_lane lane, unsigned port, output& o, cycle_t now) {
  input& i = in(lane, port);
  if (i.width_log2 == o.width_log2) {
    const beat_pipe::slot moved = remove(lane, port, now);
    push(o, lane, moved.value, moved.source, now);
    return moved.value.last();
  }
  if (i.width_log2 < o.width_log2) {
    const beat_pipe::slot moved = remove(lane, port, now);
    const beat b = moved.value;
    push(o, lane, beat(b.burst(), b.chunk() >> (o.width_log2 - i.width_log2), b.last()), moved.source, now);
    return b.last();
  }
  // One wide beat becomes several narrow ones: those that the burst's bytes touch.
  const beat wide = i.pipe->front().value;
  const unsigned source = i.pipe->front().source;
  const axi_transit& t = transits_[wide.burst()];
  const unsigned shift = i.width_log2 - o.width_log2;
  const unsigned begin = std::max(wide.chunk() << shift, t.first_chunk(o.width_log2));
  const unsigned last = std::min((wide.chunk() << shift) + (1u << shift) - 1, t.last_chunk(o.width_log2));
  const unsigned chunk = begin + i.split;
  const bool done = chunk == last;
  if (done) {
    i.split = 0;
    remove(lane, port, now);
  } else {
    ++i.split;
  }
  push(o, lane, beat(wide.burst(), chunk, done && wide.last()), source, now);
  return done && wide.last();
}

// Requests.

unsigned axi_router::id_at_input(const axi_transit& t) const {
  if (t.source - config_.first_cluster < span_) return config_.level == 0 ? t.id : t.id_up[config_.level - 1];
  const bool parent_is_common = t.source - config_.parent_first < config_.parent_clusters;
  return parent_is_common ? t.id_up[config_.level + 1] : t.id_down[config_.level + 1];
}

template <axi_lane lane>
void axi_router::evaluate_address(cycle_t now) {
  constexpr bool write = lane == axi_lane::aw;
  if (to_close_) close_until(now);
  std::uint64_t wanted = 0;  // outputs
  for_each(waiting_[static_cast<unsigned>(lane)], [&](unsigned port) {
    input& i = in(lane, port);
    const beat_pipe::slot& first = i.pipe->front();
    if (first.time > now) return wake(lane, first.time);
    const axi_transit& t = transits_[first.value.burst()];
    if (i.route == unknown) i.route = static_cast<std::uint8_t>(route(t.target));
    const unsigned to = i.route;
    open_ids& ids = open_[write][port];
    bool free = true;
    if constexpr (write) {
      write_input& w = write_inputs_[port];
      if (!w.passed) {
        free = w.open < open_writes_ && (w.open == 0 || w.output == to) && ids.may_go(id_at_input(t), to);
        if (free) {
          w.passed = true;
          ++w.open;
          w.output = to;
          ids.open(id_at_input(t), to);
        }
      }
    } else {
      free = ids.may_go(id_at_input(t), to);
    }
    if (!free) {
      blocked_inputs_[write] |= bit(port);
      return wait(i, reason::order, now);
    }
    requests_[to] |= bit(port);
    wanted |= bit(to);
  });

  for_each(wanted | holding_[write], [&](unsigned to) {
    const std::uint64_t requests = std::exchange(requests_[to], 0);
    output& o = out(lane, to);
    name_table& table = names_[write][to];
    const bool room = has_room(o, table, lane, now), holding = !table.held.empty();
    if (holding) pass_held(lane, to, now);
    if (requests == 0) return;
    const unsigned from = o.turn.pick(requests);
    if constexpr (write) {
      write_output& w = write_outputs_[to];
      if (!w.entered && !w.full()) {
        w.entered = true;
        w.push(from);
        wake(axi_lane::w, now);  // evaluated after this lane: its data may go in the same cycle
      }
      if (!w.entered) return refuse(lane, o, requests, now);
    }
    axi_transit& t = transits_[in(lane, from).pipe->front().value.burst()];
    if (!room) return refuse(lane, o, requests, now);
    o.turn.taken();
    if constexpr (write)
      write_inputs_[from].passed = write_outputs_[to].entered = false;
    else
      open_[write][from].open(id_at_input(t), to);
    const beat_pipe::slot moved = take(lane, from, now);
    if (!holding && find_name(to, write, from, t, now) != remap_table::none) {
      push(o, lane, moved.value, moved.source, now);
      table.pass(now);
    } else {
      table.held.push_back({moved.value, moved.source, static_cast<std::uint8_t>(from), false, now});
      holding_[write] |= bit(to);
      wake(lane, now + 1);
    }
    lose(lane, requests & ~bit(from), now);
  });
}

// Gives `t`, which came by `input`, a name at an output if there is one for it. A name is free again when the burst's
// last response beat has passed the table, which stands before the last register in front of the arbiter.
unsigned axi_router::find_name(unsigned port, bool write, unsigned input, axi_transit& t, cycle_t now) {
  name_table& table = names_[write][port];
  const unsigned id = id_at_input(t);
  unsigned name = table.names.name(input, id);
  if (name == remap_table::none) {
    const beat_pipe& responses = *in(write ? axi_lane::b : axi_lane::r, port).pipe;
    const unsigned shift = config_.response_stages_in() - config_.stages_in();
    unsigned ahead = table.closed_ahead;
    for (unsigned k = 0; k < std::min(depth_, responses.size()); ++k) {
      if (!responses.at(k).value.last()) continue;
      if (ahead != 0) {
        --ahead;
        continue;
      }
      if (responses.entered_last(k) + shift >= now) break;
      table.names.close(name_of(transits_[responses.at(k).value.burst()]));
      ++table.closed_ahead;
    }
    name = table.names.name(input, id);
  }
  if (name == remap_table::none) return name;
  table.names.open(input, id, name);
  name_of(t) = static_cast<std::uint8_t>(name);
  return name;
}

// Requests in the first register behind an arbiter: the first one looks for a name, and goes on when there is room.
void axi_router::pass_held(axi_lane lane, unsigned port, cycle_t now) {
  const bool write = lane == axi_lane::aw;
  name_table& table = names_[write][port];
  output& o = out(lane, port);
  name_table::entry& e = table.held.front();
  if (!e.named) {
    e.named = find_name(port, write, e.input, transits_[e.value.burst()], now) != remap_table::none;
  }
  if (e.named && (o.pipe->one_stage() || o.pipe->room_behind_first(0) <= now)) {
    o.pipe->held(now - e.since);
    sent_[static_cast<std::size_t>(&o - outputs_.data())].blocked_full += now - e.since;
    push(o, lane, e.value, e.source, now);
    table.pass(now);
    table.held.erase(table.held.begin());
    if (table.held.empty()) holding_[write] &= ~bit(port);
  }
  wake(lane, now + 1);
}

// The output takes nobody in this cycle: the choice is kept.
void axi_router::refuse(axi_lane lane, output& o, std::uint64_t requests, cycle_t now) {
  o.turn.not_taken();
  for_each(requests, [&](unsigned port) { wait(in(lane, port), reason::full, now); });
}

void axi_router::lose(axi_lane lane, std::uint64_t losers, cycle_t now) {
  if (losers == 0) return;
  for_each(losers, [&](unsigned port) { wait(in(lane, port), reason::arbitration, now); });
  wake(lane, now + 1);
}

void axi_router::evaluate_write_data(cycle_t now) {
  constexpr axi_lane lane = axi_lane::w;
  std::uint64_t moved = 0;  // outputs
  for_each(waiting_[static_cast<unsigned>(lane)], [&](unsigned port) {
    input& i = in(lane, port);
    const beat_pipe::slot& first = i.pipe->front();
    if (first.time > now) return wake(lane, first.time);
    write_input& from = write_inputs_[port];
    // Data whose AW has not been chosen yet are looked at again when it is.
    if (from.open == 0) return wait(i, reason::order, now);
    write_output& to = write_outputs_[from.output];
    if ((moved & bit(from.output)) != 0 || to.size == 0 || to.front() != port) return wait(i, reason::order, now);
    output& o = out(lane, from.output);
    if (i.width_log2 == o.width_log2 && !first.value.last()) return stream_write_data(port, o, now);
    if (absorbs(i, o, first.value)) {
      take(lane, port, now);
      return;
    }
    if (!has_room(o, lane, now)) return wait(i, reason::full, now);
    moved |= bit(from.output);
    const bool last = move_data(lane, port, o, now);
    if (!i.pipe->empty()) wake(lane, std::max(now + 1, i.pipe->front().time));
    if (!last) return;
    --from.open;
    to.pop();
    wake(axi_lane::aw, now + 1);
    if (to.size != 0) wake(lane, now + 1);
  });
}

// Nobody can come between the beats of a burst whose turn it is: all that are known move now, each in its own cycle,
// save the last one, which lets others go.
void axi_router::stream_write_data(unsigned port, output& o, cycle_t now) {
  constexpr axi_lane lane = axi_lane::w;
  input& i = in(lane, port);
  for (cycle_t from = now;;) {
    const beat_pipe::slot& first = i.pipe->front();
    const cycle_t there = std::max(from, first.time), room = o.pipe->room_at();
    if (room == never) {
      o.pipe->producer_waits = true;
      return wait(i, reason::full, there);
    }
    const cycle_t at = std::max(there, room);
    if (first.value.last()) return wake(lane, at);
    waited_[this->at(lane, port)].blocked_full += at - there;
    pass(lane, port, o, at);
    if (i.pipe->empty()) return;
    from = at + 1;
  }
}

// Responses.

void axi_router::close_later(const axi_transit& t, unsigned from, unsigned to, cycle_t now, cycle_t entered) {
  const unsigned shift = config_.response_stages_in() - config_.stages_in();  // to the requests' time
  const cycle_t cycle = now + shift;
  const unsigned write = t.write ? 1 : 0;
  unsigned& ahead = names_[write][from].closed_ahead;
  const bool name_open = ahead == 0;
  if (!name_open) --ahead;
  closings_.push_back({cycle, entered + shift, t.write, name_open, static_cast<std::uint8_t>(from),
                       static_cast<std::uint8_t>(to), name_of(t), static_cast<std::uint8_t>(id_at_input(t))});
  to_close_ = true;
  if (blocked_inputs_[write] != 0) wake(t.write ? axi_lane::aw : axi_lane::ar, cycle + 1);
}

void axi_router::close_until(cycle_t now) {
  std::size_t kept = 0;
  for (closing& c : closings_) {
    if (c.name_open && c.name_cycle < now) {
      names_[c.write][c.from].names.close(c.name);
      c.name_open = false;
    }
    if (c.cycle >= now) {
      closings_[kept++] = c;
      wake(c.write ? axi_lane::aw : axi_lane::ar, c.cycle + 1);
      continue;
    }
    open_[c.write][c.to].close(c.id);
    blocked_inputs_[c.write] &= ~bit(c.to);
  }
  closings_.resize(kept);
  to_close_ = kept != 0;
}

// Beats of R are chosen one by one, but nothing else of the router depends on them within a cycle.
void axi_router::evaluate_read_data(cycle_t now, cycle_t end) {
  constexpr axi_lane lane = axi_lane::r;
  const std::uint64_t& waiting = waiting_[static_cast<unsigned>(lane)];
  if (now < reads_done_) return;  // woken before it was known that others would go on for it
  reads_done_ = end;
  for (;;) {
    if (now >= end) return wake(lane, now);
    cycle_t next = never;
    for (std::uint64_t fresh = waiting & ~reads_seen_; fresh != 0; fresh &= fresh - 1) {
      const unsigned port = lowest(fresh);
      input& i = in(lane, port);
      const beat_pipe::slot& first = i.pipe->front();
      if (first.time > now) {
        next = std::min(next, first.time);
        continue;
      }
      const unsigned to = origin(first.source);
      const output& o = out(lane, to);
      if (i.width_log2 < config_.widest_log2 && absorbs(i, o, first.value)) {
        remove(lane, port, now);
        if (!i.pipe->empty()) next = std::min(next, std::max(now + 1, i.pipe->front().time));
        continue;
      }
      if (o.turn.frozen()) wait(i, reason::full, now);
      reads_seen_ |= bit(port);
      reads_wanted_ |= bit(to);
      read_requests_[to] |= bit(port);
    }
    for (std::uint64_t wanted = reads_wanted_; wanted != 0; wanted &= wanted - 1) {
      const unsigned to = lowest(wanted);
      std::uint64_t& requests = read_requests_[to];
      output& o = out(lane, to);
      const cycle_t room = o.pipe ? o.pipe->room_at() : o.free_at;
      if (room > now) {
        if (!o.turn.frozen()) {
          o.turn.pick(requests);
          o.turn.not_taken();
          for_each(requests, [&](unsigned port) { wait(in(lane, port), reason::full, now); });
        }
        if (room == never)
          o.pipe->producer_waits = true;
        else
          next = std::min(next, room);
        continue;
      }
      const unsigned from = o.turn.pick(requests);
      o.turn.taken();
      input& i = in(lane, from);
      const beat first = i.pipe->front().value;
      const cycle_t entered = first.last() ? i.pipe->entered_last(0) : 0;
      if (i.width_log2 == o.width_log2) {
        pass(lane, from, o, now);
        if (first.last()) close_later(transits_[first.burst()], from, to, now, entered);
      } else if (move_data(lane, from, o, now)) {
        close_later(transits_[first.burst()], from, to, now, entered);
      }
      if (i.split == 0) {
        reads_seen_ &= ~bit(from);
        requests &= ~bit(from);
        if (!i.pipe->empty()) next = std::min(next, std::max(now + 1, i.pipe->front().time));
      }
      if (requests == 0) {
        reads_wanted_ &= ~bit(to);
        continue;
      }
      next = now + 1;
      for_each(requests & ~bit(from), [&](unsigned port) { wait(in(lane, port), reason::arbitration, now); });
    }
    if (next == never) return;  // until a beat or room comes
    now = next;
    if (reads_wanted_ == 0 && (waiting & (waiting - 1)) == 0) now = stream_read_data(lowest(waiting), now, end);
    if (now == never) return;
  }
}

// Only one input has beats, so nobody can come between them before `end`. Returns the cycle from which on the general
// case has to go on, or never.
cycle_t axi_router::stream_read_data(unsigned port, cycle_t now, cycle_t end) {
  constexpr axi_lane lane = axi_lane::r;
  const input& i = in(lane, port);
  for (;;) {
    const beat_pipe::slot& first = i.pipe->front();
    now = std::max(now, first.time);
    if (now >= end) return now;
    const unsigned to = origin(first.source);
    output& o = out(lane, to);
    if (i.width_log2 != o.width_log2 || (o.pipe ? o.pipe->room_at() : o.free_at) > now) return now;
    o.turn.pick(bit(port));
    o.turn.taken();
    const beat moved = first.value;
    const cycle_t entered = moved.last() ? i.pipe->entered_last(0) : 0;
    pass(lane, port, o, now);
    if (moved.last()) close_later(transits_[moved.burst()], port, to, now, entered);
    if (i.pipe->empty()) return never;
    ++now;
  }
}

void axi_router::evaluate_write_response(cycle_t now) {
  constexpr axi_lane lane = axi_lane::b;
  std::uint64_t wanted = 0;  // ports that the requests came from
  for_each(waiting_[static_cast<unsigned>(lane)], [&](unsigned port) {
    input& i = in(lane, port);
    const beat_pipe::slot& first = i.pipe->front();
    if (first.time > now) return wake(lane, first.time);
    if (i.route == unknown) i.route = static_cast<std::uint8_t>(origin(first.source));
    requests_[i.route] |= bit(port);
    wanted |= bit(i.route);
  });
  for_each(wanted, [&](unsigned to) {
    const std::uint64_t requests = std::exchange(requests_[to], 0);
    output& o = out(lane, to);
    const unsigned from = o.turn.pick(requests);
    if (!has_room(o, lane, now)) return refuse(lane, o, requests, now);
    o.turn.taken();
    const cycle_t entered = in(lane, from).pipe->entered_last(0);
    const beat_pipe::slot moved = take(lane, from, now);
    close_later(transits_[moved.value.burst()], from, to, now, entered);
    push(o, lane, moved.value, moved.source, now);
    lose(lane, requests & ~bit(from), now);
  });
}

channel_counters axi_router::waits(unsigned port, axi_lane lane) const {
  channel_counters count = waited_[at(lane, port)];
  if (const beat_pipe* const pipe = inputs_[at(lane, port)].pipe) {
    count.held_cycles = pipe->held_cycles();
    count.most = pipe->most();
  }
  return count;
}

channel_counters axi_router::sent(unsigned port, axi_lane lane) const { return sent_[at(lane, port)]; }

}  // namespace ohmic
