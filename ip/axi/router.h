#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "ip/axi/beat_pipe.h"
#include "ip/axi/channel_counters.h"
#include "ip/axi/cycle_wheel.h"
#include "ip/axi/id_tables.h"
#include "ip/axi/round_robin.h"
#include "ip/axi/topology.h"
#include "ip/axi/transit.h"

namespace ohmic {

/// What a router needs of the network that it is part of.
class router_surroundings {
 public:
  virtual ~router_surroundings() = default;
  /// A beat leaves the routers towards an endpoint, and is at the boundary in `cycle`.
  virtual void arrived(network_port endpoint, axi_lane lane, beat value, cycle_t cycle) = 0;
};

/// One AXI crosspoint of the network, beat by beat, without SystemC: rules and registers of axi_xp of
/// pulp-platform/axi (docs/timing.md).
///
/// Requests: the first beat of each input, AR and AW, asks for its output if the id rule allows, an AW also only while
/// no W beats of that input wait for another output; outputs choose by round robin, and W follows the order of each
/// output's AWs. Responses go back to the port that the request came from, R beat by beat, chosen by round robin. What
/// is not first in its input waits behind what is. An output takes a beat when the first stage behind it has room.
///
/// A router is evaluated per lane, in every cycle in which something about it may have changed: that does what a clock
/// edge would do, and wakes lanes of its own and of its neighbours for later cycles. Lanes of one cycle and direction
/// in the order of axi_lane.
class alignas(64) axi_router {
 public:
  axi_router(const router_config& config, const flow_limits& limits, cycle_wheel& wheel, transit_pool& transits,
             router_surroundings& around, unsigned response_node, unsigned request_node);

  const router_config& config() const { return config_; }
  /// A lane's number in the wheel.
  std::uint32_t number(axi_lane lane) const {
    return cycle_wheel::at(from_target(lane) ? response_node_ : request_node_, place_of(lane));
  }

  /// The channel that brings beats to `port`, and the one that takes them away there (a null pipe: to an endpoint that
  /// always takes them).
  void attach_in(unsigned port, axi_lane lane, beat_pipe* pipe);
  void attach_out(unsigned port, axi_lane lane, beat_pipe* pipe, axi_router* next, unsigned next_port);
  void attach_out(unsigned port, axi_lane lane, beat_pipe* pipe, network_port endpoint);

  /// The channel into `port` is not empty any more; its first beat is there in `cycle`.
  void expect(axi_lane lane, unsigned port, cycle_t cycle) {
    waiting_[static_cast<unsigned>(lane)] |= std::uint64_t{1} << port;
    wheel_.wake(number(lane), cycle);
  }

  /// The channel W into `port` was empty and has got data beats, none of them its burst's last one; the first is there
  /// in `there`. Where nothing can come between them any more, they go on at once, each in its own cycle.
  void write_data_comes(unsigned port, cycle_t there);

  /// Work off all that is due before `end`, responses of all routers before the requests of any: a name that is freed
  /// in a cycle may be given away in it. Nothing else of what neighbours do from the first cycle due on is seen here
  /// before `end`.
  void evaluate_responses(cycle_t end);
  void evaluate_requests(cycle_t end);

  /// Fetches into the host's caches what an evaluation is going to touch.
  void prefetch(axi_lane lane) const {
    for (unsigned line = 0; line < 4; ++line) __builtin_prefetch(reinterpret_cast<const char*>(this) + 64 * line, 1);
    const auto* const first = reinterpret_cast<const char*>(inputs_[at(lane, 0)].pipe);
    for (unsigned line = 0; line < 8; ++line) __builtin_prefetch(first + 64 * line, 1);
  }

  /// Output port for `target`.
  unsigned route(network_port target) const {
    const unsigned offset = target - config_.first_cluster;
    if (offset < span_) return child(offset);
    if (!config_.top) return config_.parent_port();
    if (target == port_hbm) return config_.hbm_port();
    if (target == port_platform) return config_.platform_port();
    return config_.error_port();
  }
  /// Port by which requests of `source` enter.
  unsigned origin(unsigned source) const {
    const unsigned offset = source - config_.first_cluster, parent = config_.parent_port();
    if (child_shift_ == 32) return offset < span_ ? offset / config_.clusters_per_child : parent;
    const unsigned child = offset >> child_shift_;
    return offset < span_ ? child : parent;
  }

  /// Of the channel into a port: what its beats waited for at its end, and how many were on it.
  channel_counters waits(unsigned port, axi_lane lane) const;
  /// Of the channel out of a port: what was sent.
  channel_counters sent(unsigned port, axi_lane lane) const;

