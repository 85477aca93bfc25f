#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "chip/chip_config.h"
#include "ip/axi/burst.h"
#include "ip/axi/burst_pool.h"
#include "ip/cluster_control/cluster_control.h"
#include "ip/core/core_seam.h"
#include "ip/dma/dma.h"
#include "ip/event_unit/event_unit.h"
#include "ip/icache/shared_icache.h"
#include "ip/ima/ima.h"
#include "ip/tcdm/bank_arbiter.h"
#include "ip/tcdm/l1_port.h"
#include "platform/cluster/cluster_counters.h"
#include "platform/cluster/cluster_parameters.h"
#include "platform/cluster/due_wheel.h"
#include "platform/cluster/guest_error.h"
#include "platform/cluster/inbox.h"
#include "platform/cluster/kernel_times.h"
#include "platform/cluster/slave_port.h"
#include "platform/cluster/time_classes.h"

namespace ohmic {

/// Whether harts of a group change their kind while they run (ip/core/core_relay.h).
template <class Cores, class = void>
inline constexpr bool cores_hand_over = false;
template <class Cores>
inline constexpr bool cores_hand_over<Cores, std::enable_if_t<Cores::hands_over>> = true;

/// One cluster as plain C++: cores of one kind, banked L1, event unit, DMA, IMA, shared instruction cache, control
/// registers and the two AXI ports, stepped by one loop over what is awake.
///
/// A cycle has fixed phases: request (deliveries from the network, blocks step, harts whose time has come ask),
/// arbitrate (harts and wide ports claim banks, first requester from cycle mod requesters on), respond (granted
/// accesses are performed and their harts run on to their next request). Harts run ahead of the cluster's time
/// between bus accesses while no interrupt can reach them. Cycles in which nothing is due are skipped.
///
/// Contact with the outside only through deliver() and outbox(), between calls of run(): so clusters run in
/// parallel. Cores fulfils ip/core/core_seam.h. Observer sees retirements; null_observer costs nothing.
/// Call order: constructor, start(), then deliver() / run() / outbox() window by window.
template <class Cores, class Observer = null_observer>
class cluster {
 public:
  using cores_type = Cores;
  using observer_type = Observer;

  /// `l1` points to chip.cluster.l1_bytes + 4 writable bytes that outlive the cluster.
  cluster(const chip_config& chip, unsigned index, std::uint8_t* l1, Cores cores, Observer observer = {});
  cluster(const cluster&) = delete;
  cluster& operator=(const cluster&) = delete;

  /// Reset is released in cycle `now`: every core starts at the boot address if `enable_cores`.
  void start(cycle_t now, bool enable_cores);

  /// Something arrives from the network, at the cycles that the message says (at the cluster's side of the port): a
  /// request of another master, then the data beats of a write; data beats of a read's response; the response of a
  /// write. Data beats may come in any number of messages. A response without data (a write's) says `last`.
  void deliver(const axi_message& message) {
    switch (message.what) {
      case axi_message::kind::request:
        inbox_.push(inbox::kind::request, message.cycle, message.burst);
        break;
      case axi_message::kind::data:
        inbox_.push(message.burst->write ? inbox::kind::write_data : inbox::kind::read_data, message.cycle,
                    message.burst, message.beats);
        if (!message.burst->write && message.last)
          inbox_.push(inbox::kind::response_end, message.cycle + message.beats - 1, message.burst);
        break;
      case axi_message::kind::response:
        inbox_.push(inbox::kind::response_end, message.cycle, message.burst);
        break;
    }
    others_next_ = std::min(others_next_, inbox_.next());
  }

  /// Earliest cycle in which something happens here; never if only a delivery can wake the cluster.
  cycle_t next_event() const { return std::min(wheel_.next(), others_next_); }

  /// Simulates all cycles in [from, to) in which something happens.
  void run(cycle_t from, cycle_t to) {
    for (cycle_t now = std::max(from, next_event()); now < to; now = next_event()) cycle(now);
  }

