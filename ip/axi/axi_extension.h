#pragma once

#include <cstddef>
#include <memory>
#include <systemc>
#include <tlm>
#include <vector>

#include "ip/axi/transit.h"

namespace ohmic {

/// The one extension of a payload in the AXI network: which burst it carries. The rest is the network's.
///
/// A payload of an initiator's own may carry one, with `burst` set: it then travels under that burst's id.
struct axi_extension : tlm::tlm_extension<axi_extension> {
  axi_burst* burst = nullptr;
  axi_transit* transit = nullptr;               ///< while it is in the network
  tlm::tlm_generic_payload* foreign = nullptr;  ///< the payload of an initiator that does not know this extension
  cycle_t ready = 0, sent = 0, arrived = 0, first = 0;  ///< while the network is observed: see observed_burst

  tlm::tlm_extension_base* clone() const override {
    auto* const copy = new axi_extension;
    copy->copy_from(*this);
    return copy;
  }
  /// Copies which burst it is; a copy is not in the network.
  void copy_from(const tlm::tlm_extension_base& other) override {
    if (const auto* const from = dynamic_cast<const axi_extension*>(&other)) burst = from->burst;
  }
};

/// The sockets of the network. Bus width is a run-time parameter, so the template argument has its default.
using axi_initiator_socket =
    tlm::tlm_initiator_socket<32, tlm::tlm_base_protocol_types, 1, sc_core::SC_ZERO_OR_MORE_BOUND>;
using axi_target_socket = tlm::tlm_target_socket<32, tlm::tlm_base_protocol_types, 1, sc_core::SC_ZERO_OR_MORE_BOUND>;

/// A target behind the network whose forward interface is also (publicly) this one follows a burst beat by beat: it is
/// given a write's AW (BEGIN_REQ) before the data, then each data beat. Cycles are the network's, at the boundary.
class axi_stream_target {
 public:
  virtual void write_beat(tlm::tlm_generic_payload& payload, cycle_t cycle, bool last) = 0;
  /// Where takes_address_with_data(): the AW of the next write is there from `cycle` on, its data are not.
  virtual void address_waits(cycle_t cycle) { static_cast<void>(cycle); }
  /// The last beat of its response has left it.
  virtual void response_left(tlm::tlm_generic_payload& payload, cycle_t cycle) = 0;
  /// True: a write is offered with its first data beat, not with its AW.
  virtual bool takes_address_with_data() const { return false; }

 protected:
  ~axi_stream_target() = default;
};

/// An initiator whose backward interface is also (publicly) this one is given each data beat of a read; the payload is
/// its own again after the last one. Others hear of a response (BEGIN_RESP) when it is complete.
class axi_stream_initiator {
 public:
  virtual void read_beat(tlm::tlm_generic_payload& payload, cycle_t cycle, bool last) = 0;

 protected:
  ~axi_stream_initiator() = default;
};

/// What travels in the network: a payload with its extension in one piece.
struct axi_payload final : tlm::tlm_generic_payload, axi_extension {
  explicit axi_payload(tlm::tlm_mm_interface* pool) : tlm_generic_payload(pool) {
    set_extension(static_cast<axi_extension*>(this));
  }
  ~axi_payload() override { clear_extension(static_cast<axi_extension*>(this)); }
};

/// Payloads with their extension, recycled. Main thread only; no allocation once enough exist.
///
/// Initiator: acquire() gives a payload with one reference and everything set from the burst; send it with
/// nb_transport_fw(BEGIN_REQ); when its response is complete, take burst_of(payload) and release() it.
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
  auto* const payload = static_cast<axi_payload*>(free_.back());  // only what acquire() made comes back here
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
  payload->transit = nullptr;
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
