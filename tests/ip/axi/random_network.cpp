#include "tests/ip/axi/random_network.h"

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <sstream>
#include <stdexcept>

#include "ip/axi/fabric.h"

namespace ohmic::test {

namespace {

std::uint64_t mixed(std::uint64_t x) {
  x += 0x9E37'79B9'7F4A'7C15u;
  x = (x ^ (x >> 30)) * 0xBF58'476D'1CE4'E5B9u;
  x = (x ^ (x >> 27)) * 0x94D0'49BB'1331'11EBu;
  return x ^ (x >> 31);
}

struct sent {
  axi_burst burst;
  unsigned source = 0, number = 0;
  network_port target = 0;
  cycle_t ready = 0, offered = 0, accepted = 0, answered = 0;
  unsigned data_in = 0, data_back = 0;  // beats that have come to the target, to the master
  cycle_t last_data = 0, last_back = 0;
  bool announced = false, left = false, done = false;
};

/// Masters and slaves. Whatever they decide depends on the burst only, not on the order of calls.
class trial_run final : fabric_client {
 public:
  trial_run(const network_trial& trial, division by)
      : trial_(trial), by_(by), random_(trial.seed ^ 0xD1CE), fabric_(configured(trial), *this) {
    if (trial.with_data) fabric_.offer_with_data(port_hbm);
    fabric_.leave_unserved(port_platform);
    make_traffic();
  }

  std::uint64_t run() {
    for (sent& s : bursts_) fabric_.issue(s.burst, s.source, s.ready, &s);
    for (;;) {
      cycle_t now = fabric_.next();
      if (!accepts_.empty()) now = std::min(now, accepts_.begin()->first);
      if (now == never) break;
      while (!accepts_.empty() && accepts_.begin()->first <= now) {
        const auto [cycle, what] = *accepts_.begin();
        accepts_.erase(accepts_.begin());
        fabric_.accept(what.first, what.second, cycle);
      }
      if (fabric_.next() < now) fail(nullptr, "something is due before what was known");
      cycle_t end = now + (by_ == division::one_by_one ? 1 : 1 + random_() % fabric_.batch());
      if (!accepts_.empty()) end = std::min(end, std::max(now + 1, accepts_.begin()->first));
      end_ = end;
      if (fabric_.next() < end) fabric_.run(fabric_.next(), end);
      if (by_ == division::announced) announce();
    }
    std::uint64_t all = 0;
    for (const sent& s : bursts_) {
      if (!s.done) fail(&s, "is never answered: dead-lock");
      all = mixed(all ^ s.offered) + s.accepted;
      all = mixed(all ^ s.answered) + s.last_data;
      all = mixed(all ^ s.last_back);
    }
    if (fabric_.in_flight() != 0) fail(nullptr, "bursts in flight after all have been answered");
    return all;
  }
  std::uint64_t counted() const {
    std::uint64_t all = 0;
    fabric_.for_each_lane([&](const std::string&, axi_lane, const channel_counters& c) {
      for (const std::uint64_t n : {c.bursts, c.beats, c.bytes, c.lost_arbitration, c.held_cycles})
        all = mixed(all ^ n);
    });
    return all;
  }

 private:
  static network_config configured(const network_trial& trial) { return trial.config; }

  [[noreturn]] void fail(const sent* s, const std::string& what) const {
    std::ostringstream out;
    out << trial_.text() << ": ";
    if (s != nullptr) {
      out << (s->burst.write ? "write " : "read ") << s->number << " of " << s->source << " to " << s->target << ", id "
          << s->burst.id << ' ';
    }
    out << what;
    throw std::logic_error(out.str());
  }

