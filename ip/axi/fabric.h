#pragma once

#include <array>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "ip/axi/fabric_client.h"
#include "ip/axi/fifo.h"
#include "ip/axi/master_port.h"
#include "ip/axi/router.h"
#include "ip/axi/topology.h"

namespace ohmic {

/// The AXI network of a chip, beat by beat, without SystemC: a tree of axi_router between the ports of clusters, HBM
/// and platform control.
///
/// Endpoints: issue() hands over a burst at a cluster's master port; respond() says from when on a target's response is
/// ready; accept() takes a request that a target had left waiting. What has no endpoint is answered DECERR. Times are
/// cycles at the boundary. Between two endpoints nothing takes less than lookahead() cycles: what is handed over for
/// cycle t has no effect elsewhere before t + lookahead().
///
/// Targets take a cycle to answer, or longer: an answer is handed over before the cycle before it is run. (Handed over
/// later, it may be that a request which waits for a free name goes on a cycle later than in the RTL.)
///
/// Calls: issue(), respond(), accept() for cycles from the end of the last run() on, or from the client's calls for the
/// cycle that they name (or later); run() from next() on. How the cycles are divided among calls of run() makes no
/// difference to anything, save the order in which different endpoints hear of what happens.
class axi_fabric final : private router_surroundings {
 public:
  axi_fabric(const network_config& config, fabric_client& client);
  axi_fabric(const axi_fabric&) = delete;
  axi_fabric& operator=(const axi_fabric&) = delete;

  /// `burst` wants to enter at cluster `source`, from `ready` on. Its data are used by nobody here.
  axi_transit& issue(axi_burst& burst, unsigned source, cycle_t ready, void* owner = nullptr);
  /// The target's response to `t` is ready from `cycle` on: a read's first beat, or B.
  void respond(axi_transit& t, cycle_t cycle);
  /// The target takes the request that it had left waiting, in `cycle`.
  void accept(network_port endpoint, bool write, cycle_t cycle);
  /// Endpoints that nobody serves answer DECERR, a cycle after the request or its last data.
  void leave_unserved(network_port endpoint) { sinks_[number(endpoint)].unserved = true; }
  /// Writes are offered to this endpoint when their first data beat is there too.
  void offer_with_data(network_port endpoint) { sinks_[number(endpoint)].with_data = true; }

  /// Nothing before `cycle` will be handed over any more. Precondition: nothing is due before.
  void forward(cycle_t cycle) { wheel_.forward(cycle); }
  /// The earliest cycle in which something happens, or never.
  cycle_t next() const { return wheel_.next(); }
  /// Works off the cycles of [begin, end). `begin` is not before the last `end`, and nothing is due before it.
  void run(cycle_t begin, cycle_t end);
  void run(cycle_t cycle) { run(cycle, cycle + 1); }

  /// The last cycle that has been worked off.
  cycle_t now() const { return now_; }
  /// Bursts between issue() and the last beat of their response.
  std::uint64_t in_flight() const { return transits_.in_use(); }
  /// In so many cycles from one on nothing can come out of what enters meanwhile: as many may be run at once.
  cycle_t batch() const { return batch_; }
  /// The lowest latency of a path between two endpoints.
  cycle_t lookahead() const;
  const network_config& config() const { return config_; }

  /// Calls visit(name, lane, counters) for each lane of each direction of each link. Names: "<router>.up" and
  /// "<router>.down" for a router's link to its parent (for "top": to HBM), "cluster_<i>.up" / ".down" for a cluster's,
  /// "platform.up" / ".down"; up is towards the top.
  void for_each_lane(const std::function<void(const std::string&, axi_lane, const channel_counters&)>& visit) const;
  /// Writes that have entered while disturbances (network_options) were active.
  std::uint64_t disturbed_writes() const { return faults_.writes(); }

