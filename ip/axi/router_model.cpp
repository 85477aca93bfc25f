#include "ip/axi/router_model.h"

#include <algorithm>
#include <cassert>
#include <stdexcept>

namespace ohmic {

unsigned router_model::width_log2(unsigned port) const {
  const unsigned width = port < config_.children ? config_.child_width : config_.up_width;
  return static_cast<unsigned>(__builtin_ctz(width));
}

router_model::router_model(const router_config& config, network_calendar& events, edge_faults& faults,
                           void* context, forward_function forward)
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
  for (unsigned i = 0; i < outputs_.size(); ++i) {
    out_channel& out = outputs_[i];
    out.owner = this;
    out.port = static_cast<std::uint8_t>(i / axi_lanes);
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
  if (faults_.active()) faults_.apply(transit);
  arrive(transit, port);
}

void router_model::enqueue(axi_transit& transit) {
  const unsigned port = route(transit.target);
  out_channel& out = outputs_[port * axi_lanes + static_cast<unsigned>(transit.lane)];
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
  if (!out.scheduled) {
    out.scheduled = true;
    events_.add(out, std::max(transit.head, out.free));
  }
}

void router_model::grant(out_channel& out, cycle_t now) {
  const std::uint64_t after = out.winner == 63 ? 0 : out.waiting & (~std::uint64_t{0} << (out.winner + 1));
  const unsigned input = static_cast<unsigned>(__builtin_ctzll(after ? after : out.waiting));
  out_channel::queue& queue = out.queues[input];
  axi_transit& transit = *queue.head;
  queue.head = transit.next;
  if (!queue.head) out.waiting &= ~(std::uint64_t{1} << input);
  out.winner = static_cast<std::uint8_t>(input);

  assert(now >= transit.head && now >= out.free);
  const cycle_t last = std::max(now + transit.beats(out.width_log2) - 1, transit.last);
  out.free = last + 1;
  ++out.count.bursts;
  out.count.busy_cycles += last + 1 - now;
  if (transit.lane == axi_lane::w || transit.lane == axi_lane::r) out.count.bytes += transit.bytes;
  if (out.waiting) {
    events_.add(out, out.free);
  } else {
    out.scheduled = false;
  }
  transit.head = now + config_.latency;
  transit.last = last + config_.latency;
  forward_(context_, out.port, transit);
}

}  // namespace ohmic
