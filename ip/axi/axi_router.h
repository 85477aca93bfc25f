#pragma once

#include <memory>
#include <systemc>
#include <tlm>
#include <vector>

#include "ip/axi/axi_extension.h"
#include "ip/axi/axi_scheduler.h"
#include "ip/axi/router_model.h"

namespace ohmic {

/// One router of the AXI network as a TLM-2.0 AT module: router_model behind sockets.
///
/// Every port has a target socket (requests in, responses out) and an initiator socket (requests out,
/// responses in), except that the top router's HBM and platform-control ports only have the latter.
///
/// Protocol at endpoints: the base protocol with the shortest exchange. A request is
/// nb_transport_fw(BEGIN_REQ), accepted at once (TLM_UPDATED, END_REQ); its response is
/// nb_transport_bw(BEGIN_RESP), to be completed at once (TLM_COMPLETED). A write is handed to its target with
/// its first data beat. Between routers a write's AW may go ahead as BEGIN_REQ; begin_write_data then brings
/// the data. Targets that answer in the forward call (TLM_COMPLETED) or accept later (END_REQ), and
/// initiators that send END_RESP, are understood. `delay` is when the first beat is at the boundary. An
/// initiator keeps its reference to the payload until the response. Response status and axi_burst::resp
/// follow each other. Payloads without axi_extension may enter: at most 4 KiB, inside a 4 KiB page, without
/// byte enables. b_transport takes the zero-load time; debug transport and DMI pass through by address.
class axi_router : public sc_core::sc_module {
 public:
  axi_router(sc_core::sc_module_name name, const router_config& config, const address_map& map,
             axi_scheduler& scheduler, edge_faults& faults, std::uint64_t& in_flight);

  axi_target_socket& in(unsigned port) { return *ports_[port]->in; }
  axi_initiator_socket& out(unsigned port) { return *ports_[port]->out; }

  /// Connects child port `port` of this router with the parent port of `child`.
  void attach(unsigned port, axi_router& child);

  const router_model& model() const { return model_; }

 private:
  enum class neighbour : std::uint8_t { router, endpoint, decode_error };

  /// One port's sockets and the interfaces behind them, so that a call knows its port without a look-up.
  struct port_face : tlm::tlm_fw_transport_if<>, tlm::tlm_bw_transport_if<> {
    axi_router* router = nullptr;
    unsigned index = 0;
    neighbour kind = neighbour::endpoint;
    std::unique_ptr<axi_target_socket> in;
    std::unique_ptr<axi_initiator_socket> out;

    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override;
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override;
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) override {
      router->blocking(index, payload, delay);
    }
    unsigned transport_dbg(tlm::tlm_generic_payload& payload) override;
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) override;
    void invalidate_direct_mem_ptr(sc_dt::uint64 begin, sc_dt::uint64 end) override;
  };

  static void forward(void* self, unsigned port, axi_transit& transit);
  void send_request(unsigned port, axi_payload& payload);
  void send_response(unsigned port, axi_payload& payload);
  void end_of_elaboration() override;
  tlm::tlm_sync_enum request_from_endpoint(unsigned port, tlm::tlm_generic_payload& payload, cycle_t cycle);
  void response_from_endpoint(unsigned port, axi_payload& payload, cycle_t cycle);
  axi_payload* stand_in_for(tlm::tlm_generic_payload& foreign);
  void blocking(unsigned port, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  /// Output towards `addr`, or null if it leads nowhere.
  port_face* way_to(std::uint64_t addr);

  address_map map_;
  axi_scheduler& scheduler_;
  std::uint64_t& in_flight_;
  router_model model_;
  sc_core::sc_time hop_delay_;
  std::vector<std::unique_ptr<port_face>> ports_;

  /// What is behind each port, known after elaboration: the sockets' interfaces without the way through the
  /// sockets.
  struct way_out {
    neighbour kind = neighbour::decode_error;
    tlm::tlm_fw_transport_if<>* requests = nullptr;
    tlm::tlm_bw_transport_if<>* responses = nullptr;
  };
  std::vector<way_out> ways_;

  /// Bursts behind payloads that stand in for foreign ones.
  std::vector<std::unique_ptr<axi_burst>> bursts_;
  std::vector<axi_burst*> free_bursts_;
  axi_payload_pool payloads_;
};

}  // namespace ohmic
