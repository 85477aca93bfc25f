#pragma once

/// The rarer half of cluster's members: construction, core enables, registers, remote accesses, guest errors and debug
/// transport. Included by cluster.h only.
///
/// Registers: the event unit answers each core on a path of its own; the other blocks share a bus of one access per
/// cycle, and a core that finds it taken asks again in the next cycle. A core's refused access reads
/// bad_access_pattern and is reported as a guest error; another master's is answered SLVERR; a debug access ends there.

#include "registers/cluster_peripherals.h"

namespace ohmic {

template <class Cores, class Observer>
cluster<Cores, Observer>::cluster(const chip_config& chip, unsigned index, std::uint8_t* l1, Cores cores,
                                  Observer observer)
    : banks_(chip.cluster.l1_banks),
      l1_(l1),
      l1_bytes_(chip.cluster.l1_bytes),
      peripheral_bytes_(chip.peripheral_bytes()),
      own_global_(chip.cluster_l1(index) >> 32 ? static_cast<std::uint32_t>(chip_config::own_l1_base)
                                               : static_cast<std::uint32_t>(chip.cluster_l1(index))),
      core_count_(chip.cores_of(index)),
      has_ima_(chip.has_ima(index)),
      turn_(core_count_ + port_count),
      cores_(std::move(cores)),
      observer_(std::move(observer)),
      chip_(chip),
      index_(index),
      peripheral_cycles_(chip.cluster.peripheral_cycles),
      peripheral_base_(chip.own_peripheral_base()),
      global_base_(chip.cluster_l1(index)),
      control_(make_cluster_identity(chip, index)),
      events_(core_count_),
      dma_(make_dma_parameters(chip, index)),
      ima_(make_ima_parameters(chip)),
      icache_(make_icache_config(chip, index)),
      pool_(chip.network.max_burst_bytes),
      slave_(chip.cluster_l1(index), chip.cluster.l1_bytes, chip.peripheral_bytes(), chip.network.width.back()) {
  ports_ = {&dma_.port(0), &dma_.port(1), &ima_.port(0), &ima_.port(1), &slave_.read_port(), &slave_.write_port()};
}

template <class Cores, class Observer>
void cluster<Cores, Observer>::start(cycle_t now, bool enable_cores) {
  if (!enable_cores) return;
  namespace reg = registers::cluster_control;
  control_.write(reg::core_enable_lo_offset, ~0u);
  control_.write(reg::core_enable_hi_offset, ~0u);
  apply_enables(now);
}

// Acts on enable bits that have changed. A hart in the middle of an access stops when that is answered, and if its
// bit is set again by then it starts anew.
template <class Cores, class Observer>
void cluster<Cores, Observer>::apply_enables(cycle_t now) {
  const std::uint64_t was = enabled_;
  enabled_ = control_.enabled();
  if (const std::uint64_t leaving = was & ~enabled_) {
    const std::uint64_t at_once = wheel_.remove(leaving & running_) | (leaving & (event_wait_ | fetch_wait_));
    for_each(at_once & event_wait_, [&](unsigned h) { events_.cancel_wait(h); });
    for_each(at_once & fetch_wait_, [&](unsigned h) { icache_.cancel(h); });
    for (std::uint64_t* mask :
         {&event_wait_, &fetch_wait_, &fetch_due_, &advance_due_, &halting_, &stop_requested_, &running_})
      *mask &= ~at_once;
    for_each(leaving & ~running_, [&](unsigned h) { cores_.stop(h); });  // those that had halted, too
    stop_requested_ |= leaving & running_;
  }
  for_each(enabled_ & ~was & ~running_, [&](unsigned h) { start_hart(h, now); });
}

// Tells the cores what a write to this register of cluster control has changed.
template <class Cores, class Observer>
void cluster<Cores, Observer>::guard_stacks(std::uint32_t offset) {
  namespace reg = registers::cluster_control;
  const auto guard = [&](unsigned h) { cores_.set_stack_guard(h, {control_.stack_floor(), control_.stack_limit(h)}); };
  if (offset == reg::stack_floor_offset)
    for (unsigned h = 0; h < core_count_; ++h) guard(h);
  if (const std::uint32_t core = (offset - reg::stack_limit_offset) / 4; core < core_count_) guard(core);
}

template <class Cores, class Observer>
void cluster<Cores, Observer>::start_hart(unsigned h, cycle_t now) {
  running_ |= bit(h);
  cores_.start(h, control_.boot_addr(), now + 1);
  resume(h, now);
}

// An access outside the own L1: own registers, own L1 never, everything else over the network.
template <class Cores, class Observer>
void cluster<Cores, Observer>::serve_elsewhere(unsigned h, const bus_request& request, cycle_t now) {
  const std::uint64_t own = request.addr - peripheral_base_;
  const std::uint64_t global = request.addr - (global_base_ + l1_bytes_);
  if (own < peripheral_bytes_)
    serve_register(h, request, static_cast<std::uint32_t>(own), now);
  else if (global < peripheral_bytes_)
    serve_register(h, request, static_cast<std::uint32_t>(global), now);
  else
    send_remote(h, request, now);
}

template <class Cores, class Observer>
void cluster<Cores, Observer>::serve_register(unsigned h, const bus_request& request, std::uint32_t offset,
                                              cycle_t now) {
  namespace map = registers::cluster_peripherals;
  // Every core has its own path to the event unit; the other blocks share one register bus.
  if (offset - map::event_unit_base >= map::event_unit_bytes) {
    if (register_bus_taken_) {
      retry_ |= bit(h);
      return;
    }
    register_bus_taken_ = true;
  }
  const unsigned shift = (offset & 3) * 8;
  const std::uint32_t written = request.wdata & ~0u >> (32 - 8 * request.size);  // what is not written is zero
  register_access answer;
  if (!request.write)
    answer = read_register(offset & ~3u, static_cast<int>(h), now);
  else if (!write_register(offset & ~3u, written << shift, static_cast<int>(h), now))
    answer = register_access::error();
  others_touched_ = true;
  follow_own_interrupt(h, now);
  std::uint32_t data = answer.value >> shift;
  if (answer.status == access_status::blocked) {
    if (stop_requested_ >> h & 1) {
      events_.cancel_wait(h);
      park(h, now);
      return;
    }
    if constexpr (cores_hand_over<Cores>) {
      if (cores_.leaves(h)) {  // it would wait as what it is no longer to be
        events_.cancel_wait(h);
        cores_.withdraw(h, now + 1);
        resume(h, now);
        return;
      }
    }
    if (!cores_.irq_would_be_taken(h)) {
      waiting_since_[h] = now;
      event_wait_ |= bit(h);
      return;
    }
    events_.cancel_wait(h);  // the line has risen behind the core's last look: it takes the interrupt, then replays
  }
  if (answer.status == access_status::error) {
    guest_error e;
    e.cycle = now;
    e.core = h;
    e.pc = request.pc;
    e.addr = request.addr;
    e.act = request.write ? guest_act::write : guest_act::read;
    e.what = has_ima_ || offset - map::ima_base >= map::ima_bytes ? "no such register, or it refuses this access"
                                                                  : "this cluster has no IMA";
    report(e);
    data = bad_access_pattern >> shift;
  }
  cores_.complete(h, data, now, now + peripheral_cycles_);
  resume(h, now);
}

template <class Cores, class Observer>
void cluster<Cores, Observer>::send_remote(unsigned h, const bus_request& request, cycle_t now) {
  axi_burst* burst = pool_.get(request.size);
  burst->addr = request.addr;
  burst->write = request.write;
  burst->initiator = static_cast<std::uint16_t>(index_);
  burst->id = static_cast<std::uint16_t>(h);
  burst->core = static_cast<std::uint8_t>(h);
  burst->pc = request.pc;
  if (request.write) std::memcpy(burst->data, &request.wdata, request.size);
  waiting_since_[h] = now;
  remote_wait_ |= bit(h);
  requests_.queue(burst, now + 1);
  others_touched_ = true;
}

template <class Cores, class Observer>
register_access cluster<Cores, Observer>::read_register(std::uint32_t offset, int core, cycle_t now) {
  namespace map = registers::cluster_peripherals;
  if (offset < map::cluster_control_bytes) {
    bool ok = true;
    const std::uint32_t value = control_.read(offset, now, ok);
    return ok ? register_access::ok(value) : register_access::error();
  }
  if (offset - map::event_unit_base < map::event_unit_bytes) return events_.read(core, offset - map::event_unit_base);
  if (const std::uint32_t at = offset - map::dma_base; registers::dma::access.readable(at))
    return register_access::ok(dma_.read_register(at, now));
  if (const std::uint32_t at = offset - map::ima_base; has_ima_ && registers::ima::access.readable(at))
    return register_access::ok(ima_.read_register(at, now));
  return register_access::error();
}

template <class Cores, class Observer>
bool cluster<Cores, Observer>::write_register(std::uint32_t offset, std::uint32_t value, int core, cycle_t now) {
  namespace map = registers::cluster_peripherals;
  others_touched_ = true;
  if (offset < map::cluster_control_bytes) {
    const bool ok = control_.write(offset, value);
    if (offset == registers::cluster_control::activity_offset && on_activity_) on_activity_(value, now);
    if (control_.enabled() != enabled_) apply_enables(now);
    guard_stacks(offset);
    return ok;
  }
  if (offset - map::event_unit_base < map::event_unit_bytes)
    return events_.write(core, offset - map::event_unit_base, value).status != access_status::error;
  if (const std::uint32_t at = offset - map::dma_base; registers::dma::access.writable(at)) {
    dma_.write_register(at, value, now);
    return true;
  }
  if (const std::uint32_t at = offset - map::ima_base; has_ima_ && registers::ima::access.writable(at)) {
    ima_.write_register(at, value, now);
    return true;
  }
  return false;
}

template <class Cores, class Observer>
void cluster<Cores, Observer>::report(const guest_error& error) {
  using kind = cluster_control::error_kind;
  const kind k = error.from == guest_error::source::dma          ? kind::dma
                 : error.from == guest_error::source::ima        ? kind::ima
                 : error.from == guest_error::source::core_stack ? kind::stack
                                                                 : kind::core_access;
  control_.record_error(k, static_cast<std::uint32_t>(error.addr), error.core);
  events_.raise_device(event_unit::error_line);
  others_touched_ = true;
  if (errors_.size() >= 64) return;  // the first ones tell the story
  errors_.push_back(error);
  errors_.back().cluster = index_;
}

// L1 and the crossbar byte by byte, registers word by word (whole aligned words only).
template <class Cores, class Observer>
std::size_t cluster<Cores, Observer>::debug_access(std::uint64_t offset, std::uint8_t* data, std::size_t bytes,
                                                   bool write, cycle_t now) {
  namespace map = registers::cluster_peripherals;
  if (offset < l1_bytes_) {
    const std::size_t n = std::min<std::size_t>(bytes, l1_bytes_ - offset);
    if (write)
      std::memcpy(l1_ + offset, data, n);
    else
      std::memcpy(data, l1_ + offset, n);
    return n == bytes ? n : n + debug_access(offset + n, data + n, bytes - n, write, now);
  }
  const std::uint64_t reg = offset - l1_bytes_;
  if (reg - map::crossbar_base < map::crossbar_bytes) {
    if (!has_ima_) return 0;
    const std::uint64_t at = reg - map::crossbar_base;
    const bool ok = write ? ima_.cells().write_weights(at, data, bytes) : ima_.cells().read_weights(at, data, bytes);
    return ok ? bytes : 0;
  }
  std::size_t done = 0;
  const cluster_control before = control_;
  for (; done + 4 <= bytes && (reg + done) % 4 == 0 && reg + done < map::crossbar_base; done += 4) {
    const auto at = static_cast<std::uint32_t>(reg + done);
    std::uint32_t word;
    if (write) {
      std::memcpy(&word, data + done, 4);
      if (!write_register(at, word, event_unit::no_core, now)) break;
    } else {
      const register_access a = read_register(at, event_unit::no_core, now);
      if (a.status != access_status::ok) break;
      std::memcpy(data + done, &a.value, 4);
    }
  }
  if (write && done != 0)
    others_next_ = std::min(others_next_, now);
  else if (!write)
    control_ = before;  // reading CYCLE_LO latches CYCLE_HI for the program only
  return done;
}

}  // namespace ohmic
