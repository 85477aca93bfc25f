#pragma once

#include <cstddef>
#include <memory>
#include <systemc>
#include <tlm>
#include <vector>

#include "ip/axi/transit.h"

namespace ohmic {

/// The one extension of a payload in the AXI network: which burst it carries and where it stands. Endpoints
/// read `burst`, and `last` (cycle of the last beat at their boundary) when the payload reaches them; the
/// network owns the rest.
struct axi_extension : tlm::tlm_extension<axi_extension>, axi_transit {
  axi_extension() {
    partner = &write_address;
    write_address.partner = this;
    write_address.lane = axi_lane::aw;
  }
  axi_extension(const axi_extension&) = delete;
  axi_extension& operator=(const axi_extension&) = delete;

  axi_transit write_address;                    ///< the AW, when it travels apart from its data
  tlm::tlm_generic_payload* foreign = nullptr;  ///< the payload of an initiator that does not know this extension

  tlm::tlm_extension_base* clone() const override {
    auto* const copy = new axi_extension;
    copy->copy_from(*this);
    return copy;
  }
  /// Copies which burst it is and when it was where; a copy is not in the network.
  void copy_from(const tlm::tlm_extension_base& other) override {
    const auto& from = static_cast<const axi_extension&>(other);
    burst = from.burst;
    head = from.head;
    last = from.last;
    source = from.source;
    target = from.target;
    bytes = from.bytes;
    lead = from.lead;
    lane = from.lane;
  }
};

/// What travels in the network: a payload with its extension in one piece, so that routers find one from the
/// other.
struct axi_payload final : tlm::tlm_generic_payload, axi_extension {
  explicit axi_payload(tlm::tlm_mm_interface* pool) : tlm_generic_payload(pool) {
    set_extension(static_cast<axi_extension*>(this));
  }
  ~axi_payload() override { clear_extension(static_cast<axi_extension*>(this)); }
};

/// The sockets of the network. Bus width is a run-time parameter, so the template argument has its default.
using axi_initiator_socket =
    tlm::tlm_initiator_socket<32, tlm::tlm_base_protocol_types, 1, sc_core::SC_ZERO_OR_MORE_BOUND>;
using axi_target_socket = tlm::tlm_target_socket<32, tlm::tlm_base_protocol_types, 1, sc_core::SC_ZERO_OR_MORE_BOUND>;

/// Between routers only: the data of a write whose AW (BEGIN_REQ) went ahead.
TLM_DECLARE_EXTENDED_PHASE(begin_write_data);

/// Payloads with their extension, recycled. Main thread only; no allocation once enough exist.
///
/// Initiator: acquire() gives a payload with one reference and everything set from the burst; send it with
/// nb_transport_fw(BEGIN_REQ); when it returns by nb_transport_bw(BEGIN_RESP), take burst_of(payload) and
/// release() it.
class axi_payload_pool : public tlm::tlm_mm_interface {
 public:
  ~axi_payload_pool() override = default;

  tlm::tlm_generic_payload* acquire(axi_burst* burst);
  void free(tlm::tlm_generic_payload* payload) override { free_.push_back(payload); }

 private:
  std::vector<std::unique_ptr<axi_payload>> all_;
  std::vector<tlm::tlm_generic_payload*> free_;
};

inline tlm::tlm_generic_payload* axi_payload_pool::acquire(axi_burst* burst) {
  if (free_.empty()) {
    all_.push_back(std::make_unique<axi_payload>(this));
    free_.reserve(all_.size());
    free_.push_back(all_.back().get());
  }
  auto* const payload = static_cast<axi_payload*>(free_.back());
  free_.pop_back();
  payload->acquire();
  payload->set_command(burst->write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  payload->set_address(burst->addr);
  payload->set_data_ptr(burst->data);
  payload->set_data_length(burst->bytes);
  payload->set_streaming_width(burst->bytes);
  payload->set_byte_enable_ptr(nullptr);
  payload->set_dmi_allowed(false);
  payload->set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  payload->burst = burst;
  payload->foreign = nullptr;
  burst->carrier = payload;
  return payload;
}

/// The burst a payload carries; null for a foreign payload outside the network.
inline axi_burst* burst_of(const tlm::tlm_generic_payload& payload) {
  const auto* extension = payload.get_extension<axi_extension>();
  return extension ? extension->burst : nullptr;
}

}  // namespace ohmic