  void make_traffic() {
    const network_config& c = trial_.config;
    const unsigned clusters = c.clusters();
    std::mt19937_64 random(trial_.seed);
    const auto hot = static_cast<network_port>(random() % clusters);
    std::vector<cycle_t> ready(clusters, 1);
    bursts_.resize(trial_.bursts);
    for (unsigned i = 0; i < trial_.bursts; ++i) {
      sent& s = bursts_[i];
      s.number = i;
      s.source = static_cast<unsigned>(random() % clusters);
      const auto kind = random() % 32;
      s.target = random() % 8 < trial_.hot_share ? hot : static_cast<network_port>(random() % clusters);
      if (kind < 6) s.target = port_hbm;
      if (kind == 6) s.target = port_platform;
      if (kind == 7) s.target = port_none;
      s.burst.write = random() % 2 != 0;
      s.burst.id = static_cast<std::uint16_t>(random() % trial_.sources);
      const auto within = static_cast<unsigned>(random() % 4096);
      const unsigned most = 1u << (2 + random() % 11);
      s.burst.bytes = 1 + static_cast<unsigned>(random() % std::min(4096 - within, most));
      const std::uint64_t base = s.target == port_none ? 0 : c.map.region(s.target).begin;
      s.burst.addr = base + within;
      if (trial_.load > 0) ready[s.source] += random() % (2 * trial_.load);
      s.ready = ready[s.source];
      order_[stream_of(s)].push_back(i);
    }
  }
  using stream = std::tuple<unsigned, unsigned, bool>;
  static stream stream_of(const sent& s) { return {s.source, s.burst.id, s.burst.write}; }
  static sent& entry(const axi_transit& t) { return *static_cast<sent*>(t.owner); }
  std::uint64_t drawn(const sent& s, unsigned what) const { return mixed(trial_.seed ^ (s.number * 8ull + what)); }
  bool served(const sent& s) const { return s.target != port_none && s.target != port_platform; }
  unsigned width_at(const sent& s) const {
    return s.target == port_hbm ? trial_.config.hbm_width : trial_.config.levels.back().width;
  }

  void announce() {
    for (const auto& [cycle, what] : accepts_) fabric_.accept(what.first, what.second, cycle);
    accepts_.clear();
  }
  cycle_t request(axi_transit& t, cycle_t cycle) override {
    sent& s = entry(t);
    if (t.target != s.target || !served(s)) fail(&s, "comes to a target that is not its own");
    if (s.offered != 0) fail(&s, "is offered twice");
    if (cycle < s.ready + fabric_.lookahead()) fail(&s, "is there before it can be");
    s.offered = cycle;
    const bool waits = trial_.late_accept != 0 && drawn(s, 0) % 2 != 0;
    s.accepted = cycle + (waits ? 1 + drawn(s, 1) % trial_.late_accept : 0);
    if (!s.burst.write) fabric_.respond(t, answer_at(s, s.accepted));
    const bool tells = drawn(s, 3) % 2 != 0;  // at once, for the cycle in which it takes the request
    if (!waits || tells) return s.accepted;
    accepts_.emplace(std::max(s.accepted, end_), std::make_pair(s.target, s.burst.write));
    if (s.accepted < end_) fail(&s, "is offered too late to be accepted in its cycle");
    return never;
  }
  /// Responses of a target are ready in the order in which it gives them.
  cycle_t answer_at(const sent& s, cycle_t from) {
    const cycle_t at = from + std::max<cycle_t>(1, drawn(s, 2) % trial_.late_answer + 1);
    cycle_t& last = last_answer_[{s.target, s.burst.write}];
    last = std::max(last, at);
    return last;
  }
  void address_waits(axi_transit& t, cycle_t cycle) override {
    sent& s = entry(t);
    if (!trial_.with_data || s.target != port_hbm || s.announced || s.offered != 0)
      fail(&s, "is announced for nothing");
    if (cycle < s.ready) fail(&s, "is announced before it can be");
    s.announced = true;
  }
  void write_beat(axi_transit& t, cycle_t cycle, bool last) override {
    sent& s = entry(t);
    if (s.offered == 0 || cycle < s.accepted) fail(&s, "has data before its AW is taken");
    if (s.data_in++ != 0 && cycle <= s.last_data) fail(&s, "has two data beats in one cycle");
    s.last_data = cycle;
    if (last != (s.data_in == s.burst.beats(width_at(s)))) fail(&s, "has data beats too many or too few");
    if (last) fabric_.respond(t, answer_at(s, cycle));
  }
  void response_left(axi_transit& t, cycle_t cycle) override {
    sent& s = entry(t);
    if (s.left || s.offered == 0 || cycle <= s.accepted) fail(&s, "has a response that left at the wrong time");
    s.left = true;
  }
  void response_beat(axi_transit& t, cycle_t cycle, bool last) override {
    sent& s = entry(t);
    if (s.done) fail(&s, "is answered twice");
    if (served(s) != (s.offered != 0)) fail(&s, "is answered by somebody else");
    if (!served(s) && s.burst.resp != axi_resp::decerr) fail(&s, "has no decode error");
    const unsigned beats = s.burst.write ? 1 : s.burst.beats(trial_.config.levels.back().width);
    if (s.data_back++ != 0 && cycle <= s.last_back) fail(&s, "has two response beats in one cycle");
    if (last != (s.data_back == beats)) fail(&s, "has response beats too many or too few");
    if (s.data_back == 1) {
      s.answered = cycle;
      auto& queue = order_[stream_of(s)];
      if (queue.empty() || queue.front() != s.number) fail(&s, "is answered out of its id's order");
    }
    s.last_back = cycle;
    if (!last) return;
    s.done = true;
    order_[stream_of(s)].pop_front();
    if (served(s) && !s.left) fail(&s, "is answered before the response has left");
  }

