#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <systemc>
#include <vector>

#include "ip/axi/axi_network.h"
#include "ip/axi/burst_pool.h"
#include "ip/hbm/hbm.h"
#include "tests/systemc/fresh_simulation.h"

namespace ohmic::test {

/// What a cluster saw: times in cycles at its boundary with the network.
struct sent_burst {
  axi_burst burst;
  std::vector<std::uint8_t> bytes;
  cycle_t sent = 0;          ///< it is handed over, and wants to leave
  cycle_t address = 0;       ///< AR or AW at the target
  cycle_t request_head = 0;  ///< AR or first data beat at the target
  cycle_t request_last = 0;
  cycle_t response_head = 0;  ///< first response beat back
  cycle_t response_last = 0;
  bool done = false;
  cycle_t latency() const { return response_head - sent; }
};

/// All clusters of a network: masters that send bursts at given cycles, slaves that answer `service` cycles
/// after the last beat they need (AR for a read, the last W beat for a write), with `l1_bytes` of memory
/// each. They follow bursts beat by beat unless they are to be plain.
class network_bench : public sc_core::sc_module {
 public:
  struct options {
    network_config network;
    hbm_config memory;
    bool with_hbm = true;
    cycle_t service = 0;
    std::uint32_t l1_bytes = 0x1'0000;
    bool instant = false;            ///< plain slaves that answer in the forward call
    bool plain = false;              ///< masters and slaves are plain TLM: they hear of what is complete
    bool address_with_data = false;  ///< slaves take a write's address with its first beat
    unsigned deltas = 0;             ///< delta cycles by which masters call later within the same time
  };

  explicit network_bench(const options& o, sc_core::sc_module_name name = "bench")
      : sc_module(name), options_(o), network("network", o.network) {
    if (o.with_hbm) {
      memory = std::make_unique<hbm>("hbm", o.memory);
      network.hbm_out().bind(memory->socket);
    }
    for (unsigned i = 0; i < network.clusters(); ++i) {
      if (o.plain || o.instant)
        clusters_.push_back(std::make_unique<endpoint>(*this, i));
      else
        clusters_.push_back(std::make_unique<stream_endpoint>(*this, i));
      clusters_.back()->bind();
    }
    SC_HAS_PROCESS(network_bench);
    SC_METHOD(send_due);
    sensitive << due_;
    dont_initialize();
  }

  /// A burst of `cluster` that leaves at `cycle`. Call before run(), or from `on_response`.
  sent_burst& send(unsigned cluster, cycle_t cycle, bool write, std::uint64_t addr, std::uint32_t bytes,
                   std::uint16_t id = 0) {
    bursts.emplace_back();
    sent_burst& s = bursts.back();
    s.bytes.resize(bytes);
    for (std::uint32_t i = 0; i < bytes; ++i) s.bytes[i] = static_cast<std::uint8_t>(bursts.size() * 37 + i);
    s.burst.addr = addr;
    s.burst.bytes = bytes;
    s.burst.write = write;
    s.burst.initiator = static_cast<std::uint16_t>(cluster);
    s.burst.id = id;
    s.burst.tag = static_cast<std::uint32_t>(bursts.size() - 1);
    s.burst.data = s.bytes.data();
    s.sent = cycle;
    queue_.push_back(&s);
    std::push_heap(queue_.begin(), queue_.end(), later);
    due_.notify(at(queue_.front()->sent) - sc_core::sc_time_stamp());
    return s;
  }
  void run(cycle_t cycles = 0) {
    if (cycles) {
      sc_core::sc_start(at(cycles));
    } else {
      sc_core::sc_start();
    }
  }

  static cycle_t now() { return sc_core::sc_time_stamp().value() / at(1).value(); }
  static sc_core::sc_time at(cycle_t cycle) { return sc_core::sc_time(static_cast<double>(cycle), sc_core::SC_NS); }

  std::uint64_t l1(unsigned cluster) const {
    return options_.network.map.cluster_base + cluster * options_.network.map.cluster_stride;
  }
  axi_initiator_socket& master(unsigned cluster) { return clusters_[cluster]->master; }
  std::vector<std::uint8_t>& l1_bytes(unsigned cluster) { return clusters_[cluster]->l1; }

