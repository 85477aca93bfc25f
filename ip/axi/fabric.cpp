#include "ip/axi/fabric.h"

#include <algorithm>
#include <cassert>
#include <stdexcept>
#include <utility>

namespace ohmic {
namespace {

unsigned stages_in(const router_config& r, axi_lane lane) {
  return from_target(lane) ? r.response_stages_in() : r.stages_in();
}
unsigned stages_out(const router_config& r, axi_lane lane) {
  return from_target(lane) ? r.response_stages_out() : r.stages_out();
}

const network_config& checked(const network_config& config) {
  config.check();
  return config;
}

}  // namespace

axi_fabric::axi_fabric(const network_config& config, fabric_client& client)
    : config_(checked(config)),
      clusters_(config_.clusters()),
      client_(client),
      faults_(config.options),
      places_(place_routers(config_)) {
  build();
}

// Building.

beat_pipe* axi_fabric::make_pipe(unsigned stages, unsigned forward, unsigned back) {
  const beat_pipe::shape wanted(std::max(stages, 1u), config_.flow.stage_depth, forward, back);
  auto shape = std::find(shapes_.begin(), shapes_.end(), wanted);
  if (shape == shapes_.end()) shape = shapes_.insert(shape, wanted);
  const std::size_t lines = (wanted.bytes() + sizeof(cache_line) - 1) / sizeof(cache_line);
  constexpr std::size_t chunk = 4096;
  if (memory_.empty() || memory_used_ + lines > memory_.back().size()) {
    memory_.emplace_back(std::max(chunk, lines));
    memory_used_ = 0;
  }
  beat_pipe* const pipe = beat_pipe::create(&memory_.back()[memory_used_], *shape);
  memory_used_ += lines;
  return pipe;
}

// A chain of register stages between two places. Every router looks at its cycle t when the chip is in cycle
// t + stages_in(), or for responses t + response_stages_in(): so a beat that enters at a boundary is seen by the first
// router in the cycle in which it enters.
void axi_fabric::build() {
  entries_.resize(clusters_ + 3);
  sinks_.resize(clusters_ + 3);
  for (unsigned c = 0; c < clusters_; ++c) {
    masters_[0].emplace_back(config_.port.ids, config_.port.outstanding_reads, transits_);
    masters_[1].emplace_back(config_.port.ids, config_.port.outstanding_writes, transits_);
  }
  const auto endpoints = static_cast<unsigned>(entries_.size());
  const auto routers = static_cast<unsigned>(places_.size());
  wheel_.resize(2 * (endpoints + routers));
  std::vector<std::vector<axi_router*>> children(places_.size());
  for (std::size_t i = 0; i < places_.size(); ++i) {
    router_surroundings& around = *this;
    routers_.push_back(std::make_unique<axi_router>(places_[i].config, config_.flow, wheel_, transits_, around,
                                                    2 * endpoints + static_cast<unsigned>(i),
                                                    2 * endpoints + routers + static_cast<unsigned>(i)));
    if (places_[i].parent >= 0) children[static_cast<std::size_t>(places_[i].parent)].push_back(routers_.back().get());
  }
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const router_config& r = places_[i].config;
    axi_router* const parent = r.top ? nullptr : routers_[static_cast<std::size_t>(places_[i].parent)].get();
    for (const axi_lane lane : all_lanes) {
      for (unsigned port = 0; port < r.ports(); ++port) {
        if (port < r.children && !r.children_are_clusters)
          connect(*children[i][port], children[i][port]->config().parent_port(), *routers_[i], port, lane);
        else if (port == r.parent_port() && parent)
          connect(*parent, places_[i].parent_port, *routers_[i], port, lane);
        else
          connect_entry(*routers_[i], port, endpoint_at(r, port), lane);
      }
    }
    for (unsigned port = 0; port < r.ports(); ++port)
      if (port < r.children ? r.children_are_clusters : r.top) connect_exits(*routers_[i], port, endpoint_at(r, port));
  }
  sinks_[number(port_none)].unserved = true;
  batch_ = std::max<cycle_t>(1, std::min({batch_, lookahead(), config_.batch_limit}));
}

