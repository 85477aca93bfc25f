#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <vector>

#include "ip/axi/burst.h"
#include "ip/core/types.h"
#include "ip/tcdm/l1_port.h"

namespace ohmic {

/// The AXI slave side of a cluster: performs other masters' bursts in this cluster's L1 and registers.
///
/// Reads and writes are two independent queues, each in order of arrival, one 64-byte beat per cycle through its own
/// wide L1 port. A write's bytes are written as its data beats come (axi_burst::there); they are visible in the cycle
/// of their grant, and B is sent in the cycle after the last grant. A read's R leaves when all of its beats have been
/// read (store and forward in the port, so that bank conflicts never stall the R channel of the network). How many
/// bursts the queues hold is limited in front of them (cluster_module). Registers: one access of 1..4 bytes within a
/// word, one per cycle and direction; anything else is SLVERR. Call order per cycle: deliver(), data_known(), step()
/// before arbitration; beat_done() when one of the ports was granted completely.
class slave_port {
 public:
  /// `width`: bytes per beat of the port.
  slave_port(std::uint64_t l1_address, std::uint32_t l1_bytes, std::uint32_t peripheral_bytes, unsigned width)
      : base_(l1_address), l1_bytes_(l1_bytes), peripheral_bytes_(peripheral_bytes), width_(width) {}

  /// A request that is at the boundary in cycle `first`; cycles must not decrease per direction.
  void deliver(axi_burst* burst, cycle_t first) { (burst->write ? writes_ : reads_).queue.push_back({burst, first}); }

  /// More data beats of a write are known.
  void data_known() {
    if (writes_.not_before == never) writes_.not_before = 0;
  }

  cycle_t next_event() const { return std::min(writes_.next(), reads_.next()); }
  bool idle() const { return writes_.queue.empty() && reads_.queue.empty(); }

  /// Registers is a callable pair: read(offset, now, ok&) -> word; write(offset, word, now) -> ok, byte offset within
  /// the peripheral region.
  template <class Registers>
  void step(cycle_t now, Registers& registers, std::vector<axi_message>& out) {
    step(writes_, now, registers, out);
    step(reads_, now, registers, out);
  }

  l1_port& read_port() { return reads_.port; }
  l1_port& write_port() { return writes_.port; }

  /// All words of the beat on `port` were granted in cycle `now`.
  void beat_done(l1_port& port, cycle_t now, std::vector<axi_message>& out) {
    direction& d = &port == &reads_.port ? reads_ : writes_;
    axi_burst* b = d.queue.front().burst;
    if (!b->write) std::memcpy(b->data + d.done, port.data + port.first_byte, port.bytes);
    d.done += port.bytes;
    d.not_before = now + 1;
    if (d.done == b->bytes) respond(d, axi_resp::okay, now + 1, out);
  }

 private:
  struct entry {
    axi_burst* burst;
    cycle_t first;
  };
  struct direction {
    std::deque<entry> queue;
    l1_port port;
    std::uint32_t done = 0;  // bytes of the front burst that are finished
    cycle_t not_before = 0;

    cycle_t next() const {
      if (queue.empty()) return never;
      if (port.busy()) return 0;  // arbitrated every cycle
      return std::max(not_before, queue.front().first);
    }
  };

  void respond(direction& d, axi_resp resp, cycle_t cycle, std::vector<axi_message>& out) {
    axi_burst* b = d.queue.front().burst;
    b->resp = resp;
    out.push_back({cycle, b, axi_message::kind::response});
    d.queue.pop_front();
    d.done = 0;
  }

  // Whether a write's first `end` bytes are still to come.
  bool wait_for_data(direction& d, std::uint32_t end, cycle_t now) const {
    const axi_burst& b = *d.queue.front().burst;
    const cycle_t there = b.there.of(static_cast<unsigned>(b.addr % width_ + end - 1) / width_);
    if (there <= now) return false;
    d.not_before = there;
    return true;
  }

  template <class Registers>
  void step(direction& d, cycle_t now, Registers& registers, std::vector<axi_message>& out) {
    if (d.queue.empty() || d.port.busy() || now < std::max(d.not_before, d.queue.front().first)) return;
    axi_burst* b = d.queue.front().burst;
    const std::uint64_t offset = b->addr - base_;
    if (offset + b->bytes <= l1_bytes_) {
      const std::uint32_t at = static_cast<std::uint32_t>(offset) + d.done;
      // Beats are the aligned 64-byte chunks of the bus.
      const std::uint32_t n = std::min<std::uint32_t>(b->bytes - d.done, 64 - at % 64);
      if (b->write) {
        if (wait_for_data(d, d.done + n, now)) return;
        std::memcpy(d.port.data + (at & 3u), b->data + d.done, n);
      }
      d.port.start(at, n, b->write);
      return;
    }
    if (b->write && wait_for_data(d, b->bytes, now)) return;
    d.not_before = now + 1;
    const std::uint64_t reg = offset - l1_bytes_;
    const unsigned shift = static_cast<unsigned>(reg & 3) * 8;
    bool ok = offset >= l1_bytes_ && reg + b->bytes <= peripheral_bytes_ && (reg & 3) + b->bytes <= 4;
    if (ok && b->write) {
      std::uint32_t word = 0;
      std::memcpy(&word, b->data, b->bytes);
      ok = registers.write(static_cast<std::uint32_t>(reg & ~3ull), word << shift, now);
    } else if (ok) {
      const std::uint32_t word = registers.read(static_cast<std::uint32_t>(reg & ~3ull), now, ok) >> shift;
      std::memcpy(b->data, &word, b->bytes);
    }
    if (!ok && !b->write)
      for (std::uint32_t k = 0; k < b->bytes; ++k)
        b->data[k] = static_cast<std::uint8_t>(bad_access_pattern >> (8 * ((b->addr + k) & 3)));
    respond(d, ok ? axi_resp::okay : axi_resp::slverr, now + 1, out);
  }

  const std::uint64_t base_;
  const std::uint32_t l1_bytes_, peripheral_bytes_;
  const unsigned width_;
  direction writes_, reads_;
};

}  // namespace ohmic
