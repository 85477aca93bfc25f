#include "ip/hbm/hbm.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace ohmic {

using sc_core::sc_time;
using tlm::tlm_generic_payload;

hbm::hbm(sc_core::sc_module_name name, const hbm_config& config, const sc_time& period)
    : sc_module(name),
      socket("socket"),
      config_(config),
      period_(period.value()),
      memory_(config.bytes),
      queue_(config.timing),
      due_("due") {
  socket.bind(static_cast<tlm::tlm_fw_transport_if<>&>(*this));
  SC_HAS_PROCESS(hbm);
  SC_METHOD(work);
  sensitive << due_;
  dont_initialize();
}

namespace {

/// Whether a payload comes from an axi_network, which tells of its data beats.
bool streamed(const tlm_generic_payload& payload) {
  const auto* const extension = payload.get_extension<axi_extension>();
  return extension != nullptr && extension->transit != nullptr;
}

}  // namespace

unsigned hbm::beats(const tlm_generic_payload& payload) const {
  const unsigned width = config_.timing.width;
  return static_cast<unsigned>((payload.get_address() % width + payload.get_data_length() + width - 1) / width);
}

tlm::tlm_sync_enum hbm::nb_transport_fw(tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_time& delay) {
  if (phase != tlm::BEGIN_REQ) return tlm::TLM_COMPLETED;  // END_RESP of an initiator that spells it out
  const cycle_t cycle = (sc_core::sc_time_stamp().value() + delay.value() + period_ - 1) / period_;
  queue_.arrive(&payload, cycle, payload.is_write());
  wake_for_next();
  if (streamed(payload)) return tlm::TLM_ACCEPTED;
  phase = tlm::END_REQ;
  return tlm::TLM_UPDATED;
}

void hbm::wake_for_next() {
  const std::uint64_t now = sc_core::sc_time_stamp().value();
  // Also when something could happen if a channel or a place were free by then: the network works ahead of SystemC's
  // time no further than to what is pending here, and may free them meanwhile.
  cycle_t next = std::min(queue_.next_accept(), queue_.next_arrival(now / period_));
  for (const channel& c : channels_) {
    if (c.answers.empty()) continue;
    if (c.answers.front().ready * period_ <= now) next = std::min(next, std::max(c.answers.front().ready, c.free));
    for (const answer& a : c.answers) {  // those behind a channel that is not free, too
      if (a.ready * period_ <= now) continue;
      next = std::min(next, a.ready);
      break;
    }
  }
  // A place that the network frees is taken at once, in the cycle after it (response_left); a second one not before the
  // cycle after that.
  if (queue_.waits_for_place()) next = std::min(next, now / period_ + 2);
  if (next == never) return;
  due_.notify(sc_time::from_value(std::max(next * period_, now) - now));
}

void hbm::work() {
  const cycle_t now = sc_core::sc_time_stamp().value() / period_;
  for (channel& c : channels_) answer_due(c, now);
  if (queue_.next_accept() <= now) accept(now);
  for (channel& c : channels_) answer_due(c, now);
  wake_for_next();
}

void hbm::accept(cycle_t cycle) {
  queue_.accept(cycle, [&](tlm_generic_payload* payload, bool write) {
    if (!streamed(*payload)) {
      const cycle_t there = cycle + (write ? beats(*payload) - 1 : 0);
      channels_[write].answers.push_back({there + config_.timing.access, payload});
      return;
    }
    if (write)
      open_writes_.push_back({payload, cycle});
    else
      channels_[write].answers.push_back({cycle + config_.timing.access, payload});
    tlm::tlm_phase phase = tlm::END_REQ;
    const std::uint64_t at = cycle * period_, present = sc_core::sc_time_stamp().value();
    sc_time delay = sc_time::from_value(at > present ? at - present : 0);
    socket->nb_transport_bw(*payload, phase, delay);
  });
}

