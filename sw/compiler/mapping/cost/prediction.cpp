#include "sw/compiler/mapping/cost/prediction.h"

#include <algorithm>
#include <map>

#include "sw/compiler/mapping/cost/kernel_cost.h"

namespace ohmic {
namespace {

struct load {
  std::uint64_t mvms = 0, bytes_in = 0, bytes_out = 0;
  double core_cycles = 0;
};

unsigned columns_made(const plan_step& step) {
  const unsigned tiles = step.columns_per_image / step.makes.tile;
  return (tiles - step.makes.index + step.makes.count - 1) / step.makes.count * step.makes.tile;
}

/// Of the columns that the step makes in an image, those that the destination wants.
unsigned columns_sent(const plan_step& step, const column_demand& demand) {
  unsigned sent = 0;
  for (unsigned x = 0; x < step.columns_per_image; ++x)
    if ((x / step.makes.tile) % step.makes.count == step.makes.index && demand.wants(x)) ++sent;
  return sent;
}

double core_cycles_per_column(const deployment_plan& plan, const plan_cluster& cluster, const plan_step& step,
                              const kernel_work& work) {
  const column_layout& output = cluster.rings[step.output_ring].layout;
  const graph_node& node = plan.graph->nodes[work.node];
  const double elements = double(output.height) * work.channels.count();
  switch (work.kernel) {
    case OHMIC_KERNEL_PARTIAL:
      return elements * (work.sum_count * kernel_cost::sum + kernel_cost::partial);
    case OHMIC_KERNEL_LOGITS:
      return elements * (work.sum_count * kernel_cost::sum + kernel_cost::logits);
    case OHMIC_KERNEL_REQUANTISE:
      return elements * (work.sum_count * kernel_cost::sum + kernel_cost::requantise +
                         (work.residual_input >= 0 ? kernel_cost::residual_add : 0)) +
             kernel_cost::extra_layout * (output.bytes > elements ? output.bytes - elements : 0);
    case OHMIC_KERNEL_MAX_POOL:
      return elements * node.pool_window.size_x * node.pool_window.size_y * kernel_cost::max_tap;
    case OHMIC_KERNEL_AVERAGE_POOL: {
      const graph_tensor& input = plan.graph->tensors[node.inputs[0]];
      return elements * input.width * input.height * kernel_cost::average;
    }
    case OHMIC_KERNEL_ADD:
      return elements * kernel_cost::residual_add;
  }
  return 0;
}

/// By (cluster, stage).
std::map<std::pair<unsigned, int>, load> measure(const deployment_plan& plan, link_loads& links) {
  std::map<std::pair<unsigned, int>, load> loads;
  for (unsigned c = 0; c < plan.clusters.size(); ++c) {
    const plan_cluster& cluster = plan.clusters[c];
    for (const plan_step& step : cluster.steps) {
      load& here = loads[{c, step.stage}];
      if (std::holds_alternative<ima_work>(step.work)) {
        here.mvms += std::uint64_t{columns_made(step)} * cluster.rings[step.output_ring].layout.height;
      } else if (const kernel_work* kernel = std::get_if<kernel_work>(&step.work)) {
        here.core_cycles += columns_made(step) * core_cycles_per_column(plan, cluster, step, *kernel);
      } else if (std::holds_alternative<pull_work>(step.work)) {
        const std::uint64_t bytes = std::uint64_t{columns_made(step)} * cluster.rings[step.output_ring].layout.bytes;
        here.bytes_in += bytes;
        links.read(c, link_loads::hbm, bytes);
      } else {
        for (const plan_destination& destination : std::get<push_work>(step.work).destinations) {
          if (destination.to == plan_destination::kind::ring && destination.cluster == c) continue;
          const std::uint64_t bytes = std::uint64_t{columns_sent(step, destination.demand)} *
                                      destination.copy.run_bytes * destination.copy.rows;
          here.bytes_out += bytes;
          const bool to_ring = destination.to == plan_destination::kind::ring;
          links.write(c, to_ring ? destination.cluster : link_loads::hbm, bytes);
          if (!to_ring) continue;
          const int reader = plan.clusters[destination.cluster].rings[destination.ring].stage;
          loads[{destination.cluster, reader}].bytes_in += bytes;
        }
      }
    }
  }
  return loads;
}

/// One tile's way through a stage: its MVMs, then its root's or pool's kernel.
double tile_cycles(const deployment_plan& plan, std::size_t s, const predicted_cycles& cycles,
                   const chip_config& chip) {
  const graph_tensor& output = plan.graph->tensors[plan.stages[s].output];
  const stage_mapping& where = plan.assignment.stages[s];
  const bool on_crossbar = plan.graph->nodes[plan.stages[s].node].on_crossbar();
  const std::size_t replicas = on_crossbar ? where.replicas.size() : 1;
  const std::size_t tiles = (output.width / where.tile_columns + replicas - 1) / replicas;  // of the busiest replica
  const double mvms = on_crossbar ? double(where.tile_columns) * output.height : 0;
  return mvms * double(chip.ima.mvm_cycles) + cycles.digital / double(tiles);
}

/// Tile times of the stages before and behind `bottleneck` on the longest ways from the image and to the
/// logits.
double fill(const deployment_plan& plan, const std::vector<predicted_cycles>& cycles, std::size_t bottleneck,
            const chip_config& chip) {
  const std::size_t n = plan.stages.size();
  auto feeds = [&](std::size_t a, std::size_t b) {
    return plan.stages[b].input == plan.stages[a].output || plan.stages[b].residual == plan.stages[a].output;
  };
  std::vector<double> before(n, 0), behind(n, 0);
  for (std::size_t s = 0; s < n; ++s)
    for (std::size_t p = 0; p < s; ++p)
      if (feeds(p, s)) before[s] = std::max(before[s], before[p] + tile_cycles(plan, p, cycles[p], chip));
  for (std::size_t s = n; s-- > 0;)
    for (std::size_t c = s + 1; c < n; ++c)
      if (feeds(s, c)) behind[s] = std::max(behind[s], behind[c] + tile_cycles(plan, c, cycles[c], chip));
  return before[bottleneck] + behind[bottleneck];
}

predicted_cycles cycles_of(const load& work, const chip_config& chip) {
  const double width = chip.network.width.back();
  predicted_cycles cycles;
  cycles.analog = double(work.mvms) * double(chip.ima.mvm_cycles);
  cycles.digital = work.core_cycles / chip.cluster.cores;
  cycles.communication = double(std::max(work.bytes_in, work.bytes_out)) / width;
  return cycles;
}

}  // namespace

plan_prediction predict(const deployment_plan& plan, const chip_config& chip) {
  plan_prediction result;
  result.stages.resize(plan.stages.size());
  std::vector<load> clusters(plan.clusters.size());
  link_loads links(chip);
  for (const auto& [where, work] : measure(plan, links)) {
    predicted_cycles& stage = result.stages[where.second];
    const predicted_cycles here = cycles_of(work, chip);
    stage.analog = std::max(stage.analog, here.analog);
    stage.digital = std::max(stage.digital, here.digital);
    stage.communication = std::max(stage.communication, here.communication);
    stage.mvms += work.mvms;
    stage.bytes += work.bytes_out;
    load& cluster = clusters[where.first];
    cluster.mvms += work.mvms;
    cluster.bytes_in += work.bytes_in;
    cluster.bytes_out += work.bytes_out;
    cluster.core_cycles += work.core_cycles;
  }
  std::size_t slowest = 0;
  for (std::size_t s = 0; s < result.stages.size(); ++s)
    if (result.stages[s].bound() > result.stages[slowest].bound()) slowest = s;
  for (const load& cluster : clusters)
    result.bottleneck_cycles = std::max(result.bottleneck_cycles, cycles_of(cluster, chip).bound());
  result.busiest_link = links.most_loaded();
  result.bottleneck_cycles = std::max(result.bottleneck_cycles, result.busiest_link.cycles);
  result.fill_cycles = fill(plan, result.stages, slowest, chip);
  return result;
}

}  // namespace ohmic