 private:
  options options_;

 public:
  axi_network network;
  std::unique_ptr<hbm> memory;
  std::deque<sent_burst> bursts;
  std::vector<cycle_t> addresses_waiting;    ///< of which slaves were told before they took them
  std::vector<const sent_burst*> arrivals;   ///< requests in the order in which slaves got them
  std::vector<const sent_burst*> responses;  ///< responses in the order in which masters got them
  std::function<void(sent_burst&)> on_response;
  std::function<void(tlm::tlm_generic_payload&, cycle_t)> on_foreign;  ///< payloads without our extension

 private:
  struct endpoint : tlm::tlm_fw_transport_if<>, tlm::tlm_bw_transport_if<> {
    endpoint(network_bench& b, unsigned i)
        : bench(b),
          index(i),
          master(("master_" + std::to_string(i)).c_str()),
          slave(("slave_" + std::to_string(i)).c_str()),
          l1(b.options_.l1_bytes) {}
    virtual ~endpoint() = default;
    virtual void bind() { bind_to(*this, *this); }
    void bind_to(tlm::tlm_bw_transport_if<>& backward, tlm::tlm_fw_transport_if<>& forward) {
      master.bind(backward);
      slave.bind(forward);
      master.bind(bench.network.cluster_in(index));
      bench.network.cluster_out(index).bind(slave);
    }
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override {
      if (phase != tlm::BEGIN_RESP) return tlm::TLM_ACCEPTED;
      if (!burst_of(payload)) {
        bench.on_foreign(payload, (sc_core::sc_time_stamp() + delay).value() / at(1).value());
        return tlm::TLM_COMPLETED;
      }
      sent_burst& s = bench.bursts[burst_of(payload)->tag];
      s.response_last = (sc_core::sc_time_stamp() + delay).value() / at(1).value();
      if (s.response_head == 0) s.response_head = s.response_last;
      s.done = true;
      payload.release();
      bench.responses.push_back(&s);
      if (bench.on_response) bench.on_response(s);
      return tlm::TLM_COMPLETED;
    }
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override {
      if (phase != tlm::BEGIN_REQ) return tlm::TLM_COMPLETED;
      const cycle_t now = (sc_core::sc_time_stamp() + delay).value() / at(1).value();
      arrived(payload, now);
      return complete(payload, phase, delay, now);
    }
    sent_burst* known(const tlm::tlm_generic_payload& payload) {
      return payload.get_extension<axi_extension>()->foreign == nullptr ? &bench.bursts[burst_of(payload)->tag]
                                                                        : nullptr;
    }
    void arrived(tlm::tlm_generic_payload& payload, cycle_t now) {
      sent_burst* const s = known(payload);
      if (!s) return;
      s->address = s->request_head = s->request_last = now;
      bench.arrivals.push_back(s);
    }
    /// All of a request is there in `now`.
    tlm::tlm_sync_enum complete(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay,
                                cycle_t now) {
      access(payload);
      const sc_core::sc_time until = at(now + bench.options_.service) - sc_core::sc_time_stamp();
      if (bench.options_.instant) {
        delay = until;
        return tlm::TLM_COMPLETED;
      }
      respond(payload, until);
      phase = tlm::END_REQ;
      return tlm::TLM_UPDATED;
    }
    // At once with the delay annotated: slaves answer in the order in which they are asked.
    void respond(tlm::tlm_generic_payload& payload, sc_core::sc_time until) {
      tlm::tlm_phase back = tlm::BEGIN_RESP;
      slave->nb_transport_bw(payload, back, until);
    }
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time&) override { access(payload); }
    unsigned transport_dbg(tlm::tlm_generic_payload& payload) override {
      access(payload);
      return payload.get_data_length();
    }
    bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) override {
      dmi.set_dmi_ptr(l1.data());
      dmi.set_start_address(bench.l1(index));
      dmi.set_end_address(bench.l1(index) + l1.size() - 1);
      dmi.allow_read_write();
      return true;
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
    void access(tlm::tlm_generic_payload& payload) {
      const std::uint64_t offset = payload.get_address() - bench.l1(index);
      if (offset + payload.get_data_length() > l1.size()) {
        payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        return;
      }
      std::uint8_t* const here = l1.data() + offset;
      if (payload.is_write()) {
        std::memcpy(here, payload.get_data_ptr(), payload.get_data_length());
      } else {
        std::memcpy(payload.get_data_ptr(), here, payload.get_data_length());
      }
      payload.set_response_status(tlm::TLM_OK_RESPONSE);
    }

    network_bench& bench;
    unsigned index;
    axi_initiator_socket master;
    axi_target_socket slave;
    std::vector<std::uint8_t> l1;
  };

