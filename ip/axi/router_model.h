#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ip/axi/calendar.h"
#include "ip/axi/edge_faults.h"
#include "ip/axi/transit.h"

namespace ohmic {

/// What a channel has carried since reset.
struct channel_counters {
  std::uint64_t bursts = 0;
  std::uint64_t bytes = 0;
  std::uint64_t busy_cycles = 0;  ///< cycles in which the channel was held by a burst
};

/// One direction of a router's port, one lane: the burst streams that want to leave there.
struct alignas(64) out_channel {
  struct queue {
    axi_transit* head = nullptr;
    axi_transit* tail = nullptr;
  };
  router_model* owner = nullptr;
  cycle_t free = 0;           ///< first cycle in which a new burst may start
  std::uint64_t waiting = 0;  ///< inputs with a burst queued
  queue* queues = nullptr;    ///< one per input port
  std::uint8_t port = 0;
  axi_lane lane = axi_lane::ar;
  std::uint8_t width_log2 = 0;
  std::uint8_t winner = 63;  ///< input that was served last
  bool scheduled = false;    ///< an arbitration is in the calendar
  channel_counters count;

  void prefetch() const { __builtin_prefetch(this, 1); }
};

using network_calendar = calendar<axi_transit, out_channel>;

/// Where a router stands in the tree. Ports: children 0..children-1, then the parent, or (in the top router)
/// HBM, platform control and the decode-error responder.
struct router_config {
  cycle_t latency = 4;  ///< cycles from a burst's start on the output to the next boundary, >= 1
  unsigned children = 4;
  unsigned first_cluster = 0;
  unsigned clusters_per_child = 1;
  bool top = false;
  unsigned child_width = 64;  ///< bytes per beat of the links to the children, powers of two
  unsigned up_width = 64;     ///< ... to the parent, or to HBM and platform control
  bool children_are_clusters = false;

  unsigned ports() const { return children + (top ? 3 : 1); }
  unsigned parent_port() const { return children; }
  unsigned hbm_port() const { return children; }
  unsigned platform_port() const { return children + 1; }
  unsigned error_port() const { return children + 2; }
};

/// The inputs whose write data an output is to carry, in the order of its AWs.
class write_order {
 public:
  bool empty() const { return size_ == 0; }
  unsigned front() const { return ring_[begin_]; }
  void push(unsigned input) {
    if (size_ == ring_.size()) grow();
    ring_[(begin_ + size_++) & (ring_.size() - 1)] = static_cast<std::uint8_t>(input);
  }
  void pop() {
    begin_ = (begin_ + 1) & (ring_.size() - 1);
    --size_;
  }

 private:
  void grow();
  std::vector<std::uint8_t> ring_ = std::vector<std::uint8_t>(16);  // a power of two
  std::size_t begin_ = 0, size_ = 0;
};

/// Timing and order of one AXI router, without SystemC.
///
/// Each output port has five lanes that are granted apart: AR, AW, W, R and B. A burst that arrives (first
/// beat) in cycle c may start on its output in c if the lane is free; among inputs that wait, round robin,
/// burst by burst; bursts of one input keep their order. W is not arbitrated: it carries bursts in the order
/// of the output's AWs, and waits for the data of the next one even if others are there. A started burst
/// holds the lane for its beats, longer if its own last beat arrives later (virtual cut-through), and reaches
/// the next boundary `latency` cycles later. Queues are not bounded: what masters may have in flight bounds
/// them.
///
/// `forward(context, port, transit)` is the way out, called at the start of a burst on its output, with head
/// and last already those at the next boundary.
class router_model {
 public:
  using forward_function = void (*)(void* context, unsigned port, axi_transit& transit);

  router_model(const router_config& config, network_calendar& events, edge_faults& faults, void* context,
               forward_function forward);
  router_model(const router_model&) = delete;
  router_model& operator=(const router_model&) = delete;

  const router_config& config() const { return config_; }

  /// A burst from a neighbouring router: head and last are its times at input `port`.
  void arrive(axi_transit& transit, unsigned port) {
    transit.at = this;
    transit.port = static_cast<std::uint8_t>(port);
    events_.add(transit, transit.head);
  }

  /// A burst from an endpoint (cluster, HBM, platform control), at the boundary in `cycle` at the earliest.
  /// The input carries one beat per cycle and lane: a burst that comes too early waits for its predecessor.
  void enter(axi_transit& transit, unsigned port, cycle_t cycle);

  /// Called by the calendar's owner.
  void enqueue(axi_transit& transit);
  void grant(out_channel& channel, cycle_t now);

  /// Output port for `target`.
  unsigned route(network_port target) const {
    const unsigned offset = target - config_.first_cluster;
    if (offset < span_) return offset / config_.clusters_per_child;
    if (!config_.top) return config_.parent_port();
    if (target == port_hbm) return config_.hbm_port();
    if (target == port_platform) return config_.platform_port();
    return config_.error_port();
  }

  const channel_counters& out_count(unsigned port, axi_lane lane) const {
    return outputs_[port * axi_lanes + static_cast<unsigned>(lane)].count;
  }
  /// Input counters exist where endpoints are attached; elsewhere the neighbour's output counts.
  const channel_counters& in_count(unsigned port, axi_lane lane) const {
    return inputs_[port * axi_lanes + static_cast<unsigned>(lane)].count;
  }

 private:
  struct in_channel {
    cycle_t free = 0;
    channel_counters count;
  };
  unsigned width_log2(unsigned port) const;
  out_channel& output(unsigned port, axi_lane lane) { return outputs_[port * axi_lanes + static_cast<unsigned>(lane)]; }
  static void append(out_channel& out, axi_transit& transit);
  static axi_transit& take(out_channel& out, unsigned input);
  void schedule(out_channel& out, cycle_t cycle);
  void start(out_channel& out, axi_transit& transit, cycle_t now);
  void grant_address(axi_transit& address, unsigned input, out_channel& data_lane, cycle_t now);
  void grant_data(out_channel& out, cycle_t now);

  router_config config_;
  unsigned span_;  // clusters below this router
  network_calendar& events_;
  edge_faults& faults_;
  void* context_;
  forward_function forward_;
  std::vector<out_channel> outputs_;        // [port][lane]
  std::vector<out_channel::queue> queues_;  // [port][lane][input]
  std::vector<in_channel> inputs_;          // [port][lane]
  std::vector<write_order> orders_;         // [port]
};

}  // namespace ohmic
