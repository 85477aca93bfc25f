#include "tests/ip/axi/traffic.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace ohmic::test {

namespace {

// Draws that do not depend on the standard library at hand.
unsigned below(std::mt19937& random, unsigned end) { return static_cast<unsigned>(random() % end); }
double fraction(std::mt19937& random) { return random() / 4294967296.0; }

unsigned other_than(std::mt19937& random, unsigned count, unsigned self) {
  const unsigned drawn = below(random, count - 1);
  return drawn < self ? drawn : drawn + 1;
}

}  // namespace

network_tree network_tree::uniform(const std::vector<unsigned>& children) {
  network_tree tree{{-1}, {}};
  std::size_t first = 0;  // of the routers above
  for (std::size_t level = children.size(); level-- > 1;) {
    const std::size_t end = tree.parent.size();
    for (std::size_t r = first; r < end; ++r)
      tree.parent.insert(tree.parent.end(), children[level], static_cast<int>(r));
    first = end;
  }
  for (std::size_t r = first; r < tree.parent.size(); ++r) {
    tree.cluster.insert(tree.cluster.end(), children.front(), static_cast<unsigned>(r));
  }
  return tree;
}

std::vector<unsigned> draw_tree(unsigned levels, unsigned clusters, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<unsigned> children(levels);
  unsigned product = 0;
  while (product < 2 || product > clusters) {
    product = 1;
    for (unsigned& c : children) product *= c = 1 + below(random, 8);
  }
  return children;
}

std::vector<rtl_burst> draw_traffic(const network_tree& tree, const traffic_parameters& p, unsigned seed) {
  using destination = traffic_parameters::destination;
  std::mt19937 random(seed);
  const auto clusters = static_cast<unsigned>(tree.cluster.size());
  double mean = 0;
  for (const unsigned b : p.beats) mean += static_cast<double>(b) / static_cast<double>(p.beats.size());
  std::vector<rtl_burst> bursts;
  for (unsigned m = 0; m < clusters; ++m) {
    std::vector<unsigned> near;
    for (unsigned c = 0; c < clusters; ++c) {
      if (c != m && tree.cluster[c] == tree.cluster[m]) near.push_back(c);
    }
    double ready = 1;
    for (unsigned k = 0; k < p.bursts; ++k) {
      rtl_burst b;
      b.master = m;
      b.write = fraction(random) < p.writes;
      b.beats = p.beats[below(random, static_cast<unsigned>(p.beats.size()))];
      b.id = p.id == traffic_parameters::ids::rotating ? k % p.id_count
             : p.id == traffic_parameters::ids::few    ? below(random, 4)
                                                       : 0;
      b.dest = other_than(random, clusters, m);
      const bool chosen = fraction(random) < p.share;
      if (p.to == destination::ring) b.dest = (m + 1) % clusters;
      if (p.to == destination::near && chosen && !near.empty()) {
        b.dest = near[below(random, static_cast<unsigned>(near.size()))];
      }
      if (p.to == destination::hot_spot && chosen && m != 0) b.dest = 0;
      if (fraction(random) < p.memory) b.dest = rtl_burst::memory;
      if (p.load > 0) ready -= std::log(1 - fraction(random)) * mean / p.load;
      b.ready = static_cast<std::uint64_t>(ready);
      bursts.push_back(b);
    }
  }
  return bursts;
}

traffic_figures figures_of(const std::vector<rtl_burst>& bursts) {
  traffic_figures f;
  double beats = 0;
  for (const rtl_burst& b : bursts) {
    f.latency += static_cast<double>(b.last - b.sent) / static_cast<double>(bursts.size());
    f.end = std::max(f.end, b.last);
    beats += b.beats;
  }
  f.throughput = beats / static_cast<double>(f.end);
  return f;
}

}  // namespace ohmic::test
