#pragma once

#include <algorithm>
#include <deque>
#include <vector>

#include "ip/axi/burst_pool.h"
#include "ip/dma/dma.h"
#include "ip/tlm/device_module.h"
#include "registers/dma.h"

namespace ohmic {

/// The DMA alone as a TLM-2.0 module (see device_module): `registers.socket` takes the register map `dma`,
/// `l1` reaches the own L1, `network` everything else, by chip address; notifications for the own cluster's
/// registers go there too, by their address in the own window.
///
/// Network timing: bursts leave in the order in which they are ready, at most one read per cycle, and one write when
/// the data of the one before it are out. A response begins after the delay that the target annotates (whole cycles, at
/// least one), counted from the last request beat, and its read data come one beat per cycle, bursts one after the
/// other. TLM_ADDRESS_ERROR_RESPONSE stands for DECERR, any other error for SLVERR.
class dma_module : public device_module<dma, decltype(registers::dma::access)> {
 public:
  tlm_utils::simple_initiator_socket<dma_module> network{"network"};

  dma_module(sc_core::sc_module_name name, const dma_parameters& parameters = {},
             sc_core::sc_time clock_period = sc_core::sc_time(1, sc_core::SC_NS))
      : device_module(name, ohmic::registers::dma::access, clock_period, parameters),
        parameters_(parameters),
        pool_(parameters.max_burst_bytes) {}

 private:
  struct response {
    axi_burst* burst;
    cycle_t first, last;
  };

  /// What wants to leave, in the order in which it does.
  struct direction {
    std::deque<axi_burst*> waiting;
    cycle_t free = 0;  // AR, or W
    cycle_t next() const { return waiting.empty() ? never : std::max(waiting.front()->ready, free); }
  };

  cycle_t due() const override {
    cycle_t next = std::min({block_.next_event(), reads_.next(), writes_.next()});
    for (const response& r : responses_) next = std::min(next, r.first);
    return next;
  }

  void step_block(cycle_t now) override {
    for (auto r = responses_.begin(); r != responses_.end();) {
      if (r->first > now) {
        ++r;
        continue;
      }
      if (!r->burst->write) r->burst->there.add(r->first, r->burst->beats(parameters_.width));
      block_.on_response(r->burst, r->burst->resp == axi_resp::okay ? r->first : r->last);
      r = responses_.erase(r);
    }
    if (block_.next_event() <= now) block_.step(now, outbox_, pool_);
    while (const auto own = block_.take_own_write()) {
      std::uint32_t value = own->value;
      sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
      transport(parameters_.own.own_base + parameters_.own.l1_bytes + own->offset,
                reinterpret_cast<std::uint8_t*>(&value), 4, true, delay);
    }
    outbox_.drain([&](axi_burst* burst) { (burst->write ? writes_ : reads_).waiting.push_back(burst); });
    for (direction* d : {&reads_, &writes_}) {
      if (d->next() > now) continue;
      axi_burst& burst = *d->waiting.front();
      d->waiting.pop_front();
      d->free = now + (burst.write ? burst.beats(parameters_.width) : 1);
      send(burst, now);
    }
  }

  void send(axi_burst& burst, cycle_t now) {
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    burst.resp = transport(burst.addr, burst.data, burst.bytes, burst.write, delay);
    const unsigned beats = burst.beats(parameters_.width);
    const auto cycles = std::max<cycle_t>(1, static_cast<cycle_t>(delay / clock().period()));
    response r{&burst, now + cycles + (burst.write ? beats - 1 : 0), 0};
    cycle_t& channel_free = burst.write ? b_free_ : r_free_;
    r.first = std::max(r.first, channel_free);
    r.last = r.first + (burst.write ? 0 : beats - 1);
    channel_free = r.last + 1;
    responses_.push_back(r);
  }

  axi_resp transport(std::uint64_t address, std::uint8_t* data, std::uint32_t bytes, bool write,
                     sc_core::sc_time& delay) {
    simple_payload payload(write, address, data, bytes);
    network->b_transport(payload, delay);
    if (payload.is_response_ok()) return axi_resp::okay;
    return payload.get_response_status() == tlm::TLM_ADDRESS_ERROR_RESPONSE ? axi_resp::decerr : axi_resp::slverr;
  }

  dma_parameters parameters_;
  burst_outbox outbox_;
  direction reads_, writes_;
  burst_pool pool_;
  std::vector<response> responses_;
  cycle_t r_free_ = 0, b_free_ = 0;
};

}  // namespace ohmic
