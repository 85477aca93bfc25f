// Latency against load: 512 clusters (Table I's tree), reads and writes of 64 bytes to 4 KiB, uniform, near and ring
// traffic. One JSON list of {"traffic", "offered", "carried", "latency"}: beats per cycle and cluster, cycles.
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "tests/ip/axi/fabric_player.h"

int main(int argc, char**) {
  using namespace ohmic::test;
  using to = traffic_parameters::destination;
  if (argc > 1) {
    std::fprintf(stderr, "ohmic_bench_noc_load takes no arguments\n");
    return 2;
  }
  const std::vector<unsigned> children = {4, 4, 4, 8};
  const struct {
    const char* name;
    to destination;
    std::vector<double> loads;
  } kinds[] = {{"uniform", to::uniform, {0.002, 0.004, 0.006, 0.008, 0.01, 0.012, 0.014, 0.016, 0.018, 0.02, 0.024}},
               {"near", to::near, {0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.12}},
               {"ring", to::ring, {0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.2, 1.6}}};
  const network_tree tree = network_tree::uniform(children);
  const char* separator = "[";
  for (const auto& kind : kinds) {
    for (const double load : kind.loads) {
      traffic_parameters traffic;
      traffic.to = kind.destination;
      traffic.load = load;
      traffic.bursts = 40;
      std::vector<rtl_burst> list = draw_traffic(tree, traffic, 1);
      fabric_player(children, {}).run(list);
      // While all clusters send: from a quarter to three quarters of the time that they take on the mean.
      double end = 0;
      for (std::size_t i = traffic.bursts - 1; i < list.size(); i += traffic.bursts)
        end += static_cast<double>(list[i].ready) / static_cast<double>(tree.cluster.size());
      double latency = 0, counted = 0, beats = 0;
      for (const rtl_burst& b : list) {
        const auto ready = static_cast<double>(b.ready), last = static_cast<double>(b.last);
        if (last >= end / 4 && last < end * 3 / 4) beats += b.beats;
        if (ready < end / 4 || ready >= end * 3 / 4) continue;
        latency += last - ready;  // what waits in front of its port waits too
        ++counted;
      }
      latency /= counted;
      const double carried = beats / (end / 2) / static_cast<double>(tree.cluster.size());
      std::printf("%s{\"traffic\": \"%s\", \"offered\": %.3f, \"carried\": %.4f, \"latency\": %.1f}", separator,
                  kind.name, load, carried, latency);
      separator = ",\n ";
    }
  }
  std::printf("]\n");
}
