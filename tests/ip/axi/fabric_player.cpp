#include "tests/ip/axi/fabric_player.h"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <memory>
#include <stdexcept>

#include "ip/hbm/hbm_queue.h"

namespace ohmic::test {

namespace {

constexpr unsigned beat_bytes = 64;

/// What stands at the boundary while one list is played.
class bench final : fabric_client {
 public:
  bench(const network_config& config, const rtl_slave& cluster, const rtl_slave& memory, std::vector<rtl_burst>& bursts)
      : fabric_(config, *this), list_(bursts), bursts_(bursts.size()), slaves_(config.clusters() + 1) {
    for (unsigned s = 0; s < slaves_.size(); ++s) {
      slave& at = slaves_[s];
      at.port = s + 1 == slaves_.size() ? port_hbm : s;
      at.is = at.port == port_hbm ? memory : cluster;
      if (at.is.together) fabric_.offer_with_data(at.port);
      if (at.is.open == 0) continue;
      hbm_timing timing;
      timing.outstanding = at.is.open;
      at.queue = std::make_unique<hbm_queue<axi_transit*>>(timing);
      limited_.push_back(&at);
    }
  }

  std::uint64_t run() {
    const address_map& map = fabric_.config().map;
    for (std::size_t i = 0; i < list_.size(); ++i) {
      rtl_burst& from = list_[i];
      axi_burst& to = bursts_[i];
      to.addr = from.dest == rtl_burst::memory ? map.hbm_base : map.cluster_base + from.dest * map.cluster_stride;
      to.bytes = from.beats * beat_bytes;
      to.write = from.write;
      to.id = static_cast<std::uint16_t>(from.id);
      from.sent = from.first = from.last = 0;
      fabric_.issue(to, from.master, std::max<std::uint64_t>(from.ready, 1), &from);
    }
    for (;;) {
      cycle_t cycle = fabric_.next();
      for (const slave* s : limited_) cycle = std::min(cycle, s->queue->next_accept());
      if (cycle == never) break;
      for (slave* s : limited_) {
        if (s->queue->next_accept() == cycle) accept(*s, cycle);
      }
      // Without limits nothing but the network itself has to be asked cycle by cycle.
      if (fabric_.next() == cycle) fabric_.run(cycle, limited_.empty() ? cycle + fabric_.batch() : cycle + 1);
    }
    if (answered_ != list_.size() || fabric_.in_flight() != 0) {
      throw std::runtime_error(std::to_string(list_.size() - answered_) + " bursts unanswered, " +
                               std::to_string(fabric_.in_flight()) + " in flight");
    }
    return last_;
  }

  std::vector<fabric_player::channel> channels() const {
    std::vector<fabric_player::channel> all;
    fabric_.for_each_lane([&](const std::string& link, axi_lane lane, const channel_counters& count) {
      all.push_back({link, lane, count});
    });
    return all;
  }

 private:
  struct slave {
    network_port port = 0;
    rtl_slave is;
    std::unique_ptr<hbm_queue<axi_transit*>> queue;  // if it has a limit
  };
  static rtl_burst& entry(const axi_transit& t) { return *static_cast<rtl_burst*>(t.owner); }
  slave& at(const axi_transit& t) { return t.target == port_hbm ? slaves_.back() : slaves_[t.target]; }