network_port axi_fabric::endpoint_at(const router_config& r, unsigned port) {
  if (port < r.children) return r.first_cluster + port;
  return port == r.hbm_port() ? port_hbm : port == r.platform_port() ? port_platform : port_none;
}

void axi_fabric::connect(axi_router& from, unsigned port, axi_router& to, unsigned to_port, axi_lane lane) {
  const unsigned in = stages_in(from.config(), lane), out = stages_out(from.config(), lane);
  const unsigned next = stages_in(to.config(), lane);
  beat_pipe* const pipe = make_pipe(out + next, in + out, 2 * next + out - in);
  from.attach_out(port, lane, pipe, &to, to_port);
  to.attach_in(to_port, lane, pipe);
  batch_ = std::min<cycle_t>({batch_, pipe->forward(), pipe->back()});
}

// Requests come from clusters, responses from all endpoints.
void axi_fabric::connect_entry(axi_router& router, unsigned port, network_port endpoint, axi_lane lane) {
  entry& e = entries_[number(endpoint)];
  e.router = &router;
  e.port = port;
  e.width_log2 = static_cast<std::uint8_t>(__builtin_ctz(router.config().width(port)));
  if (endpoint >= clusters_ && !from_target(lane)) return;
  const unsigned in = stages_in(router.config(), lane);
  beat_pipe* const pipe = make_pipe(in, 0, 2 * in);
  pipe->producer = lane_number(number(endpoint), lane);
  e.at(lane).pipe = pipe;
  router.attach_in(port, lane, pipe);
  batch_ = std::min<cycle_t>(batch_, pipe->back());
}

void axi_fabric::connect_exits(axi_router& router, unsigned port, network_port endpoint) {
  sink& s = sinks_[number(endpoint)];
  for (const axi_lane lane : all_lanes) {
    if (from_target(lane)) {
      if (endpoint < clusters_) router.attach_out(port, lane, nullptr, endpoint);
      continue;
    }
    const unsigned in = stages_in(router.config(), lane), out = stages_out(router.config(), lane);
    beat_pipe* const pipe = make_pipe(out, in + out, out > in ? out - in : 0);
    (lane == axi_lane::ar ? s.reads : lane == axi_lane::aw ? s.writes : s.data).pipe = pipe;
    router.attach_out(port, lane, pipe, endpoint);
  }
}

// What endpoints hand over.

axi_transit& axi_fabric::issue(axi_burst& burst, unsigned source, cycle_t ready, void* owner) {
  axi_transit& t = transits_.open();
  t.burst = &burst;
  t.owner = owner;
  t.source = static_cast<std::uint16_t>(source);
  t.id = burst.id;
  t.write = burst.write;
  t.bytes = static_cast<std::uint16_t>(burst.bytes);
  t.lead = static_cast<std::uint16_t>(burst.addr % 4096);
  t.target = config_.map.decode(burst.addr);
  t.ready = ready;
  if (faults_.active()) faults_.apply(t, true);
  masters_[t.write ? 1 : 0][source].queue(t);
  wheel_.wake(lane_number(source, t.write ? axi_lane::aw : axi_lane::ar), t.ready);
  return t;
}

void axi_fabric::respond(axi_transit& t, cycle_t cycle) {
  const unsigned e = number(t.target);
  t.ready = cycle;
  if (faults_.active()) faults_.apply(t, false);
  const axi_lane lane = t.write ? axi_lane::b : axi_lane::r;
  transit_queue& queue = entries_[e].at(lane).queue;
  const bool first = queue.empty();
  queue.push(t, transits_);
  if (first) wheel_.wake(lane_number(e, lane), std::max(t.ready, now_));
}

void axi_fabric::accept(network_port endpoint, bool write, cycle_t cycle) {
  sink& s = sinks_[number(endpoint)];
  sink::channel& c = write ? s.writes : s.reads;
  assert(c.waits);
  c.waits = false;
  take_request(s, write, std::max({cycle, c.pipe->front().time, c.not_before}));
  offer_requests(s, write);
}

