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

tlm_sync_enum axi_router::port_face::nb_transport_fw(tlm_generic_payload& payload, tlm_phase& phase,
                                                     sc_time& delay) {
  if (kind == neighbour::router) {
    // The neighbour has set the times in the extension: they say the same as now + delay.
    auto& extension = *payload.get_extension<axi_extension>();
    const bool address_alone =
        extension.lane == axi_lane::w && phase == tlm::BEGIN_REQ && !extension.with_address;
    router->model_.arrive(address_alone ? extension.write_address : extension, index);
  } else {
    if (phase != tlm::BEGIN_REQ) return tlm::TLM_COMPLETED;  // END_RESP of an initiator that spells it out
    const tlm_sync_enum status =
        router->request_from_endpoint(index, payload, router->scheduler_.cycle_at(delay));
    if (status == tlm::TLM_COMPLETED) return status;
  }
  phase = tlm::END_REQ;
  return tlm::TLM_UPDATED;
}

tlm_sync_enum axi_router::port_face::nb_transport_bw(tlm_generic_payload& payload, tlm_phase& phase,
                                                     sc_time& delay) {
  if (phase != tlm::BEGIN_RESP) return tlm::TLM_ACCEPTED;  // END_REQ of a target that spells it out
  auto& extension = *payload.get_extension<axi_extension>();
  if (kind == neighbour::router) {
    router->model_.arrive(extension, index);
  } else {
    router->response_from_endpoint(index, extension, router->scheduler_.cycle_at(delay));
  }
  phase = tlm::END_RESP;
  return tlm::TLM_COMPLETED;
}

tlm_sync_enum axi_router::request_from_endpoint(unsigned port, tlm_generic_payload& payload, cycle_t cycle) {
  auto* extension = payload.get_extension<axi_extension>();
  if (!extension) {
    extension = lend_extension(payload);
    if (!extension) return tlm::TLM_COMPLETED;
  }
  const axi_burst& burst = *extension->burst;
  extension->lost = false;
  extension->source = model_.config().first_cluster + port;
  extension->target = map_.decode(burst.addr);
  extension->bytes = burst.bytes;
  extension->lead = static_cast<std::uint16_t>(burst.addr % 4096);
  extension->lane = burst.write ? axi_lane::w : axi_lane::ar;
  if (burst.write) {
    axi_transit& address = extension->write_address;
    address.burst = extension->burst;
    address.source = extension->source;
    address.target = extension->target;
    address.lane = axi_lane::aw;
  }
  ++in_flight_;
  scheduler_.catch_up();
  model_.enter(*extension, port, cycle);
  scheduler_.wake_for(extension->head);
  return tlm::TLM_UPDATED;
}