  /// One that follows bursts beat by beat.
  struct stream_endpoint final : endpoint, axi_stream_target, axi_stream_initiator {
    using endpoint::endpoint;
    void bind() override { bind_to(*this, *this); }
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override {
      if (payload.is_read()) return endpoint::nb_transport_fw(payload, phase, delay);
      if (phase != tlm::BEGIN_REQ) return tlm::TLM_COMPLETED;
      arrived(payload, (sc_core::sc_time_stamp() + delay).value() / at(1).value());
      if (sent_burst* const s = known(payload)) s->request_head = 0;
      phase = tlm::END_REQ;
      return tlm::TLM_UPDATED;
    }
    void write_beat(tlm::tlm_generic_payload& payload, cycle_t cycle, bool last) override {
      if (sent_burst* const s = known(payload)) {
        if (s->request_head == 0) s->request_head = cycle;
        s->request_last = cycle;
      }
      if (!last) return;
      access(payload);
      const sc_core::sc_time then = at(cycle + bench.options_.service), now = sc_core::sc_time_stamp();
      respond(payload, then > now ? then - now : sc_core::SC_ZERO_TIME);
    }
    void response_left(tlm::tlm_generic_payload&, cycle_t) override {}
    bool takes_address_with_data() const override { return bench.options_.address_with_data; }
    void address_waits(cycle_t cycle) override { bench.addresses_waiting.push_back(cycle); }
    void read_beat(tlm::tlm_generic_payload& payload, cycle_t cycle, bool) override {
      EXPECT_TRUE(payload.is_read()) << "a write's B is no data";
      sent_burst& s = bench.bursts[burst_of(payload)->tag];
      if (s.response_head == 0) s.response_head = cycle;
    }
  };

  static bool later(const sent_burst* a, const sent_burst* b) {
    return a->sent != b->sent ? a->sent > b->sent : a->burst.tag > b->burst.tag;
  }
  void send_due() {
    if (waited_ < options_.deltas) {
      ++waited_;
      next_trigger(sc_core::SC_ZERO_TIME);
      return;
    }
    waited_ = 0;
    while (!queue_.empty() && queue_.front()->sent <= now()) {
      std::pop_heap(queue_.begin(), queue_.end(), later);
      sent_burst& s = *queue_.back();
      queue_.pop_back();
      tlm::tlm_phase phase = tlm::BEGIN_REQ;
      sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
      clusters_[s.burst.initiator]->master->nb_transport_fw(*payloads_.acquire(&s.burst), phase, delay);
    }
    if (!queue_.empty()) due_.notify(at(queue_.front()->sent) - sc_core::sc_time_stamp());
  }

  std::vector<std::unique_ptr<endpoint>> clusters_;
  std::vector<sent_burst*> queue_;
  sc_core::sc_event due_;
  unsigned waited_ = 0;
  axi_payload_pool payloads_;
};

/// A chip with the given quadrant factors (top first), 4 cycles per router.
inline network_bench::options chip(const std::vector<unsigned>& factors) {
  network_bench::options o;
  o.network.levels.clear();
  for (const unsigned factor : factors) o.network.levels.push_back({factor, 4, 64});
  o.network.map.cluster_count = o.network.clusters();
  o.memory.bytes = o.network.map.hbm_bytes;
  return o;
}

/// Table I: quadrants (8, 4, 4, 4), 512 clusters.
inline network_bench::options table_one() { return chip({8, 4, 4, 4}); }

}  // namespace ohmic::test
