#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "ip/axi/burst.h"
#include "ip/core/counter_list.h"
#include "ip/core/types.h"

namespace ohmic {

/// Shape and timing of a cluster's shared instruction cache. Defaults: Table I-class cluster, docs/timing.md.
struct shared_icache_config {
  unsigned cores = 16;              ///< 1..64 requesters, at most one wanted line each
  std::uint32_t bytes = 16 * 1024;  ///< ways * banks * line_bytes * a power of two
  unsigned ways = 4;
  std::uint32_t line_bytes = 64;  ///< power of two
  unsigned banks = 4;             ///< power of two, 1..16; neighbouring lines lie in neighbouring banks
  cycle_t hit_cycles = 3;         ///< lookup to line valid at the core
  cycle_t miss_cycles = 1;        ///< lookup to the read leaving for the master port
  cycle_t refill_cycles = 1;      ///< last beat of the response to line valid at the cores
  std::uint16_t axi_id = 0;
  std::uint16_t initiator = 0;  ///< cluster index
};

/// Shared instruction cache behind the cores' private ones: who gets its line when, and which lines are read
/// through the network.
///
/// It models time and traffic only: instructions come from the table decoded at load, so a line's bytes travel
/// through the network and are dropped.
///
/// Timing: each bank looks up one line per cycle, for the first waiting core found from (cycle mod cores) on. A hit
/// is valid at the core hit_cycles after its lookup. The first miss of a line reads it by one burst; lookups of a
/// line on its way join it; when the last beat is back, all of them get the line refill_cycles later. There may be
/// as many lines on their way as there are cores. Replacement: round robin in each set.
/// A line whose read failed is delivered but not kept: what lies there is the core's business.
///
/// Calls in a cycle: any number of request() and on_response(), one step() if next_event() says so, take_ready().
/// Nothing is allocated after construction.
class shared_icache {
 public:
  struct counters {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;     ///< lines read through the network
    std::uint64_t merged = 0;     ///< lookups that joined a line on its way
    std::uint64_t conflicts = 0;  ///< core-cycles waited for a bank

    static auto& list() {
      static constexpr counter<counters> all[] = {
          {"hits", "lookups", &counters::hits},
          {"misses", "lines", &counters::misses},
          {"merged", "lookups", &counters::merged},
          {"conflict_cycles", "cycles", &counters::conflicts},
      };
      return all;
    }
  };

  explicit shared_icache(const shared_icache_config& config);

  /// Core wants the line at `line_addr` (a multiple of line_bytes) in cycle `now`. Precondition: it waits for none.
  void request(unsigned core, std::uint32_t line_addr, cycle_t now);

  /// The core is put into reset: it wants nothing any more.
  void cancel(unsigned core);

  /// Cycle in which step() must be called, `never` if no core waits for a bank.
  cycle_t next_event() const { return next_lookup_; }

  /// Does the lookups of cycle `now`. Misses go out by port.queue(axi_burst*, cycle), see burst_outbox.
  template <class Port>
  void step(cycle_t now, Port& port) {
    std::uint64_t missed = lookup(now);
    for (; missed != 0; missed &= missed - 1) {
      port.queue(&misses_[static_cast<unsigned>(__builtin_ctzll(missed))].burst, now + config_.miss_cycles);
    }
  }

  /// The last beat of a read of this cache is back in cycle `now`.
  void on_response(const axi_burst& burst, cycle_t now);

  /// Calls answer(core, valid_cycle) for every line delivered since the last call; valid_cycle >= now.
  template <class F>
  void take_ready(F&& answer) {
    for (unsigned i = 0; i < ready_count_; ++i) answer(unsigned{ready_[i].core}, ready_[i].valid);
    ready_count_ = 0;
  }
  bool any_ready() const { return ready_count_ != 0; }

  /// fence.i: forgets every line. Lines on their way still answer but are not kept.
  void flush();

  const counters& count() const { return counters_; }
  unsigned lines_on_their_way() const { return static_cast<unsigned>(__builtin_popcountll(miss_busy_)); }

 private:
  struct miss {
    axi_burst burst;
    std::uint64_t waiters = 0;  // cores
    std::uint32_t line = 0;     // address / line_bytes
    bool keep = true;           // false once a flush came between
  };
  struct answer_entry {
    cycle_t valid;
    std::uint8_t core;
  };

  std::uint64_t lookup(cycle_t now);
  bool look_up_one(unsigned core, cycle_t now, unsigned& miss_index);
  std::uint32_t set_of(std::uint32_t line) const;
  void deliver(unsigned core, cycle_t valid) { ready_[ready_count_++] = {valid, static_cast<std::uint8_t>(core)}; }

  static constexpr std::uint32_t empty = ~std::uint32_t{0};  // no line has this number: lines are >= 2 bytes

  shared_icache_config config_;
  std::uint32_t sets_ = 0;            // in all banks together
  std::vector<std::uint32_t> tags_;   // [set][way]: line number
  std::vector<std::uint8_t> victim_;  // [set]: way replaced next
  std::vector<miss> misses_;
  std::unique_ptr<std::uint8_t[]> line_data_;
  std::uint64_t miss_busy_ = 0;
  std::array<std::uint64_t, 16> waiting_{};  // per bank: cores whose lookup is to come
  std::array<std::uint32_t, 64> wanted_{};   // per core: line number
  std::array<answer_entry, 64> ready_{};
  unsigned ready_count_ = 0;
  unsigned line_shift_ = 0;
  cycle_t next_lookup_ = never;
  counters counters_;
};

}  // namespace ohmic
