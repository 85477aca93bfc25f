#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <systemc>
#include <tlm>
#include <unordered_map>
#include <vector>

#include "ip/icache/shared_icache.h"
#include "ip/tlm/cycle_clock.h"
#include "ip/tlm/simple_payload.h"

namespace ohmic {

/// The shared instruction cache alone as a TLM-2.0 module: `cores[i]` takes the fetches of core i, by address; lines
/// are read through `network`, one burst of line_bytes each. For platforms of other people; a cluster steps the plain
/// cache, which keeps no bytes: this module does.
///
/// Transport: a fetch is a read within one line. It belongs to the cycle that its annotated time lies in; lookups are
/// done in the middle of each cycle by the rules of shared_icache. It returns when its line is known, with the rest of
/// the time annotated: hit_cycles for a hit without conflict. A miss waits for the burst: what the target annotates, or
/// waits, is rounded up to whole cycles, and the fetches of all cores that want the line join it. A core has one
/// fetch at a time; others wait for it. Call b_transport from a thread.
/// A line that was read keeps its bytes until it is replaced or flushed, whatever happens in memory meanwhile.
/// Debug transport goes straight to `network`; there is no DMI.
/// Errors: TLM_COMMAND_ERROR_RESPONSE for writes and TLM_BURST_ERROR_RESPONSE for a fetch of nothing or across a line,
/// after one cycle; a line that the network refuses gives its response status to all who wait, and is not kept.
class icache_module : public sc_core::sc_module {
 public:
  using target_socket = tlm_utils::simple_target_socket_tagged<icache_module>;
  sc_core::sc_vector<target_socket> cores;
  tlm_utils::simple_initiator_socket<icache_module> network;

  explicit icache_module(sc_core::sc_module_name name, const shared_icache_config& config = {},
                         const sc_core::sc_time& clock_period = sc_core::sc_time(1, sc_core::SC_NS))
      : sc_module(name),
        cores("core", config.cores),
        network("network"),
        config_(config),
        model_(config),
        clock_(clock_period),
        fetches_(config.cores),
        reads_(config.cores) {
    for (unsigned i = 0; i < config.cores; ++i) {
      cores[i].register_b_transport(this, &icache_module::b_transport, static_cast<int>(i));
      cores[i].register_transport_dbg(this, &icache_module::transport_dbg, static_cast<int>(i));
      sc_core::sc_spawn_options thread;
      sc_core::sc_spawn([this, i] { read_lines(reads_[i]); }, ("read" + std::to_string(i)).c_str(), &thread);
    }
    SC_HAS_PROCESS(icache_module);
    SC_METHOD(look_up);
    dont_initialize();
    sensitive << lookup_;
  }

  /// fence.i: forgets every line; those on their way still answer.
  void flush() { model_.flush(); }
  const shared_icache::counters& count() const { return model_.count(); }

 private:
  struct fetch {
    sc_core::sc_mutex turn;
    sc_core::sc_event done;
    std::uint32_t line = 0;
    cycle_t valid = never;
    const std::vector<std::uint8_t>* bytes = nullptr;
    tlm::tlm_response_status status = tlm::TLM_INCOMPLETE_RESPONSE;
  };
  /// One of the lines on their way.
  struct line_read {
    sc_core::sc_event start;
    axi_burst* burst = nullptr;
    cycle_t leaves = 0;
  };
  struct line {
    std::vector<std::uint8_t> bytes;
    tlm::tlm_response_status status = tlm::TLM_OK_RESPONSE;
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
    fetch& own = fetches_[static_cast<unsigned>(id)];
    own.turn.lock();
    const auto address = static_cast<std::uint32_t>(payload.get_address());
    const std::uint32_t offset = address % config_.line_bytes;
    own.line = address - offset;
    own.valid = never;
    model_.request(static_cast<unsigned>(id), own.line, clock_.cycle());
    plan_lookup();
    while (own.valid == never) sc_core::wait(own.done);
    payload.set_response_status(own.status);
    if (own.status == tlm::TLM_OK_RESPONSE)
      std::memcpy(payload.get_data_ptr(), own.bytes->data() + offset, payload.get_data_length());
    delay = clock_.until(own.valid);
    own.turn.unlock();
  }

  tlm::tlm_response_status check(const tlm::tlm_generic_payload& payload) const {
    const std::uint64_t address = payload.get_address(), length = payload.get_data_length();
    if (payload.is_write()) return tlm::TLM_COMMAND_ERROR_RESPONSE;
    if (payload.get_byte_enable_ptr() != nullptr) return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
    if (address > UINT32_MAX) return tlm::TLM_ADDRESS_ERROR_RESPONSE;
    if (length == 0 || address % config_.line_bytes + length > config_.line_bytes ||
        payload.get_streaming_width() < length)
      return tlm::TLM_BURST_ERROR_RESPONSE;
    return tlm::TLM_OK_RESPONSE;
  }

  void plan_lookup() {
    if (model_.next_event() == never) return;
    const cycle_t next = std::max(model_.next_event(), looked_up_until_);
    lookup_.notify(clock_.until_middle(next));
  }

  void look_up() {
    const cycle_t now = clock_.cycle();
    looked_up_until_ = now + 1;
    struct {
      icache_module& owner;
      void queue(axi_burst* burst, cycle_t leaves) {
        line_read& read = owner.reads_[burst->tag];
        read.burst = burst;
        read.leaves = leaves;
        read.start.notify(sc_core::SC_ZERO_TIME);
      }
    } port{*this};
    model_.step(now, port);
    answer();
    plan_lookup();
  }

  void read_lines(line_read& read) {
    for (;;) {
      sc_core::wait(read.start);
      axi_burst& burst = *read.burst;
      wait_until(read.leaves);
      simple_payload payload(false, burst.addr, burst.data, burst.bytes);
      sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
      network->b_transport(payload, delay);
      const cycle_t there = clock_.next_cycle(delay);
      wait_until(there);
      line& result = lines_[static_cast<std::uint32_t>(burst.addr)];
      result.status = payload.get_response_status();
      result.bytes.assign(burst.data, burst.data + burst.bytes);
      burst.resp = payload.is_response_ok() ? axi_resp::okay : axi_resp::slverr;
      model_.on_response(burst, there);
      answer();
      plan_lookup();
    }
  }

  /// Tells the cores whose lines are known. The bytes stay until the same line is read again.
  void answer() {
    model_.take_ready([this](unsigned core, cycle_t valid) {
      fetch& own = fetches_[core];
      const line& found = lines_.at(own.line);
      own.bytes = &found.bytes;
      own.status = found.status;
      own.valid = valid;
      own.done.notify(sc_core::SC_ZERO_TIME);
    });
  }

  void wait_until(cycle_t cycle) {
    const sc_core::sc_time left = clock_.until(cycle);
    if (left != sc_core::SC_ZERO_TIME) sc_core::wait(left);
  }

  unsigned transport_dbg(int, tlm::tlm_generic_payload& payload) { return network->transport_dbg(payload); }

  const shared_icache_config config_;
  shared_icache model_;
  const cycle_clock clock_;
  std::vector<fetch> fetches_;
  std::vector<line_read> reads_;
  std::unordered_map<std::uint32_t, line> lines_;  // every line that was ever read, as it was read last
  sc_core::sc_event lookup_;
  cycle_t looked_up_until_ = 0;  // a bank looks up one line per cycle
};

}  // namespace ohmic
