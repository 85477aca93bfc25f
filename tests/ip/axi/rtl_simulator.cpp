#include "tests/ip/axi/rtl_simulator.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <stdexcept>
#include <string>

#include "tests/ip/axi/rtl_blocks.h"

namespace ohmic::test {

namespace {

constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

enum channel { AW, W, AR, B, R };

struct master {
  struct direction {
    std::vector<std::deque<unsigned>> queues;  // bursts per id
    std::size_t waiting = 0;                   // in all queues
    std::uint64_t earliest = 0;                // no head is ready before
    unsigned next_id = 0;
    int presented = -1;  // burst whose AW or AR has not been taken yet
    unsigned open = 0;
  };
  direction reads, writes;
  std::deque<unsigned> data;  // presented writes whose W beats are not all sent
  unsigned beats_sent = 0;    // of the first of them
};

struct slave {
  struct answer {
    beat request;
    std::uint64_t at;
  };
  rtl_slave is;
  std::deque<answer> reads, writes;
  std::deque<beat> data;  // AWs whose W beats are not all there
  unsigned beats_given = 0;
  std::uint64_t next_w = 0, next_r = 0;  // no data beat before
  unsigned open = 0, opened = 0, closed = 0;
  bool writes_turn = false, contended = false;

  void clock() {
    open = open + opened - closed;
    if (contended) writes_turn = !writes_turn;
    opened = closed = 0;
    contended = false;
  }
};

struct router;

/// Where a link ends: at a port of a router, or at a slave (requests) or master (responses).
struct link {
  router* at = nullptr;
  unsigned port = 0;
  unsigned endpoint = 0;
};

struct slave_port {
  slave_port(std::vector<stage*>& clock, const rtl_parameters& p, unsigned stages)
      : aw(clock, stages, p.depth),
        w(clock, stages, p.depth),
        ar(clock, stages, p.depth),
        b(clock, stages, p.depth),
        r(clock, stages, p.depth),
        write_ids(p.id_bits, p.id_count),
        read_ids(p.id_bits, p.id_count) {}
  pipe& of(channel c) { return c == AW ? aw : c == W ? w : c == AR ? ar : c == B ? b : r; }

  pipe aw, w, ar;  // cuts, then the demultiplexer's register
  pipe b, r;       // the demultiplexer's register, then cuts
  id_counters write_ids, read_ids;
  bool aw_counted = false;  // the head of AW has passed its check
  unsigned open_w = 0;      // AWs that have, and whose last W beat has not left
  unsigned w_output = 0;    // where they go
  rr_arbiter b_arbiter, r_arbiter;
  link back;
};

struct master_port {
  master_port(std::vector<stage*>& clock, const rtl_parameters& p, unsigned stages)
      : aw(clock, stages, p.depth),
        w(clock, stages, p.depth),
        ar(clock, stages, p.depth),
        b(clock, stages, p.depth),
        r(clock, stages, p.depth),
        write_map(p.remap_ids, p.remap_count),
        read_map(p.remap_ids, p.remap_count) {}
  pipe& of(channel c) { return c == AW ? aw : c == W ? w : c == AR ? ar : c == B ? b : r; }

  pipe aw, w, ar;  // the multiplexer's register, then cuts
  pipe b, r;       // cuts, then the multiplexer's register
  remap_table write_map, read_map;
  int aw_id = -1, ar_id = -1;  // output ids of the requests at the tables in this cycle, -1: none passes
  rr_arbiter aw_arbiter, ar_arbiter;
  bool aw_entered = false;       // the winner of AW is in w_order
  std::deque<unsigned> w_order;  // inputs whose W beats are next
  link on;
};

struct router {
  std::vector<slave_port> in;
  std::vector<master_port> out;
  std::vector<std::uint8_t> way;      // output per destination, memory last
  std::vector<std::uint64_t> wanted;  // of the arbiters of one channel: a bit per requester
  std::size_t beats = 0;              // in its registers
};

}  // namespace

class rtl_simulator::network {
 public:
  network(const network_tree& tree, const rtl_parameters& parameters);
  std::uint64_t run(std::vector<rtl_burst>& bursts);

