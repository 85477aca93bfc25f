#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <systemc>
#include <tlm>

#include "ip/core/device_error.h"
#include "ip/core/types.h"
#include "ip/registers/register_access.h"
#include "ip/tcdm/l1_port.h"
#include "ip/tlm/block_module.h"

namespace ohmic {

/// A block that works by itself (IMA, DMA) as a TLM-2.0 module: registers behind `registers.socket`, its L1
/// beats through `l1`, addressed by L1 byte offset. For platforms of other people; a cluster steps the plain
/// block.
///
/// Timing: the block is stepped in the cycles its contract asks for, and sleeps otherwise. A beat counts as
/// granted in the cycle it is sent plus the whole cycles of the delay that the memory annotates: a memory
/// that adds less than a cycle serves a beat per cycle and port, without conflicts. Register writes take
/// effect at their annotated time. A beat that the memory refuses reads as zeros, writes nothing and is
/// reported by take_error(). Event lines: `raised` is notified when one rises, take_events() says which.
template <class Block, class AccessMap>
class device_module : public sc_core::sc_module {
  struct register_target {
    device_module* owner;

    register_access read(std::uint32_t offset, cycle_t now) {
      if (!owner->access_->readable(offset)) return register_access::error();
      return register_access::ok(owner->block_.read_register(offset, now));
    }
    register_access write(std::uint32_t offset, std::uint32_t value, cycle_t now) {
      if (!owner->access_->writable(offset)) return register_access::error();
      owner->block_.write_register(offset, value, now);
      owner->wake_.notify(sc_core::SC_ZERO_TIME);
      return register_access::ok();
    }
    register_access debug_read(std::uint32_t offset) {
      return owner->access_->readable(offset) ? read(offset, owner->cycle()) : owner->debug_word(offset, nullptr);
    }
    register_access debug_write(std::uint32_t offset, std::uint32_t value) {
      return owner->access_->writable(offset) ? write(offset, value, owner->cycle())
                                              : owner->debug_word(offset, &value);
    }
    bool exists(std::uint32_t offset) const {
      return owner->access_->readable(offset) || owner->access_->writable(offset);
    }
  };

 public:
  block_module<register_target> registers;
  tlm_utils::simple_initiator_socket<device_module> l1;
  sc_core::sc_event raised;

  Block& block() { return block_; }
  const Block& block() const { return block_; }

  std::uint32_t take_events() {
    const std::uint32_t lines = lines_;
    lines_ = 0;
    return lines;
  }
  std::optional<device_error> take_error() {
    if (!beat_error_) return block_.take_error();
    const auto error = beat_error_;
    beat_error_.reset();
    return error;
  }

 protected:
  template <class... Arguments>
  device_module(sc_core::sc_module_name name, const AccessMap& access, sc_core::sc_time clock_period,
                Arguments&&... arguments)
      : sc_module(name),
        registers("registers", register_target{this}, clock_period, clock_period),
        l1("l1"),
        block_(std::forward<Arguments>(arguments)...),
        access_(&access),
        period_(clock_period) {
    sc_core::sc_spawn_options thread;
    sc_core::sc_spawn([this] { run(); }, "run", &thread);
  }

  /// Steps the block, and does what else must happen in this cycle. Called when due() has come.
  virtual void step_block(cycle_t now) = 0;
  virtual cycle_t due() const { return block_.next_event(); }
  /// Words reached by debug transport beside the registers; `value` is null for a read.
  virtual register_access debug_word(std::uint32_t, const std::uint32_t*) { return register_access::error(); }

  cycle_t cycle(sc_core::sc_time delay = sc_core::SC_ZERO_TIME) const {
    return static_cast<cycle_t>((sc_core::sc_time_stamp() + delay) / period_);
  }
  sc_core::sc_time period() const { return period_; }

  Block block_;

 private:
  void run() {
    for (;;) {
      cycle_t next = due();
      for (const cycle_t granted : granted_) next = std::min(next, granted);
      if (next == never) {
        sc_core::wait(wake_);
        continue;
      }
      const sc_core::sc_time at = static_cast<double>(next) * period_;
      if (at > sc_core::sc_time_stamp()) {
        sc_core::wait(at - sc_core::sc_time_stamp(), wake_);
        continue;
      }
      one_cycle(cycle());
      // A block acts once per cycle; what it wants next is due in the next one.
      sc_core::wait(static_cast<double>(cycle() + 1) * period_ - sc_core::sc_time_stamp());
    }
  }

  void one_cycle(cycle_t now) {
    if (due() <= now) step_block(now);
    for (unsigned p = 0; p < Block::ports; ++p) {
      if (block_.port(p).busy() && granted_[p] == never) send(p);
      if (granted_[p] > now) continue;
      granted_[p] = never;
      block_.port(p).words = 0;
      block_.beat_done(p, now);
    }
    if (const std::uint32_t lines = block_.take_events(now)) {
      lines_ |= lines;
      raised.notify(sc_core::SC_ZERO_TIME);
      registers.changed();
    }
  }

  void send(unsigned p) {
    l1_port& port = block_.port(p);
    tlm::tlm_generic_payload payload;
    payload.set_command(port.write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    payload.set_address(port.addr + port.first_byte);
    payload.set_data_ptr(port.data + port.first_byte);
    payload.set_data_length(port.bytes);
    payload.set_streaming_width(port.bytes);
    payload.set_byte_enable_ptr(nullptr);
    payload.set_dmi_allowed(false);
    payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    l1->b_transport(payload, delay);
    if (!payload.is_response_ok()) {
      if (!port.write) std::memset(port.data, 0, sizeof port.data);
      if (!beat_error_) beat_error_ = device_error{payload.get_address(), "L1 refused a beat", p};
    }
    granted_[p] = cycle(delay);
  }

  const AccessMap* access_;
  sc_core::sc_time period_;
  sc_core::sc_event wake_;
  std::array<cycle_t, Block::ports> granted_ = [] {
    std::array<cycle_t, Block::ports> idle{};
    idle.fill(never);
    return idle;
  }();
  std::uint32_t lines_ = 0;
  std::optional<device_error> beat_error_;
};

}  // namespace ohmic
