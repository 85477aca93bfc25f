#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <deque>
#include <systemc>
#include <tlm>
#include <utility>
#include <vector>

#include "chip/chip_config.h"
#include "ip/axi/axi_extension.h"
#include "ip/axi/burst.h"

namespace ohmic {

/// A cluster as a TLM-2.0 module: an AXI master socket and an AXI slave socket around the plain model.
///
/// Timing: the plain model's outbox holds cycles at the network's boundary (egress included); what the network
/// delivers reaches the model `ingress_cycles` later. The slave side holds `slave_reads` and `slave_writes` bursts,
/// each with room for its data: a place is taken when a request is accepted, and may be taken again the fastest
/// router's latency after the response's last beat has left for the network. (Sooner would reach a model that has run
/// on by an exact window since.) Further requests wait in the network. Main thread only; the model itself runs on
/// worker threads between send() and flush().
template <class Cluster>
class cluster_module : public sc_core::sc_module,
                       public tlm::tlm_fw_transport_if<>,
                       public tlm::tlm_bw_transport_if<>,
                       public axi_stream_target,
                       public axi_stream_initiator {
 public:
  /// `touched` collects the modules to which something was delivered; the owner calls flush() on them.
  cluster_module(sc_core::sc_module_name name, const chip_config& chip, Cluster& model, axi_payload_pool& pool,
                 std::vector<cluster_module*>& touched, const sc_core::sc_time& period)
      : sc_module(name),
        master("master"),
        slave("slave"),
        model_(model),
        pool_(pool),
        touched_(touched),
        ingress_(chip.network.ingress_cycles),
        place_again_(fastest_router(chip)),
        period_(period.value()) {
    places_[0].free_from.assign(chip.network.slave_reads, 0);
    places_[1].free_from.assign(chip.network.slave_writes, 0);
    for (held& h : places_) h.free = static_cast<unsigned>(h.free_from.size());
    master.bind(*this);
    slave.bind(*this);
  }

  axi_initiator_socket master;
  axi_target_socket slave;

  unsigned index() const { return model_.index(); }

  /// Gives one message of the model's outbox to the network.
  void send(const axi_message& message) {
    const std::uint64_t now = sc_core::sc_time_stamp().value();
    const std::uint64_t at = message.cycle * period_;
    assert(at >= now);
    sc_core::sc_time delay = sc_core::sc_time::from_value(at > now ? at - now : 0);
    if (message.what == axi_message::kind::response) {
      auto* payload = static_cast<tlm::tlm_generic_payload*>(message.burst->carrier);
      payload->set_response_status(message.burst->resp == axi_resp::okay     ? tlm::TLM_OK_RESPONSE
                                   : message.burst->resp == axi_resp::decerr ? tlm::TLM_ADDRESS_ERROR_RESPONSE
                                                                             : tlm::TLM_GENERIC_ERROR_RESPONSE);
      tlm::tlm_phase phase = tlm::BEGIN_RESP;
      slave->nb_transport_bw(*payload, phase, delay);
    } else {
      tlm::tlm_phase phase = tlm::BEGIN_REQ;
      master->nb_transport_fw(*pool_.acquire(message.burst), phase, delay);
    }
  }

  /// Delivers the data beats that have come since the last call.
  void flush() {
    deliver_run(writes_);
    deliver_run(reads_);
    listed_ = false;
  }

 private:
  /// Data beats of one burst in consecutive cycles, not delivered yet.
  struct run {
    axi_burst* burst = nullptr;
    cycle_t cycle = 0;
    unsigned beats = 0;
    bool last = false;
  };
  /// The bursts of one direction that the slave side holds.
  struct held {
    std::vector<cycle_t> free_from;  // a ring: the cycles from which free places may be taken, in their order
    unsigned first = 0, free = 0;
    tlm::tlm_generic_payload* waiting = nullptr;
    cycle_t waiting_from = 0;
  };
  static cycle_t fastest_router(const chip_config& chip) {
    cycle_t least = never;
    for (std::size_t k = 1; k < chip.network.latency.size(); ++k) least = std::min(least, chip.network.latency[k]);
    return least == never ? 1 : least;
  }

  // A request of another master reaches this cluster.
  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) override {
    if (phase != tlm::BEGIN_REQ) return tlm::TLM_ACCEPTED;
    const cycle_t cycle = (sc_core::sc_time_stamp().value() + delay.value()) / period_;
    held& h = places_[payload.is_write()];
    if (h.free == 0) {
      h.waiting = &payload;
      h.waiting_from = cycle;
      return tlm::TLM_ACCEPTED;
    }
    const cycle_t at = take(h, payload, cycle);
    delay += sc_core::sc_time::from_value((at - cycle) * period_);
    phase = tlm::END_REQ;
    return tlm::TLM_UPDATED;
  }
  // Takes a place for a request that is there in `cycle`; returns when. Responses tell of free places in the order of
  // their cycles, so it does not matter whether the network tells of one before or behind a request.
  cycle_t take(held& h, tlm::tlm_generic_payload& payload, cycle_t cycle) {
    const cycle_t at = std::max(cycle, h.free_from[h.first]);
    h.first = (h.first + 1) % static_cast<unsigned>(h.free_from.size());
    --h.free;
    axi_burst* const burst = burst_of(payload);
    burst->carrier = &payload;
    deliver({at, burst, axi_message::kind::request});
    return at;
  }
  void write_beat(tlm::tlm_generic_payload& payload, cycle_t cycle, bool last) override {
    add_beat(writes_, burst_of(payload), cycle, last);
  }
  void response_left(tlm::tlm_generic_payload& payload, cycle_t cycle) override {
    held& h = places_[payload.is_write()];
    h.free_from[(h.first + h.free++) % h.free_from.size()] = cycle + place_again_;
    if (h.waiting == nullptr) return;
    tlm::tlm_generic_payload& next = *std::exchange(h.waiting, nullptr);
    const cycle_t at = take(h, next, h.waiting_from);
    const std::uint64_t now = sc_core::sc_time_stamp().value();
    tlm::tlm_phase phase = tlm::END_REQ;
    sc_core::sc_time delay = sc_core::sc_time::from_value(at * period_ > now ? at * period_ - now : 0);
    slave->nb_transport_bw(next, phase, delay);
  }