// Endpoints first: what enters in a cycle is seen by the first router in the same cycle. All other effects on another
// node are at least batch_ cycles away.
void axi_fabric::run(cycle_t begin, cycle_t end) {
  wheel_.forward(begin);
  while (begin < end) {
    const cycle_t to = std::min(end, begin + batch_);
    const auto endpoints = static_cast<unsigned>(entries_.size()), routers = static_cast<unsigned>(routers_.size());
    const unsigned responses = 2 * endpoints, requests = responses + routers;
    const auto nothing = [](unsigned) {};
    wheel_.run(begin, to, 0, endpoints, [&](unsigned node) { enter_requests(node, to); }, nothing);
    wheel_.run(begin, to, endpoints, responses, [&](unsigned node) { enter_responses(node - endpoints, to); }, nothing);
    now_ = begin;
    wheel_.run(
        begin, to, responses, requests, [&](unsigned node) { routers_[node - responses]->evaluate_responses(to); },
        [&](unsigned node) { routers_[node - responses]->prefetch(axi_lane::r); });
    // A response that is about to enter frees a name for a request that is behind its first register already.
    wheel_.run(
        to, to + 1, endpoints, responses, [&](unsigned node) { enter_responses(node - endpoints, to + 1); }, nothing);
    now_ = begin;
    wheel_.run(
        begin, to, requests, requests + routers,
        [&](unsigned node) { routers_[node - requests]->evaluate_requests(to); },
        [&](unsigned node) { routers_[node - requests]->prefetch(axi_lane::w); });
    wheel_.finish(begin, to);
    now_ = to - 1;
    begin = std::max(to, std::min(end, wheel_.next()));
  }
}

cycle_t axi_fabric::lookahead() const {
  cycle_t lowest = never;
  for (const network_level& level : config_.levels) lowest = std::min(lowest, level.latency);
  return lowest;
}

// Ways into the network.

// Lane by lane, cycle by cycle: AW before W, because the data may enter with their AW.
void axi_fabric::enter_requests(unsigned endpoint, cycle_t end) {
  entry& e = entries_[endpoint];
  auto& due = wheel_.due(endpoint).lane;
  cycle_t &ar = due[place_of(axi_lane::ar)], &aw = due[place_of(axi_lane::aw)], &w = due[place_of(axi_lane::w)];
  while (ar < end) {
    now_ = std::exchange(ar, never);
    enter_request(e, endpoint, false);
  }
  while ((now_ = std::min(aw, w)) < end) {
    if (aw == now_) {
      aw = never;
      enter_request(e, endpoint, true);
    }
    if (w == now_) {
      w = never;
      enter_write_data(e, endpoint);
    }
  }
}

void axi_fabric::enter_responses(unsigned endpoint, cycle_t end) {
  entry& e = entries_[endpoint];
  auto& due = wheel_.due(static_cast<unsigned>(entries_.size()) + endpoint).lane;
  cycle_t &r = due[place_of(axi_lane::r)], &b = due[place_of(axi_lane::b)];
  while ((now_ = std::min(r, b)) < end) {
    if (r == now_) {
      r = never;
      enter_response(e, endpoint, axi_lane::r);
    }
    if (b == now_) {
      b = never;
      enter_response(e, endpoint, axi_lane::b);
    }
  }
}

void axi_fabric::enter_request(entry& e, unsigned node, bool write) {
  const axi_lane lane = write ? axi_lane::aw : axi_lane::ar;
  axi_master_port& master = masters_[write ? 1 : 0][node];
  if (!master.wants()) return;
  bool first = false;
  if (axi_transit* const t = master.offer(now_, first)) {
    if (first && write) {
      transit_queue& data = e.at(axi_lane::w).queue;
      if (data.empty()) wheel_.wake(lane_number(node, axi_lane::w), now_);
      data.push(*t, transits_);
    }
    if (!enter(e, lane, *t, beat(t->index, 0, true), node)) return;
    master.taken(now_);
  }
  if (const cycle_t next = master.next(now_); next != never) wheel_.wake(lane_number(node, lane), next);
}

