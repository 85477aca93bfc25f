#include <algorithm>
#include <cassert>
#include <utility>

#include "ip/axi/router_moves.h"

// What goes from initiators to targets: AR, AW, W, and the tables of names.

namespace ohmic {

// Where requests wait for names: what is in the first register counts.
bool axi_router::has_room_for_name(output& o, const name_table& table, cycle_t now) const {
  if (table.held.size() >= depth_) return false;
  const unsigned ago = depth_ - static_cast<unsigned>(table.held.size());
  const cycle_t behind = o.pipe->room_behind_first(ago);
  return behind <= now && table.passed_at(ago) + 1 < now;
}

template <axi_lane lane>
void axi_router::evaluate_address(cycle_t now) {
  constexpr bool write = lane == axi_lane::aw;
  if (closings_[write].first <= now) close_until(write, now);
  std::uint64_t wanted = 0;  // outputs
  for_each_port(waiting_[static_cast<unsigned>(lane)] & ~blocked_inputs_[write], [&](unsigned port) {
    input& i = in(lane, port);
    const cycle_t there = i.pipe->front().time;
    if (there > now) return wake(lane, there);
    if (!i.checked && !may_go<write>(port, i, now)) return;
    out(lane, i.route).requests |= port_bit(port);
    wanted |= port_bit(i.route);
  });
  for_each_port(wanted | holding_[write],
                [&](unsigned to) { choose_address<lane>(to, std::exchange(out(lane, to).requests, 0), now); });
  if (blocked_inputs_[write] != 0 && closings_[write].first_burst != never) wake(lane, closings_[write].first_burst);
}

// Whether the id rule lets the request go that is first at an input. What it depends on gets better only, until the
// request has gone.
template <bool write>
bool axi_router::may_go(unsigned port, input& i, cycle_t now) {
  const axi_transit& t = transits_[i.pipe->front().value.burst()];
  const unsigned to = route(t.target), id = id_at_input(t);
  open_ids& ids = open_[write][port];
  i.route = static_cast<std::uint8_t>(to);
  i.checked = ids.may_go(id, to);
  if constexpr (write) {
    write_input& w = write_inputs_[port];
    i.checked = i.checked && w.open < open_writes_ && (w.open == 0 || w.output == to);
    if (i.checked) {
      ++w.open;
      w.output = to;
      ids.open(id, to);
    }
  }
  if (i.checked) return true;
  blocked_inputs_[write] |= port_bit(port);
  wait(write ? axi_lane::aw : axi_lane::ar, port, reason::order, now);
  return false;
}

// The requests that ask for an output.
template <axi_lane lane>
void axi_router::choose_address(unsigned to, std::uint64_t requests, cycle_t now) {
  constexpr bool write = lane == axi_lane::aw;
  output& o = out(lane, to);
  name_table& table = names_[write][to];
  const bool holding = (holding_[write] & port_bit(to)) != 0;
  const bool room = holding ? has_room_for_name(o, table, now) : has_room(o, lane, now);
  if (holding) pass_held(lane, to, now);
  if (requests == 0) return;
  const unsigned from = o.turn.pick(requests);
  if constexpr (write) {
    write_output& w = write_outputs_[to];
    if (!w.entered && !w.full()) {
      w.entered = true;
      w.push(from);
      if (w.size == 1) {
        writes_turn_ |= port_bit(from);
        writes_wait_ &= ~port_bit(from);
        // Evaluated after this lane: its data may go in the same cycle.
        if ((waiting_[static_cast<unsigned>(axi_lane::w)] & port_bit(from)) != 0) wake(axi_lane::w, now);
      }
    }
    if (!w.entered) return refuse(lane, o, requests, now);
  }
  if (!room) return refuse(lane, o, requests, now);
  o.turn.taken();
  axi_transit& t = transits_[in(lane, from).pipe->front().value.burst()];
  if constexpr (write)
    write_outputs_[to].entered = false;
  else
    open_[write][from].open(id_at_input(t), to);
  const beat_pipe::slot moved = take(lane, from, now);
  if (!holding && find_name(to, write, from, t, now) != remap_table::none) {
    push(o, lane, moved.value, moved.source, now);
    table.pass(now);
  } else {
    table.held.push_back({moved.value, moved.source, static_cast<std::uint8_t>(from), false, now});
    holding_[write] |= port_bit(to);
    wake(lane, now + 1);
  }
  lose(lane, requests & ~port_bit(from), now);
}

template void axi_router::evaluate_address<axi_lane::ar>(cycle_t);
template void axi_router::evaluate_address<axi_lane::aw>(cycle_t);

unsigned axi_router::id_at_input(const axi_transit& t) const {
  if (t.source - config_.first_cluster < span_) return config_.level == 0 ? t.id : t.id_up[config_.level - 1];
  const bool parent_is_common = t.source - config_.parent_first < config_.parent_clusters;
  return parent_is_common ? t.id_up[config_.level + 1] : t.id_down[config_.level + 1];
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
      if (responses.entered_last(k) + shift > now) break;
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
  if (!e.named && find_name(port, write, e.input, transits_[e.value.burst()], now) != remap_table::none) {
    e.named = true;
    table.waited += now - std::max(e.since, table.passed_at(1) + 1);  // as the first one there
  }
  if (e.named && (o.pipe->one_stage() || o.pipe->room_behind_first(0) <= now)) {
    o.pipe->held(now - e.since);
    push(o, lane, e.value, e.source, now);
    table.pass(now);
    table.held.erase(table.held.begin());
    if (table.held.empty()) holding_[write] &= ~port_bit(port);
  }
  wake(lane, now + 1);
}

// A burst whose turn it is has its output to itself until its last beat, which is left to its own cycle: of the others,
// all that are known move now, each in its own cycle. What is behind the output does the same in between, so that there
// is room again: a burst that has its whole way to itself goes to its target at once.
void axi_router::pass_write_data(unsigned port, cycle_t now) {
  constexpr axi_lane lane = axi_lane::w;
  input& i = in(lane, port);
  output& o = out(lane, write_inputs_[port].output);
  for (;;) {
    if (o.pipe->full()) {
      o.pipe->producer_waits = true;
      return wait(lane, port, reason::full, std::max({now, i.pipe->front().time, o.pipe->behind_last_push()}));
    }
    const beat_pipe::progress made = stream_write_data(port, o, now);
    if (i.pipe->empty()) return;
    if (made.next != never) return wake(lane, made.next);  // the burst's last one
  }
}

// Nothing but what this burst brings reaches the input before `there`: whose turn it is now has it then too. A burst's
// first beat is left to its cycle, because targets may take the burst's AW with it.
void axi_router::write_data_comes(unsigned port, cycle_t there) {
  constexpr axi_lane lane = axi_lane::w;
  const input& i = in(lane, port);
  const beat first = i.pipe->front().value;
  if ((writes_turn_ & port_bit(port)) == 0 || i.width_log2 != out(lane, write_inputs_[port].output).width_log2 ||
      first.chunk() == transits_[first.burst()].first_chunk(i.width_log2))
    return expect(lane, port, there);
  waiting_[static_cast<unsigned>(lane)] |= port_bit(port);
  pass_write_data(port, there);
}

void axi_router::evaluate_write_data(cycle_t now) {
  constexpr axi_lane lane = axi_lane::w;
  const std::uint64_t waiting = waiting_[static_cast<unsigned>(lane)], turns = writes_turn_;
  for_each_port(waiting & turns, [&](unsigned port) {
    input& i = in(lane, port);
    const beat_pipe::slot first = i.pipe->front();
    if (first.time > now) return wake(lane, first.time);
    write_input& from = write_inputs_[port];
    output& o = out(lane, from.output);
    if (i.width_log2 == o.width_log2 && !first.value.last()) return pass_write_data(port, now);
    if (absorbs(i, o, first.value)) {
      take(lane, port, now);
      return;
    }
    if (!has_room(o, lane, now)) return wait(lane, port, reason::full, std::max(now, o.pipe->behind_last_push()));
    const bool last = move_data(lane, port, o, now);
    if (!i.pipe->empty()) wake(lane, std::max(now + 1, i.pipe->front().time));
    if (!last) return;
    write_output& to = write_outputs_[from.output];
    --from.open;
    const bool blocked = to.full() || (blocked_inputs_[1] & port_bit(port)) != 0;
    to.pop();
    writes_turn_ &= ~port_bit(port);
    if (to.size != 0) {
      writes_turn_ |= port_bit(to.front());
      writes_wait_ &= ~port_bit(to.front());
      wake(lane, now + 1);
    }
    blocked_inputs_[1] &= ~port_bit(port);
    if (blocked) wake(axi_lane::aw, now + 1);
  });
  // Those whose turn it is not, nor has become.
  for_each_port(waiting & ~turns & ~writes_turn_ & ~writes_wait_, [&](unsigned port) {
    const cycle_t there = in(lane, port).pipe->front().time;
    if (there > now) return wake(lane, there);
    wait(lane, port, reason::order, now);
    writes_wait_ |= port_bit(port);
  });
}

}  // namespace ohmic
