#pragma once

#include <array>
#include <cstdint>

#include "ip/registers/register_access.h"

namespace ohmic {

/// Event unit of one cluster: 32 event lines per core, 8 barriers, 4 doorbells, one lock, and the register a core
/// sleeps on.
///
/// Lines: 0..7 software events, 8..15 barriers, 16 IMA job done, 17 cluster error, 19 lock granted, 20..27 DMA
/// channel done, 28..31 doorbells. A line is a bit without a count: raising it twice before it is cleared is
/// raising it once.
///
/// Call order in a cycle: any number of read(), write() and raise_device(), in any order, then one take_woken().
/// A bit raised in the very cycle in which a core reads OWN.WAIT satisfies that read, whichever came first.
/// The unit has no time of its own: what a register access and a wake-up cost is the cluster's.
///
/// The interrupt: irq_cores() is the level of interrupt line 11. A core that sleeps in OWN.WAIT and would take it
/// is woken by the cluster, which answers 0 and calls cancel_wait(); the core replays its cv.elw after the handler.
///
/// Refused as guest errors: offsets without a register, reads of write-only and writes of read-only registers,
/// cores that do not exist, OWN, ARRIVE and LOCK_* by anyone who is not a core of this cluster, arriving at a
/// barrier one takes no part in, requesting the lock one holds, releasing a lock one does not hold.
/// Bits of cores that do not exist read as zero and are ignored when written.
class event_unit {
 public:
  static constexpr unsigned max_cores = 64;
  static constexpr int no_core = -1;  ///< an access from outside the cluster, or debug transport

  static constexpr unsigned barrier_line = 8;
  static constexpr unsigned ima_line = 16;
  static constexpr unsigned error_line = 17;
  static constexpr unsigned lock_line = 19;
  static constexpr unsigned dma_line = 20;  ///< + channel
  static constexpr unsigned doorbell_line = 28;

  /// Everything the unit remembers, as plain data.
  struct core_state {
    std::uint32_t mask = 0, pending = 0, irq_mask = 0;
  };
  struct barrier_state {
    std::uint64_t mask = 0, arrived = 0;
  };
  struct state {
    std::array<core_state, max_cores> core{};
    std::array<barrier_state, 8> barrier{};
    std::uint64_t doorbell_cores = 1, device_cores = 1;
    std::uint64_t lock_waiting = 0;
    int lock_holder = no_core;
    std::uint64_t waiting = 0;       ///< cores whose read of OWN.WAIT is blocked
    std::uint64_t satisfied = 0;     ///< those of them whose wait is over: the next take_woken()
    std::uint64_t irq_level = 0;     ///< cores with pending & irq_mask != 0
    std::uint64_t irq_possible = 0;  ///< cores with irq_mask != 0
  };

  /// Precondition: 1 <= cores <= 64.
  explicit event_unit(unsigned cores = 1);

  /// Reads the register at a byte offset of the block, on behalf of a core of this cluster or no_core. Only
  /// OWN.WAIT has an effect: if it is answered `blocked`, the core waits until take_woken() names it or
  /// cancel_wait(). CORE[n].WAIT never blocks: it shows PENDING & MASK as they are.
  register_access read(int core, std::uint32_t offset);

  register_access write(int core, std::uint32_t offset, std::uint32_t value);

  /// Raises a device line (IMA, error, DMA) on the cores of DEVICE_CORES.
  void raise_device(unsigned line) { raise(line, state_.device_cores); }

  /// Cores whose blocked OWN.WAIT is satisfied since the last call; they wait no longer. Their answer is
  /// wait_value(), to be taken in the same cycle.
  std::uint64_t take_woken() {
    const std::uint64_t woken = state_.satisfied;
    state_.satisfied = 0;
    state_.waiting &= ~woken;
    return woken;
  }
  std::uint32_t wait_value(unsigned core) const { return state_.core[core].pending & state_.core[core].mask; }

  /// The core waits no longer (it takes an interrupt, or was put into reset).
  void cancel_wait(unsigned core) {
    state_.waiting &= ~(std::uint64_t{1} << core);
    state_.satisfied &= ~(std::uint64_t{1} << core);
  }

  std::uint64_t waiting_cores() const { return state_.waiting; }
  std::uint64_t irq_cores() const { return state_.irq_level; }
  bool irq_possible(unsigned core) const { return (state_.irq_possible >> core & 1) != 0; }

  unsigned cores() const { return cores_; }
  const state& save() const { return state_; }
  void restore(const state& s) { state_ = s; }

 private:
  void raise(unsigned line, std::uint64_t cores);
  void refresh(unsigned core);
  void grant_lock(unsigned core);
  register_access read_core(unsigned core, std::uint32_t reg) const;
  register_access write_core(unsigned core, std::uint32_t reg, std::uint32_t value);
  register_access arrive(int core, barrier_state& barrier, unsigned line);
  register_access request_lock(int core);
  register_access release_lock(int core);

  state state_;
  std::uint64_t existing_;  ///< one bit per core of the cluster
  unsigned cores_;
};

}  // namespace ohmic
