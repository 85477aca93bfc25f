#include "ip/axi/router_model.h"

#include <algorithm>
#include <cassert>
#include <stdexcept>

namespace ohmic {

void write_order::grow() {
  std::vector<std::uint8_t> larger(ring_.size() * 2);
  for (std::size_t i = 0; i < size_; ++i) larger[i] = ring_[(begin_ + i) & (ring_.size() - 1)];
  ring_.swap(larger);
  begin_ = 0;
}

unsigned router_model::width_log2(unsigned port) const {
  const unsigned width = port < config_.children ? config_.child_width : config_.up_width;
  return static_cast<unsigned>(__builtin_ctz(width));
}

router_model::router_model(const router_config& config, network_calendar& events, edge_faults& faults, void* context,
                           forward_function forward)
    : config_(config),
      span_(config.children * config.clusters_per_child),
      events_(events),
      faults_(faults),
      context_(context),
      forward_(forward) {
  const unsigned ports = config.ports();
  if (ports > 64) throw std::invalid_argument("an AXI router has at most 64 ports");
  if (config.latency < 1) throw std::invalid_argument("an AXI router's latency is at least 1 cycle");
  for (const unsigned width : {config.child_width, config.up_width}) {
    if (width == 0 || width > 4096 || (width & (width - 1)) != 0) {
      throw std::invalid_argument("an AXI link's width is a power of two of at most 4096 bytes");
    }
  }
  outputs_.resize(ports * axi_lanes);
  queues_.resize(std::size_t{ports} * axi_lanes * ports);
  inputs_.resize(ports * axi_lanes);
  orders_.resize(ports);
  for (unsigned i = 0; i < outputs_.size(); ++i) {
    out_channel& out = outputs_[i];
    out.owner = this;
    out.port = static_cast<std::uint8_t>(i / axi_lanes);
    out.lane = static_cast<axi_lane>(i % axi_lanes);
    out.width_log2 = static_cast<std::uint8_t>(width_log2(out.port));
    out.queues = &queues_[std::size_t{i} * ports];
  }
}

void router_model::enter(axi_transit& transit, unsigned port, cycle_t cycle) {
  in_channel& in = inputs_[port * axi_lanes + static_cast<unsigned>(transit.lane)];
  const unsigned beats = transit.beats(width_log2(port));
  transit.head = std::max(cycle, in.free);
  transit.last = transit.head + beats - 1;
  in.free = transit.last + 1;
  ++in.count.bursts;
  in.count.busy_cycles += beats;
  if (transit.lane == axi_lane::w || transit.lane == axi_lane::r) in.count.bytes += transit.bytes;
  if (transit.lane == axi_lane::w) {
    channel_counters& addresses = inputs_[port * axi_lanes + static_cast<unsigned>(axi_lane::aw)].count;
    ++addresses.bursts;
    ++addresses.busy_cycles;
    transit.with_address = true;
  }
  if (faults_.active()) faults_.apply(transit);
  arrive(transit, port);
}

void router_model::append(out_channel& out, axi_transit& transit) {
  const std::uint64_t bit = std::uint64_t{1} << transit.port;
  out_channel::queue& queue = out.queues[transit.port];
  transit.next = nullptr;
  if (out.waiting & bit) {
    queue.tail->next = &transit;
  } else {
    queue.head = &transit;
    out.waiting |= bit;
  }
  queue.tail = &transit;
}

axi_transit& router_model::take(out_channel& out, unsigned input) {
  out_channel::queue& queue = out.queues[input];
  axi_transit& transit = *queue.head;
  queue.head = transit.next;
  if (!queue.head) out.waiting &= ~(std::uint64_t{1} << input);
  return transit;
}

void router_model::schedule(out_channel& out, cycle_t cycle) {
  out.scheduled = true;
  events_.add(out, std::max(cycle, out.free));
}

void router_model::enqueue(axi_transit& transit) {
  const unsigned port = route(transit.target);
  out_channel& out = output(port, transit.lane);
  append(out, transit);
  if (transit.lane != axi_lane::w) {
    if (!out.scheduled) schedule(out, transit.head);
    return;
  }
  const write_order& order = orders_[port];
  if (!out.scheduled && !order.empty() && order.front() == transit.port) schedule(out, transit.head);
  if (transit.with_address) {
    transit.with_address = false;  // from here on each goes its way
    axi_transit& address = *transit.partner;
    address.head = address.last = transit.head;
    address.at = this;
    address.port = transit.port;
    out_channel& addresses = output(port, axi_lane::aw);
    append(addresses, address);
    if (!addresses.scheduled) schedule(addresses, transit.head);
  }
}

/// Puts a burst on its lane: times, counters, and how long the lane is held.
void router_model::start(out_channel& out, axi_transit& transit, cycle_t now) {
  assert(now >= transit.head && now >= out.free);
  const cycle_t last = std::max(now + transit.beats(out.width_log2) - 1, transit.last);
  out.free = last + 1;
  ++out.count.bursts;
  out.count.busy_cycles += last + 1 - now;
  if (transit.lane == axi_lane::w || transit.lane == axi_lane::r) out.count.bytes += transit.bytes;
  transit.head = now + config_.latency;
  transit.last = last + config_.latency;
}

void router_model::grant(out_channel& out, cycle_t now) {
  if (out.lane == axi_lane::w) {
    grant_data(out, now);
    return;
  }
  const std::uint64_t after = out.winner == 63 ? 0 : out.waiting & (~std::uint64_t{0} << (out.winner + 1));
  const unsigned input = static_cast<unsigned>(__builtin_ctzll(after ? after : out.waiting));
  out.winner = static_cast<std::uint8_t>(input);
  axi_transit& transit = take(out, input);
  start(out, transit, now);
  out.scheduled = false;
  if (out.waiting) schedule(out, out.free);
  if (out.lane == axi_lane::aw) {
    grant_address(transit, input, output(out.port, axi_lane::w), now);
  } else {
    forward_(context_, out.port, transit);
  }
}

void router_model::grant_address(axi_transit& address, unsigned input, out_channel& data_lane, cycle_t now) {
  write_order& order = orders_[data_lane.port];
  const bool next = order.empty();
  order.push(input);
  const bool data_here = next && (data_lane.waiting >> input & 1) != 0;
  if (data_here && data_lane.free <= now) {
    // Nothing before it: the data start in the same cycle, which saves the AW a journey of its own.
    assert(data_lane.queues[input].head->partner == &address);
    data_lane.queues[input].head->with_address = true;
    grant_data(data_lane, now);
    return;
  }
  if (data_here) schedule(data_lane, now);
  forward_(context_, data_lane.port, address);
}

void router_model::grant_data(out_channel& out, cycle_t now) {
  write_order& order = orders_[out.port];
  const unsigned input = order.front();
  order.pop();
  axi_transit& data = take(out, input);
  start(out, data, now);
  out.scheduled = false;
  if (!order.empty() && (out.waiting >> order.front() & 1) != 0) schedule(out, out.free);
  forward_(context_, out.port, data);
}

}  // namespace ohmic
