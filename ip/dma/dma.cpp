#include "ip/dma/dma.h"

#include <algorithm>
#include <cstring>

#include "registers/dma.h"

namespace ohmic {

namespace reg = registers::dma;
static_assert(reg::channel_array_count == dma::max_channels);

dma::dma(const dma_parameters& p)
    : parameters_(p),
      last_filled_(p.channels - 1),
      last_read_(p.channels - 1),
      // Every buffer, and a notification per channel.
      arrivals_(2 * p.burst_buffers + max_channels),
      responses_(2 * p.burst_buffers + 2 * max_channels),
      own_writes_(2 * max_channels) {}

std::uint32_t dma::read_register(std::uint32_t offset, cycle_t) {
  if (offset == reg::busy_offset) return busy_;
  if (offset >= reg::channel_bytes) return 0;
  const unsigned c = offset / reg::channel_array_stride;
  const channel& ch = channels_[c];
  switch (offset % reg::channel_array_stride) {
    case reg::channel_status_offset:
      return (busy_ & bit(c) ? reg::channel_status_busy_mask : 0) | (ch.error ? reg::channel_status_error_mask : 0);
    case reg::channel_completed_offset:
      return ch.completed;
    case reg::channel_error_addr_offset:
      return ch.error_addr;
    default:
      return 0;
  }
}

void dma::write_register(std::uint32_t offset, std::uint32_t value, cycle_t now) {
  if (offset < reg::channel_bytes && offset % reg::channel_array_stride == reg::channel_start_offset)
    start_chain(offset / reg::channel_array_stride, value, now);
}

bool dma::fetchable(std::uint32_t offset) const {
  return offset % DMA_DESCRIPTOR_BYTES == 0 && offset < parameters_.own.l1_bytes;
}

void dma::start_chain(unsigned c, std::uint32_t offset, cycle_t now) {
  channel& ch = channels_[c];
  const char* refused = c >= parameters_.channels ? "DMA: START of a channel that does not exist"
                        : busy_ & bit(c)          ? "DMA: START while the channel is busy"
                        : !fetchable(offset)      ? "DMA: START takes a descriptor's offset in L1, a multiple of 64"
                                                  : nullptr;
  if (refused) {
    // A chain that runs is not disturbed.
    if (!(busy_ & bit(c))) {
      ch.error = true;
      ch.error_addr = offset;
    }
    events_ |= 1u << error_line;
    if (!error_) error_ = device_error{offset, refused, c};
    return;
  }
  if (busy_ == 0) active_since_ = now;
  busy_ |= bit(c);
  starting_ |= bit(c);
  ch.error = ch.failed = false;
  ch.fetch_from = offset;
  ch.start_at = now + parameters_.start_cycles;
  next_ = std::min(next_, ch.start_at);
}

/// The channel takes no further piece and ends when what is in flight is done.
void dma::fail(unsigned c, std::uint64_t address, const char* what, guest_act act) {
  channel& ch = channels_[c];
  if (!ch.failed) ch.error_addr = static_cast<std::uint32_t>(address);
  ch.failed = true;
  ch.work.abandon();
  fill_ &= ~bit(c);
  reads_ &= ~bit(c);
  if (ch.in_flight == 0) settle_ |= bit(c);
  events_ |= 1u << error_line;
  if (!error_) error_ = device_error{address, what, c, act};
}

unsigned dma::take_turn(std::uint32_t candidates, unsigned& last) {
  const std::uint32_t after = candidates & ~((2u << last) - 1);
  last = static_cast<unsigned>(__builtin_ctz(after ? after : candidates));
  return last;
}

void dma::on_response(axi_burst* burst, cycle_t cycle) {
  (burst->write || burst->resp != axi_resp::okay ? responses_ : arrivals_).push({burst, cycle});
  next_ = std::min(next_, cycle);
}

void dma::beat_done(unsigned p, cycle_t now) {
  l1_port& port = ports_[p];
  counters_.stall_cycles += now - beat_started_[p];
  ++counters_.l1_beats;
  if (p == write_port) {
    drained_ += port.bytes;
  } else if (fetching_) {
    std::memcpy(&channels_[fetch_channel_].descriptor, port.data, sizeof(dma_descriptor));
  } else {
    std::memcpy(filling_->data + filled_, port.data + port.first_byte, port.bytes);
    filled_ += port.bytes;
  }
  next_ = std::min(next_, now + 1);
}

std::optional<dma::own_write> dma::take_own_write() {
  if (own_writes_.empty()) return std::nullopt;
  const own_write w = own_writes_.front();
  own_writes_.pop();
  return w;
}

void dma::step(cycle_t now, burst_outbox& network, burst_pool& pool) {
  collect_responses(now, pool);
  collect_beats(now, network, pool);
  for (std::uint32_t left = starting_; left != 0; left &= left - 1) {
    const auto c = static_cast<unsigned>(__builtin_ctz(left));
    if (channels_[c].start_at > now) continue;
    starting_ &= ~bit(c);
    fetch_ |= bit(c);
  }
  while (settle_ != 0) {
    const auto c = static_cast<unsigned>(__builtin_ctz(settle_));
    settle_ &= ~bit(c);
    settle(c, now, network, pool);
  }
  start_drain_beat(now);
  start_fill_beat(now, pool);
  start_read_burst(now, network, pool);
  plan(now);
}

void dma::collect_responses(cycle_t now, burst_pool& pool) {
  while (!responses_.empty() && responses_.front().cycle <= now) {
    axi_burst* const burst = responses_.front().burst;
    responses_.pop();
    const unsigned c = channel_of(*burst);
    if (burst->resp != axi_resp::okay)
      fail(c, burst->addr,
           burst->resp == axi_resp::decerr ? "DMA: no such address (DECERR)" : "DMA: access refused (SLVERR)",
           burst->write ? guest_act::write : guest_act::read);
    finish_burst(burst, pool);
  }
}

/// What the L1 ports' finished beats complete: descriptors, filled bursts, drained bursts.
void dma::collect_beats(cycle_t now, burst_outbox& network, burst_pool& pool) {
  if (fetching_ && !ports_[read_port].busy()) {
    fetching_ = false;
    decode(fetch_channel_);
  }
  if (filling_ && filled_ == filling_->bytes) {
    if (fill_local_) {
      arrive_at_home(filling_, now);
    } else {
      network.queue(filling_, now);
    }
    filling_ = nullptr;
  }
  if (!arrivals_.empty() && drained_ == arrivals_.front().burst->bytes) {
    axi_burst* const burst = arrivals_.front().burst;
    arrivals_.pop();
    drained_ = 0;
    finish_burst(burst, pool);
  }
}

/// A burst that never left: all of its data are there.
void dma::arrive_at_home(axi_burst* burst, cycle_t now) {
  burst->there = {};
  burst->there.begin = burst->there.end = static_cast<std::uint16_t>(burst->beats(parameters_.width));
  arrivals_.push({burst, now});
}

void dma::finish_burst(axi_burst* burst, burst_pool& pool) {
  const unsigned c = channel_of(*burst);
  channel& ch = channels_[c];
  if (ch.at == stage::data) --(ch.work.kind() == transfer::direction::from_network ? read_buffers_ : write_buffers_);
  pool.put(burst);
  if (--ch.in_flight == 0 && ch.work.done()) settle_ |= bit(c);
}

void dma::decode(unsigned c) {
  channel& ch = channels_[c];
  ch.at = stage::data;
  const auto refusal = ch.work.begin(ch.descriptor, parameters_.own);
  if (refusal.what) {
    fail(c, refusal.address, refusal.what);
    return;
  }
  switch (ch.work.kind()) {
    case transfer::direction::none:
      settle_ |= bit(c);
      break;
    case transfer::direction::from_network:
      reads_ |= bit(c);
      break;
    default:
      fill_ |= bit(c);
      break;
  }
}

/// Nothing of the channel is in flight and its transfer has no further piece: what comes next?
void dma::settle(unsigned c, cycle_t now, burst_outbox& network, burst_pool& pool) {
  channel& ch = channels_[c];
  if (ch.failed) {
    end_chain(c, now);
    return;
  }
  const dma_descriptor& d = ch.descriptor;
  if (ch.at == stage::data) {
    ch.at = stage::count_word;
    if (d.flags & DMA_NOTIFY_COUNT) notify(c, dma_count_word(d), d.notify_value, now, network, pool);
    // Two writes of one id keep their order in the network, so both may go at once; else the second waits.
    const auto outside = [&](std::uint64_t address) {
      return parameters_.own.locate(address).where == own_cluster_map::place::elsewhere;
    };
    if (ch.in_flight != 0 && !(outside(dma_count_word(d)) && outside(dma_doorbell(d)))) return;
  }
  if (ch.at == stage::count_word) {
    ch.at = stage::doorbell;
    if (d.flags & DMA_NOTIFY_DOORBELL) notify(c, dma_doorbell(d), d.doorbell_value, now, network, pool);
  }
  if (ch.in_flight == 0) complete(c, now);
}

void dma::notify(unsigned c, std::uint64_t address, std::uint32_t value, cycle_t now, burst_outbox& network,
                 burst_pool& pool) {
  ++counters_.notifications;
  const auto to = parameters_.own.locate(address);
  if (to.where == own_cluster_map::place::peripherals) {
    own_writes_.push({to.offset, value});
    return;
  }
  axi_burst* const burst = make_burst(c, address, 4, true, pool);
  std::memcpy(burst->data, &value, 4);
  if (to.where == own_cluster_map::place::l1) {
    burst->tag = to.offset;
    arrive_at_home(burst, now);
  } else {
    network.queue(burst, now);
  }
}

void dma::complete(unsigned c, cycle_t now) {
  channel& ch = channels_[c];
  ++ch.completed;
  ++counters_.descriptors;
  if (ch.descriptor.flags & DMA_EVENT) events_ |= 1u << (done_line + c);
  ch.fetch_from = ch.descriptor.next;
  if (ch.fetch_from == DMA_CHAIN_END) {
    end_chain(c, now);
  } else if (fetchable(ch.fetch_from)) {
    fetch_ |= bit(c);
  } else {
    fail(c, ch.fetch_from, "DMA descriptor: the next one's offset in L1 is no multiple of 64, or outside");
  }
}

void dma::end_chain(unsigned c, cycle_t now) {
  channels_[c].error = channels_[c].failed;
  busy_ &= ~bit(c);
  if (busy_ == 0) counters_.active_cycles += now - active_since_;
}

axi_burst* dma::make_burst(unsigned c, std::uint64_t address, std::uint32_t bytes, bool write, burst_pool& pool) {
  axi_burst* const burst = pool.get(bytes);
  burst->addr = address;
  burst->write = write;
  burst->initiator = parameters_.initiator;
  burst->id = static_cast<std::uint16_t>(parameters_.first_id + c);
  ++channels_[c].in_flight;
  return burst;
}

/// Fails the channel if its strides led the network side of a transfer into the own cluster.
bool dma::runs_home(unsigned c, std::uint64_t address, guest_act act) {
  if (parameters_.own.locate(address).where == own_cluster_map::place::elsewhere) return false;
  fail(c, address, "DMA: a transfer with another place runs into the own cluster", act);
  return true;
}

void dma::start_fill_beat(cycle_t now, burst_pool& pool) {
  l1_port& port = ports_[read_port];
  if (port.busy()) return;
  if (!filling_) {
    const std::uint32_t candidates = fetch_ | (write_buffers_ < parameters_.burst_buffers ? fill_ : 0);
    if (candidates == 0) return;
    const unsigned c = take_turn(candidates, last_filled_);
    if (fetch_ & bit(c)) {
      beat_started_[read_port] = now;
      fetch_ &= ~bit(c);
      fetching_ = true;
      fetch_channel_ = c;
      port.start(channels_[c].fetch_from, DMA_DESCRIPTOR_BYTES, false);
      return;
    }
    transfer& work = channels_[c].work;
    fill_local_ = work.kind() == transfer::direction::local;
    const auto piece = work.take(parameters_.width, parameters_.max_burst_bytes);
    if (work.done()) fill_ &= ~bit(c);
    if (!fill_local_ && runs_home(c, piece.network, guest_act::write)) return;
    filling_ = make_burst(c, piece.network, piece.bytes, true, pool);
    filling_->tag = piece.l1_to;
    fill_from_ = piece.l1;
    filled_ = 0;
    ++write_buffers_;
    (fill_local_ ? counters_.bytes_copied : counters_.bytes_written) += piece.bytes;
    if (!fill_local_) ++counters_.bursts_written;
  }
  const std::uint32_t from = fill_from_ + filled_;
  port.start(from, std::min(filling_->bytes - filled_, 64 - from % 4), false);
  beat_started_[read_port] = now;
}

void dma::start_read_burst(cycle_t now, burst_outbox& network, burst_pool& pool) {
  if (reads_ == 0 || read_buffers_ == parameters_.burst_buffers) return;
  const unsigned c = take_turn(reads_, last_read_);
  transfer& work = channels_[c].work;
  const auto piece = work.take(parameters_.width, parameters_.max_burst_bytes);
  if (work.done()) reads_ &= ~bit(c);
  if (runs_home(c, piece.network, guest_act::read)) return;
  axi_burst* const burst = make_burst(c, piece.network, piece.bytes, false, pool);
  burst->tag = piece.l1;
  ++read_buffers_;
  ++counters_.bursts_read;
  counters_.bytes_read += piece.bytes;
  network.queue(burst, now);
}

/// Bytes of the next beat of the front arrival.
std::uint32_t dma::drain_bytes() const {
  const axi_burst& b = *arrivals_.front().burst;
  return std::min(b.bytes - drained_, 64 - (b.tag + drained_) % 4);
}

/// Cycle in which the last byte of that beat is there; never if that is not known yet.
cycle_t dma::drain_ready() const {
  const axi_burst& b = *arrivals_.front().burst;
  const auto last_byte = static_cast<unsigned>(b.addr % parameters_.width) + drained_ + drain_bytes() - 1;
  return b.there.of(last_byte / parameters_.width);
}

void dma::start_drain_beat(cycle_t now) {
  l1_port& port = ports_[write_port];
  if (port.busy() || arrivals_.empty() || drain_ready() > now) return;
  const axi_burst& b = *arrivals_.front().burst;
  port.start(b.tag + drained_, drain_bytes(), true);
  std::memcpy(port.data + port.first_byte, b.data + drained_, port.bytes);
  beat_started_[write_port] = now;
}

void dma::plan(cycle_t now) {
  next_ = settle_ != 0 ? now + 1 : never;
  for (std::uint32_t left = starting_; left != 0; left &= left - 1)
    next_ = std::min(next_, channels_[static_cast<unsigned>(__builtin_ctz(left))].start_at);
  if (!responses_.empty()) next_ = std::min(next_, responses_.front().cycle);
  if (!arrivals_.empty() && !ports_[write_port].busy()) next_ = std::min(next_, drain_ready());
  if (reads_ != 0 && read_buffers_ < parameters_.burst_buffers) next_ = std::min(next_, now + 1);
}

}  // namespace ohmic
