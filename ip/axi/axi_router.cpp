#include "ip/axi/axi_router.h"

#include <string>

namespace ohmic {

using sc_core::sc_time;
using tlm::tlm_generic_payload;
using tlm::tlm_phase;
using tlm::tlm_sync_enum;

axi_router::axi_router(sc_core::sc_module_name name, const router_config& config, const address_map& map,
                       axi_scheduler& scheduler, edge_faults& faults, std::uint64_t& in_flight)
    : sc_module(name),
      map_(map),
      scheduler_(scheduler),
      in_flight_(in_flight),
      model_(config, scheduler.events(), faults, this, &axi_router::forward),
      hop_delay_(scheduler.hop_delay(config.latency)) {
  for (unsigned i = 0; i < config.ports(); ++i) {
    auto face = std::make_unique<port_face>();
    face->router = this;
    face->index = i;
    const bool child = i < config.children;
    if (config.top && i == config.error_port()) {
      face->kind = neighbour::decode_error;
    } else {
      face->kind = child && !config.children_are_clusters ? neighbour::router
                   : !child && !config.top                ? neighbour::router
                                                          : neighbour::endpoint;
      const std::string suffix = std::to_string(i);
      face->out = std::make_unique<axi_initiator_socket>(("out_" + suffix).c_str());
      face->out->bind(static_cast<tlm::tlm_bw_transport_if<>&>(*face));
      if (child || !config.top) {
        face->in = std::make_unique<axi_target_socket>(("in_" + suffix).c_str());
        face->in->bind(static_cast<tlm::tlm_fw_transport_if<>&>(*face));
      }
    }
    ports_.push_back(std::move(face));
  }
}

void axi_router::attach(unsigned port, axi_router& child) {
  const unsigned up = child.model_.config().parent_port();
  child.out(up).bind(in(port));
  out(port).bind(child.in(up));
}

void axi_router::end_of_elaboration() {
  for (const auto& face : ports_) {
    way_out way;
    if (face->out && face->out->size() != 0) {
      way.kind = face->kind;
      way.requests = face->out->operator->();
    }
    if (face->in && face->in->size() != 0) way.responses = face->in->operator->();
    ways_.push_back(way);
  }
}

tlm_sync_enum axi_router::port_face::nb_transport_fw(tlm_generic_payload& payload, tlm_phase& phase, sc_time& delay) {
  if (kind == neighbour::router) {
    // The neighbour has set the times in the extension: they say the same as now + delay.
    auto& mine = static_cast<axi_payload&>(payload);
    const bool address_alone = mine.lane == axi_lane::w && phase == tlm::BEGIN_REQ && !mine.with_address;
    router->model_.arrive(address_alone ? mine.write_address : mine, index);
  } else {
    if (phase != tlm::BEGIN_REQ) return tlm::TLM_COMPLETED;  // END_RESP of an initiator that spells it out
    const tlm_sync_enum status = router->request_from_endpoint(index, payload, router->scheduler_.cycle_at(delay));
    if (status == tlm::TLM_COMPLETED) return status;
  }
  phase = tlm::END_REQ;
  return tlm::TLM_UPDATED;
}

tlm_sync_enum axi_router::port_face::nb_transport_bw(tlm_generic_payload& payload, tlm_phase& phase, sc_time& delay) {
  auto& mine = static_cast<axi_payload&>(payload);
  if (kind == neighbour::router) {
    router->model_.arrive(mine, index);
  } else {
    if (phase != tlm::BEGIN_RESP) return tlm::TLM_ACCEPTED;  // END_REQ of a target that spells it out
    router->response_from_endpoint(index, mine, router->scheduler_.cycle_at(delay));
  }
  phase = tlm::END_RESP;
  return tlm::TLM_COMPLETED;
}

tlm_sync_enum axi_router::request_from_endpoint(unsigned port, tlm_generic_payload& payload, cycle_t cycle) {
  const bool known = payload.get_extension<axi_extension>() != nullptr;
  axi_payload* const mine = known ? static_cast<axi_payload*>(&payload) : stand_in_for(payload);
  if (!mine) return tlm::TLM_COMPLETED;
  const axi_burst& burst = *mine->burst;
  mine->lost = false;
  mine->source = static_cast<std::uint16_t>(model_.config().first_cluster + port);
  mine->target = map_.decode(burst.addr);
  mine->bytes = static_cast<std::uint16_t>(burst.bytes);
  mine->lead = static_cast<std::uint16_t>(burst.addr % 4096);
  mine->lane = burst.write ? axi_lane::w : axi_lane::ar;
  if (burst.write) mine->write_address.target = mine->target;
  ++in_flight_;
  scheduler_.catch_up();
  model_.enter(*mine, port, cycle);
  scheduler_.wake_for(mine->head);
  return tlm::TLM_UPDATED;
}

void axi_router::response_from_endpoint(unsigned port, axi_payload& payload, cycle_t cycle) {
  axi_burst& burst = *payload.burst;
  switch (payload.get_response_status()) {
    case tlm::TLM_INCOMPLETE_RESPONSE:  // the target spoke through burst.resp
    case tlm::TLM_OK_RESPONSE:
      break;
    case tlm::TLM_ADDRESS_ERROR_RESPONSE:
      burst.resp = axi_resp::decerr;
      break;
    default:
      burst.resp = axi_resp::slverr;
      break;
  }
  payload.target = payload.source;
  payload.lane = payload.lane == axi_lane::w ? axi_lane::b : axi_lane::r;
  scheduler_.catch_up();
  model_.enter(payload, port, cycle);
  scheduler_.wake_for(payload.head);
}

void axi_router::forward(void* self, unsigned port, axi_transit& transit) {
  auto& router = *static_cast<axi_router*>(self);
  const way_out& way = router.ways_[port];
  const axi_lane lane = transit.lane;
  auto& payload =
      static_cast<axi_payload&>(static_cast<axi_extension&>(lane == axi_lane::aw ? *transit.partner : transit));
  const bool response = lane == axi_lane::r || lane == axi_lane::b;
  if (way.kind == neighbour::router) {
    sc_time delay = router.hop_delay_;
    if (response) {
      tlm_phase phase = tlm::BEGIN_RESP;
      way.responses->nb_transport_bw(payload, phase, delay);
    } else {
      const bool data_alone = lane == axi_lane::w && !transit.with_address;
      tlm_phase phase = data_alone ? static_cast<const tlm_phase&>(begin_write_data) : tlm::BEGIN_REQ;
      way.requests->nb_transport_fw(payload, phase, delay);
    }
  } else if (response) {
    router.send_response(port, payload);
  } else if (lane != axi_lane::aw) {  // an AW that came ahead waits for its data
    router.send_request(port, payload);
  }
}

void axi_router::send_request(unsigned port, axi_payload& payload) {
  if (payload.lost) {
    payload.burst->resp = axi_resp::okay;
    response_from_endpoint(port, payload, payload.last + 1);
    return;
  }
  const way_out& way = ways_[port];
  if (way.kind == neighbour::decode_error) {
    // Nobody there: the router answers in no time, a write after its last beat.
    payload.burst->resp = axi_resp::decerr;
    response_from_endpoint(port, payload, payload.last);
    return;
  }
  sc_time delay = hop_delay_;
  tlm_phase phase = tlm::BEGIN_REQ;
  const tlm_sync_enum status = way.requests->nb_transport_fw(payload, phase, delay);
  if (status == tlm::TLM_COMPLETED || (status == tlm::TLM_UPDATED && phase == tlm::BEGIN_RESP)) {
    response_from_endpoint(port, payload, scheduler_.cycle_at(delay));
    if (status == tlm::TLM_UPDATED) {
      phase = tlm::END_RESP;
      way.requests->nb_transport_fw(payload, phase, delay);
    }
  }
}

void axi_router::send_response(unsigned port, axi_payload& payload) {
  tlm::tlm_response_status status = tlm::TLM_OK_RESPONSE;
  if (payload.burst->resp == axi_resp::decerr) status = tlm::TLM_ADDRESS_ERROR_RESPONSE;
  if (payload.burst->resp == axi_resp::slverr) status = tlm::TLM_GENERIC_ERROR_RESPONSE;
  --in_flight_;
  tlm_generic_payload* answered = &payload;
  if (payload.foreign) {
    answered = payload.foreign;
    free_bursts_.push_back(payload.burst);
    payload.release();
  }
  answered->set_response_status(status);
  sc_time delay = hop_delay_;
  tlm_phase phase = tlm::BEGIN_RESP;
  ways_[port].responses->nb_transport_bw(*answered, phase, delay);
}

axi_payload* axi_router::stand_in_for(tlm_generic_payload& foreign) {
  const std::uint64_t addr = foreign.get_address();
  const std::uint64_t bytes = foreign.get_data_length();
  if (foreign.get_command() == tlm::TLM_IGNORE_COMMAND) {
    foreign.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
    return nullptr;
  }
  if (foreign.get_byte_enable_ptr() != nullptr) {
    foreign.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
    return nullptr;
  }
  if (bytes == 0 || addr % 4096 + bytes > 4096 || foreign.get_streaming_width() < bytes) {
    foreign.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
    return nullptr;
  }
  if (free_bursts_.empty()) {
    bursts_.push_back(std::make_unique<axi_burst>());
    free_bursts_.push_back(bursts_.back().get());
  }
  axi_burst* const burst = free_bursts_.back();
  free_bursts_.pop_back();
  *burst = axi_burst{};
  burst->addr = addr;
  burst->bytes = static_cast<std::uint32_t>(bytes);
  burst->write = foreign.is_write();
  burst->data = foreign.get_data_ptr();
  auto* const mine = static_cast<axi_payload*>(payloads_.acquire(burst));
  mine->foreign = &foreign;
  return mine;
}

axi_router::port_face* axi_router::way_to(std::uint64_t addr) {
  port_face& face = *ports_[model_.route(map_.decode(addr))];
  return face.kind == neighbour::decode_error || face.out->size() == 0 ? nullptr : &face;
}

void axi_router::blocking(unsigned port, tlm_generic_payload& payload, sc_time& delay) {
  port_face* const face = way_to(payload.get_address());
  const sc_time latency = scheduler_.cycles(model_.config().latency);
  delay += latency;
  if (face) {
    (*face->out)->b_transport(payload, delay);
  } else {
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
  }
  delay += latency;
  if (ports_[port]->kind == neighbour::endpoint) {
    // The last beat, for whom the call stands: counted once, where the transfer entered.
    axi_burst burst;
    burst.addr = payload.get_address();
    burst.bytes = payload.get_data_length();
    delay += scheduler_.cycles(burst.beats(model_.config().child_width) - 1);
  }
}

unsigned axi_router::port_face::transport_dbg(tlm_generic_payload& payload) {
  if (port_face* const face = router->way_to(payload.get_address())) return (*face->out)->transport_dbg(payload);
  payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
  return 0;
}

bool axi_router::port_face::get_direct_mem_ptr(tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
  port_face* const face = router->way_to(payload.get_address());
  if (!face || !(*face->out)->get_direct_mem_ptr(payload, dmi)) return false;
  if (face->kind == neighbour::endpoint) {
    const auto region = router->map_.region(router->map_.decode(payload.get_address()));
    if (dmi.get_start_address() < region.begin) {
      dmi.set_dmi_ptr(dmi.get_dmi_ptr() + (region.begin - dmi.get_start_address()));
      dmi.set_start_address(region.begin);
    }
    if (dmi.get_end_address() >= region.end) dmi.set_end_address(region.end - 1);
  }
  const sc_time both_ways = router->scheduler_.cycles(2 * router->model_.config().latency);
  dmi.set_read_latency(dmi.get_read_latency() + both_ways);
  dmi.set_write_latency(dmi.get_write_latency() + both_ways);
  return true;
}

void axi_router::port_face::invalidate_direct_mem_ptr(sc_dt::uint64 begin, sc_dt::uint64 end) {
  for (const auto& face : router->ports_) {
    if (face->in && face->in->size() != 0 && face.get() != this) {
      (*face->in)->invalidate_direct_mem_ptr(begin, end);
    }
  }
}

}  // namespace ohmic
