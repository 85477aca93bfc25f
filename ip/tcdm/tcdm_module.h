#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstring>
#include <systemc>
#include <tlm>
#include <vector>

#include "ip/tcdm/tcdm.h"
#include "ip/tlm/cycle_clock.h"

namespace ohmic {

/// The banked L1 alone as a TLM-2.0 module: `ports[i]` is requester i, addressed by L1 byte offset. For platforms of
/// other people; a cluster has its own loop.
///
/// Transport: one transaction is one beat, a run of bytes in at most 16 words. It belongs to the cycle that its
/// annotated time lies in, takes part in every arbitration from then on (in the middle of each cycle, see tcdm) and
/// returns after its last word was granted, with the rest of that cycle annotated: one cycle without conflicts, one
/// more per cycle that it lost. Writes are visible, and reads sampled, word by word in the cycle of the grant. A port
/// has one transaction at a time and starts one per cycle; others wait for it. Call b_transport from a thread.
/// Debug transport and DMI (the whole memory, one cycle) see no banks and disturb nobody.
/// Errors, after one cycle: TLM_ADDRESS_ERROR_RESPONSE outside the memory, TLM_BURST_ERROR_RESPONSE for nothing, more
/// than 16 words or streaming, TLM_BYTE_ENABLE_ERROR_RESPONSE.
class tcdm_module : public sc_core::sc_module {
 public:
  using target_socket = tlm_utils::simple_target_socket_tagged<tcdm_module>;
  sc_core::sc_vector<target_socket> ports;

  explicit tcdm_module(sc_core::sc_module_name name, const tcdm_parameters& parameters = {},
                       const sc_core::sc_time& clock_period = sc_core::sc_time(1, sc_core::SC_NS))
      : sc_module(name),
        ports("port", parameters.requesters),
        memory_(parameters.bytes),
        model_(memory_.data(), parameters),
        clock_(clock_period),
        users_(parameters.requesters) {
    for (unsigned i = 0; i < parameters.requesters; ++i) {
      ports[i].register_b_transport(this, &tcdm_module::b_transport, static_cast<int>(i));
      ports[i].register_transport_dbg(this, &tcdm_module::transport_dbg, static_cast<int>(i));
      ports[i].register_get_direct_mem_ptr(this, &tcdm_module::get_direct_mem_ptr, static_cast<int>(i));
    }
    SC_HAS_PROCESS(tcdm_module);
    SC_METHOD(arbitrate);
    dont_initialize();
    sensitive << arbitration_;
  }

  /// The memory, from offset 0 on.
  std::uint8_t* data() { return memory_.data(); }

 private:
  struct user {
    sc_core::sc_mutex turn;
    sc_core::sc_event done;
    cycle_t free_from = 0;  // one beat per cycle
  };

  void b_transport(int id, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    payload.set_dmi_allowed(false);
    const tlm::tlm_response_status status = check(payload);
    payload.set_response_status(status);
    if (status != tlm::TLM_OK_RESPONSE || payload.get_command() == tlm::TLM_IGNORE_COMMAND) {
      delay += clock_.period();
      return;
    }
    if (delay != sc_core::SC_ZERO_TIME) sc_core::wait(delay);
    const auto requester = static_cast<unsigned>(id);
    user& own = users_[requester];
    own.turn.lock();
    const sc_core::sc_time left = clock_.until(own.free_from);
    if (left != sc_core::SC_ZERO_TIME) sc_core::wait(left);
    l1_port& port = model_.port(requester);
    port.start(static_cast<std::uint32_t>(payload.get_address()), payload.get_data_length(), payload.is_write());
    std::uint8_t* const beat = port.data + port.first_byte;
    if (port.write) std::memcpy(beat, payload.get_data_ptr(), port.bytes);
    request_arbitration();
    while (port.busy()) sc_core::wait(own.done);
    if (!port.write) std::memcpy(payload.get_data_ptr(), beat, port.bytes);
    own.free_from = clock_.cycle() + 1;
    own.turn.unlock();
    delay = clock_.until(own.free_from);
  }

  tlm::tlm_response_status check(const tlm::tlm_generic_payload& payload) const {
    const std::uint64_t address = payload.get_address(), length = payload.get_data_length();
    if (address >= memory_.size() || length > memory_.size() - address) return tlm::TLM_ADDRESS_ERROR_RESPONSE;
    if (payload.get_byte_enable_ptr() != nullptr) return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
    if (length == 0 || address % 4 + length > 64 || payload.get_streaming_width() < length)
      return tlm::TLM_BURST_ERROR_RESPONSE;
    return tlm::TLM_OK_RESPONSE;
  }

  void request_arbitration() {
    const sc_core::sc_time left = clock_.until_middle(clock_.cycle());
    if (left == sc_core::SC_ZERO_TIME)
      arbitrate();
    else
      arbitration_.notify(left);
  }

  void arbitrate() {
    const cycle_t now = clock_.cycle();
    const bool waiting = model_.arbitrate(now, [this](unsigned i) { users_[i].done.notify(sc_core::SC_ZERO_TIME); });
    if (waiting) arbitration_.notify(clock_.until_middle(now + 1));
  }

  unsigned transport_dbg(int, tlm::tlm_generic_payload& payload) {
    const std::uint64_t address = payload.get_address();
    if (address >= memory_.size()) return 0;
    const auto bytes =
        static_cast<unsigned>(std::min<std::uint64_t>(payload.get_data_length(), memory_.size() - address));
    if (payload.is_read())
      std::memcpy(payload.get_data_ptr(), memory_.data() + address, bytes);
    else if (payload.is_write())
      std::memcpy(memory_.data() + address, payload.get_data_ptr(), bytes);
    return bytes;
  }

  bool get_direct_mem_ptr(int, tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) {
    dmi.set_dmi_ptr(memory_.data());
    dmi.set_start_address(0);
    dmi.set_end_address(memory_.size() - 1);
    dmi.set_read_latency(clock_.period());
    dmi.set_write_latency(clock_.period());
    dmi.allow_read_write();
    return true;
  }

  std::vector<std::uint8_t> memory_;
  tcdm model_;
  const cycle_clock clock_;
  std::vector<user> users_;
  sc_core::sc_event arbitration_;
};

}  // namespace ohmic
