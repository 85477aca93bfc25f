#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <systemc>
#include <tlm>

#include "ip/core/device_error.h"
#include "ip/core/types.h"
#include "ip/registers/register_access.h"
#include "ip/tcdm/l1_port.h"
#include "ip/tlm/block_module.h"
#include "ip/tlm/cycle_clock.h"
#include "ip/tlm/simple_payload.h"

namespace ohmic {

/// A block that works by itself (IMA, DMA) as a TLM-2.0 module: registers behind `registers.socket`, its L1
/// beats through `l1`, addressed by L1 byte offset. For platforms of other people; a cluster steps the plain
/// block.
///
/// Timing: the block is stepped at the start of the cycles its contract asks for, and sleeps otherwise. The memory
/// annotates, or waits, the time that a beat takes: up to one cycle is a grant in the cycle of the request, each
/// further cycle one that the beat lost. So a tcdm_module gives the grants of a cluster, and a memory without delay
/// serves a beat per cycle and port. The ports do not wait for each other. Register writes take effect at their
/// annotated time. A beat that the memory refuses reads as zeros, writes nothing and is reported by take_error().
/// Event lines: `raised` is notified when one rises, take_events() says which.
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
        clock_(clock_period) {
    sc_core::sc_spawn_options thread;
    sc_core::sc_spawn([this] { run(); }, "run", &thread);
    for (unsigned p = 0; p < Block::ports; ++p)
      sc_core::sc_spawn([this, p] { send_beats(p); }, ("port" + std::to_string(p)).c_str(), &thread);
  }

  /// Steps the block, and does what else must happen in this cycle. Called when due() has come.
  virtual void step_block(cycle_t now) = 0;
  virtual cycle_t due() const { return block_.next_event(); }
  /// Words reached by debug transport beside the registers; `value` is null for a read.
  virtual register_access debug_word(std::uint32_t, const std::uint32_t*) { return register_access::error(); }

  cycle_t cycle() const { return clock_.cycle(); }
  const cycle_clock& clock() const { return clock_; }

  Block block_;

 private:
  struct beat_sender {
    sc_core::sc_event start;
    bool sending = false;
  };

  void run() {
    cycle_t not_before = 0;  // a block acts once per cycle
    for (;;) {
      if (due() == never) {
        sc_core::wait(wake_);
        continue;
      }
      const sc_core::sc_time left = clock_.until(std::max(due(), not_before));
      if (left != sc_core::SC_ZERO_TIME) {
        sc_core::wait(left, wake_);
        continue;
      }
      step_block(cycle());
      not_before = cycle() + 1;
      for (unsigned p = 0; p < Block::ports; ++p) {
        if (!block_.port(p).busy() || senders_[p].sending) continue;
        senders_[p].sending = true;
        senders_[p].start.notify(sc_core::SC_ZERO_TIME);
      }
      announce();
    }
  }

  void send_beats(unsigned p) {
    for (;;) {
      sc_core::wait(senders_[p].start);
      const cycle_t sent = cycle();
      const cycle_t granted = std::max(sent + 1, send(p)) - 1;
      // Grants come in the middle of a cycle, after the blocks' steps.
      const sc_core::sc_time left = clock_.until_middle(granted);
      if (left != sc_core::SC_ZERO_TIME) sc_core::wait(left);
      block_.port(p).words = 0;
      senders_[p].sending = false;
      block_.beat_done(p, granted);
      announce();
      wake_.notify(sc_core::SC_ZERO_TIME);
    }
  }

  /// The cycle from which on the beat's answer is there.
  cycle_t send(unsigned p) {
    l1_port& port = block_.port(p);
    simple_payload payload(port.write, port.addr + port.first_byte, port.data + port.first_byte, port.bytes);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    l1->b_transport(payload, delay);
    if (!payload.is_response_ok()) {
      if (!port.write) std::memset(port.data, 0, sizeof port.data);
      if (!beat_error_) beat_error_ = device_error{payload.get_address(), "L1 refused a beat", p};
    }
    return clock_.next_cycle(delay);
  }

  void announce() {
    const std::uint32_t lines = block_.take_events(cycle());
    if (lines == 0) return;
    lines_ |= lines;
    raised.notify(sc_core::SC_ZERO_TIME);
    registers.changed();
  }

  const AccessMap* access_;
  const cycle_clock clock_;
  sc_core::sc_event wake_;
  std::array<beat_sender, Block::ports> senders_;
  std::uint32_t lines_ = 0;
  std::optional<device_error> beat_error_;
};

}  // namespace ohmic