void hbm::write_beat(tlm_generic_payload& payload, cycle_t cycle, bool last) {
  if (!last) return;
  assert(open_writes_.front().payload == &payload);
  const cycle_t there = std::max(cycle, open_writes_.front().accepted);
  open_writes_.pop_front();
  channels_[1].answers.push_back({there + config_.timing.access, &payload});
  wake_for_next();
}

// Sends the response that is ready, if there is one and its channel is free.
void hbm::answer_due(channel& c, cycle_t now) {
  while (!c.answers.empty() && std::max(c.answers.front().ready, c.free) <= now) {
    tlm_generic_payload& payload = *c.answers.front().payload;
    const cycle_t begin = std::max(c.answers.front().ready, c.free);
    c.answers.pop_front();
    perform(payload, begin);
    if (streamed(payload)) {
      c.free = never;
    } else {
      c.free = begin + (payload.is_read() ? beats(payload) : 1);
      queue_.release(c.free - 1);
    }
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    const std::uint64_t at = begin * period_, present = sc_core::sc_time_stamp().value();
    sc_time delay = sc_time::from_value(at > present ? at - present : 0);
    socket->nb_transport_bw(payload, phase, delay);
  }
}

void hbm::response_left(tlm_generic_payload& payload, cycle_t cycle) {
  channel& c = channels_[payload.is_write()];
  c.free = cycle + 1;
  queue_.release(cycle);
  // The network may be ahead of SystemC's time: what follows from this is done now, for the cycle in which it happens.
  while (queue_.next_accept() <= cycle + 1) accept(queue_.next_accept());
  answer_due(c, cycle + 1);
  wake_for_next();
}

void hbm::perform(tlm_generic_payload& payload, cycle_t cycle) {
  const std::uint64_t offset = payload.get_address() - config_.base;
  const std::uint64_t bytes = payload.get_data_length();
  bool inside = true;
  if (payload.is_read()) {
    inside = memory_.read(offset, payload.get_data_ptr(), bytes);
    ++count_.reads;
    count_.read_bytes += bytes;
  } else if (payload.is_write()) {
    inside = memory_.write(offset, payload.get_data_ptr(), bytes);
    const std::uint64_t address = payload.get_address();
    for (const watched_range& w : watches_)
      if (inside && address < w.end && address + bytes > w.begin)
        w.written(address, payload.get_data_ptr(), bytes, cycle);
    ++count_.writes;
    count_.written_bytes += bytes;
  }
  payload.set_response_status(inside ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

void hbm::b_transport(tlm_generic_payload& payload, sc_time& delay) {
  if (payload.get_byte_enable_ptr() != nullptr) {
    payload.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
    return;
  }
  perform(payload, sc_core::sc_time_stamp().value() / period_);
  payload.set_dmi_allowed(true);
  delay += sc_time::from_value(config_.timing.access * period_);
}

unsigned hbm::transport_dbg(tlm_generic_payload& payload) {
  const std::uint64_t offset = payload.get_address() - config_.base;
  if (offset >= memory_.bytes()) {
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return 0;
  }
  const std::uint64_t bytes = std::min<std::uint64_t>(payload.get_data_length(), memory_.bytes() - offset);
  if (payload.is_read()) memory_.read(offset, payload.get_data_ptr(), bytes);
  if (payload.is_write()) memory_.write(offset, payload.get_data_ptr(), bytes);
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  return static_cast<unsigned>(bytes);
}

bool hbm::get_direct_mem_ptr(tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
  if (payload.get_address() - config_.base >= memory_.bytes()) return false;
  const sc_time access = sc_time::from_value(config_.timing.access * period_);
  dmi.set_dmi_ptr(memory_.data());
  dmi.set_start_address(config_.base);
  dmi.set_end_address(config_.base + memory_.bytes() - 1);
  dmi.set_read_latency(access);
  dmi.set_write_latency(access);
  dmi.allow_read_write();
  return true;
}

}  // namespace ohmic
