#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <systemc>
#include <utility>
#include <vector>

#include "ip/axi/axi_extension.h"
#include "ip/axi/channel_counters.h"
#include "ip/axi/fabric_client.h"
#include "ip/axi/topology.h"

namespace ohmic {

class axi_fabric;

/// A burst whose response is complete, and its cycles at the boundary of the network.
struct observed_burst {
  const axi_burst& burst;
  unsigned master;      ///< cluster
  network_port target;  ///< port_none: nobody has this address
  cycle_t ready;        ///< its master has handed it over
  cycle_t sent;         ///< its AR or AW was first valid at its master's port; 0 if nobody has its address
  cycle_t arrived;      ///< its AR or AW was first at its target; 0 likewise
  cycle_t first;        ///< first R beat, or B, at the master
  cycle_t last;         ///< last R beat, or B
};

/// The AXI network of a chip as a TLM-2.0 AT module: axi_fabric behind sockets.
///
/// Bind each cluster's master port to cluster_in(i), its slave port to cluster_out(i); HBM and platform control
/// likewise. Endpoints that are not bound answer DECERR, like unmapped addresses. A network of one level is a single
/// router.
///
/// Initiators: nb_transport_fw(BEGIN_REQ) hands a burst to the port's queue and is accepted at once (TLM_UPDATED,
/// END_REQ); `delay` says from when on it may enter. The response is nb_transport_bw(BEGIN_RESP), to be completed at
/// once (TLM_COMPLETED) or by END_RESP. An initiator keeps its reference to the payload until then. Payloads without
/// axi_extension may enter: at most 4 KiB, inside a 4 KiB page, without byte enables.
/// Targets: at most one read and one write are offered (BEGIN_REQ) and not accepted (END_REQ, in the call with the
/// delay that it annotates, or later): what a target leaves waiting pushes back through the network. Responses are
/// nb_transport_bw(BEGIN_RESP), ready from `delay` on; TLM_COMPLETED in the forward call is understood. Targets that
/// are no axi_stream_target are given a write when its last data beat is there, one at a time. b_transport takes the
/// zero-load time; debug transport and DMI go to the endpoint by address.
///
/// Cycle c is worked off half a period after its beginning, when everything that arrives in c is known whatever the
/// order of the processes that sent it; annotated delays make up for that. Nothing that is sent for time t has an
/// effect at another endpoint before t + the lowest latency: the window in which clusters may run in parallel. Main
/// thread only. Throws std::invalid_argument for a configuration that cannot be built.
class axi_network : public sc_core::sc_module, fabric_client {
 public:
  axi_network(sc_core::sc_module_name name, const network_config& config,
              const sc_core::sc_time& period = sc_core::sc_time(1, sc_core::SC_NS));
  ~axi_network() override;

  unsigned clusters() const { return static_cast<unsigned>(ports_.size()) - 2; }
  axi_target_socket& cluster_in(unsigned cluster) { return *ports_.at(cluster)->in; }
  axi_initiator_socket& cluster_out(unsigned cluster) { return *ports_.at(cluster)->out; }
  axi_initiator_socket& hbm_out() { return *ports_[clusters()]->out; }
  axi_initiator_socket& platform_out() { return *ports_[clusters() + 1]->out; }

  const network_config& config() const;
  const axi_fabric& fabric() const { return *fabric_; }

  /// Writes that have entered while disturbances (network_options) were active.
  std::uint64_t disturbed_writes() const;

  /// Bursts between their hand-over and the end of their response.
  std::uint64_t in_flight() const;

  /// The lowest latency of a path between two endpoints, in cycles.
  cycle_t lookahead() const;

  /// See axi_fabric.
  void for_each_lane(const std::function<void(const std::string&, axi_lane, const channel_counters&)>& visit) const;

  /// Calls observer(burst) for each burst whose response is complete, in the order of their last beats as far as these
  /// are a few cycles apart.
  void observe(std::function<void(const observed_burst&)> observer) { observer_ = std::move(observer); }

  /// Nothing but what SystemC has pending calls before cycle `end`: until then cycles may be worked off ahead of
  /// SystemC's time.
  void undisturbed_until(cycle_t end) { undisturbed_until_ = end; }

 private:
  /// One endpoint's sockets and the interfaces behind them, so that a call knows its port without a look-up.
  struct port_face : tlm::tlm_fw_transport_if<>, tlm::tlm_bw_transport_if<> {
    axi_network* network = nullptr;
    network_port port = 0;
    std::unique_ptr<axi_target_socket> in;
    std::unique_ptr<axi_initiator_socket> out;
    axi_stream_target* stream_target = nullptr;  // what is bound, if it is one
    axi_stream_initiator* stream_initiator = nullptr;
    bool write_open = false;     // a plain target's write, until it has accepted it
    bool write_waiting = false;  // another one behind it, which the network keeps

    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override;
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override;
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) override;
    unsigned transport_dbg(tlm::tlm_generic_payload& payload) override;
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) override;
    void invalidate_direct_mem_ptr(sc_dt::uint64 begin, sc_dt::uint64 end) override;
  };

  // fabric_client
  cycle_t request(axi_transit& t, cycle_t cycle) override;
  void address_waits(axi_transit& t, cycle_t cycle) override;
  void write_beat(axi_transit& t, cycle_t cycle, bool last) override;
  void response_left(axi_transit& t, cycle_t cycle) override;
  void response_beat(axi_transit& t, cycle_t cycle, bool last) override;

  void end_of_elaboration() override;
  tlm::tlm_sync_enum enter(port_face& face, tlm::tlm_generic_payload& payload, cycle_t cycle);
  cycle_t offer(port_face& face, tlm::tlm_generic_payload& payload, cycle_t cycle);
  void answered(tlm::tlm_generic_payload& payload, cycle_t cycle);
  void accepted(port_face& face, bool write, cycle_t cycle);
  void give_back(axi_transit& t, cycle_t cycle);
  tlm::tlm_generic_payload* stand_in_for(tlm::tlm_generic_payload& foreign);
  unsigned number(network_port port) const;
  port_face& face_of(network_port port);
  /// What `addr` leads to, or null.
  port_face* way_to(std::uint64_t addr);
  cycle_t round_trip(const port_face& from, std::uint64_t addr) const;

  void work();
  cycle_t first_disturbed() const;
  void catch_up();
  void wake_for_next();
  cycle_t cycle_at(const sc_core::sc_time& delay) const;
  sc_core::sc_time delay_until(cycle_t cycle) const;

  std::uint64_t period_;
  std::unique_ptr<axi_fabric> fabric_;
  std::vector<std::unique_ptr<port_face>> ports_;       // clusters, HBM, platform control
  std::vector<std::uint8_t> streams_in_, streams_out_;  // [port]: its initiator, its target follows data beat by beat
  sc_core::sc_event wake_;
  cycle_t armed_ = never;
  cycle_t undisturbed_until_ = 0;
  bool working_ = false;
  std::function<void(const observed_burst&)> observer_;
  std::vector<std::unique_ptr<axi_burst>> bursts_;  // behind payloads that stand in for foreign ones
  std::vector<axi_burst*> free_bursts_;
  axi_payload_pool payloads_;
};

}  // namespace ohmic
