#include "ip/hbm/hbm.h"

#include <algorithm>
#include <cstring>
#include <functional>

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
  pending_.reserve(64);
  SC_HAS_PROCESS(hbm);
  SC_METHOD(work);
  sensitive << due_;
  dont_initialize();
}

tlm::tlm_sync_enum hbm::nb_transport_fw(tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_time& delay) {
  if (phase != tlm::BEGIN_REQ) return tlm::TLM_COMPLETED;  // END_RESP of an initiator that spells it out
  const std::uint64_t now = sc_core::sc_time_stamp().value();
  const cycle_t head = (now + delay.value() + period_ - 1) / period_;
  const unsigned width = config_.timing.width;
  const auto beats =
      static_cast<unsigned>((payload.get_address() % width + payload.get_data_length() + width - 1) / width);
  cycle_t last = head;
  if (payload.is_write()) {
    last = head + beats - 1;
    if (const auto* extension = payload.get_extension<axi_extension>()) last = std::max(last, extension->last);
  }
  queue_.arrive(&payload, head, last, payload.is_write(), beats);
  wake_for_next();
  phase = tlm::END_REQ;
  return tlm::TLM_UPDATED;
}

void hbm::wake_for_next() {
  cycle_t next = queue_.next_accept();
  if (!pending_.empty()) next = std::min(next, pending_.front().cycle);
  if (next == never) return;
  const std::uint64_t now = sc_core::sc_time_stamp().value();
  due_.notify(sc_time::from_value(std::max(next * period_, now) - now));
}

void hbm::work() {
  const std::uint64_t now = sc_core::sc_time_stamp().value();
  answer_due(now);
  const cycle_t cycle = now / period_;
  if (queue_.next_accept() <= cycle) {
    queue_.accept(cycle, [this](tlm_generic_payload* payload, cycle_t first) {
      pending_.push_back({first, sequence_++, payload});
      std::push_heap(pending_.begin(), pending_.end(), std::greater<>{});
    });
    answer_due(now);
  }
  wake_for_next();
}

void hbm::answer_due(std::uint64_t now) {
  while (!pending_.empty() && pending_.front().cycle * period_ <= now) {
    std::pop_heap(pending_.begin(), pending_.end(), std::greater<>{});
    tlm_generic_payload& payload = *pending_.back().payload;
    pending_.pop_back();
    perform(payload);
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    sc_time delay = sc_core::SC_ZERO_TIME;
    socket->nb_transport_bw(payload, phase, delay);
  }
}

void hbm::perform(tlm_generic_payload& payload) {
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
        w.written(address, payload.get_data_ptr(), bytes, sc_core::sc_time_stamp().value() / period_);
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
  perform(payload);
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
