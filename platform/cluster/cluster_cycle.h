#pragma once

/// The loop of one cycle: members of cluster that run in simulated time. Included by cluster.h only.
///
/// Order within a cycle, on which results depend: harts that asked for a line or ran ahead to this cycle go on;
/// deliveries from the network; slave port, DMA, IMA and instruction cache step; event lines wake cores; the banks are
/// arbitrated, and who is granted is served and runs on to its next request at once; device events; what leaves for
/// the network; when the loop is needed next. A hart that runs on within a cycle may ask again in that cycle, never
/// in an earlier one. Timing constants: docs/timing.md.

namespace ohmic {

template <class Cores, class Observer>
void cluster<Cores, Observer>::cycle(cycle_t now) {
  bus_now_ = wheel_.take(now);
  register_bus_taken_ = false;
  if constexpr (cores_hand_over<Cores>) {
    if (now >= next_hand_over_) begin_hand_overs(now);
  }
  if (const std::uint64_t due = bus_now_ & (advance_due_ | fetch_due_)) {
    bus_now_ &= ~due;
    const std::uint64_t lines = due & fetch_due_;
    const std::uint64_t runs = due & ~lines;
    advance_due_ &= ~runs;
    fetch_due_ &= ~lines;
    for_each(lines, [&](unsigned h) { ask_for_line(h, now); });
    for_each(runs, [&](unsigned h) { resume(h, now); });
  }
  if (now >= others_next_) step_others(now);

  banks_.begin();
  if (port_busy_) {
    arbitrate_all(bus_now_, now);
    others_touched_ = true;
  } else if (bus_now_ & (bus_now_ - 1)) {
    const unsigned first = turn_.first(now);
    const std::uint64_t before = first < core_count_ ? bit(first) - 1 : 0;
    const std::uint64_t harts = bus_now_;
    serve_harts(harts & ~before, now);
    serve_harts(harts & before, now);
  } else if (bus_now_) {
    serve(static_cast<unsigned>(__builtin_ctzll(bus_now_)), now);
  }
  if (retry_) {
    wheel_.schedule_near(retry_, now + 1);
    retry_ = 0;
  }
  if (others_touched_) look_ahead(now);
}

// Requesters are the cores, then the wide ports.
template <class Cores, class Observer>
void cluster<Cores, Observer>::arbitrate_all(std::uint64_t harts, cycle_t now) {
  const unsigned first = turn_.first(now);
  if (first < core_count_) {
    const std::uint64_t before = bit(first) - 1;
    serve_harts(harts & ~before, now);
    for (unsigned k = 0; k < port_count; ++k) serve_port(k, now);
    serve_harts(harts & before, now);
  } else {
    const unsigned first_port = first - core_count_;
    for (unsigned k = first_port; k < port_count; ++k) serve_port(k, now);
    serve_harts(harts, now);
    for (unsigned k = 0; k < first_port; ++k) serve_port(k, now);
  }
}

template <class Cores, class Observer>
__attribute__((always_inline)) inline void cluster<Cores, Observer>::serve(unsigned h, cycle_t now) {
  const bus_request& request = cores_.request(h);
  std::uint32_t offset = request.addr - static_cast<std::uint32_t>(chip_config::own_l1_base);
  if (__builtin_expect(offset >= l1_bytes_, 0)) {
    offset = request.addr - own_global_;  // the own L1 by its global address is served locally
    if (offset >= l1_bytes_) {
      serve_elsewhere(h, request, now);
      return;
    }
  }
  if (!banks_.claim(offset)) {
    ++bank_conflicts_;
    retry_ |= bit(h);
    return;
  }
  if constexpr (counts_activity<Observer>) ++(request.write ? l1_counters_.core_writes : l1_counters_.core_reads);
  std::uint8_t* const at = l1_ + offset;
  std::uint32_t data = 0;
  if (!request.write)
    std::memcpy(&data, at, 4);  // l1_ is 4 bytes longer than L1; the hart takes the bytes it asked for
  else
    store(at, request.wdata, request.size);
  cores_.complete(h, data, now, now + 1);
  resume(h, now);
}

// Runs hart h on to its next stop and notes when the loop must see it again.
template <class Cores, class Observer>
__attribute__((always_inline)) inline void cluster<Cores, Observer>::resume(unsigned h, cycle_t now) {
  if (__builtin_expect((stop_requested_ | irq_possible_) >> h & 1, 0)) {
    if (stop_requested_ >> h & 1) return park(h, now);
    if (!interruptible(h)) irq_possible_ &= ~bit(h);
  }
  cycle_t until = (now | (run_ahead - 1)) + 1;
  if (__builtin_expect(irq_possible_ >> h & 1, 0)) until = cores_.certain_until(h, now);
  const core_stop stop = cores_.advance(h, until, observer_);
  if (__builtin_expect(stop == core_stop::bus, 1)) {
    const bus_request& next = cores_.request(h);
    const cycle_t at = next.cycle;
    // Other harts come first: time enough to fetch the word into the host's cache.
    const std::uint32_t offset = next.addr - static_cast<std::uint32_t>(chip_config::own_l1_base);
    if (offset < l1_bytes_) __builtin_prefetch(l1_ + offset);
    if (__builtin_expect(at > now, 1))
      wheel_.schedule(h, at);
    else
      bus_now_ |= bit(h);
    return;
  }
  stopped_otherwise(h, stop, now);
}

// Hart h needs something rarer than the bus.
template <class Cores, class Observer>
__attribute__((noinline)) void cluster<Cores, Observer>::stopped_otherwise(unsigned h, core_stop stop, cycle_t now) {
  if (stop == core_stop::halted) {
    if (cores_.time(h) > now) {  // it ran ahead: its mistake is still to come
      halting_ |= bit(h);
      stop_requested_ |= bit(h);
      advance_due_ |= bit(h);
      wheel_.schedule(h, cores_.time(h));
      return;
    }
    running_ &= ~bit(h);
    guest_error e;
    const hart_fault fault = cores_.fault(h);
    e.from = is_forbidden_loop(fault) ? guest_error::source::core_loop : guest_error::source::core_fetch;
    e.cycle = now;
    e.core = h;
    e.pc = cores_.pc(h);
    e.addr = e.pc;
    e.act = guest_act::none;
    e.what = describe(fault);
    switch (fault) {
      case hart_fault::lockstep_mismatch:
        e.from = guest_error::source::lockstep;
        break;
      case hart_fault::stack_overflow:
        e.from = guest_error::source::core_stack;
        e.addr = cores_.x(h, 2);
        e.limit = control_.stack_limit(h);
        break;
      case hart_fault::trap_storm:
        e.from = guest_error::source::core_trap;
        e.addr = cores_.trap_cause(h);
        e.act = guest_act::trap;
        break;
      case hart_fault::fetch_outside_text:
        e.act = guest_act::fetch;
        break;
      default:
        break;
    }
    report(e);
    return;
  }
  if (interruptible(h)) irq_possible_ |= bit(h);  // no running ahead any more: the line may rise in any cycle
  if (stop == core_stop::fetch && cores_.time(h) <= now) {
    ask_for_line(h, now);
    others_touched_ = true;
    return;
  }
  // A line is asked for, or the hart goes on, when the cluster's time has come to the hart's.
  (stop == core_stop::fetch ? fetch_due_ : advance_due_) |= bit(h);
  wheel_.schedule(h, std::max(stop == core_stop::fetch ? cores_.time(h) : cores_.due(h), now + 1));
}

// Hart h was disabled in the middle of an access, which is answered now. It may have been enabled again since. Or it
// has halted, and its time has come.
template <class Cores, class Observer>
void cluster<Cores, Observer>::park(unsigned h, cycle_t now) {
  stop_requested_ &= ~bit(h);
  if (halting_ >> h & 1) {
    halting_ &= ~bit(h);
    return stopped_otherwise(h, core_stop::halted, now);
  }
  cores_.stop(h);
  if (enabled_ >> h & 1)
    start_hart(h, now);
  else
    running_ &= ~bit(h);
}

template <class Cores, class Observer>
inline void cluster<Cores, Observer>::serve_port(unsigned k, cycle_t now) {
  l1_port& port = *ports_[k];
  if (!port.busy()) return;
  const std::uint32_t granted = banks_.claim_words(port.addr, port.words);
  if (granted == 0) return;
  if constexpr (counts_activity<Observer>) {
    constexpr std::uint64_t l1_counters::* of_port[port_count] = {
        &l1_counters::dma_reads,  &l1_counters::dma_writes,    &l1_counters::ima_reads,
        &l1_counters::ima_writes, &l1_counters::network_reads, &l1_counters::network_writes};
    l1_counters_.*of_port[k] += static_cast<unsigned>(__builtin_popcount(granted));
  }
  transfer_words(port, granted, l1_);
  if (port.busy()) return;
  switch (k) {
    case dma_read:
    case dma_write:
      dma_.beat_done(k - dma_read, now);
      break;
    case ima_read:
    case ima_write:
      ima_.beat_done(k - ima_read, now);
      break;
    default:
      slave_.beat_done(port, now, slave_out_);
      break;
  }
}

// Everything that is not a hart and is due in this cycle.
template <class Cores, class Observer>
void cluster<Cores, Observer>::step_others(cycle_t now) {
  others_touched_ = true;
  while (inbox_.next() <= now) {
    const inbox::item item = inbox_.front();
    inbox_.pop();
    switch (item.what) {
      case inbox::kind::request:
        slave_.deliver(item.burst, item.due);
        break;
      case inbox::kind::write_data:
        item.burst->there.add(item.due, item.beats);
        slave_.data_known();
        break;
      case inbox::kind::read_data:
        on_read_data(item.burst, item.due, item.beats);
        break;
      case inbox::kind::response_end:
        on_response_end(item.burst, now);
        break;
    }
  }
  remote_registers registers{*this};
  if (slave_.next_event() <= now) slave_.step(now, registers, slave_out_);
  if (dma_.next_event() <= now) dma_.step(now, requests_, pool_);
  while (const auto own = dma_.take_own_write()) {
    if (write_register(own->offset, own->value, event_unit::no_core, now)) continue;
    guest_error e;
    e.from = guest_error::source::dma;
    e.cycle = now;
    e.addr = peripheral_base_ + own->offset;
    e.act = guest_act::write;
    e.what = "DMA: the notified register does not exist, or refuses this access";
    report(e);
  }
  if (ima_.next_event() <= now) ima_.step(now);
  if (icache_.next_event() <= now) icache_.step(now, requests_);
  if (icache_.any_ready()) {
    icache_.take_ready([&](unsigned h, cycle_t valid) {
      fetch_wait_ &= ~bit(h);
      cores_.fetch_complete(h, valid);
      resume(h, now);
    });
  }
  after_events(now);
  note_busy_ports();
}

// Data beats of a read's response. The DMA owns its bursts from their first beat on.
template <class Cores, class Observer>
void cluster<Cores, Observer>::on_read_data(axi_burst* burst, cycle_t now, unsigned beats) {
  const bool first = burst->there.end == 0;
  burst->there.add(now, beats);
  if (!is_dma(burst->id) || burst->resp != axi_resp::okay) return;
  if (first)
    dma_.on_response(burst, now);
  else
    dma_.on_data(now);
}

// The response of one of this cluster's bursts is complete.
template <class Cores, class Observer>
void cluster<Cores, Observer>::on_response_end(axi_burst* burst, cycle_t now) {
  --in_flight_;
  if (burst->write && burst->addr < watch_end_ && burst->addr + burst->bytes > watch_begin_)
    note_watched_write(*burst, now);
  const unsigned id = burst->id;
  if (id < core_count_) {
    std::uint32_t data = 0;
    if (!burst->write) std::memcpy(&data, burst->data, burst->bytes);
    if (burst->resp != axi_resp::okay) {
      data = bad_access_pattern >> (8 * (burst->addr & 3));
      guest_error e;
      e.cycle = now;
      e.core = id;
      e.pc = burst->pc;
      e.addr = burst->addr;
      e.act = burst->write ? guest_act::write : guest_act::read;
      e.what = burst->resp == axi_resp::decerr ? "no such address (DECERR)" : "access refused (SLVERR)";
      report(e);
    }
    pool_.put(burst);
    remote_wait_ &= ~bit(id);
    cores_.complete(id, data, waiting_since_[id], now);
    resume(id, now);
  } else if (!is_dma(id)) {
    icache_.on_response(*burst, now);
  } else if (burst->write || burst->resp != axi_resp::okay) {
    dma_.on_response(burst, now);
  }
}

// Event lines of the devices, then the cores that they wake.
template <class Cores, class Observer>
void cluster<Cores, Observer>::collect_device_events(cycle_t now) {
  std::uint32_t lines = ima_.take_events(now) | dma_.take_events(now);
  for (; lines != 0; lines &= lines - 1) events_.raise_device(static_cast<unsigned>(__builtin_ctz(lines)));
  auto note = [&](guest_error::source from, const device_error& device) {
    guest_error e;
    e.from = from;
    e.cycle = now;
    e.core = device.unit;
    e.addr = device.address;
    e.act = device.act;
    e.what = device.what;
    report(e);
  };
  if (const auto error = dma_.take_error()) note(guest_error::source::dma, *error);
  if (const auto error = ima_.take_error()) note(guest_error::source::ima, *error);
}

template <class Cores, class Observer>
void cluster<Cores, Observer>::after_events(cycle_t now) {
  const std::uint64_t changed = events_.irq_cores() ^ irq_level_;
  // First, so that a cv.elw that ends now sees the interrupt of the same event.
  if (changed) set_interrupt_lines(changed, now);
  if (const std::uint64_t woken = events_.take_woken()) {
    event_wait_ &= ~woken;
    for_each(woken, [&](unsigned h) {
      cores_.complete(h, events_.wait_value(h), waiting_since_[h], now + chip_.cluster.wake_cycles);
      resume(h, now);
    });
  }
  if (changed) {
    // A sleeping core that would take the interrupt gets 0 and replays its cv.elw after the handler.
    for_each(event_wait_ & irq_level_, [&](unsigned h) {
      if (!cores_.irq_would_be_taken(h)) return;
      events_.cancel_wait(h);
      event_wait_ &= ~bit(h);
      cores_.complete(h, 0, waiting_since_[h], now + chip_.cluster.wake_cycles);
      resume(h, now);
    });
  }
}

template <class Cores, class Observer>
inline void cluster<Cores, Observer>::warm(unsigned stage, cycle_t to) const {
  if (stage == 2) {
    const auto* const begin = reinterpret_cast<const char*>(&others_next_);
    for (const char* line = begin; line < reinterpret_cast<const char*>(&wheel_) + 64; line += 64)
      __builtin_prefetch(line);
    wheel_.warm(to);
    return;
  }
  const std::uint64_t due = wheel_.due_before(to);
  if (stage == 1) {
    for_each(due, [&](unsigned h) { cores_.warm(h); });
    return;
  }
  for_each(due & ~(advance_due_ | fetch_due_), [&](unsigned h) {
    const std::uint32_t offset = cores_.request(h).addr - static_cast<std::uint32_t>(chip_config::own_l1_base);
    if (offset < l1_bytes_) __builtin_prefetch(l1_ + offset);
  });
}

// End of a cycle in which something but a hart took part: what leaves, and when the loop is needed again.
template <class Cores, class Observer>
void cluster<Cores, Observer>::look_ahead(cycle_t now) {
  others_touched_ = false;
  collect_device_events(now);
  after_events(now);
  requests_.drain([&](axi_burst* burst) {
    ++in_flight_;
    outbox_.push_back({burst->ready + chip_.network.egress_cycles, burst});
  });
  for (axi_message& message : slave_out_) {
    message.cycle += chip_.network.egress_cycles;
    outbox_.push_back(message);
  }
  slave_out_.clear();
  update_class(now);

  cycle_t next = std::min(inbox_.next(), slave_.next_event());
  next = std::min(next, std::min(dma_.next_event(), ima_.next_event()));
  next = std::min(next, icache_.next_event());
  note_busy_ports();
  if (port_busy_) next = now + 1;
  if constexpr (cores_hand_over<Cores>) next = std::min(next, next_hand_over_);
  others_next_ = std::max(next, now + 1);
}

template <class Cores, class Observer>
void cluster<Cores, Observer>::begin_hand_overs(cycle_t now) {
  if constexpr (cores_hand_over<Cores>) {
    next_hand_over_ = never;
    std::vector<std::pair<cycle_t, unsigned>> later;
    for (const auto& [at, order] : hand_overs_) {
      if (at > now) {
        later.emplace_back(at, order);
        next_hand_over_ = std::min(next_hand_over_, at);
        continue;
      }
      for_each(cores_.trigger(order, at, event_wait_), [&](unsigned h) {
        events_.cancel_wait(h);
        event_wait_ &= ~bit(h);
        cores_.withdraw(h, now);
        resume(h, now);
      });
    }
    hand_overs_ = std::move(later);
  }
}

template <class Cores, class Observer>
void cluster<Cores, Observer>::update_class(cycle_t now) {
  time_class c = time_class::idle;
  if (ima_.computing())
    c = time_class::analog;
  else if (control_.in_kernel() != 0)
    c = time_class::digital;
  else if (!dma_.idle() || !ima_.idle() || control_.waiting_for() == 2)
    c = time_class::communication;
  else if (control_.waiting_for() == 1)
    c = time_class::synchronisation;
  times_.switch_to(c, now);
  kernels_.switch_to(control_.in_kernel(), now);
}

}  // namespace ohmic
