#pragma once

#include <cassert>
#include <systemc>
#include <tlm>
#include <vector>

#include "chip/chip_config.h"
#include "ip/axi/axi_extension.h"
#include "ip/axi/burst.h"

namespace ohmic {

/// A cluster as a TLM-2.0 module: an AXI master socket and an AXI slave socket around the plain model.
///
/// Timing: the plain model's outbox holds cycles at the network's boundary (egress included); what the network
/// delivers reaches the model `ingress_cycles` later. Main thread only; the model itself runs on worker threads
/// between send() calls.
template <class Cluster>
class cluster_module : public sc_core::sc_module, tlm::tlm_fw_transport_if<>, tlm::tlm_bw_transport_if<> {
 public:
  /// `touched` collects the indices of clusters to which something was delivered.
  cluster_module(sc_core::sc_module_name name, const chip_config& chip, Cluster& model, axi_payload_pool& pool,
                 std::vector<unsigned>& touched, const sc_core::sc_time& period)
      : sc_module(name),
        master("master"),
        slave("slave"),
        model_(model),
        pool_(pool),
        touched_(touched),
        ingress_(chip.network.ingress_cycles),
        period_(period.value()) {
    master.bind(*this);
    slave.bind(*this);
  }

  axi_initiator_socket master;
  axi_target_socket slave;

  /// Gives one message of the model's outbox to the network. Messages of one cluster in the order of their cycles.
  void send(const axi_message& message) {
    const std::uint64_t now = sc_core::sc_time_stamp().value();
    const std::uint64_t at = message.cycle * period_;
    assert(at >= now);
    sc_core::sc_time delay = sc_core::sc_time::from_value(at > now ? at - now : 0);
    if (message.response) {
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

 private:
  // A request of another master reaches this cluster.
  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) override {
    if (phase != tlm::BEGIN_REQ) return tlm::TLM_ACCEPTED;
    axi_burst* burst = burst_of(payload);
    burst->carrier = &payload;
    hand_over(payload, burst, false, delay);
    phase = tlm::END_REQ;
    return tlm::TLM_UPDATED;
  }

  // The response to a request of this cluster.
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) override {
    if (phase != tlm::BEGIN_RESP) return tlm::TLM_ACCEPTED;
    hand_over(payload, burst_of(payload), true, delay);
    payload.release();
    return tlm::TLM_COMPLETED;
  }

  void hand_over(const tlm::tlm_generic_payload& payload, axi_burst* burst, bool response,
                 const sc_core::sc_time& delay) {
    const cycle_t first = (sc_core::sc_time_stamp().value() + delay.value()) / period_ + ingress_;
    const cycle_t last = payload.get_extension<axi_extension>()->last + ingress_;
    model_.deliver({first, burst, response, std::max(first, last)});
    touched_.push_back(model_.index());
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
    if (payload.is_write()) touched_.push_back(model_.index());
    return static_cast<unsigned>(done);
  }
  bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }
  void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}

  Cluster& model_;
  axi_payload_pool& pool_;
  std::vector<unsigned>& touched_;
  const cycle_t ingress_;
  const std::uint64_t period_;
};

}  // namespace ohmic
