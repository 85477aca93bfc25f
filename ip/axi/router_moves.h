#pragma once

#include <algorithm>

#include "ip/axi/router.h"

namespace ohmic {

/// @file
/// How a router's beats come and go: what its lanes share. For router*.cpp only; definitions of private members of
/// axi_router, whose contract is in router.h. All cycles are the router's own; a caller has made sure that the beat is
/// there and, where it goes on, that there is room.

/// Sets of ports are words, one bit per port (at most 64).
constexpr std::uint64_t port_bit(unsigned port) { return std::uint64_t{1} << port; }
inline unsigned lowest_port(std::uint64_t ports) { return static_cast<unsigned>(__builtin_ctzll(ports)); }

template <class F>
void for_each_port(std::uint64_t ports, F&& f) {
  for (; ports != 0; ports &= ports - 1) f(lowest_port(ports));
}

// The waits of an input's first beat.

inline void axi_router::wait(axi_lane lane, unsigned port, reason why, cycle_t now) {
  std::uint64_t& held_up = held_up_[static_cast<unsigned>(lane)];
  input& i = in(lane, port);
  if ((held_up & port_bit(port)) != 0) {
    if (i.waits == why) return;
    account(lane, port, now);
  }
  held_up |= port_bit(port);
  i.waits = why;
  i.waits_since = now;
}

// Whether the output takes a beat in `now`; if not, the lane is woken when it may.
inline bool axi_router::has_room(output& o, axi_lane lane, cycle_t now) {
  const cycle_t at = o.pipe ? o.pipe->room_at() : o.free_at;
  if (at <= now) return true;
  if (at == never)
    o.pipe->producer_waits = true;
  else
    wake(lane, at);
  return false;
}

// An input's first beat has gone in `now`, and perhaps others.
inline void axi_router::removed(axi_lane lane, unsigned port, input& i, cycle_t now) {
  i.route = unknown;
  i.checked = false;
  if ((held_up_[static_cast<unsigned>(lane)] & port_bit(port)) != 0) account(lane, port, now);
  beat_pipe& pipe = *i.pipe;
  if (pipe.producer_waits) {
    pipe.producer_waits = false;
    wheel_.wake(pipe.producer, now + pipe.back());
  }
  if (pipe.empty()) waiting_[static_cast<unsigned>(lane)] &= ~port_bit(port);
}

inline beat_pipe::slot axi_router::remove(axi_lane lane, unsigned port, cycle_t now) {
  input& i = in(lane, port);
  const beat_pipe::slot taken = i.pipe->pop(now);
  removed(lane, port, i, now);
  return taken;
}

// The same, and looks at what is first then in its time.
inline beat_pipe::slot axi_router::take(axi_lane lane, unsigned port, cycle_t now) {
  const beat_pipe::slot taken = remove(lane, port, now);
  const beat_pipe& pipe = *in(lane, port).pipe;
  if (!pipe.empty()) wake(lane, std::max(now + 1, pipe.front().time));
  return taken;
}

inline void axi_router::push(output& o, axi_lane lane, beat value, unsigned source, cycle_t now) {
  ++o.beats;
  if (value.last()) {
    carried& count = carried_[static_cast<std::size_t>(&o - outputs_.data())];
    ++count.bursts;
    if (carries_data(lane)) count.bytes += transits_[value.burst()].bytes;
  }
  if (!o.pipe) {
    o.free_at = now + (depth_ == 1 ? 2 : 1);
    return around_.arrived(o.endpoint, lane, value, now + config_.latency);
  }
  const cycle_t at = o.pipe->push(value, source, now);
  if (!o.next)
    around_.arrived(o.endpoint, lane, value, at);
  else if (o.pipe->size() == 1)
    o.next->expect(lane, o.next_port, at);
}

// The same width on both sides, and room: the first beat goes on. The caller sees to what comes next.
inline void axi_router::pass(axi_lane lane, unsigned port, output& o, cycle_t now) {
  const beat_pipe::slot moved = remove(lane, port, now);
  push(o, lane, moved.value, moved.source, now);
}

// The output takes nobody in this cycle: the choice is kept.
inline void axi_router::refuse(axi_lane lane, output& o, std::uint64_t requests, cycle_t now) {
  o.turn.not_taken();
  for_each_port(requests, [&](unsigned port) { wait(lane, port, reason::full, now); });
}

inline void axi_router::lose(axi_lane lane, std::uint64_t losers, cycle_t now) {
  if (losers == 0) return;
  for_each_port(losers, [&](unsigned port) { wait(lane, port, reason::arbitration, now); });
  wake(lane, now + 1);
}

}  // namespace ohmic