  /// Hints that run() up to `to` comes soon: fetches into the host's caches what it will touch. In three stages, each
  /// after the one before has had time: 2 the loop's state, 1 the harts' that are due, 0 their words in L1. Thousands
  /// of harts do not fit the caches, and their accesses have no order that hardware could foresee.
  void warm(unsigned stage, cycle_t to) const;

  /// The hand-overs of this order are due in cycle `at`, which is still to come: harts asleep in cv.elw go on as their
  /// new kind at once, the others at their next instruction boundary. For groups that hand over.
  void plan_hand_over(unsigned order, cycle_t at) {
    hand_overs_.emplace_back(at, order);
    next_hand_over_ = std::min(next_hand_over_, at);
    others_next_ = std::min(others_next_, at);
  }

  /// What this cluster sent: requests to burst.addr, which may leave from their cycle on; responses to burst.initiator,
  /// which are ready from their cycle on. The owner takes and clears it after run().
  std::vector<axi_message>& outbox() { return outbox_; }
  /// Guest errors noticed so far, oldest first; the owner takes and clears them.
  std::vector<guest_error>& errors() { return errors_; }

  /// Debug transport: no time passes and nothing is disturbed. `offset` is from the cluster's L1 base; registers and
  /// the crossbar's weights lie behind L1 as in the address map. Returns the bytes that could be accessed.
  /// A write may wake the cluster: next_event() may be earlier afterwards.
  std::size_t debug_access(std::uint64_t offset, std::uint8_t* data, std::size_t bytes, bool write, cycle_t now);

  /// Cycles that cores waited for an L1 bank, all cores together.
  std::uint64_t bank_conflicts() const { return bank_conflicts_; }
  /// Zeros, if its observer does not ask (counts_activity).
  const l1_counters& l1_accesses() const { return l1_counters_; }
  /// The last cycle in which something happened here.
  cycle_t last_active() const { return wheel_.last(); }

  unsigned index() const { return index_; }
  std::uint64_t global_base() const { return global_base_; }
  Cores& cores() { return cores_; }
  const Cores& cores() const { return cores_; }
  Observer& observer() { return observer_; }
  const event_unit& events() const { return events_; }
  const ima& accelerator() const { return ima_; }
  /// Before start(): what makes the codes of its crossbar, if that is not ideal.
  void use(std::unique_ptr<analog_array> array) { ima_.use(std::move(array)); }
  /// From now on called in the cycle in which the program writes cluster_control.ACTIVITY, on the thread of run().
  void on_activity(std::function<void(std::uint32_t activity, cycle_t now)> f) { on_activity_ = std::move(f); }
  const dma& mover() const { return dma_; }
  const shared_icache& icache() const { return icache_; }
  const cluster_control& control() const { return control_; }
  /// What its cycles were spent on.
  time_split& times() { return times_; }
  /// Of these, who was in kernels for which stage.
  const kernel_times& kernels() const { return kernels_; }
  std::uint64_t sleeping() const { return event_wait_; }
  std::uint64_t waiting_for_bus() const { return remote_wait_; }
  std::uint64_t waiting_for_line() const { return fetch_wait_; }
  /// Own bursts that have been handed over and whose response is not complete.
  unsigned open_bursts() const { return in_flight_; }
  bool transfers_pending() const { return in_flight_ != 0 || !slave_.idle() || !inbox_.empty(); }
  /// From now on written_at() tells when writes to [begin, end) were answered.
  void watch_writes(std::uint64_t begin, std::uint64_t end, std::uint64_t piece_bytes) {
    watch_begin_ = begin, watch_end_ = end, watch_piece_ = piece_bytes;
  }
  /// By piece of the watched range: cycle of the last write response to it; shorter if the last ones have none.
  const std::vector<cycle_t>& written_at() const { return written_at_; }

