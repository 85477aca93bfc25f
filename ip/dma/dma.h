#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "ip/axi/burst.h"
#include "ip/axi/burst_pool.h"
#include "ip/axi/split.h"
#include "ip/core/counter_list.h"
#include "ip/core/device_error.h"
#include "ip/core/types.h"
#include "ip/dma/descriptor.h"
#include "ip/dma/fixed_ring.h"
#include "ip/dma/transfer.h"
#include "ip/tcdm/l1_port.h"

namespace ohmic {

/// What a DMA is made of and where it lives. Defaults: Table I; the number of burst buffers is an assumption.
struct dma_parameters {
  unsigned channels = 8;            ///< 1..8
  std::uint32_t start_cycles = 10;  ///< write of START to the descriptor's beat, >= 1
  unsigned burst_buffers = 16;      ///< bursts held at once, per direction, >= 1
  std::uint32_t width = 64;         ///< bytes per beat of the network
  std::uint32_t max_burst_bytes = 4096;
  std::uint16_t initiator = 0;  ///< cluster index, for the bursts
  std::uint16_t first_id = 0;   ///< AXI id of channel 0
  own_cluster_map own;
};

/// What a DMA did since reset, for the run report and energy.
struct dma_counters {
  std::uint64_t descriptors = 0;                      ///< completed
  std::uint64_t bytes_read = 0, bytes_written = 0;    ///< from and to the network
  std::uint64_t bytes_copied = 0;                     ///< within L1
  std::uint64_t bursts_read = 0, bursts_written = 0;  ///< issued, without notifications
  std::uint64_t notifications = 0;                    ///< writes of a count word or doorbell
  std::uint64_t l1_beats = 0;                         ///< on both L1 ports, descriptors included
  std::uint64_t stall_cycles = 0;                     ///< cycles in which a beat waited for banks
  std::uint64_t active_cycles = 0;                    ///< any channel busy (counted when the last one ends)

  static auto& list() {
    static constexpr counter<dma_counters> all[] = {
        {"descriptors", "descriptors", &dma_counters::descriptors},
        {"bytes_read", "bytes", &dma_counters::bytes_read},
        {"bytes_written", "bytes", &dma_counters::bytes_written},
        {"bytes_copied", "bytes", &dma_counters::bytes_copied},
        {"bursts_read", "bursts", &dma_counters::bursts_read},
        {"bursts_written", "bursts", &dma_counters::bursts_written},
        {"notifications", "notifications", &dma_counters::notifications},
        {"l1_beats", "beats", &dma_counters::l1_beats},
        {"stall_cycles", "cycles", &dma_counters::stall_cycles},
        {"active_cycles", "cycles", &dma_counters::active_cycles},
    };
    return all;
  }
};

/// The DMA of one cluster: channels that run chains of descriptors (ip/dma/descriptor.h) between the own L1
/// and the network, or within the own L1.
///
/// Registers: map `dma` in ip/registers/ohmic.rdl. A transfer is cut into AXI-legal bursts per inner run.
/// Channels share one L1 port for reads (descriptors, data to send) and one for writes (data received) and
/// take turns burst by burst. A burst to the network is read from L1 completely, then issued; a burst from
/// the network is written to L1 beat by beat as its data come. Within a channel everything has one AXI id, so
/// it stays in order.
///
/// Timing (cycles): START in w -> the descriptor's beat requests its banks in w + start_cycles. Granted in c
/// -> the first data beat or read address in c + 1. One beat of up to 16 words per cycle and L1 port, across
/// bursts too; one read burst queued per cycle. Last L1 beat of a burst granted in e -> the burst is queued
/// for e + 1. A beat of read data that is there in r requests its banks in r. Last B response in b (or last
/// received byte granted in b - 1) -> notifications are queued for b; the descriptor completes in the cycle
/// of their last response and the next of the chain is fetched in that cycle. Sources: 10 cycles, 64 B per
/// cycle: Table I; the rest: assumptions.
///
/// Call order per cycle: on_response() for what is there; step() if next_event() <= now; take_own_write()
/// until empty; then the cluster arbitrates the busy L1 ports and calls
/// beat_done(p, now) for a port whose last word was granted. Registers may be accessed at any point.
class dma {
 public:
  static constexpr unsigned read_port = 0, write_port = 1, ports = 2;
  static constexpr unsigned max_channels = 8;
  static constexpr unsigned done_line = 20, error_line = 17;  ///< done_line + channel

  /// A notification for a register of the own cluster: the cluster performs it at once.
  struct own_write {
    std::uint32_t offset;  ///< in the cluster's peripheral region
    std::uint32_t value;
  };

  explicit dma(const dma_parameters&);

  std::uint32_t read_register(std::uint32_t offset, cycle_t now);
  void write_register(std::uint32_t offset, std::uint32_t value, cycle_t now);

  /// Earliest cycle in which step() has something to do, given no further input.
  cycle_t next_event() const { return next_; }
  void step(cycle_t now, burst_outbox& network, burst_pool& pool);

