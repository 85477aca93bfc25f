#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <vector>

#include "ip/axi/burst_pool.h"
#include "ip/dma/dma.h"
#include "registers/dma.h"
#include "tests/ip/dma/paced_port.h"

namespace ohmic {

/// A DMA in cluster 0 beside a plain L1, its master port, and a network that is nothing but a delay: 64 KiB
/// of HBM and of cluster 1's L1 answer, other addresses answer DECERR.
struct dma_bench {
  static constexpr std::uint64_t hbm = 0x80000000u, peer = 0x40200000u, own_global = 0x40000000u, own = 0x10000000u;
  static constexpr std::uint64_t own_peripherals = own + (1u << 20);

  struct l1_beat {
    cycle_t granted;
    unsigned port;
    std::uint32_t addr, bytes;
  };
  struct issued_burst {
    cycle_t cycle;
    std::uint64_t addr;
    std::uint32_t bytes;
    bool write;
    unsigned channel;
  };
  struct performed_write {
    cycle_t cycle;
    std::uint64_t addr;
    std::uint32_t first_word;
  };

  explicit dma_bench(dma_parameters p = make_parameters())
      : parameters(p),
        l1(p.own.l1_bytes),
        hbm_bytes(1 << 16),
        peer_bytes(1 << 16),
        dut(p),
        network(p.width,
                [this](std::uint64_t addr) {
                  return memory(addr, 1) == nullptr ? 0 : addr >= peer && addr < peer + (1 << 16) ? 1 : 2;
                }),
        pool(4096) {}

  static dma_parameters make_parameters() {
    dma_parameters p;
    p.first_id = 20;
    return p;
  }

  dma_parameters parameters;
  std::vector<std::uint8_t> l1, hbm_bytes, peer_bytes;
  dma dut;
  burst_outbox outbox;
  paced_port network;
  burst_pool pool;
  cycle_t now = 0;

  std::vector<l1_beat> beats;
  std::vector<issued_burst> bursts;
  std::vector<performed_write> writes;  ///< at their targets, in order
  std::vector<dma::own_write> own_writes;
  std::vector<cycle_t> own_write_at;
  std::vector<std::pair<cycle_t, std::uint32_t>> events;
  std::vector<device_error> errors;
  std::function<bool(cycle_t, unsigned bank)> bank_taken;  ///< default: never
  /// Cycles from the last request beat to the first response beat. Default: 20.
  std::function<cycle_t(const axi_burst&)> latency = [](const axi_burst&) { return cycle_t{20}; };
  /// Cycles from the first data beat of a read to beat n. Default: one per cycle.
  std::function<cycle_t(const axi_burst&, unsigned n)> beat_at = [](const axi_burst&, unsigned n) {
    return cycle_t{n};
  };
  std::function<bool(const axi_burst&)> fails;  ///< answers SLVERR. Default: never

  std::uint8_t* memory(std::uint64_t addr, std::uint32_t bytes) {
    if (addr >= hbm && addr + bytes <= hbm + hbm_bytes.size()) return &hbm_bytes[addr - hbm];
    if (addr >= peer && addr + bytes <= peer + peer_bytes.size()) return &peer_bytes[addr - peer];
    return nullptr;
  }

  void put(std::uint32_t offset, const dma_descriptor& d) { std::memcpy(&l1.at(offset), &d, sizeof d); }
  void start(unsigned c, std::uint32_t offset) { dut.write_register(c * 0x10, offset, now); }
  std::uint32_t status(unsigned c) { return dut.read_register(c * 0x10 + 4, now); }
  std::uint32_t completed(unsigned c) { return dut.read_register(c * 0x10 + 8, now); }
  std::uint32_t error_addr(unsigned c) { return dut.read_register(c * 0x10 + 12, now); }

  void cycle() {
    respond();
    if (dut.next_event() <= now) dut.step(now, outbox, pool);
    network.collect(outbox);
    EXPECT_GT(dut.next_event(), now) << "step() left something to do";
    while (const auto w = dut.take_own_write()) {
      own_writes.push_back(*w);
      own_write_at.push_back(now);
    }
    network.issue(now, [&](axi_burst& b) { request(&b); });
    arbitrate();
    if (const std::uint32_t lines = dut.take_events(now)) events.emplace_back(now, lines);
    while (const auto e = dut.take_error()) errors.push_back(*e);
    ++now;
  }

  void run(cycle_t limit = 1'000'000) {
    const cycle_t end = now + limit;
    while (!dut.idle()) {
      ASSERT_LT(now, end) << "time-out";
      cycle();
    }
    EXPECT_EQ(pool.in_use(), 0u) << "every burst went back";
    EXPECT_TRUE(network.idle());
  }

 private:
  struct answer {
    axi_burst* burst;
    cycle_t first, last;
  };
  std::vector<answer> on_the_way_;  // in order of `first`
  std::vector<answer> arriving_;
  struct beat_to_come {
    axi_burst* burst;
    cycle_t cycle;
    bool first;
  };
  std::vector<beat_to_come> beats_to_come_;
  std::map<std::pair<unsigned, bool>, cycle_t> id_order_;  // last response per id and direction
  cycle_t r_free_ = 0, b_free_ = 0;

