#include "tests/ip/axi/beat_simulator.h"

namespace ohmic::test {

beat_simulator::beat_simulator(const shape& s) : shape_(s) {
  unsigned clusters = 1;
  for (const unsigned f : s.factors) clusters *= f;
  masters_.resize(clusters);
  slaves_.resize(clusters + 1);
  place_.resize(clusters + 1);
  answers_.resize(clusters);
  build(s, 0, 0, clusters, -1, 0);
}

void beat_simulator::build(const shape& s, std::size_t level, unsigned first, unsigned span, int parent,
                           unsigned parent_port) {
  const int me = static_cast<int>(nodes_.size());
  node n;
  n.latency = s.latencies[level];
  n.first = first;
  n.span = span;
  n.children = s.factors[level];
  n.child_span = span / n.children;
  n.ports.resize(n.children + 1);
  for (port& p : n.ports) {
    for (output& o : p.out) o.waiting.resize(n.ports.size());
  }
  if (parent < 0) {
    n.ports[n.children].hbm = true;
    place_.back() = {me, n.children};
  } else {
    n.ports[n.children].router = parent;
    n.ports[n.children].far_port = parent_port;
  }
  nodes_.push_back(n);
  for (unsigned i = 0; i < n.children; ++i) {
    if (level + 1 == s.factors.size()) {
      nodes_[me].ports[i].cluster = static_cast<int>(first + i);
      place_[first + i] = {me, i};
    } else {
      const int child = static_cast<int>(nodes_.size());
      build(s, level + 1, first + i * n.child_span, n.child_span, me, i);
      nodes_[me].ports[i].router = child;
      nodes_[me].ports[i].far_port = nodes_[child].children;
    }
  }
}

unsigned beat_simulator::way(const node& n, int target) const {
  const int first = static_cast<int>(n.first);
  if (target >= first && target < first + static_cast<int>(n.span)) return (target - n.first) / n.child_span;
  return n.children;
}

void beat_simulator::arrive(int router, unsigned in_port, channel c, beat b) {
  node& n = nodes_[router];
  const traffic_burst& t = (*traffic_)[b.burst];
  const int target = c == R || c == B ? static_cast<int>(t.from) : t.to;
  output& o = n.ports[way(n, target)].out[c];
  o.waiting[in_port].push_back(b);
  ++o.queued;
}

void beat_simulator::move(node& n, port& p, channel c) {
  output& o = p.out[c];
  if (o.queued == 0) return;
  const unsigned inputs = static_cast<unsigned>(n.ports.size());
  const auto ready = [&](unsigned i) { return !o.waiting[i].empty() && o.waiting[i].front().arrival <= now_; };
  int chosen = -1;
  if (c == W) {
    if (!o.order.empty() && ready(o.order.front())) chosen = static_cast<int>(o.order.front());
  } else if (o.locked >= 0) {
    if (ready(static_cast<unsigned>(o.locked))) chosen = o.locked;
  } else {
    for (unsigned k = 0; k < inputs && chosen < 0; ++k) {
      const unsigned i = (o.pointer + k) % inputs;
      if (ready(i)) chosen = static_cast<int>(i);
    }
    if (chosen >= 0) o.pointer = (static_cast<unsigned>(chosen) + 1) % inputs;
  }
  if (chosen < 0) return;
  beat b = o.waiting[chosen].front();
  o.waiting[chosen].pop_front();
  --o.queued;
  if (c == AW) p.out[W].order.push_back(static_cast<unsigned>(chosen));
  if (c == W && b.last) o.order.pop_front();
  if (c == R) o.locked = b.last ? -1 : chosen;
  b.arrival = now_ + n.latency;
  if (p.router >= 0) {
    arrive(p.router, p.far_port, c, b);
  } else if (c == R || c == B) {
    answers_[p.cluster].push_back(b);
  } else {
    (p.hbm ? slaves_.back() : slaves_[p.cluster]).arriving[c].push_back(b);
  }
}

void beat_simulator::masters() {
  for (unsigned i = 0; i < masters_.size(); ++i) {
    master& m = masters_[i];
    // R and B share the list but each is in order; look at all that is due now.
    std::deque<beat> later;
    for (const beat& b : answers_[i]) {
      if (b.arrival > now_) {
        later.push_back(b);
        continue;
      }
      traffic_burst& t = (*traffic_)[b.burst];
      if (t.answered == 0) t.answered = now_;
      if (!b.last) continue;
      t.complete = now_;
      --(t.write ? m.open_writes : m.open_reads);
      --open_;
    }
    answers_[i].swap(later);
    if (!m.reads.empty() && m.open_reads < shape_.window && (*traffic_)[m.reads.front()].earliest <= now_) {
      const unsigned burst = m.reads.front();
      m.reads.pop_front();
      ++m.open_reads;
      (*traffic_)[burst].sent = now_;
      arrive(place_[i].first, place_[i].second, AR, {burst, true, now_});
    }
    if (!m.writes.empty() && m.open_writes < shape_.window && now_ >= m.w_free &&
        (*traffic_)[m.writes.front()].earliest <= now_) {
      const unsigned burst = m.writes.front();
      m.writes.pop_front();
      ++m.open_writes;
      traffic_burst& t = (*traffic_)[burst];
      t.sent = now_;
      arrive(place_[i].first, place_[i].second, AW, {burst, true, now_});
      for (unsigned k = 0; k < t.beats; ++k) {
        arrive(place_[i].first, place_[i].second, W, {burst, k + 1 == t.beats, now_ + k});
      }
      m.w_free = now_ + t.beats;
    }
  }
}

void beat_simulator::slave(endpoint& e, bool is_hbm, int router, unsigned port_number) {
  const std::uint64_t service = is_hbm ? shape_.hbm_latency : 0;
  for (const channel c : {AR, AW, W}) {
    while (!e.arriving[c].empty() && e.arriving[c].front().arrival <= now_) {
      const beat b = e.arriving[c].front();
      e.arriving[c].pop_front();
      if (c == W) {
        if (!e.in_burst) ++e.first_beats;
        if (b.last) ++e.last_beats;
        e.in_burst = !b.last;
      } else {
        (c == AW ? e.writes_at_port : e.reads_at_port).push_back(b.burst);
      }
    }
  }
  const bool writes_first = e.writes_turn;
  for (const bool write : {writes_first, !writes_first}) {
    if (is_hbm && e.inside == shape_.hbm_outstanding) break;
    if (write) {
      if (e.writes_at_port.empty() || e.first_beats == 0) continue;
      --e.first_beats;
      e.accepted_writes.push_back(e.writes_at_port.front());
      e.writes_at_port.pop_front();
    } else {
      if (e.reads_at_port.empty()) continue;
      e.r_queue.push_back(e.reads_at_port.front());
      e.r_ready.push_back(now_ + service);
      e.reads_at_port.pop_front();
    }
    ++e.inside;
    e.writes_turn = !write;
  }
  // Writes: the k-th AW belongs to the k-th burst of W beats.
  while (!e.accepted_writes.empty() && e.last_beats > 0) {
    e.b_queue.push_back(e.accepted_writes.front());
    e.b_ready.push_back(now_ + service);
    e.accepted_writes.pop_front();
    --e.last_beats;
  }
  if (!e.r_queue.empty() && e.r_ready.front() <= now_) {
    const unsigned burst = e.r_queue.front();
    const bool last = ++e.r_sent == (*traffic_)[burst].beats;
    arrive(router, port_number, R, {burst, last, now_});
    if (last) {
      e.r_queue.pop_front();
      e.r_ready.pop_front();
      e.r_sent = 0;
      --e.inside;
    }
  }
  if (!e.b_queue.empty() && e.b_ready.front() <= now_) {
    arrive(router, port_number, B, {e.b_queue.front(), true, now_});
    e.b_queue.pop_front();
    e.b_ready.pop_front();
    --e.inside;
  }
}

std::uint64_t beat_simulator::run(std::vector<traffic_burst>& traffic) {
  traffic_ = &traffic;
  open_ = traffic.size();
  for (unsigned i = 0; i < traffic.size(); ++i) {
    master& m = masters_[traffic[i].from];
    (traffic[i].write ? m.writes : m.reads).push_back(i);
  }
  for (now_ = 1; open_ > 0; ++now_) {
    for (std::size_t i = 0; i < slaves_.size(); ++i) {
      slave(slaves_[i], i + 1 == slaves_.size(), place_[i].first, place_[i].second);
    }
    masters();
    for (node& n : nodes_) {
      for (port& p : n.ports) {
        for (const channel c : {AR, AW, W, R, B}) move(n, p, c);
      }
    }
  }
  return now_;
}

}  // namespace ohmic::test