 private:
  /// A channel of an endpoint's way into its router, in one line of the host's caches.
  struct alignas(64) entry_lane {
    beat_pipe* pipe = nullptr;
    cycle_t waits_since = never;  // never: not waiting
    std::uint64_t bursts = 0, beats = 0, bytes = 0, blocked_full = 0;
    transit_queue queue;   // of W: bursts offered; of R and B: responses that are ready or will be
    unsigned entered = 0;  // beats of the first burst, of data lanes
  };
  static_assert(sizeof(entry_lane) == 64);
  /// The way of an endpoint into its router.
  struct entry {
    std::array<entry_lane, axi_lanes> lanes;
    axi_router* router = nullptr;
    unsigned port = 0;
    std::uint8_t width_log2 = 6;

    entry_lane& at(axi_lane lane) { return lanes[static_cast<unsigned>(lane)]; }
    const entry_lane& at(axi_lane lane) const { return lanes[static_cast<unsigned>(lane)]; }
  };
  /// The way of requests out to an endpoint.
  struct sink {
    struct channel {
      beat_pipe* pipe = nullptr;
      bool waits = false;        // the first request has been offered and not been taken
      cycle_t not_before = 0;    // one beat per cycle
      std::uint64_t waited = 0;  // cycles in which a beat was there and was not taken
    };
    channel reads, writes, data;
    struct taken {
      std::uint32_t transit;
      cycle_t cycle;
    };
    fifo<taken> open;  // writes taken whose data are not all there
    bool unserved = false, with_data = false;
    bool announced = false;  // of the AW that is first, that it waits for its data
  };

  unsigned number(network_port endpoint) const {
    return endpoint < clusters_ ? endpoint : clusters_ + (endpoint == port_hbm ? 0 : endpoint == port_platform ? 1 : 2);
  }
  /// In the wheel, of the way of an endpoint into the network.
  std::uint32_t lane_number(unsigned endpoint, axi_lane lane) const {
    const auto responses = static_cast<unsigned>(from_target(lane) ? entries_.size() : 0);
    return cycle_wheel::at(endpoint + responses, place_of(lane));
  }
  void arrived(network_port endpoint, axi_lane lane, beat value, cycle_t cycle) override;
  void build();
  static network_port endpoint_at(const router_config& r, unsigned port);
  void connect(axi_router& from, unsigned port, axi_router& to, unsigned to_port, axi_lane lane);
  void connect_entry(axi_router& router, unsigned port, network_port endpoint, axi_lane lane);
  void connect_exits(axi_router& router, unsigned port, network_port endpoint);
  beat_pipe* make_pipe(unsigned stages, unsigned forward, unsigned back);
  void enter_requests(unsigned endpoint, cycle_t end);
  void enter_responses(unsigned endpoint, cycle_t end);
  void enter_request(entry& e, unsigned node, bool write);
  void enter_write_data(entry& e, unsigned node);
  void enter_response(entry& e, unsigned node, axi_lane lane);
  bool enter_data(entry& e, axi_lane lane, const axi_transit& t, unsigned node);
  bool enter(entry& e, axi_lane lane, const axi_transit& t, beat value, unsigned node);
  void offer_requests(sink& s, bool write);
  void announce(sink& s, cycle_t cycle);
  void take_request(sink& s, bool write, cycle_t cycle);
  void drain_data(sink& s);
  cycle_t request(axi_transit& t, cycle_t cycle);
  void write_beat(axi_transit& t, cycle_t cycle, bool last);

  network_config config_;
  unsigned clusters_;
  fabric_client& client_;
  edge_faults faults_;
  cycle_wheel wheel_;
  cycle_t now_ = 0;
  transit_pool transits_;
  std::vector<router_place> places_;
  std::vector<std::unique_ptr<axi_router>> routers_;  // in the order of places_
  cycle_t batch_ = 64;                                // cycles that nodes may be evaluated apart
  std::vector<entry> entries_;                        // clusters, HBM, platform control, decode errors
  std::vector<sink> sinks_;
  std::array<std::vector<axi_master_port>, 2> masters_;  // [write][cluster]
  std::list<beat_pipe::shape> shapes_;                   // of pipes; they stay where they are
  // Pipes with their rings behind them, those into one router's lane side by side.
  struct alignas(64) cache_line {
    unsigned char bytes[64];
  };
  std::deque<std::vector<cache_line>> memory_;
  std::size_t memory_used_ = 0;
};

}  // namespace ohmic