void axi_fabric::enter_write_data(entry& e, unsigned node) {
  transit_queue& queue = e.at(axi_lane::w).queue;
  if (!enter_data(e, axi_lane::w, transits_[queue.front()], node)) return;
  queue.pop(transits_);
  if (!queue.empty()) wheel_.wake(lane_number(node, axi_lane::w), now_ + 1);
}

void axi_fabric::enter_response(entry& e, unsigned node, axi_lane lane) {
  transit_queue& queue = e.at(lane).queue;
  axi_transit& first = transits_[queue.front()];
  if (first.ready > now_) return wheel_.wake(lane_number(node, lane), first.ready);
  if (lane == axi_lane::r ? !enter_data(e, lane, first, node)
                          : !enter(e, lane, first, beat(first.index, 0, true), node))
    return;
  queue.pop(transits_);
  if (first.target != port_none && !sinks_[node].unserved && !first.lost) client_.response_left(first, now_);
  if (!queue.empty()) wheel_.wake(lane_number(node, lane), std::max(now_ + 1, transits_[queue.front()].ready));
}

// Beats follow each other, whatever else happens: all for which there is room enter now, each in its cycle, save the
// last one, because what follows from that one happens in its cycle. True if that has entered.
bool axi_fabric::enter_data(entry& e, axi_lane lane, const axi_transit& t, unsigned node) {
  const unsigned begin = t.first_chunk(e.width_log2), last = t.last_chunk(e.width_log2);
  entry_lane& in = e.at(lane);
  unsigned& entered = in.entered;
  if (begin + entered != last) {
    beat_pipe& pipe = *in.pipe;
    cycle_t& since = in.waits_since;
    cycle_t there = now_;  // the next beat
    while (!pipe.full() && begin + entered != last) {
      const bool was_empty = pipe.empty();
      const beat_pipe::progress made = pipe.fill(t.index, begin + entered, last - begin - entered, t.source, there);
      there = made.there;
      if (since != never) in.blocked_full += now_ - since;
      since = never;
      in.blocked_full += made.full;
      in.beats += made.beats;
      entered += made.beats;
      if (!was_empty) continue;
      if (lane == axi_lane::w)  // which may make room again at once
        e.router->write_data_comes(e.port, made.first + pipe.forward());
      else
        e.router->expect(lane, e.port, made.first + pipe.forward());
    }
    const cycle_t next = pipe.room_at();
    if (since == never && next != there) since = there;
    if (next == never)
      pipe.producer_waits = true;
    else
      wheel_.wake(lane_number(node, lane), next);
    return false;
  }
  if (!enter(e, lane, t, beat(t.index, last, true), node)) return false;
  entered = 0;
  return true;
}

// If there is room in this cycle; false: the lane is woken when there may be.
bool axi_fabric::enter(entry& e, axi_lane lane, const axi_transit& t, beat value, unsigned node) {
  entry_lane& in = e.at(lane);
  beat_pipe& pipe = *in.pipe;
  cycle_t& since = in.waits_since;
  const cycle_t room = pipe.room_at();
  if (room > now_) {
    if (since == never) since = now_;
    if (room == never)
      pipe.producer_waits = true;
    else
      wheel_.wake(lane_number(node, lane), room);
    return false;
  }
  if (since != never) in.blocked_full += now_ - since;
  since = never;
  ++in.beats;
  if (value.last()) {
    ++in.bursts;
    if (carries_data(lane)) in.bytes += t.bytes;
  }
  const bool was_empty = pipe.empty();
  const cycle_t there = pipe.push(value, t.source, now_);
  if (was_empty) e.router->expect(lane, e.port, there);
  return true;
}

// Ways out.

