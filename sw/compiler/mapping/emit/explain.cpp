#include "sw/compiler/mapping/emit/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sw/compiler/mapping/cost/prediction.h"
#include "sw/compiler/mapping/plan/mapping_geometry.h"

namespace ohmic {
namespace {

struct stage_use {
  std::set<unsigned> clusters, crossbars;
  double cells = 0;
};

stage_use use_of(const deployment_plan& plan, std::size_t s) {
  stage_use use;
  for (unsigned c = 0; c < plan.clusters.size(); ++c)
    for (const plan_step& step : plan.clusters[c].steps)
      if (step.stage == static_cast<int>(s)) use.clusters.insert(c);
  const graph_node& node = plan.graph->nodes[plan.stages[s].node];
  if (!node.on_crossbar()) return use;
  const crossbar_layer& layer = node.layer();
  const stage_mapping& m = plan.assignment.stages[s];
  for (const replica_mapping& replica : m.replicas)
    for (const channel_part& part : replica.parts)
      for (const crossbar_tile& tile : part.tiles) {
        use.crossbars.insert(tile.cluster);
        for (const packed_set& p : tile.sets)
          use.cells += double(layer.row_sets[p.set].rows(layer.window.size_x)) * m.packing.x * part.channels.count();
      }
  return use;
}

/// "3" or "4+1": clusters of each sum of a part, in all replicas.
std::string sums_of(const stage_mapping& m) {
  std::string text;
  if (m.replicas[0].parts.empty()) return "";
  for (const reduction_node& sum : m.replicas[0].parts[0].sums)
    text += (text.empty() ? "" : "+") + std::to_string(sum.clusters.size());
  return text;
}

std::string binding(const predicted_cycles& p) {
  if (p.communication >= std::max(p.analog, p.digital)) return "port";
  return p.analog >= p.digital ? "crossbar" : "cores";
}

}  // namespace

std::string explain_mapping(const deployment_plan& plan, const chip_config& chip, const std::vector<double>& measured) {
  const plan_prediction expected = predict(plan, chip);
  std::size_t width = 5;
  for (const stage& s : plan.stages) width = std::max(width, s.name.size());
  std::string out =
      fmt::format("{:<{}}  clusters crossbars cells  replicas parts sums    pixels tile predicted {}binds\n", "stage",
                  width, measured.empty() ? "" : " measured ");
  out += fmt::format("{:<{}}                        in %                          /MVM  col.   cycles {}\n", "", width,
                     measured.empty() ? "" : "  per image");
  for (std::size_t s = 0; s < plan.stages.size(); ++s) {
    const stage_mapping& m = plan.assignment.stages[s];
    const stage_use use = use_of(plan, s);
    const bool layer = !use.crossbars.empty(), parts = !m.replicas[0].parts.empty();
    const double cells = double(chip.ima.rows) * chip.ima.columns * double(use.crossbars.size());
    out += fmt::format("{:<{}}  {:>8} {:>9} {:>5}  {:>8} {:>5} {:<7} {:>6} {:>4} {:>9.0f} {}{}\n", plan.stages[s].name,
                       width, use.clusters.size(), layer ? std::to_string(use.crossbars.size()) : "",
                       layer ? fmt::format("{:.1f}", 100 * use.cells / cells) : "", m.replicas.size(),
                       parts ? std::to_string(m.replicas[0].parts.size()) : "", sums_of(m),
                       layer ? fmt::format("{}x{}", m.packing.x, m.packing.y) : "", m.tile_columns,
                       expected.stages[s].bound(), measured.empty() ? "" : fmt::format("{:>9.0f} ", measured[s]),
                       binding(expected.stages[s]));
  }
  out += fmt::format("busiest link {}: {:.0f} cycles of data per image; the busiest cluster or link {:.0f}\n",
                     expected.busiest_link.name, expected.busiest_link.cycles, expected.bottleneck_cycles);
  return out;
}

}  // namespace ohmic