 private:
  enum port_index : unsigned { dma_read, dma_write, ima_read, ima_write, slave_read, slave_write, port_count };
  static constexpr cycle_t run_ahead = 4096;           // harts come back this often even if they need nothing
  static constexpr std::uint32_t irq_line = 1u << 11;  // of the core: the event unit's interrupt

  static constexpr std::uint64_t bit(unsigned h) { return std::uint64_t{1} << h; }
  template <class F>
  static void for_each(std::uint64_t harts, F&& f) {
    for (; harts != 0; harts &= harts - 1) f(static_cast<unsigned>(__builtin_ctzll(harts)));
  }

  void note_busy_ports() {
    std::uint32_t words = 0;
    for (const l1_port* port : ports_) words |= port->words;
    port_busy_ = words != 0;
  }
  void cycle(cycle_t now);
  void arbitrate_all(std::uint64_t harts, cycle_t now);
  void serve_harts(std::uint64_t harts, cycle_t now) {
    for_each(harts, [&](unsigned h) { serve(h, now); });
  }
  static void store(std::uint8_t* at, std::uint32_t data, unsigned size) {
    switch (size) {
      case 4:
        std::memcpy(at, &data, 4);
        break;
      case 2:
        std::memcpy(at, &data, 2);
        break;
      case 1:
        *at = static_cast<std::uint8_t>(data);
        break;
      default:
        std::memcpy(at, &data, 3);
        break;
    }
  }
  void serve(unsigned h, cycle_t now);
  void serve_elsewhere(unsigned h, const bus_request& request, cycle_t now);
  void serve_register(unsigned h, const bus_request& request, std::uint32_t offset, cycle_t now);
  void send_remote(unsigned h, const bus_request& request, cycle_t now);
  void serve_port(unsigned k, cycle_t now);
  void resume(unsigned h, cycle_t now);
  void stopped_otherwise(unsigned h, core_stop stop, cycle_t now);
  void park(unsigned h, cycle_t now);
  void ask_for_line(unsigned h, cycle_t now) {
    fetch_wait_ |= bit(h);
    icache_.request(h, cores_.fetch_line(h), now);
    others_next_ = now;
  }

  void step_others(cycle_t now);
  bool is_dma(unsigned id) const { return id - core_count_ < chip_.dma.channels; }
  void on_read_data(axi_burst* burst, cycle_t now, unsigned beats);
  void on_response_end(axi_burst* burst, cycle_t now);
  void note_watched_write(const axi_burst& burst, cycle_t now) {
    const std::uint64_t begin = std::max(burst.addr, watch_begin_),
                        end = std::min(burst.addr + burst.bytes, watch_end_);
    const std::size_t first = (begin - watch_begin_) / watch_piece_, last = (end - 1 - watch_begin_) / watch_piece_;
    if (last >= written_at_.size()) written_at_.resize(last + 1);
    for (std::size_t piece = first; piece <= last; ++piece) written_at_[piece] = now;
  }
  void collect_device_events(cycle_t now);
  void after_events(cycle_t now);
  void set_interrupt_lines(std::uint64_t changed, cycle_t now) {
    irq_level_ ^= changed;
    for_each(changed, [&](unsigned h) {
      cores_.set_irq(h, (irq_level_ >> h & 1) != 0 ? irq_line : 0, now);
      if ((advance_due_ & ~halting_ & ~stop_requested_ & irq_possible_) >> h & 1 && wheel_.remove(bit(h)) != 0)
        wheel_.schedule(h, std::max(cores_.due(h), now + 1));
    });
  }
  // A hart that moves its own line by an access sees it before the access is answered, and so before it runs on.
  void follow_own_interrupt(unsigned h, cycle_t now) {
    if (const std::uint64_t changed = (events_.irq_cores() ^ irq_level_) & bit(h)) set_interrupt_lines(changed, now);
  }
  void apply_enables(cycle_t now);
  void guard_stacks(std::uint32_t offset);
  void start_hart(unsigned h, cycle_t now);
  void begin_hand_overs(cycle_t now);
  bool interruptible(unsigned h) const { return (cores_.irq_enabled(h) & irq_line) != 0; }
  void update_class(cycle_t now);
  void look_ahead(cycle_t now);
  void report(const guest_error& error);

