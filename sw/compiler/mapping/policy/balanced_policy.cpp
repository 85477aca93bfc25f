#include "sw/compiler/mapping/policy/balanced_policy.h"

#include <fmt/format.h>

#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/policy/balance.h"
#include "sw/compiler/mapping/policy/options_text.h"

namespace ohmic {
mapping balanced_policy::map(const integer_graph& graph, const std::vector<stage>& stages,
                             const chip_config& chip) const {
  if (options_.prefetch_tiles == 0) throw mapping_error("prefetch_tiles is 0; double buffering needs at least 1");
  if (options_.reduction_fan_in == 1)
    throw mapping_error("reduction_fan_in is 1; a reduction adds at least 2 inputs (0: chosen by the compiler)");
  const unsigned asked = options_.most_clusters == 0 ? chip.clusters() : options_.most_clusters;
  const unsigned most = std::min(asked, chip.clusters());
  balance_rules rules;
  rules.fan_in = options_.reduction_fan_in;
  if (bar_ == paper_bar::paper) {
    rules.relays = rules.trees = true;
  } else {
    rules.residual = buffer_place::hbm;
  }
  const double least = cost_model(chip).mvms(std::max(1u, options_.balance_mvms));
  std::vector<stage_design> designs;
  std::string shortage;
  rules.most_clusters = most;
  // Where the chip is small, cores serve their own crossbars first, and then residuals wait where they are read.
  for (const auto& [seats, layer_seats] : kinds_of_seats(graph)) {
    rules.seats = seats;
    rules.layer_seats = layer_seats;
    rules.relays = rules.relays && seats == core_seats::own;
    const pipeline_balancer balancer(graph, stages, chip, rules);
    designs = balancer.fastest(most, least);
    if (!designs.empty()) break;
    shortage = balancer.shortage(most);
  }
  if (designs.empty())
    throw mapping_error(
        fmt::format("policy '{}' needs {}", bar_ == paper_bar::paper ? "paper" : "replicated", shortage));
  mapping result = place_stages(graph, stages, designs, chip);
  result.prefetch_tiles = options_.prefetch_tiles;
  return result;
}

std::string balanced_policy::options_text() const {
  options_writer writer;
  visit_balanced_options(options_, writer);
  return writer.text();
}

}  // namespace ohmic