void axi_router::response_from_endpoint(unsigned port, axi_extension& extension, cycle_t cycle) {
  axi_burst& burst = *extension.burst;
  switch (extension.payload->get_response_status()) {
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
  extension.target = extension.source;
  extension.lane = burst.write ? axi_lane::b : axi_lane::r;
  scheduler_.catch_up();
  model_.enter(extension, port, cycle);
  scheduler_.wake_for(extension.head);
}

void axi_router::forward(void* self, unsigned port, axi_transit& transit) {
  auto& router = *static_cast<axi_router*>(self);
  port_face& face = *router.ports_[port];
  const bool response = transit.lane == axi_lane::r || transit.lane == axi_lane::b;
  if (face.kind == neighbour::router) {
    auto& payload = *static_cast<tlm_generic_payload*>(transit.burst->carrier);
    sc_time delay = router.hop_delay_;
    if (response) {
      tlm_phase phase = tlm::BEGIN_RESP;
      (*face.in)->nb_transport_bw(payload, phase, delay);
    } else {
      const bool data_alone = transit.lane == axi_lane::w && !transit.with_address;
      tlm_phase phase = data_alone ? static_cast<const tlm_phase&>(begin_write_data) : tlm::BEGIN_REQ;
      (*face.out)->nb_transport_fw(payload, phase, delay);
    }
  } else if (response) {
    router.send_response(face, static_cast<axi_extension&>(transit));
  } else if (transit.lane != axi_lane::aw) {  // an AW that came ahead waits for its data
    router.send_request(face, static_cast<axi_extension&>(transit));
  }
}

void axi_router::send_request(port_face& face, axi_extension& extension) {
  if (extension.lost) {
    extension.burst->resp = axi_resp::okay;
    response_from_endpoint(face.index, extension, extension.last + 1);
    return;
  }
  if (face.kind == neighbour::decode_error || face.out->size() == 0) {
    // Nobody there: the router answers in no time, a write after its last beat.
    extension.burst->resp = axi_resp::decerr;
    response_from_endpoint(face.index, extension, extension.last);
    return;
  }
  sc_time delay = hop_delay_;
  tlm_phase phase = tlm::BEGIN_REQ;
  const tlm_sync_enum status = (*face.out)->nb_transport_fw(*extension.payload, phase, delay);
  if (status == tlm::TLM_COMPLETED || (status == tlm::TLM_UPDATED && phase == tlm::BEGIN_RESP)) {
    response_from_endpoint(face.index, extension, scheduler_.cycle_at(delay));
    if (status == tlm::TLM_UPDATED) {
      phase = tlm::END_RESP;
      (*face.out)->nb_transport_fw(*extension.payload, phase, delay);
    }
  }
}

void axi_router::send_response(port_face& face, axi_extension& extension) {
  tlm_generic_payload& payload = *extension.payload;
  switch (extension.burst->resp) {
    case axi_resp::okay:
      payload.set_response_status(tlm::TLM_OK_RESPONSE);
      break;
    case axi_resp::decerr:
      payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
      break;
    case axi_resp::slverr:
      payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
      break;
  }
  --in_flight_;
  if (extension.lent) {
    payload.clear_extension(&extension);
    free_loans_.push_back(&extension);
  }
  sc_time delay = hop_delay_;
  tlm_phase phase = tlm::BEGIN_RESP;
  (*face.in)->nb_transport_bw(payload, phase, delay);
}

axi_extension* axi_router::lend_extension(tlm_generic_payload& payload) {
  const std::uint64_t addr = payload.get_address();
  const std::uint64_t bytes = payload.get_data_length();
  if (payload.get_command() == tlm::TLM_IGNORE_COMMAND) {
    payload.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
    return nullptr;
  }
  if (payload.get_byte_enable_ptr() != nullptr) {
    payload.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
    return nullptr;
  }
  if (bytes == 0 || addr % 4096 + bytes > 4096 || payload.get_streaming_width() < bytes) {
    payload.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
    return nullptr;
  }
  if (free_loans_.empty()) {
    loans_.push_back(std::make_unique<loan>());
    loans_.back()->extension.burst = &loans_.back()->burst;
    loans_.back()->extension.lent = true;
    free_loans_.push_back(&loans_.back()->extension);
  }
  axi_extension* const extension = free_loans_.back();
  free_loans_.pop_back();
  axi_burst& burst = *extension->burst;
  burst = axi_burst{};
  burst.addr = addr;
  burst.bytes = static_cast<std::uint32_t>(bytes);
  burst.write = payload.is_write();
  burst.data = payload.get_data_ptr();
  burst.carrier = &payload;
  extension->payload = &payload;
  payload.set_extension(extension);
  return extension;
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
    axi_transit transit;
    transit.bytes = payload.get_data_length();
    transit.lead = static_cast<std::uint16_t>(payload.get_address() % 4096);
    transit.lane = axi_lane::w;
    delay += scheduler_.cycles(
        transit.beats(static_cast<unsigned>(__builtin_ctz(model_.config().child_width))) - 1);
  }
}

unsigned axi_router::port_face::transport_dbg(tlm_generic_payload& payload) {
  if (port_face* const face = router->way_to(payload.get_address()))
    return (*face->out)->transport_dbg(payload);
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