  const network_trial& trial_;
  division by_;
  std::mt19937_64 random_;
  axi_fabric fabric_;
  std::vector<sent> bursts_;
  std::map<stream, std::deque<unsigned>> order_;  // bursts that are not answered
  std::map<std::pair<network_port, bool>, cycle_t> last_answer_;
  std::multimap<cycle_t, std::pair<network_port, bool>> accepts_;
  cycle_t end_ = 0;  // of the present call of run()
};

}  // namespace

std::string network_trial::text() const {
  std::ostringstream out;
  out << "seed " << seed << ", " << bursts << " bursts, levels";
  for (const network_level& l : config.levels) out << ' ' << l.factor << '/' << l.latency << '/' << l.width;
  out << ", hbm width " << config.hbm_width << ", depth " << config.flow.stage_depth << ", per id "
      << config.flow.open_per_id << ", W order " << config.flow.open_writes << ", names " << config.flow.names
      << ", ids " << sources << ", outstanding " << config.port.outstanding_reads << '/'
      << config.port.outstanding_writes << ", hot " << hot_share << ", load " << load << ", accept " << late_accept
      << ", answer " << late_answer << (with_data ? ", with data" : "");
  return out.str();
}

network_trial draw_trial(std::uint64_t seed, unsigned clusters, unsigned bursts) {
  std::mt19937_64 random(seed);
  const auto draw = [&](unsigned low, unsigned high) {
    return low + static_cast<unsigned>(random() % (high - low + 1));
  };
  network_trial t;
  t.seed = seed;
  t.bursts = bursts;
  network_config& c = t.config;
  const bool one_width = draw(0, 1) != 0;
  const unsigned width = 4u << draw(0, 4);
  do {
    c.levels.resize(draw(1, 4));
    for (network_level& l : c.levels) l = {draw(1, 8), draw(1, 6), one_width ? width : 4u << draw(0, 4)};
    c.map.cluster_count = c.clusters();
  } while (c.map.cluster_count > clusters);
  c.hbm_width = one_width ? width : 4u << draw(0, 4);
  c.flow.stage_depth = draw(1, 8);
  c.flow.open_per_id = draw(1, 64);
  c.flow.open_writes = draw(1, 64);
  c.flow.names = draw(1, 64);
  c.port.ids = t.sources = draw(0, 1) != 0 ? draw(1, 4) : draw(1, 64);
  c.port.outstanding_reads = draw(1, 64);
  c.port.outstanding_writes = draw(1, 64);
  t.hot_share = draw(0, 2) * 3;
  t.load = draw(0, 2) * draw(1, 40);
  t.late_accept = draw(0, 2) * draw(1, 30);
  t.late_answer = draw(0, 1) != 0 ? 1 : draw(1, 120);
  t.with_data = draw(0, 1) != 0;
  return t;
}

std::uint64_t play(const network_trial& trial, division by, std::uint64_t* counted) {
  trial_run run(trial, by);
  const std::uint64_t times = run.run();
  if (counted != nullptr) *counted = run.counted();
  return times;
}

}  // namespace ohmic::test