  void accept(slave& s, cycle_t cycle) {
    s.queue->accept(cycle, [&](axi_transit* t, bool write) {
      if (!write) fabric_.respond(*t, cycle + s.is.latency);
      fabric_.accept(s.port, write, cycle);
    });
  }
  cycle_t request(axi_transit& t, cycle_t cycle) override {
    slave& s = at(t);
    entry(t).sent = t.ready;  // the cycle in which its master offered it, until its response is ready
    if (s.queue) {
      s.queue->arrive(&t, cycle, t.write);
      return never;
    }
    if (!t.write) fabric_.respond(t, cycle + s.is.latency);
    return cycle;
  }
  void address_waits(axi_transit& t, cycle_t cycle) override {
    if (slave& s = at(t); s.queue) s.queue->announce(cycle);
  }
  void write_beat(axi_transit& t, cycle_t cycle, bool last) override {
    if (last) fabric_.respond(t, cycle + at(t).is.latency);
  }
  void response_left(axi_transit& t, cycle_t cycle) override {
    if (slave& s = at(t); s.queue) s.queue->release(cycle);
  }
  void response_beat(axi_transit& t, cycle_t cycle, bool last) override {
    rtl_burst& b = entry(t);
    if (b.first == 0) b.first = cycle;
    if (!last) return;
    if (b.last != 0) throw std::runtime_error("a burst is answered twice");
    b.last = cycle;
    last_ = std::max<std::uint64_t>(last_, cycle);
    ++answered_;
  }

  axi_fabric fabric_;
  std::vector<rtl_burst>& list_;
  std::vector<axi_burst> bursts_;
  std::vector<slave> slaves_;  // clusters, then memory
  std::vector<slave*> limited_;
  std::size_t answered_ = 0;
  std::uint64_t last_ = 0;
};

}  // namespace

std::string not_expressible(const rtl_parameters& p) {
  if (!p.fall_through) return "W waits for its AW (FallThrough = 0)";
  if (p.remap_count < p.id_count) return "a table of names with fewer bursts per name than per id";
  if (p.cluster.interval != 1 || p.memory.interval != 1) return "slaves that are slower than the link";
  if (p.id_bits > 6) return "more than 64 ids";
  return "";
}

fabric_player::fabric_player(const std::vector<unsigned>& children, const rtl_parameters& p)
    : cluster_(p.cluster), memory_(p.memory) {
  if (const std::string reason = not_expressible(p); !reason.empty()) throw std::invalid_argument(reason);
  config_.levels.clear();
  for (std::size_t level = children.size(); level-- > 0;) {
    config_.levels.push_back({children[level], p.latency[std::min(level, p.latency.size() - 1)], beat_bytes});
  }
  config_.map.cluster_count = config_.clusters();
  config_.flow.stage_depth = p.depth;
  config_.flow.names = p.remap_ids;
  config_.flow.open_per_id = p.id_count;
  config_.flow.open_writes = p.w_order;
  config_.port.ids = 1u << p.id_bits;
  config_.port.outstanding_reads = p.master_reads;
  config_.port.outstanding_writes = p.master_writes;
}

std::uint64_t fabric_player::run(std::vector<rtl_burst>& bursts) {
  bench b(config_, cluster_, memory_, bursts);
  const std::uint64_t end = b.run();
  channels_ = b.channels();
  beats_ = 0;
  for (const channel& c : channels_) beats_ += c.count.beats;
  return end;
}

std::vector<unsigned> done_at_first_end(const std::vector<rtl_burst>& bursts) {
  std::vector<std::uint64_t> end;
  for (const rtl_burst& b : bursts) {
    if (b.master >= end.size()) end.resize(b.master + 1, 0);
    end[b.master] = std::max(end[b.master], b.last);
  }
  std::uint64_t first = ~std::uint64_t{0};
  for (const std::uint64_t e : end) {
    if (e != 0) first = std::min(first, e);
  }
  std::vector<unsigned> done(end.size(), 0);
  for (const rtl_burst& b : bursts) done[b.master] += b.last <= first ? 1 : 0;
  return done;
}

double unfairness(const std::vector<unsigned>& mine, const std::vector<unsigned>& reference) {
  unsigned worst = 0, most = 1;
  for (std::size_t m = 0; m < reference.size(); ++m) {
    const unsigned other = m < mine.size() ? mine[m] : 0;
    worst = std::max(worst, other > reference[m] ? other - reference[m] : reference[m] - other);
    most = std::max(most, reference[m]);
  }
  return static_cast<double>(worst) / most;
}

}  // namespace ohmic::test
