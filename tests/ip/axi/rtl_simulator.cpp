#include "tests/ip/axi/rtl_simulator.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "tests/ip/axi/rtl_network.h"

namespace ohmic::test {

using namespace rtl;  // the channels, never

// --- construction ---

rtl_simulator::network::network(const network_tree& tree, const rtl_parameters& parameters, bool counts)
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
  if (counts) count_channels(tree, level);
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

// --- channels ---

/// A link by its two ports: what requests come out of (null: a master) and go into (null: a slave), and what responses
/// come out of (null: a slave) and go into (null: a master).
void rtl_simulator::network::add_link(const std::string& name, slave_port* request_end, master_port* request_begin,
                                      master_port* response_end, slave_port* response_begin, const master* m,
                                      const slave* s) {
  for (const channel c : {AR, AW, W, R, B}) {
    constexpr const char* names[] = {"AW", "W", "AR", "B", "R"};
    counted of;
    const bool response = c == R || c == B;
    if (response) {
      if (response_begin != nullptr) of.registers.push_back(&response_begin->of(c));
      if (response_end != nullptr) of.registers.push_back(&response_end->of(c));
      of.from_slave = s;
    } else {
      if (request_begin != nullptr) of.registers.push_back(&request_begin->of(c));
      if (c != W) of.names = request_begin;
      if (request_end != nullptr) of.registers.push_back(&request_end->of(c));
      of.from_master = m;
    }
    if (of.registers.empty()) continue;
    counted_.push_back(of);
    counts_.push_back({name, names[c], 0, 0, 0, !response || response_end != nullptr});
  }
}

void rtl_simulator::network::count_channels(const network_tree& tree, const std::vector<unsigned>& level) {
  std::vector<unsigned> in_level(*std::max_element(level.begin(), level.end()) + 1, 0);
  for (std::size_t r = 0; r < routers_.size(); ++r) {
    const std::string name = "l" + std::to_string(level[r]) + "_" + std::to_string(in_level[level[r]]++);
    if (tree.parent[r] < 0) continue;
    router& at = routers_[r];
    const link& up = at.out.back().on;
    slave_port& parent_in = up.at->in[up.port];
    master_port& parent_out = up.at->out[up.port];
    add_link(name + ".up", &parent_in, &at.out.back(), &parent_out, &at.in.back(), nullptr, nullptr);
    add_link(name + ".down", &at.in.back(), &parent_out, &at.out.back(), &parent_in, nullptr, nullptr);
  }
  for (unsigned c = 0; c < masters_.size(); ++c) {
    const std::string name = "cluster_" + std::to_string(c);
    slave_port& in = places_[c].at->in[places_[c].port];
    master_port& out = places_[c].at->out[places_[c].port];
    add_link(name + ".up", &in, nullptr, &out, nullptr, &masters_[c], &slaves_[c]);
    add_link(name + ".down", nullptr, &out, nullptr, &in, nullptr, nullptr);
  }
  master_port& memory = routers_.front().out.back();
  add_link("top.down", nullptr, nullptr, &memory, nullptr, nullptr, &slaves_.back());
  add_link("top.up", nullptr, &memory, nullptr, nullptr, nullptr, nullptr);
}

/// Whether a master or slave has a beat for the channel that has not come onto it in this cycle, and could not.
bool rtl_simulator::network::waits_to_enter(const counted& c, const std::string& name) const {
  if (c.registers.front()->first().pushed()) return false;
  if (c.from_master != nullptr) {
    if (name == "AR") return c.from_master->reads.presented >= 0;
    if (name == "AW") return c.from_master->writes.presented >= 0;
    return !c.from_master->data.empty();
  }
  if (c.from_slave == nullptr) return false;
  const auto& answers = name == "R" ? c.from_slave->reads : c.from_slave->writes;
  return !answers.empty() && answers.front().at <= now_;
}

/// Before clock(): of so many cycles in which the same happens.
void rtl_simulator::network::count_cycle(std::uint64_t cycles) {
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const counted& c = counted_[i];
    const stage &begin = c.registers.front()->first(), &end = c.registers.back()->last();
    if (begin.pushed()) counts_[i].beats += cycles;
    if (end.valid() && !end.popped()) counts_[i].waited += cycles;
    if (waits_to_enter(c, counts_[i].name)) counts_[i].waited += cycles;
    const bool nameless = c.names != nullptr && (counts_[i].name == "AR" ? c.names->ar_id : c.names->aw_id) < 0;
    if (nameless && &begin != &end && begin.valid()) counts_[i].waited += cycles;
  }
}

/// Behind it.
void rtl_simulator::network::count_held(std::uint64_t cycles) {
  for (std::size_t i = 0; i < counts_.size(); ++i)
    for (const pipe* p : counted_[i].registers) counts_[i].held += cycles * p->held();
}

// --- the whole ---

/// Ends a cycle; whether any beat moved in it.
bool rtl_simulator::network::clock() {
  const bool moved = !clock_.empty();
  count_cycle(1);
  for (stage* s : clock_) s->clock();
  for (remap_table* t : releasing_) t->clock();
  for (slave& s : slaves_) s.clock();
  clock_.clear();
  releasing_.clear();
  count_held(1);
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
    count_cycle(next - 1 - now_);
    count_held(next - 1 - now_);
    now_ = next - 1;
  }
  return now_;
}

rtl_simulator::rtl_simulator(const network_tree& tree, const rtl_parameters& parameters, bool counts)
    : network_(std::make_unique<network>(tree, parameters, counts)) {}
rtl_simulator::~rtl_simulator() = default;

std::uint64_t rtl_simulator::run(std::vector<rtl_burst>& bursts) { return network_->run(bursts); }
const std::vector<rtl_channel>& rtl_simulator::channels() const { return network_->channels(); }

}  // namespace ohmic::test