 private:
  unsigned child(unsigned offset) const {
    return child_shift_ < 32 ? offset >> child_shift_ : offset / config_.clusters_per_child;
  }
  static constexpr std::uint8_t unknown = 255;
  enum class reason : std::uint8_t { arbitration, order, full };
  /// The end of the channel into a port, in one line of the host's caches, like `output`.
  struct alignas(64) input {
    beat_pipe* pipe = nullptr;
    cycle_t waits_since = 0;
    cycle_t there = 0;             // of R: when the first beat asks for its output
    std::uint8_t route = unknown;  // output of the first beat
    std::uint8_t width_log2 = 6;
    std::uint8_t split = 0;       // narrower beats already made of the first beat
    reason waits = reason::full;  // if it is held up: why the first beat did not move when it was looked at
    bool checked = false;         // a request that the id rule lets go
    std::uint32_t lost = 0;       // of R: cycles in which others were served while the first beat asked
    std::uint64_t lost_arbitration = 0, blocked_order = 0, blocked_full = 0;  // see channel_counters
  };
  struct alignas(64) output {
    beat_pipe* pipe = nullptr;
    axi_router* next = nullptr;  // who is behind it, or an endpoint
    network_port endpoint = port_none;
    std::uint8_t next_port = 0;
    std::uint8_t width_log2 = 6;
    cycle_t free_at = 0;  // without a pipe: one beat per cycle that its registers take; of R: when it has room, or
                          // never: not known
    std::uint64_t beats = 0;
    std::uint64_t requests = 0;  // inputs that ask for it in the cycle that is evaluated
    round_robin turn;
  };
  static_assert(sizeof(input) == 64 && sizeof(output) == 64);
  /// Bursts whose last beat has left by an output.
  struct carried {
    std::uint64_t bursts = 0, bytes = 0;
  };
  /// The table of names of an output, between the first register behind the arbiter and the next one, and the requests
  /// that wait in that register because the table was full when they got there.
  /// What is needed while nobody waits stands together.
  struct alignas(64) name_table {
    struct entry {
      beat value;
      std::uint16_t source = 0;
      std::uint8_t input = 0;
      bool named = false;
      cycle_t since = 0;
    };
    name_table(remap_table&& table, unsigned depth) : names(std::move(table)) {
      if (depth > 2) passed.resize(depth);
      deep = depth > 2;
    }
    remap_table names;
    cycle_t last_passed = 0;    // when the last request was put on the channel
    unsigned closed_ahead = 0;  // bursts whose last response beat is still in the last register before the arbiter
    unsigned next = 0;
    bool deep;                    // registers hold more than two
    std::vector<entry> held;      // in their order, at most the register's depth
    std::vector<cycle_t> passed;  // ring, if they do: when the last requests were put on the channel
    std::uint64_t waited = 0;     // cycles in which the first request had no name

    void pass(cycle_t now) {
      last_passed = now;
      if (!deep) return;
      passed[next] = now;
      if (++next == passed.size()) next = 0;
    }
    /// `ago` requests before, less than the register's depth unless it is 1: the last one.
    cycle_t passed_at(unsigned ago) const {
      if (ago == 1) return last_passed;
      return passed[next < ago ? next + passed.size() - ago : next - ago];
    }
  };
  /// The state of the write channels of an input and of an output.
  struct write_input {
    unsigned open = 0;    // AWs that have passed the check and whose W beats have not all left
    unsigned output = 0;  // of all of them
  };
  struct write_output {
    std::vector<std::uint8_t> order;  // ring: inputs, in the order of the AWs
    unsigned begin = 0, size = 0;
    bool entered = false;  // the AW that is chosen stands in `order` already
    unsigned front() const { return order[begin]; }
    void push(unsigned input) {
      const std::size_t at = begin + size++;
      order[at < order.size() ? at : at - order.size()] = static_cast<std::uint8_t>(input);
    }
    void pop() {
      if (++begin == order.size()) begin = 0;
      --size;
    }
    bool full() const { return size == order.size(); }
  };
  /// First beats of R on the channels into the router, and what they ask for.
  struct read_requests {
    std::uint64_t known = 0;   // inputs whose first beat has been looked at
    std::uint64_t coming = 0;  // of those, the ones whose beat may not be there yet
    std::uint64_t wanted = 0;  // outputs that somebody asks for
  };
  /// A burst whose last response beat goes from an output back to an input in `cycle` of the requests' time: its id is
  /// free from the next cycle on. It passes the table of names in `name_cycle`, in which its name may be given away.
  struct closing {
    cycle_t cycle, name_cycle;
    bool name_open;
    std::uint8_t from, to, name, id;
  };
  struct closings {
    std::vector<closing> list;  // in any order of cycles
    cycle_t first = never;      // cycle in which the first of them, or of their names, closes
    cycle_t first_burst = never;
  };