  // The response to a request of this cluster.
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) override {
    if (phase != tlm::BEGIN_RESP) return tlm::TLM_ACCEPTED;
    axi_burst* const burst = burst_of(payload);
    const cycle_t cycle = (sc_core::sc_time_stamp().value() + delay.value()) / period_;
    if (burst->write) deliver({cycle, burst, axi_message::kind::response, true});
    payload.release();
    return tlm::TLM_COMPLETED;
  }
  void read_beat(tlm::tlm_generic_payload& payload, cycle_t cycle, bool last) override {
    add_beat(reads_, burst_of(payload), cycle, last);
  }

  void add_beat(run& r, axi_burst* burst, cycle_t cycle, bool last) {
    if (r.beats != 0 && (burst != r.burst || cycle != r.cycle + r.beats)) deliver_run(r);
    if (r.beats == 0) {
      r.burst = burst;
      r.cycle = cycle;
    }
    ++r.beats;
    r.last = last;
    if (last) deliver_run(r);
    list();
  }
  void deliver_run(run& r) {
    if (r.beats == 0) return;
    deliver({r.cycle, r.burst, axi_message::kind::data, r.last, static_cast<std::uint16_t>(r.beats)});
    r = {};
  }
  void deliver(axi_message message) {
    message.cycle += ingress_;
    model_.deliver(message);
    list();
  }
  void list() {
    if (listed_) return;
    listed_ = true;
    touched_.push_back(this);
  }

  // Loosely timed access from a foreign model: performed at once; the network annotates its delay.
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time&) override {
    payload.set_response_status(transport_dbg(payload) == payload.get_data_length() ? tlm::TLM_OK_RESPONSE
                                                                                    : tlm::TLM_ADDRESS_ERROR_RESPONSE);
  }
  unsigned transport_dbg(tlm::tlm_generic_payload& payload) override {
    const std::uint64_t offset = payload.get_address() - model_.global_base();
    const std::size_t done = model_.debug_access(offset, payload.get_data_ptr(), payload.get_data_length(),
                                                 payload.is_write(), sc_core::sc_time_stamp().value() / period_);
    if (payload.is_write()) list();
    return static_cast<unsigned>(done);
  }
  bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }
  void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}

  Cluster& model_;
  axi_payload_pool& pool_;
  std::vector<cluster_module*>& touched_;
  bool listed_ = false;
  run writes_, reads_;
  std::array<held, 2> places_;  // [write]
  const cycle_t ingress_, place_again_;
  const std::uint64_t period_;
};

}  // namespace ohmic