  /// A response for one of this DMA's ids. Of a read that succeeds: its first data beat is there in `cycle`, and
  /// burst->there says when which others are; on_data() when more is known. Of a write, or a read that failed: it is
  /// complete in `cycle`. Called in the order of `cycle`, in that cycle or earlier; the DMA owns the burst again and
  /// gives it back to the pool.
  void on_response(axi_burst* burst, cycle_t cycle);
  /// More data beats of a burst are known.
  void on_data(cycle_t now) { next_ = next_ < now ? next_ : now; }

  l1_port& port(unsigned p) { return ports_[p]; }
  void beat_done(unsigned p, cycle_t now);

  /// Notifications for the own cluster's registers since the last call, oldest first.
  std::optional<own_write> take_own_write();
  /// Event lines raised since the last call.
  std::uint32_t take_events(cycle_t) {
    const std::uint32_t lines = events_;
    events_ = 0;
    return lines;
  }
  /// The first error since the last call.
  std::optional<device_error> take_error() {
    const auto error = error_;
    error_.reset();
    return error;
  }

  bool idle() const { return busy_ == 0; }
  std::uint32_t busy_channels() const { return busy_; }
  bool streaming() const { return ports_[0].busy() || ports_[1].busy(); }  ///< a beat waits for banks
  const dma_counters& counters() const { return counters_; }

 private:
  enum class stage : std::uint8_t { data, count_word, doorbell };
  struct channel {
    transfer work;
    dma_descriptor descriptor{};
    std::uint32_t fetch_from = 0;
    cycle_t start_at = 0;
    unsigned in_flight = 0;  // bursts that are not done
    stage at = stage::data;
    bool failed = false, error = false;
    std::uint32_t completed = 0, error_addr = 0;
  };
  // A burst that came back (or a local copy): its data, if any, go to L1 at burst->tag.
  struct arrival {
    axi_burst* burst;
    cycle_t cycle;
  };

  static std::uint32_t bit(unsigned c) { return 1u << c; }
  unsigned channel_of(const axi_burst& b) const { return b.id - parameters_.first_id; }
  static unsigned take_turn(std::uint32_t candidates, unsigned& last);
  bool fetchable(std::uint32_t offset) const;

  void start_chain(unsigned c, std::uint32_t offset, cycle_t now);
  void fail(unsigned c, std::uint64_t address, const char* what, guest_act act = guest_act::value);
  void decode(unsigned c);
  void settle(unsigned c, cycle_t now, burst_outbox&, burst_pool&);
  void complete(unsigned c, cycle_t now);
  void end_chain(unsigned c, cycle_t now);
  axi_burst* make_burst(unsigned c, std::uint64_t address, std::uint32_t bytes, bool write, burst_pool&);
  void notify(unsigned c, std::uint64_t address, std::uint32_t value, cycle_t now, burst_outbox&, burst_pool&);
  bool runs_home(unsigned c, std::uint64_t address, guest_act act);
  void arrive_at_home(axi_burst*, cycle_t now);
  void finish_burst(axi_burst*, burst_pool&);
  void collect_responses(cycle_t now, burst_pool&);
  void collect_beats(cycle_t now, burst_outbox&, burst_pool&);
  void start_drain_beat(cycle_t now);
  void start_fill_beat(cycle_t now, burst_pool&);
  void start_read_burst(cycle_t now, burst_outbox&, burst_pool&);
  std::uint32_t drain_bytes() const;
  cycle_t drain_ready() const;
  void plan(cycle_t now);

  dma_parameters parameters_;
  std::array<channel, max_channels> channels_{};
  std::array<l1_port, ports> ports_{};
  std::array<cycle_t, ports> beat_started_{};

  // One bit per channel: what it waits for.
  std::uint32_t busy_ = 0;
  std::uint32_t starting_ = 0;  // the start delay
  std::uint32_t fetch_ = 0;     // the L1 read port, for a descriptor
  std::uint32_t fill_ = 0;      // the L1 read port, for a burst's data
  std::uint32_t reads_ = 0;     // its turn to queue a read burst
  std::uint32_t settle_ = 0;    // nothing: what was in flight is done, the next stage may begin
  unsigned last_filled_ = 0, last_read_ = 0;
  unsigned read_buffers_ = 0, write_buffers_ = 0;  // in use; a local copy uses a write buffer

  // L1 read port: a descriptor (fetching_) or the burst filling_.
  bool fetching_ = false;
  unsigned fetch_channel_ = 0;
  axi_burst* filling_ = nullptr;
  bool fill_local_ = false;
  std::uint32_t fill_from_ = 0, filled_ = 0;

  // L1 write port: the front of arrivals_, of which drained_ bytes are in L1.
  fixed_ring<arrival> arrivals_;
  std::uint32_t drained_ = 0;

  fixed_ring<arrival> responses_;  // of writes, and of reads that failed
  fixed_ring<own_write> own_writes_;

  cycle_t next_ = never;
  cycle_t active_since_ = 0;
  std::uint32_t events_ = 0;
  std::optional<device_error> error_;
  dma_counters counters_;
};

}  // namespace ohmic