void axi_fabric::arrived(network_port endpoint, axi_lane lane, beat value, cycle_t cycle) {
  axi_transit& t = transits_[value.burst()];
  if (from_target(lane)) {
    const bool last = value.last();
    if (last) {
      const cycle_t again = cycle + config_.port.turnaround;
      masters_[t.write ? 1 : 0][endpoint].release(again);
      wheel_.wake(lane_number(endpoint, t.write ? axi_lane::aw : axi_lane::ar), again);
    }
    client_.response_beat(t, cycle, last);
    if (last) transits_.close(t);
    return;
  }
  sink& s = sinks_[number(endpoint)];
  if (lane != axi_lane::w) return offer_requests(s, lane == axi_lane::aw);
  drain_data(s);
  if (s.with_data) offer_requests(s, true);
}

cycle_t axi_fabric::request(axi_transit& t, cycle_t cycle) {
  if (t.lost) return cycle;
  if (!sinks_[number(t.target)].unserved) return client_.request(t, cycle);
  t.burst->resp = axi_resp::decerr;
  if (!t.write) respond(t, cycle + 1);
  return cycle;
}

void axi_fabric::write_beat(axi_transit& t, cycle_t cycle, bool last) {
  if (t.lost || sinks_[number(t.target)].unserved) {
    if (t.lost) t.burst->resp = axi_resp::okay;
    if (last) respond(t, cycle + 1);
  } else {
    client_.write_beat(t, cycle, last);
  }
}

// Requests that reach the boundary are offered one after the other.
void axi_fabric::offer_requests(sink& s, bool write) {
  sink::channel& c = write ? s.writes : s.reads;
  while (!c.waits && !c.pipe->empty()) {
    const beat_pipe::slot first = c.pipe->front();
    cycle_t cycle = std::max(first.time, c.not_before);
    if (write && s.with_data) {
      // W beats follow the order of the AWs: the first one there is this AW's if no other write is open.
      if (!s.open.empty() || s.data.pipe->empty()) return announce(s, cycle);
      const cycle_t data = std::max(s.data.pipe->front().time, s.data.not_before);
      if (data > cycle) announce(s, cycle);
      cycle = std::max(cycle, data);
    }
    const cycle_t taken = request(transits_[first.value.burst()], cycle);
    if (taken == never) {
      c.waits = true;
      return;
    }
    take_request(s, write, taken);
  }
}

// An AW is first at an endpoint that takes it with its data.
void axi_fabric::announce(sink& s, cycle_t cycle) {
  axi_transit& t = transits_[s.writes.pipe->front().value.burst()];
  if (std::exchange(s.announced, true) || s.unserved || t.lost) return;
  client_.address_waits(t, cycle);
}

void axi_fabric::take_request(sink& s, bool write, cycle_t cycle) {
  sink::channel& c = write ? s.writes : s.reads;
  c.waited += cycle - std::max(c.pipe->front().time, c.not_before);  // as the first one
  const beat taken = c.pipe->pop(cycle).value;
  c.not_before = cycle + 1;
  if (c.pipe->producer_waits) {
    c.pipe->producer_waits = false;
    wheel_.wake(c.pipe->producer, std::max(now_, cycle + c.pipe->back()));
  }
  if (!write) return;
  s.announced = false;
  s.open.push({taken.burst(), cycle});
  drain_data(s);
}

// Data beats are taken as they come, once their AW has been.
void axi_fabric::drain_data(sink& s) {
  beat_pipe& pipe = *s.data.pipe;
  while (!pipe.empty() && !s.open.empty()) {
    const sink::taken open = s.open.front();
    assert(pipe.front().value.burst() == open.transit);
    const cycle_t cycle = std::max({pipe.front().time, open.cycle, s.data.not_before});
    axi_transit& t = transits_[open.transit];
    s.data.waited += cycle - std::max(pipe.front().time, s.data.not_before);
    const beat taken = pipe.pop(cycle).value;
    s.data.not_before = cycle + 1;
    if (pipe.producer_waits) {
      pipe.producer_waits = false;
      wheel_.wake(pipe.producer, std::max(now_, cycle + pipe.back()));
    }
    if (taken.last()) s.open.pop();
    write_beat(t, cycle, taken.last());
  }
}

}  // namespace ohmic