  register_access read_register(std::uint32_t offset, int core, cycle_t now);
  bool write_register(std::uint32_t offset, std::uint32_t value, int core, cycle_t now);

  // Registers as other masters see them, through the slave port.
  struct remote_registers {
    cluster& owner;
    std::uint32_t read(std::uint32_t offset, cycle_t now, bool& ok) {
      const register_access a = owner.read_register(offset, event_unit::no_core, now);
      ok = a.status == access_status::ok;
      return a.value;
    }
    bool write(std::uint32_t offset, std::uint32_t value, cycle_t now) {
      return owner.write_register(offset, value, event_unit::no_core, now);
    }
  };

  // Hot: touched in every cycle with a core awake.
  cycle_t others_next_ = never;  // earliest cycle in which anything but a hart needs the loop
  bank_arbiter banks_;
  std::uint64_t retry_ = 0;           // harts that lost arbitration in this cycle
  std::uint64_t bus_now_ = 0;         // harts that ask for the bus in this very cycle
  std::uint64_t advance_due_ = 0;     // due in the wheel to run on, not for the bus
  std::uint64_t fetch_due_ = 0;       // due in the wheel to ask for an instruction line
  std::uint64_t irq_possible_ = 0;    // harts whose interrupt is enabled: they do not run ahead
  std::uint64_t stop_requested_ = 0;  // harts that stop when the access in flight is answered
  std::uint8_t* const l1_;
  const std::uint32_t l1_bytes_, peripheral_bytes_;
  const std::uint32_t own_global_;  // low 32 bits of the own L1's global address
  bool others_touched_ = false;     // look_ahead() must be done again
  bool port_busy_ = false;          // a wide port takes part in arbitration
  bool register_bus_taken_ = false;
  const unsigned core_count_;
  const bool has_ima_;
  requester_turn turn_;
  Cores cores_;
  due_wheel wheel_;
  Observer observer_;

  const chip_config& chip_;
  const unsigned index_;
  const cycle_t peripheral_cycles_;
  const std::uint64_t peripheral_base_, global_base_;
  std::array<l1_port*, port_count> ports_;

  std::uint64_t enabled_ = 0;  // enable bits acted on
  std::uint64_t running_ = 0;  // harts out of reset that have not halted
  std::uint64_t halting_ = 0;  // harts that halt at their time, which is still to come
  std::uint64_t event_wait_ = 0, remote_wait_ = 0, fetch_wait_ = 0;
  std::array<cycle_t, 64> waiting_since_{};
  std::uint64_t irq_level_ = 0;

  cluster_control control_;
  event_unit events_;
  dma dma_;
  ima ima_;
  shared_icache icache_;
  burst_pool pool_;
  burst_outbox requests_;
  unsigned in_flight_ = 0;  // own bursts without a complete response
  slave_port slave_;
  inbox inbox_;
  std::vector<axi_message> outbox_;
  std::vector<axi_message> slave_out_;
  std::vector<guest_error> errors_;
  std::function<void(std::uint32_t, cycle_t)> on_activity_;
  time_split times_;
  kernel_times kernels_;
  std::uint64_t bank_conflicts_ = 0;
  l1_counters l1_counters_;
  std::uint64_t watch_begin_ = 0, watch_end_ = 0, watch_piece_ = 1;
  std::vector<cycle_t> written_at_;
  std::vector<std::pair<cycle_t, unsigned>> hand_overs_;  // cycle and order of those to come
  cycle_t next_hand_over_ = never;
};

}  // namespace ohmic

#include "platform/cluster/cluster_cycle.h"
#include "platform/cluster/cluster_registers.h"
