#include "platform/run/activity_json.h"

#include <algorithm>

namespace ohmic {

using json = nlohmann::ordered_json;

json counters_json(const std::vector<cluster_details>& clusters) {
  json all = json::array();
  for (std::size_t i = 0; !clusters.empty() && i < clusters[0].counters.size(); ++i) {
    const block_counter& c = clusters[0].counters[i];
    std::uint64_t total = 0, before = 0, apart = 0;
    for (const cluster_details& d : clusters)
      total += d.counters[i].value, before += d.counters[i].before, apart += d.counters[i].apart;
    all.push_back(
        {{"block", c.block}, {"name", c.name}, {"unit", c.unit}, {"total", total}, {"after_boot", total - before}});
    if (apart != 0) all.back()["calibration"] = apart;
  }
  return all;
}

json links_json(const std::vector<link_activity>& links, cycle_t cycles, cycle_t reported) {
  const auto part = [](std::uint64_t of, cycle_t all) {
    return all > 0 ? static_cast<double>(of) / static_cast<double>(all) : 0.0;
  };
  json all = json::array();
  for (const link_activity& link : links)
    if (link.bytes != 0 || link.busy_cycles != 0)
      all.push_back({{"name", link.name},
                     {"bytes", link.bytes},
                     {"busy_cycles", link.busy_cycles},
                     {"utilisation", part(link.busy_cycles, cycles)},
                     {"stall_cycles",
                      {{"arbitration", link.lost_arbitration},
                       {"blocked_head", link.blocked_order},
                       {"no_credit", link.blocked_full}}},
                     {"mean_beats", part(link.held_cycles, cycles)},
                     {"max_queue", link.most},
                     {"bytes_after_boot", link.bytes_after_boot},
                     {"busy_cycles_after_boot", link.busy_cycles_after_boot},
                     {"utilisation_after_boot", std::min(1.0, part(link.busy_cycles_after_boot, reported))}});
  return all;
}

}  // namespace ohmic
