#include "tests/ip/axi/judge_case.h"

#include <algorithm>
#include <random>
#include <sstream>
#include <tuple>

namespace ohmic::test {

unsigned judge_case::clusters() const {
  unsigned product = 1;
  for (const unsigned c : children) product *= c;
  return product;
}

std::vector<rtl_burst> judge_case::bursts() const {
  return draw_traffic(network_tree::uniform(children), traffic, seed);
}

std::string judge_case::text() const {
  std::ostringstream out;
  out << "seed " << seed << ": tree";
  for (const unsigned c : children) out << ' ' << c;
  out << ", latency";
  for (const unsigned l : parameters.latency) out << ' ' << l;
  constexpr const char* to[] = {"uniform", "near", "ring", "hot spot"};
  constexpr const char* ids[] = {"rotating", "few", "one"};
  out << ", depth " << parameters.depth << ", names " << parameters.remap_ids << ", per id " << parameters.id_count
      << ", W order " << parameters.w_order << ", reads " << parameters.master_reads << ", writes "
      << parameters.master_writes << ", " << to[static_cast<int>(traffic.to)] << ", ids "
      << ids[static_cast<int>(traffic.id)] << ", memory " << traffic.memory << ", writes " << traffic.writes
      << ", load " << traffic.load << ", " << traffic.bursts << " bursts each, slaves " << parameters.cluster.latency
      << '/' << parameters.cluster.open << ", memory " << parameters.memory.latency << '/' << parameters.memory.open;
  return out.str();
}

judge_case draw_judge_case(unsigned seed, unsigned clusters, unsigned bursts) {
  std::mt19937 random(seed);
  const auto draw = [&](unsigned low, unsigned high) {
    return low + static_cast<unsigned>(random() % (high - low + 1));
  };
  judge_case c;
  c.seed = seed;
  c.children = draw_tree(draw(1, 4), clusters, seed);
  rtl_parameters& p = c.parameters;
  p.latency = {draw(2, 6), draw(2, 6), draw(2, 6), draw(2, 6)};
  p.depth = draw(0, 1) != 0 ? 2 : draw(1, 8);
  p.remap_ids = draw(0, 1) != 0 ? 64 : draw(1, 64);
  p.id_count = draw(0, 2) != 0 ? 63 : draw(1, 63);
  p.w_order = draw(0, 2) != 0 ? 64 : draw(1, 64);
  p.master_reads = draw(0, 1) != 0 ? 16 : draw(1, 64);
  p.master_writes = draw(0, 1) != 0 ? 16 : draw(1, 64);
  p.cluster = {draw(1, 8), draw(0, 3) != 0 ? 0 : draw(1, 8), 1, false};
  p.memory = {draw(1, 100), draw(0, 1) != 0 ? 32 : draw(1, 64), 1, true};
  traffic_parameters& t = c.traffic;
  t.to = static_cast<traffic_parameters::destination>(draw(0, 3));
  t.id = static_cast<traffic_parameters::ids>(draw(0, 3) / 2 * draw(0, 2));
  t.memory = draw(0, 2) * 0.1;
  t.writes = draw(0, 4) * 0.25;
  t.load = draw(0, 5) * 0.2;
  t.bursts = bursts;
  return c;
}

judgement judge(const judge_case& c, const std::vector<rtl_burst>& list) {
  std::vector<rtl_burst> mine = list, reference = list;
  fabric_player(c.children, c.parameters).run(mine);
  rtl_simulator(network_tree::uniform(c.children), c.parameters).run(reference);
  judgement j;
  j.bursts = list.size();
  for (std::size_t i = 0; i < mine.size(); ++i) {
    const rtl_burst &a = mine[i], &b = reference[i];
    if (std::tie(a.sent, a.first, a.last) == std::tie(b.sent, b.first, b.last)) continue;
    if (j.different++ != 0) continue;
    std::ostringstream out;
    out << "burst " << i << ": " << a.sent << ' ' << a.first << ' ' << a.last << ", judge " << b.sent << ' ' << b.first
        << ' ' << b.last;
    j.first = out.str();
  }
  const traffic_figures f = figures_of(mine), r = figures_of(reference);
  j.latency = f.latency / r.latency - 1;
  j.throughput = f.throughput / r.throughput - 1;
  j.unfair = unfairness(done_at_first_end(mine), done_at_first_end(reference));
  return j;
}

judgement judge(const judge_case& c) { return judge(c, c.bursts()); }

}  // namespace ohmic::test
