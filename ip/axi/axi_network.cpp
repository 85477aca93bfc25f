#include "ip/axi/axi_network.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "ip/axi/fabric.h"

namespace ohmic {

using sc_core::sc_time;
using tlm::tlm_generic_payload;
using tlm::tlm_phase;
using tlm::tlm_sync_enum;

namespace {

axi_extension& extension_of(tlm_generic_payload& payload) { return *payload.get_extension<axi_extension>(); }

void resp_from_status(const tlm_generic_payload& payload, axi_burst& burst) {
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
}

tlm::tlm_response_status status_of(axi_resp resp) {
  return resp == axi_resp::okay     ? tlm::TLM_OK_RESPONSE
         : resp == axi_resp::decerr ? tlm::TLM_ADDRESS_ERROR_RESPONSE
                                    : tlm::TLM_GENERIC_ERROR_RESPONSE;
}

}  // namespace

axi_network::axi_network(sc_core::sc_module_name name, const network_config& config, const sc_time& period)
    : sc_module(name),
      period_(period.value()),
      fabric_(std::make_unique<axi_fabric>(config, static_cast<fabric_client&>(*this))),
      wake_("wake") {
  if (period_ < 2) throw std::invalid_argument("the clock period is at least two units of SystemC's time resolution");
  const auto add = [&](network_port port, const std::string& suffix, bool master) {
    auto face = std::make_unique<port_face>();
    face->network = this;
    face->port = port;
    face->out = std::make_unique<axi_initiator_socket>(("out_" + suffix).c_str());
    face->out->bind(static_cast<tlm::tlm_bw_transport_if<>&>(*face));
    if (master) {
      face->in = std::make_unique<axi_target_socket>(("in_" + suffix).c_str());
      face->in->bind(static_cast<tlm::tlm_fw_transport_if<>&>(*face));
    }
    ports_.push_back(std::move(face));
  };
  for (unsigned c = 0; c < config.clusters(); ++c) add(c, std::to_string(c), true);
  add(port_hbm, "hbm", false);
  add(port_platform, "platform", false);
  SC_HAS_PROCESS(axi_network);
  SC_METHOD(work);
  sensitive << wake_;
  dont_initialize();
}

axi_network::~axi_network() = default;

const network_config& axi_network::config() const { return fabric_->config(); }
std::uint64_t axi_network::in_flight() const { return fabric_->in_flight(); }
cycle_t axi_network::lookahead() const { return fabric_->lookahead(); }

std::uint64_t axi_network::disturbed_writes() const { return fabric_->disturbed_writes(); }

void axi_network::for_each_lane(
    const std::function<void(const std::string&, axi_lane, const channel_counters&)>& visit) const {
  fabric_->for_each_lane(visit);
}

void axi_network::end_of_elaboration() {
  for (const auto& face : ports_) {
    if (face->out->size() != 0) {
      face->stream_target = dynamic_cast<axi_stream_target*>(face->out->operator->());
      if (face->stream_target && face->stream_target->takes_address_with_data()) fabric_->offer_with_data(face->port);
    } else {
      fabric_->leave_unserved(face->port);
    }
    if (face->in && face->in->size() != 0)
      face->stream_initiator = dynamic_cast<axi_stream_initiator*>(face->in->operator->());
    streams_in_.push_back(face->stream_initiator != nullptr);
    streams_out_.push_back(face->stream_target != nullptr);
  }
}

unsigned axi_network::number(network_port port) const {
  return port < clusters() ? port : clusters() + (port == port_hbm ? 0 : 1);
}
axi_network::port_face& axi_network::face_of(network_port port) { return *ports_[number(port)]; }

// Time.

cycle_t axi_network::cycle_at(const sc_time& delay) const {
  return (sc_core::sc_time_stamp().value() + delay.value() + period_ - 1) / period_;
}

sc_time axi_network::delay_until(cycle_t cycle) const {
  const std::uint64_t now = sc_core::sc_time_stamp().value(), then = cycle * period_;
  return sc_time::from_value(then > now ? then - now : 0);
}

void axi_network::catch_up() {
  if (!working_) fabric_->forward(sc_core::sc_time_stamp().value() / period_);
}

void axi_network::wake_for_next() {
  if (working_) return;
  const cycle_t next = fabric_->next();
  if (next >= armed_) return;
  armed_ = next;
  wake_.notify(sc_time::from_value(next * period_ + period_ / 2 - sc_core::sc_time_stamp().value()));
}

void axi_network::work() {
  working_ = true;
  cycle_t cycle = armed_;
  do {
    fabric_->run(cycle,
                 std::max(cycle + 1, std::min({cycle + fabric_->batch(), undisturbed_until_, first_disturbed()})));
    cycle = fabric_->next();
  } while (cycle < undisturbed_until_ && cycle < first_disturbed());
  working_ = false;
  armed_ = never;
  wake_for_next();
}

// The first cycle that something which SystemC has pending comes before.
cycle_t axi_network::first_disturbed() const {
  if (!sc_core::sc_pending_activity()) return never;
  const std::uint64_t pending =
      sc_core::sc_time_stamp().value() +
      (sc_core::sc_pending_activity_at_current_time() ? 0 : sc_core::sc_time_to_pending_activity().value());
  return (pending + period_ - period_ / 2 - 1) / period_;  // cycle c is worked off at c * period + period / 2
}

// Requests.

tlm_sync_enum axi_network::enter(port_face& face, tlm_generic_payload& payload, cycle_t cycle) {
  auto* const extension = payload.get_extension<axi_extension>();
  const bool known = extension != nullptr && extension->burst != nullptr;
  tlm_generic_payload* const mine = known ? &payload : stand_in_for(payload);
  if (!mine) return tlm::TLM_COMPLETED;
  axi_extension& e = extension_of(*mine);
  if (observer_) {
    e.ready = cycle;
    e.sent = e.arrived = e.first = 0;
  }
  catch_up();
  e.transit = &fabric_->issue(*e.burst, face.port, cycle, mine);
  wake_for_next();
  return tlm::TLM_UPDATED;
}

cycle_t axi_network::request(axi_transit& t, cycle_t cycle) {
  port_face& face = face_of(t.target);
  if (observer_) {
    axi_extension& e = extension_of(*static_cast<tlm_generic_payload*>(t.owner));
    e.sent = t.ready;
    e.arrived = cycle;
  }
  if (face.stream_target || !t.write) return offer(face, *static_cast<tlm_generic_payload*>(t.owner), cycle);
  face.write_waiting = face.write_open;
  face.write_open = true;
  return face.write_waiting ? never : cycle;
}

void axi_network::address_waits(axi_transit& t, cycle_t cycle) {
  if (axi_stream_target* const target = face_of(t.target).stream_target) target->address_waits(cycle);
}

void axi_network::write_beat(axi_transit& t, cycle_t cycle, bool last) {
  if (!last && !streams_out_[number(t.target)]) return;
  port_face& face = face_of(t.target);
  auto& payload = *static_cast<tlm_generic_payload*>(t.owner);
  if (face.stream_target)
    face.stream_target->write_beat(payload, cycle, last);
  else if (const cycle_t taken = last ? offer(face, payload, cycle) : never; taken != never)
    accepted(face, true, taken);
}

// Offers a request to the target; the cycle in which it takes it, or never if it leaves it waiting.
cycle_t axi_network::offer(port_face& face, tlm_generic_payload& payload, cycle_t cycle) {
  sc_time delay = delay_until(cycle);
  tlm_phase phase = tlm::BEGIN_REQ;
  const tlm_sync_enum status = (*face.out)->nb_transport_fw(payload, phase, delay);
  if (status == tlm::TLM_ACCEPTED) return never;
  if (status == tlm::TLM_COMPLETED || phase == tlm::BEGIN_RESP) {
    answered(payload, cycle_at(delay));
    if (status == tlm::TLM_UPDATED) {
      phase = tlm::END_RESP;
      (*face.out)->nb_transport_fw(payload, phase, delay);
    }
    return cycle;
  }
  return std::max(cycle, cycle_at(delay));
}

// A plain target has taken its write: the next one may come.
void axi_network::accepted(port_face& face, bool write, cycle_t cycle) {
  if (!face.stream_target && write) {
    face.write_open = std::exchange(face.write_waiting, false);
    if (!face.write_open) return;
  }
  fabric_->accept(face.port, write, cycle);
}

// Responses.

void axi_network::answered(tlm_generic_payload& payload, cycle_t cycle) {
  axi_extension& e = extension_of(payload);
  resp_from_status(payload, *e.burst);
  fabric_->respond(*e.transit, cycle);
}

void axi_network::response_left(axi_transit& t, cycle_t cycle) {
  port_face& face = face_of(t.target);
  if (face.stream_target) face.stream_target->response_left(*static_cast<tlm_generic_payload*>(t.owner), cycle);
}

void axi_network::response_beat(axi_transit& t, cycle_t cycle, bool last) {
  if (!last && !streams_in_[t.source] && !observer_) return;
  auto& payload = *static_cast<tlm_generic_payload*>(t.owner);
  port_face& face = *ports_[t.source];
  if (observer_) {
    axi_extension& e = extension_of(payload);
    if (e.first == 0) e.first = cycle;
    if (last) observer_({*e.burst, t.source, t.target, e.ready, e.sent, e.arrived, e.first, cycle});
  }
  if (!t.write && face.stream_initiator && !extension_of(payload).foreign)
    face.stream_initiator->read_beat(payload, cycle, last);
  if (last) give_back(t, cycle);
}

void axi_network::give_back(axi_transit& t, cycle_t cycle) {
  auto* payload = static_cast<tlm_generic_payload*>(t.owner);
  axi_extension& e = extension_of(*payload);
  e.transit = nullptr;
  const tlm::tlm_response_status status = status_of(e.burst->resp);
  if (e.foreign) {
    tlm_generic_payload* const stand_in = payload;
    payload = e.foreign;
    free_bursts_.push_back(e.burst);
    stand_in->release();
  }
  payload->set_response_status(status);
  sc_time delay = delay_until(cycle);
  tlm_phase phase = tlm::BEGIN_RESP;
  (*ports_[t.source]->in)->nb_transport_bw(*payload, phase, delay);
}

tlm_generic_payload* axi_network::stand_in_for(tlm_generic_payload& foreign) {
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
  tlm_generic_payload* const mine = payloads_.acquire(burst);
  extension_of(*mine).foreign = &foreign;
  return mine;
}

// The sockets.

tlm_sync_enum axi_network::port_face::nb_transport_fw(tlm_generic_payload& payload, tlm_phase& phase, sc_time& delay) {
  if (phase != tlm::BEGIN_REQ) return tlm::TLM_COMPLETED;  // END_RESP of an initiator that spells it out
  const tlm_sync_enum status = network->enter(*this, payload, network->cycle_at(delay));
  if (status == tlm::TLM_UPDATED) phase = tlm::END_REQ;
  return status;
}

tlm_sync_enum axi_network::port_face::nb_transport_bw(tlm_generic_payload& payload, tlm_phase& phase, sc_time& delay) {
  network->catch_up();
  const cycle_t cycle = network->cycle_at(delay);
  if (phase == tlm::END_REQ) {
    network->accepted(*this, payload.is_write(), cycle);
    network->wake_for_next();
    return tlm::TLM_ACCEPTED;
  }
  if (phase != tlm::BEGIN_RESP) return tlm::TLM_ACCEPTED;
  network->answered(payload, cycle);
  network->wake_for_next();
  phase = tlm::END_RESP;
  return tlm::TLM_COMPLETED;
}

axi_network::port_face* axi_network::way_to(std::uint64_t addr) {
  const network_port port = config().map.decode(addr);
  if (port == port_none) return nullptr;
  port_face& face = face_of(port);
  return face.out->size() != 0 ? &face : nullptr;
}

cycle_t axi_network::round_trip(const port_face& from, std::uint64_t addr) const {
  return zero_load_round_trip(config(), from.port, config().map.decode(addr));
}

void axi_network::port_face::b_transport(tlm_generic_payload& payload, sc_time& delay) {
  const cycle_t both_ways = network->round_trip(*this, payload.get_address());
  const sc_time period = sc_time::from_value(network->period_);
  delay += both_ways / 2 * period;
  if (port_face* const face = network->way_to(payload.get_address()))
    (*face->out)->b_transport(payload, delay);
  else
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
  axi_burst burst;
  burst.addr = payload.get_address();
  burst.bytes = payload.get_data_length();
  delay += (both_ways / 2 + burst.beats(network->config().levels.back().width) - 1) * period;
}

unsigned axi_network::port_face::transport_dbg(tlm_generic_payload& payload) {
  if (port_face* const face = network->way_to(payload.get_address())) return (*face->out)->transport_dbg(payload);
  payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
  return 0;
}

bool axi_network::port_face::get_direct_mem_ptr(tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
  port_face* const face = network->way_to(payload.get_address());
  if (!face || !(*face->out)->get_direct_mem_ptr(payload, dmi)) return false;
  const auto region = network->config().map.region(face->port);
  if (dmi.get_start_address() < region.begin) {
    dmi.set_dmi_ptr(dmi.get_dmi_ptr() + (region.begin - dmi.get_start_address()));
    dmi.set_start_address(region.begin);
  }
  if (dmi.get_end_address() >= region.end) dmi.set_end_address(region.end - 1);
  const sc_time both_ways = sc_time::from_value(network->round_trip(*this, payload.get_address()) * network->period_);
  dmi.set_read_latency(dmi.get_read_latency() + both_ways);
  dmi.set_write_latency(dmi.get_write_latency() + both_ways);
  return true;
}

void axi_network::port_face::invalidate_direct_mem_ptr(sc_dt::uint64 begin, sc_dt::uint64 end) {
  for (const auto& face : network->ports_) {
    if (face->in && face->in->size() != 0 && face.get() != this) {
      (*face->in)->invalidate_direct_mem_ptr(begin, end);
    }
  }
}

}  // namespace ohmic
