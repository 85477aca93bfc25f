#include "ip/axi/router.h"

#include <cassert>
#include <stdexcept>

#include "ip/axi/router_moves.h"

namespace ohmic {

axi_router::axi_router(const router_config& config, const flow_limits& limits, cycle_wheel& wheel,
                       transit_pool& transits, router_surroundings& around, unsigned response_node,
                       unsigned request_node)
    : wheel_(wheel),
      transits_(transits),
      around_(around),
      inputs_(std::size_t{config.ports()} * axi_lanes),
      ports_(config.ports()),
      depth_(limits.stage_depth),
      response_node_(response_node),
      request_node_(request_node),
      outputs_(inputs_.size()),
      span_(config.children * config.clusters_per_child),
      child_shift_((config.clusters_per_child & (config.clusters_per_child - 1)) == 0
                       ? static_cast<unsigned>(__builtin_ctz(config.clusters_per_child))
                       : 32),
      config_(config),
      write_inputs_(config.ports()),
      write_outputs_(config.ports()),
      carried_(outputs_.size()),
      open_writes_(limits.open_per_id),
      one_width_(config.child_width == config.up_width) {
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
      names_[write].emplace_back(remap_table(ports, most_ids, limits.names, limits.open_per_id), limits.stage_depth);
    }
  }
}

void axi_router::attach_in(unsigned port, axi_lane lane, beat_pipe* pipe) { in(lane, port).pipe = pipe; }

void axi_router::attach_out(unsigned port, axi_lane lane, beat_pipe* pipe, axi_router* next, unsigned next_port) {
  output& o = out(lane, port);
  pipe->producer = number(lane);
  o.pipe = pipe;
  o.next = next;
  o.next_port = static_cast<std::uint8_t>(next_port);
}

void axi_router::attach_out(unsigned port, axi_lane lane, beat_pipe* pipe, network_port endpoint) {
  output& o = out(lane, port);
  if (pipe) pipe->producer = number(lane);
  o.pipe = pipe;
  o.endpoint = endpoint;
}

void axi_router::evaluate_responses(cycle_t end) {
  auto& due = wheel_.due(response_node_).lane;
  cycle_t &r = due[place_of(axi_lane::r)], &b = due[place_of(axi_lane::b)];
  if (r < end) evaluate_read_data(std::exchange(r, never), end);
  while (b < end) evaluate_write_response(std::exchange(b, never));
}

void axi_router::evaluate_requests(cycle_t end) {
  auto& due = wheel_.due(request_node_).lane;
  cycle_t &ar = due[place_of(axi_lane::ar)], &aw = due[place_of(axi_lane::aw)], &w = due[place_of(axi_lane::w)];
  while (ar < end) evaluate_address<axi_lane::ar>(std::exchange(ar, never));
  for (cycle_t now; (now = std::min(aw, w)) < end;) {
    if (aw == now) {
      aw = never;
      evaluate_address<axi_lane::aw>(now);
    }
    if (w == now) {
      w = never;
      evaluate_write_data(now);
    }
  }
}

// The first beat of an input has been held up until now.
void axi_router::account(axi_lane lane, unsigned port, cycle_t now) {
  input& i = in(lane, port);
  (i.waits == reason::arbitration ? i.lost_arbitration
   : i.waits == reason::order     ? i.blocked_order
                                  : i.blocked_full) += now - i.waits_since;
  held_up_[static_cast<unsigned>(lane)] &= ~port_bit(port);
}

// Data beats in and out.

// Moves beats of a write's data as beat_pipe::stream() does. The same width on both sides, and a channel behind the
// output.
beat_pipe::progress axi_router::stream_write_data(unsigned port, output& o, cycle_t now) {
  constexpr axi_lane lane = axi_lane::w;
  input& i = in(lane, port);
  beat_pipe& into = *o.pipe;
  const bool was_empty = into.empty();
  now = std::max(now, into.behind_last_push());  // those in front of it may have moved ahead
  const cycle_t there = std::max(i.pipe->front().time, now);
  const beat_pipe::progress made = i.pipe->stream(into, now);
  if (made.beats != 0) {
    o.beats += made.beats;
    cycle_t full = made.full;
    if ((held_up_[static_cast<unsigned>(lane)] & port_bit(port)) != 0) {  // its wait is counted when it has gone
      if (made.first != there) wait(lane, port, reason::full, there);
      full -= made.first - there;
    }
    i.blocked_full += full;
    removed(lane, port, i, made.first);
    if (!o.next)
      around_.arrived(o.endpoint, lane, into.front().value, into.front().time);
    else if (was_empty)
      o.next->write_data_comes(o.next_port, made.first + into.forward());
  }
  if (made.next != made.there) wait(lane, port, reason::full, made.there);
  return made;
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

// What has been counted.

channel_counters axi_router::waits(unsigned port, axi_lane lane) const {
  const input& i = inputs_[at(lane, port)];
  channel_counters count;
  count.lost_arbitration = i.lost_arbitration + i.lost;
  count.blocked_order = i.blocked_order;
  count.blocked_full = i.blocked_full;
  if (i.pipe) {
    count.held_cycles = i.pipe->held_cycles();
    count.most = i.pipe->most();
  }
  return count;
}

channel_counters axi_router::sent(unsigned port, axi_lane lane) const {
  channel_counters count;
  count.bursts = carried_[at(lane, port)].bursts;
  count.bytes = carried_[at(lane, port)].bytes;
  count.beats = outputs_[at(lane, port)].beats;
  if (lane == axi_lane::ar || lane == axi_lane::aw) count.blocked_full = names_[lane == axi_lane::aw][port].waited;
  return count;
}

}  // namespace ohmic