 private:
  struct place {
    router* at = nullptr;
    unsigned port = 0;
  };
  void connect(const network_tree& tree, std::size_t r, std::vector<unsigned>& taken);

  static bool offered(master_port& port, channel c);
  bool takes(slave& s, master_port& port, channel c);
  bool takes(const link& l, channel c);
  void put(const link& l, channel c, const beat& b);
  void leave(router& from, stage& s, const link& l, channel c);
  void enter_multiplexer(master_port& port, channel c, const beat& b);

  void issue(unsigned index);
  int present(master::direction& d, unsigned limit, stage& to, router& at);
  void answer(unsigned index);
  void finish(unsigned index, const beat& b);

  unsigned output(const router& at, const beat& b) const;
  void cross_reads(router& at);
  void cross_writes(router& at);
  void cross_w(router& at, unsigned o);
  void cross_responses(router& at, channel c);
  void remap(router& at, master_port& port, channel c);
  void step(router& at);

  bool clock();
  std::uint64_t next_event() const;

  rtl_parameters p_;
  std::vector<stage*> clock_;
  std::vector<remap_table*> releasing_;
  std::vector<router> routers_;
  std::vector<master> masters_;
  std::vector<slave> slaves_;  // clusters, then memory
  std::vector<place> places_;  // of each slave
  std::vector<rtl_burst>* bursts_ = nullptr;
  std::uint64_t now_ = 0;
  std::size_t unanswered_ = 0;
};

// --- construction ---

rtl_simulator::network::network(const network_tree& tree, const rtl_parameters& parameters)
    : p_(parameters),
      routers_(tree.parent.size()),
      masters_(tree.cluster.size()),
      slaves_(tree.cluster.size() + 1),
      places_(tree.cluster.size() + 1) {
  if (p_.depth < 1 || p_.depth > stage::max_depth) throw std::invalid_argument("a register holds 1 to 8 beats");
  if (p_.id_bits > 16 || p_.remap_ids > 1u << p_.id_bits) throw std::invalid_argument("ids do not fit");
  std::vector<unsigned> children(routers_.size(), 0), level(routers_.size(), 1), taken(routers_.size(), 0);
  for (const unsigned r : tree.cluster) ++children[r];
  for (std::size_t r = routers_.size(); r-- > 1;) {
    const auto above = static_cast<std::size_t>(tree.parent[r]);
    ++children[above];
    level[above] = std::max(level[above], level[r] + 1);
  }
  for (std::size_t r = 0; r < routers_.size(); ++r) {
    router& at = routers_[r];
    const unsigned latency = p_.latency[std::min<std::size_t>(level[r], p_.latency.size()) - 1];
    if (latency < 2) throw std::invalid_argument("a router has at least two registers in a row");
    if (children[r] > 63) throw std::invalid_argument("a router has at most 63 children");
    for (unsigned i = 0; i < children[r] + (r > 0); ++i) at.in.emplace_back(clock_, p_, latency / 2);
    for (unsigned i = 0; i < children[r] + 1; ++i) at.out.emplace_back(clock_, p_, latency - latency / 2);
    at.way.assign(slaves_.size(), static_cast<std::uint8_t>(children[r]));
    at.wanted.resize(children[r] + 1);
  }
  for (std::size_t r = 1; r < routers_.size(); ++r) connect(tree, r, taken);
  for (unsigned c = 0; c < masters_.size(); ++c) {
    places_[c] = {&routers_[tree.cluster[c]], taken[tree.cluster[c]]++};
    slave_port& port = places_[c].at->in[places_[c].port];
    port.back.endpoint = places_[c].at->out[places_[c].port].on.endpoint = c;
    for (place up = places_[c];;) {
      up.at->way[c] = static_cast<std::uint8_t>(up.port);
      if (up.at == &routers_.front()) break;
      const link& above = up.at->out.back().on;
      up = {above.at, above.port};
    }
    for (master::direction* d : {&masters_[c].reads, &masters_[c].writes}) d->queues.resize(1u << p_.id_bits);
    slaves_[c].is = p_.cluster;
  }
  places_.back() = {&routers_.front(), children.front()};
  routers_.front().out.back().on.endpoint = static_cast<unsigned>(masters_.size());
  slaves_.back().is = p_.memory;
}

/// Connects router `r` to the next port of its parent.
void rtl_simulator::network::connect(const network_tree& tree, std::size_t r, std::vector<unsigned>& taken) {
  const auto above = static_cast<std::size_t>(tree.parent[r]);
  const unsigned port = taken[above]++;
  router &child = routers_[r], &parent = routers_[above];
  child.in.back().back = child.out.back().on = {&parent, port, 0};
  parent.in[port].back = parent.out[port].on = {&child, static_cast<unsigned>(child.in.size() - 1), 0};
}

// --- links ---

/// Whether an output has a request for what is behind it: without a cut, only what the remap table lets pass.
bool rtl_simulator::network::offered(master_port& port, channel c) {
  if (port.of(c).size() > 1) return port.of(c).last().valid();
  return (c == AW ? port.aw_id : port.ar_id) >= 0;
}

/// Whether a slave takes the beat at its port.
bool rtl_simulator::network::takes(slave& s, master_port& port, channel c) {
  if (c == W) return !s.data.empty() && now_ >= s.next_w;
  if (c == AW && s.is.together && (!s.data.empty() || !port.w.last().valid())) return false;
  if (s.is.open == 0 || s.open + 1 < s.is.open) return true;
  if (s.open >= s.is.open) return false;
  if (!offered(port, AW) || !offered(port, AR)) return true;
  s.contended = true;
  return (c == AW) == s.writes_turn;
}

bool rtl_simulator::network::takes(const link& l, channel c) {
  if (l.at == nullptr)
    return c == B || c == R || takes(slaves_[l.endpoint], places_[l.endpoint].at->out[places_[l.endpoint].port], c);
  return c == B || c == R ? l.at->out[l.port].of(c).first().ready() : l.at->in[l.port].of(c).first().ready();
}

void rtl_simulator::network::put(const link& l, channel c, const beat& b) {
  if (l.at != nullptr) {
    ++l.at->beats;
    if (c != B && c != R) {
      l.at->in[l.port].of(c).first().push(b);
    } else if (l.at->out[l.port].of(c).size() == 1) {
      enter_multiplexer(l.at->out[l.port], c, b);
    } else {
      l.at->out[l.port].of(c).first().push(b);
    }
    return;
  }
  if (c == B || c == R) {
    finish(l.endpoint, b);
    return;
  }
  slave& s = slaves_[l.endpoint];
  if (c == AW) s.data.push_back(b);
  if (c == AR) s.reads.push_back({b, now_ + s.is.latency});
  if (c != W) {
    ++s.opened;
    return;
  }
  s.next_w = now_ + s.is.interval;
  if (!b.last) return;
  s.writes.push_back({s.data.front(), now_ + s.is.latency});
  s.data.pop_front();
}

void rtl_simulator::network::leave(router& from, stage& s, const link& l, channel c) {
  if (!s.valid() || !takes(l, c)) return;
  put(l, c, s.front());
  s.pop();
  --from.beats;
}

/// A response passes the remap table on its way into the multiplexer's register.
void rtl_simulator::network::enter_multiplexer(master_port& port, channel c, const beat& b) {
  remap_table& map = c == B ? port.write_map : port.read_map;
  port.of(c).last().push(map.restore(b));
  if (b.last) releasing_.push_back(&map);
}

// --- masters and slaves ---

/// Returns the burst that is presented for the first time, -1 if none is.
int rtl_simulator::network::present(master::direction& d, unsigned limit, stage& to, router& at) {
  int fresh = -1;
  if (d.presented < 0 && d.waiting > 0 && d.open < limit && now_ >= d.earliest) {
    d.earliest = never;
    const auto ids = static_cast<unsigned>(d.queues.size());
    for (unsigned k = 0; k < ids && fresh < 0; ++k) {
      const unsigned id = (d.next_id + k) % ids;
      if (d.queues[id].empty()) continue;
      rtl_burst& head = (*bursts_)[d.queues[id].front()];
      d.earliest = std::min(d.earliest, head.ready);
      if (head.ready > now_) continue;
      head.sent = now_;
      fresh = d.presented = static_cast<int>(d.queues[id].front());
      d.queues[id].pop_front();
      d.next_id = (id + 1) % ids;
      --d.waiting;
      ++d.open;
    }
  }
  if (d.presented >= 0 && to.ready()) {
    const unsigned id = (*bursts_)[static_cast<std::size_t>(d.presented)].id;
    to.push({static_cast<std::uint32_t>(d.presented), static_cast<std::uint16_t>(id), 0, true});
    ++at.beats;
    d.presented = -1;
  }
  return fresh;
}

void rtl_simulator::network::issue(unsigned index) {
  master& m = masters_[index];
  router& at = *places_[index].at;
  slave_port& port = at.in[places_[index].port];
  present(m.reads, p_.master_reads, port.ar.first(), at);
  const int write = present(m.writes, p_.master_writes, port.aw.first(), at);
  if (write >= 0) m.data.push_back(static_cast<unsigned>(write));
  if (m.data.empty() || !port.w.first().ready()) return;
  const bool last = ++m.beats_sent == (*bursts_)[m.data.front()].beats;
  port.w.first().push({m.data.front(), 0, 0, last});
  ++at.beats;
  if (!last) return;
  m.data.pop_front();
  m.beats_sent = 0;
}

void rtl_simulator::network::answer(unsigned index) {
  slave& s = slaves_[index];
  const link to{places_[index].at, places_[index].port, 0};
  if (!s.writes.empty() && s.writes.front().at <= now_ && takes(to, B)) {
    put(to, B, s.writes.front().request);
    s.writes.pop_front();
    ++s.closed;
  }
  if (s.reads.empty() || s.reads.front().at > now_ || s.next_r > now_ || !takes(to, R)) return;
  beat b = s.reads.front().request;
  b.last = ++s.beats_given == (*bursts_)[b.burst].beats;
  put(to, R, b);
  s.next_r = now_ + s.is.interval;
  if (!b.last) return;
  s.reads.pop_front();
  s.beats_given = 0;
  ++s.closed;
}

void rtl_simulator::network::finish(unsigned index, const beat& b) {
  rtl_burst& burst = (*bursts_)[b.burst];
  if (burst.first == 0) burst.first = now_;
  if (!b.last) return;
  burst.last = now_;
  --(burst.write ? masters_[index].writes : masters_[index].reads).open;
  --unanswered_;
}

// --- a router ---

unsigned rtl_simulator::network::output(const router& at, const beat& b) const {
  const unsigned dest = (*bursts_)[b.burst].dest;
  return dest == rtl_burst::memory ? at.way.back() : at.way[dest];
}

void rtl_simulator::network::cross_reads(router& at) {
  std::fill(at.wanted.begin(), at.wanted.end(), 0);
  for (unsigned i = 0; i < at.in.size(); ++i) {
    slave_port& in = at.in[i];
    stage& head = in.ar.last();
    if (!head.valid() || in.read_ids.full()) continue;
    const unsigned o = output(at, head.front());
    if (in.read_ids.allows(head.front().id, o)) at.wanted[o] |= std::uint64_t{1} << i;
  }
  for (unsigned o = 0; o < at.out.size(); ++o) {
    master_port& out = at.out[o];
    const int winner = out.ar_arbiter.choose(at.wanted[o]);
    if (winner < 0) continue;
    const bool granted = out.ar.first().ready();
    out.ar_arbiter.settle(granted);
    if (!granted) continue;
    slave_port& in = at.in[static_cast<std::size_t>(winner)];
    beat b = in.ar.last().front();
    in.ar.last().pop();
    in.read_ids.push(b.id, o);
    b.input = static_cast<std::uint16_t>(winner);
    out.ar.first().push(b);
  }
}

void rtl_simulator::network::cross_writes(router& at) {
  std::fill(at.wanted.begin(), at.wanted.end(), 0);
  for (unsigned i = 0; i < at.in.size(); ++i) {
    slave_port& in = at.in[i];
    stage& head = in.aw.last();
    if (!head.valid()) continue;
    const unsigned o = output(at, head.front());
    if (!in.aw_counted && !in.write_ids.full() && in.open_w < p_.id_count && (in.open_w == 0 || in.w_output == o) &&
        in.write_ids.allows(head.front().id, o)) {
      in.aw_counted = true;
      in.write_ids.push(head.front().id, o);
      in.w_output = o;
      ++in.open_w;
    }
    if (in.aw_counted) at.wanted[o] |= std::uint64_t{1} << i;
  }
  for (unsigned o = 0; o < at.out.size(); ++o) {
    master_port& out = at.out[o];
    const bool may_pass = p_.fall_through || !out.w_order.empty();
    const int winner = out.aw_arbiter.choose(at.wanted[o]);
    if (winner >= 0) {
      slave_port& in = at.in[static_cast<std::size_t>(winner)];
      if (!out.aw_entered && out.w_order.size() < p_.w_order) {
        out.aw_entered = true;
        out.w_order.push_back(static_cast<unsigned>(winner));
      }
      const bool granted = out.aw_entered && out.aw.first().ready();
      out.aw_arbiter.settle(granted);
      if (granted) {
        beat b = in.aw.last().front();
        in.aw.last().pop();
        in.aw_counted = out.aw_entered = false;
        b.input = static_cast<std::uint16_t>(winner);
        out.aw.first().push(b);
      }
    }
    if (may_pass) cross_w(at, o);
  }
}

void rtl_simulator::network::cross_w(router& at, unsigned o) {
  master_port& out = at.out[o];
  if (out.w_order.empty() || !out.w.first().ready()) return;
  slave_port& in = at.in[out.w_order.front()];
  stage& head = in.w.last();
  // The input's W beats go where its open AWs went: this output, as it is the head of this one's order.
  if (!head.valid()) return;
  out.w.first().push(head.front());
  if (head.front().last) {
    --in.open_w;
    out.w_order.pop_front();
  }
  head.pop();
}

void rtl_simulator::network::cross_responses(router& at, channel c) {
  std::fill(at.wanted.begin(), at.wanted.end(), 0);
  for (unsigned o = 0; o < at.out.size(); ++o) {
    stage& head = at.out[o].of(c).last();
    if (head.valid()) at.wanted[head.front().input] |= std::uint64_t{1} << o;
  }
  for (unsigned i = 0; i < at.in.size(); ++i) {
    slave_port& in = at.in[i];
    rr_arbiter& arbiter = c == B ? in.b_arbiter : in.r_arbiter;
    const int winner = arbiter.choose(at.wanted[i]);
    if (winner < 0) continue;
    stage& to = in.of(c).first();
    const bool granted = to.ready();
    arbiter.settle(granted);
    if (!granted) continue;
    stage& from = at.out[static_cast<std::size_t>(winner)].of(c).last();
    if (from.front().last) (c == B ? in.write_ids : in.read_ids).pop(from.front().id);
    to.push(from.front());
    from.pop();
  }
}

/// Out of the multiplexer's request register, through the table.
void rtl_simulator::network::remap(router& at, master_port& port, channel c) {
  pipe& registers = port.of(c);
  const int id = c == AW ? port.aw_id : port.ar_id;
  if (id < 0 || !(registers.size() > 1 ? registers[1].ready() : takes(port.on, c))) return;
  beat b = registers.first().front();
  b.id = static_cast<std::uint16_t>(id);
  if (registers.size() > 1) {
    registers[1].push(b);
  } else {
    put(port.on, c, b);
    --at.beats;
  }
  (c == AW ? port.write_map : port.read_map).taken();
  registers.first().pop();
}

void rtl_simulator::network::step(router& at) {
  for (master_port& out : at.out) {
    stage &aw = out.aw.first(), &ar = out.ar.first();
    out.aw_id = aw.valid() ? out.write_map.lookup(aw.front()) : -1;
    out.ar_id = ar.valid() ? out.read_map.lookup(ar.front()) : -1;
    // AW before W: a slave takes a W beat from the cycle of its AW on.
    for (const channel c : {AR, AW}) {
      remap(at, out, c);
      if (out.of(c).size() == 1) continue;
      out.of(c).advance(1, out.of(c).size() - 1);
      leave(at, out.of(c).last(), out.on, c);
    }
    out.w.advance(0, out.w.size() - 1);
    leave(at, out.w.last(), out.on, W);
    for (const channel c : {B, R}) {
      pipe& registers = out.of(c);
      const std::size_t n = registers.size();
      if (n == 1) continue;
      registers.advance(0, n - 2);
      if (!registers[n - 2].valid() || !registers[n - 1].ready()) continue;
      enter_multiplexer(out, c, registers[n - 2].front());
      registers[n - 2].pop();
    }
  }
  // Checks before the responses that release what they wait for.
  cross_reads(at);
  cross_writes(at);
  cross_responses(at, B);
  cross_responses(at, R);
  for (slave_port& in : at.in) {
    for (const channel c : {AW, W, AR, B, R}) in.of(c).advance(0, in.of(c).size() - 1);
    leave(at, in.b.last(), in.back, B);
    leave(at, in.r.last(), in.back, R);
  }
}

// --- the whole ---

/// Ends a cycle; whether any beat moved in it.
bool rtl_simulator::network::clock() {
  const bool moved = !clock_.empty();
  for (stage* s : clock_) s->clock();
  for (remap_table* t : releasing_) t->clock();
  for (slave& s : slaves_) s.clock();
  clock_.clear();
  releasing_.clear();
  return moved;
}

/// The next cycle in which a master or slave may start something of its own accord.
std::uint64_t rtl_simulator::network::next_event() const {
  std::uint64_t next = never;
  const auto at = [&](std::uint64_t cycle) {
    if (cycle > now_) next = std::min(next, cycle);
  };
  for (const master& m : masters_) {
    if (m.reads.waiting > 0) at(m.reads.earliest);
    if (m.writes.waiting > 0) at(m.writes.earliest);
  }
  for (const slave& s : slaves_) {
    if (!s.reads.empty()) at(s.reads.front().at);
    if (!s.writes.empty()) at(s.writes.front().at);
    at(s.next_r);
    at(s.next_w);
  }
  return next;
}

std::uint64_t rtl_simulator::network::run(std::vector<rtl_burst>& bursts) {
  bursts_ = &bursts;
  unanswered_ = bursts.size();
  for (unsigned i = 0; i < bursts.size(); ++i) {
    bursts[i].sent = bursts[i].first = bursts[i].last = 0;
    master& m = masters_.at(bursts[i].master);
    master::direction& d = bursts[i].write ? m.writes : m.reads;
    d.queues.at(bursts[i].id).push_back(i);
    ++d.waiting;
  }
  // A cycle without a move may still lock an arbiter or change a turn, so a few of them are waited for.
  constexpr unsigned settled = 8;
  unsigned still = 0;
  while (unanswered_ > 0) {
    ++now_;
    for (unsigned m = 0; m < masters_.size(); ++m) issue(m);
    for (router& at : routers_) {
      if (at.beats > 0) step(at);
    }
    for (unsigned s = 0; s < slaves_.size(); ++s) answer(s);
    still = clock() ? 0 : still + 1;
    if (still < settled) continue;
    const std::uint64_t next = next_event();
    if (next == never) {
      throw std::runtime_error("dead-lock in cycle " + std::to_string(now_) + ": " + std::to_string(unanswered_) +
                               " bursts unanswered");
    }
    now_ = next - 1;
  }
  return now_;
}

rtl_simulator::rtl_simulator(const network_tree& tree, const rtl_parameters& parameters)
    : network_(std::make_unique<network>(tree, parameters)) {}
rtl_simulator::~rtl_simulator() = default;

std::uint64_t rtl_simulator::run(std::vector<rtl_burst>& bursts) { return network_->run(bursts); }

}  // namespace ohmic::test