  unsigned at(axi_lane lane, unsigned port) const { return static_cast<unsigned>(lane) * ports_ + port; }
  input& in(axi_lane lane, unsigned port) { return inputs_[at(lane, port)]; }
  output& out(axi_lane lane, unsigned port) { return outputs_[at(lane, port)]; }
  template <axi_lane lane>
  void evaluate_address(cycle_t now);
  template <bool write>
  bool may_go(unsigned port, input& i, cycle_t now);
  template <axi_lane lane>
  void choose_address(unsigned to, std::uint64_t requests, cycle_t now);
  void evaluate_write_data(cycle_t now);
  void evaluate_read_data(cycle_t now, cycle_t end);
  void convert_read_data(cycle_t now, cycle_t end);
  bool convert_read(unsigned from, unsigned to, output& o, cycle_t now);
  static cycle_t read_room(output& o);
  cycle_t look_at_read(input& i, cycle_t earliest);
  void move_read(unsigned from, input& i, unsigned to, output& o, cycle_t now);
  cycle_t stream_reads(unsigned from, cycle_t now, cycle_t end);
  cycle_t choose_reads(cycle_t now, cycle_t end);
  void evaluate_write_response(cycle_t now);

  void wait(axi_lane lane, unsigned port, reason why, cycle_t now);
  void account(axi_lane lane, unsigned port, cycle_t now);
  bool has_room(output& o, axi_lane lane, cycle_t now);
  bool has_room_for_name(output& o, const name_table& table, cycle_t now) const;
  unsigned find_name(unsigned port, bool write, unsigned input, axi_transit& t, cycle_t now);
  void pass_held(axi_lane lane, unsigned port, cycle_t now);
  void push(output& o, axi_lane lane, beat value, unsigned source, cycle_t now);
  void removed(axi_lane lane, unsigned port, input& i, cycle_t now);
  beat_pipe::slot remove(axi_lane lane, unsigned port, cycle_t now);
  beat_pipe::slot take(axi_lane lane, unsigned port, cycle_t now);
  void pass(axi_lane lane, unsigned port, output& o, cycle_t now);
  beat_pipe::progress stream_write_data(unsigned port, output& o, cycle_t now);
  void pass_write_data(unsigned port, cycle_t now);
  bool move_data(axi_lane lane, unsigned port, output& o, cycle_t now);
  void refuse(axi_lane lane, output& o, std::uint64_t requests, cycle_t now);
  void lose(axi_lane lane, std::uint64_t losers, cycle_t now);
  bool absorbs(const input& i, const output& o, beat first) const;
  /// `entered`: when it came into the last register in front of the arbiter.
  void close_later(const axi_transit& t, unsigned from, unsigned to, cycle_t now, cycle_t entered);
  void close_until(bool write, cycle_t now);
  template <class Transit>
  auto& name_of(Transit& t) const {
    const unsigned offset = t.source - config_.first_cluster;
    return offset < span_ ? t.id_up[config_.level] : t.id_down[config_.level];
  }
  unsigned id_at_input(const axi_transit& t) const;
  void wake(axi_lane lane, cycle_t at) { wheel_.wake(number(lane), at); }

  // What every evaluation needs comes first, and stands together.
  cycle_wheel& wheel_;
  transit_pool& transits_;
  router_surroundings& around_;
  std::vector<input> inputs_;  // [lane][port]
  unsigned ports_;
  unsigned depth_;  // of registers
  unsigned response_node_, request_node_;
  std::vector<output> outputs_;                     // [lane][port]
  std::array<std::uint64_t, axi_lanes> waiting_{};  // inputs with a beat on their channel
  std::array<std::uint64_t, axi_lanes> held_up_{};  // inputs whose first beat was there and could not go
  read_requests reads_;
  std::array<closings, 2> closings_;               // [write]
  std::array<std::uint64_t, 2> blocked_inputs_{};  // [write] by the id rule
  std::array<std::uint64_t, 2> holding_{};         // [write] outputs with requests that wait for a name
  std::uint64_t writes_turn_ = 0;                  // inputs whose W beats may go to their output
  std::uint64_t writes_wait_ = 0;                  // inputs with W beats that are known to wait for that
  unsigned span_;                                  // clusters below this router
  unsigned child_shift_;                           // log2 of the clusters below a child, if that is a whole number
  router_config config_;
  std::vector<write_input> write_inputs_;
  std::vector<write_output> write_outputs_;
  std::array<std::vector<open_ids>, 2> open_;     // [write][input port]
  std::array<std::vector<name_table>, 2> names_;  // [write][output port]
  std::vector<carried> carried_;                  // [lane][port] of the outputs
  unsigned open_writes_;                          // AWs ahead of their last W beat, of an input
  bool one_width_;                                // of all its ports
};

}  // namespace ohmic