  void request(axi_burst* b) {
    ASSERT_GE(b->bytes, 1u);
    ASSERT_LE(b->bytes, parameters.max_burst_bytes);
    ASSERT_EQ(b->addr / 4096, (b->addr + b->bytes - 1) / 4096) << "a burst crosses 4 KiB";
    bursts.push_back({now, b->addr, b->bytes, b->write, static_cast<unsigned>(b->id - parameters.first_id)});
    const unsigned length = b->beats(parameters.width);
    cycle_t first = now + (b->write ? length - 1 : 0) + latency(*b);
    auto& order = id_order_[{b->id, b->write}];
    first = std::max(first, order + 1);
    order = first;
    on_the_way_.push_back({b, first, first + (b->write ? 0 : length - 1)});
  }

  void respond() {
    // One response may begin per cycle and channel; read data of one burst stay together.
    for (const bool write : {false, true}) {
      cycle_t& free = write ? b_free_ : r_free_;
      if (free > now) continue;
      auto best = on_the_way_.end();
      for (auto a = on_the_way_.begin(); a != on_the_way_.end(); ++a)
        if (a->burst->write == write && a->first <= now && (best == on_the_way_.end() || a->first < best->first))
          best = a;
      if (best == on_the_way_.end()) continue;
      answer a = *best;
      on_the_way_.erase(best);
      a.last = now + a.last - a.first;
      a.first = now;
      free = a.last + 1;
      perform(*a.burst);
      if (write || a.burst->resp != axi_resp::okay) {
        if (write) dut.on_response(a.burst, a.last);
      } else {
        // The beats come as `beat_at` says; each run is made known with its first beat, as a cluster does it.
        for (unsigned beat = 0; beat < a.burst->beats(parameters.width); ++beat)
          beats_to_come_.push_back({a.burst, now + beat_at(*a.burst, beat), beat == 0});
        a.last = beats_to_come_.back().cycle;
        free = a.last + 1;
      }
      arriving_.push_back(a);
    }
    for (const beat_to_come& b : beats_to_come_) {
      if (b.cycle != now) continue;
      b.burst->there.add(now, 1);
      b.first ? dut.on_response(b.burst, now) : dut.on_data(now);
    }
    beats_to_come_.erase(std::remove_if(beats_to_come_.begin(), beats_to_come_.end(),
                                        [&](const beat_to_come& b) { return b.cycle <= now; }),
                         beats_to_come_.end());
    for (auto a = arriving_.begin(); a != arriving_.end();) {
      if (a->last > now) {
        ++a;
        continue;
      }
      network.on_response(*a->burst);
      if (!a->burst->write && a->burst->resp != axi_resp::okay) dut.on_response(a->burst, now);
      a = arriving_.erase(a);
    }
  }

  void perform(axi_burst& b) {
    std::uint8_t* const m = memory(b.addr, b.bytes);
    b.resp = !m ? axi_resp::decerr : fails && fails(b) ? axi_resp::slverr : axi_resp::okay;
    if (b.resp != axi_resp::okay) return;
    if (b.write) {
      std::memcpy(m, b.data, b.bytes);
      std::uint32_t word = 0;
      std::memcpy(&word, b.data, std::min(b.bytes, 4u));
      writes.push_back({now, b.addr, word});
    } else {
      std::memcpy(b.data, m, b.bytes);
    }
  }

  void arbitrate() {
    for (unsigned p = 0; p < dma::ports; ++p) {
      l1_port& port = dut.port(p);
      if (!port.busy()) continue;
      for (unsigned w = 0; w < 16; ++w) {
        if (!(port.words >> w & 1) || (bank_taken && bank_taken(now, (port.addr / 4 + w) % 64))) continue;
        port.words &= ~(1u << w);
        for (unsigned i = w * 4; i < w * 4 + 4; ++i) {
          if (!port.write) {
            port.data[i] = l1.at(port.addr + i);
          } else if (i >= port.first_byte && i < unsigned{port.first_byte} + port.bytes) {
            l1.at(port.addr + i) = port.data[i];
          }
        }
      }
      if (!port.busy()) {
        beats.push_back({now, p, port.addr + port.first_byte, port.bytes});
        dut.beat_done(p, now);
      }
    }
  }
};

/// A descriptor of one run.
inline dma_descriptor copy(std::uint64_t src, std::uint64_t dst, std::uint32_t bytes, std::uint32_t flags = 0) {
  dma_descriptor d{};
  d.flags = 1 | flags;
  d.next = DMA_CHAIN_END;
  d.bytes = bytes;
  d.src_lo = static_cast<std::uint32_t>(src);
  d.dst_lo = static_cast<std::uint32_t>(dst);
  d.src_dst_hi = static_cast<std::uint32_t>(src >> 32) | static_cast<std::uint32_t>(dst >> 32) << 16;
  return d;
}

inline dma_descriptor notifying(dma_descriptor d, std::uint64_t count, std::uint32_t value, std::uint64_t doorbell,
                                std::uint32_t doorbell_value) {
  d.flags |= DMA_NOTIFY;
  d.notify_lo = static_cast<std::uint32_t>(count);
  d.notify_value = value;
  d.doorbell_lo = static_cast<std::uint32_t>(doorbell);
  d.doorbell_value = doorbell_value;
  d.notify_hi = static_cast<std::uint32_t>(count >> 32) | static_cast<std::uint32_t>(doorbell >> 32) << 16;
  return d;
}

}  // namespace ohmic
