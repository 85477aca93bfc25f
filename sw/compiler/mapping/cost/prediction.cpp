#include "sw/compiler/mapping/cost/prediction.h"

#include <algorithm>
#include <map>

#include "sw/compiler/mapping/cost/cost_model.h"
#include "sw/compiler/mapping/cost/flows.h"
#include "sw/compiler/mapping/cost/layer_shape.h"
#include "sw/compiler/mapping/plan/digital_layer.h"
#include "sw/compiler/mapping/plan/l1_allocation.h"

namespace ohmic {
namespace {

/// A stage's work in one cluster, per image.
struct load {
  std::uint64_t mvms = 0, bytes_in = 0, bytes_out = 0;
  double kernels = 0;                        ///< cycles
  ohmic_kernel kind = OHMIC_KERNEL_PARTIAL;  ///< of the last of them
  double least_kernels = 0;
  /// Cycles of the kernels of one tile, by replica: a layer on cores may make its parts of a tile one by one.
  std::map<unsigned, double> tiles;
  double largest_tile() const {
    double largest = 0;
    for (const auto& [replica, cycles] : tiles) largest = std::max(largest, cycles);
    return largest;
  }
  unsigned at_once = 1;  ///< columns that all clusters of the step make at once
  master_duties duties;
};

/// Runs of neighbouring columns of the step's tiles in an image that the destination wants.
unsigned runs_sent(const plan_step& step, const plan_destination& to) {
  if (to.sequence || to.demand.makes.count <= 1) return tiles_made(step);
  unsigned runs = 0;
  for (unsigned first = step.makes.index * step.makes.tile; first < step.columns_per_image;
       first += step.makes.count * step.makes.tile)
    for (unsigned x = first; x < first + step.makes.tile; ++x)
      if (to.demand.wants(x) && (x == first || !to.demand.wants(x - 1))) ++runs;
  return runs;
}

kernel_shape shape_of(const deployment_plan& plan, const plan_cluster& cluster, const plan_step& step,
                      const kernel_work& work) {
  const graph_node& node = plan.graph->nodes[work.node];
  const graph_tensor& input = plan.graph->tensors[node.inputs[0]];
  kernel_shape shape;
  if (is_layer_kernel(work.kernel)) {
    shape = layer_kernel(node, input, plan.graph->tensors[node.output], work.channels);
    shape.in_blocks = work.in_blocks;
  }
  shape.kernel = work.kernel;
  shape.columns = step.makes.tile;
  shape.height = cluster.rings[step.output_ring].layout.height;
  shape.channels = static_cast<unsigned>(work.channels.count());
  shape.in16 = static_cast<unsigned>(__builtin_popcount(work.int16_mask));
  shape.in8 = work.sum_count - shape.in16;
  shape.residual = work.residual_input >= 0 && work.kernel != OHMIC_KERNEL_ADD;
  shape.pieces = pieces_of(cluster, step, work);
  shape.input_height = static_cast<unsigned>(input.height);
  shape.input_width = static_cast<unsigned>(input.width);
  if (work.kernel == OHMIC_KERNEL_MAX_POOL) {
    shape.window = static_cast<unsigned>(node.pool_window().size_x);
    shape.window_height = static_cast<unsigned>(node.pool_window().size_y);
    shape.stride_height = static_cast<unsigned>(node.pool_window().stride_y);
    shape.stride = static_cast<unsigned>(node.pool_window().stride_x);
    shape.pad_height = static_cast<unsigned>(node.pool_window().pad_y);
  }
  return shape;
}

/// The cost model of each logical cluster: that of its master's kind of core and of its make.
class cost_models {
 public:
  cost_models(const deployment_plan& plan, const chip_config& chip) {
    for (const unsigned place : plan.assignment.places) {
      const std::pair<core_design, unsigned> kind{chip.master_design(place), chip.cores_of(place)};
      of_.push_back(&models_.try_emplace(kind, chip, kind.first, kind.second).first->second);
    }
  }
  const cost_model& of(unsigned cluster) const { return *of_[cluster]; }

 private:
  std::map<std::pair<core_design, unsigned>, cost_model> models_;
  std::vector<const cost_model*> of_;
};

class load_meter {
 public:
  load_meter(const deployment_plan& plan, const cost_models& costs) : plan_(plan), costs_(costs) {}

  /// By (cluster, stage).
  std::map<std::pair<unsigned, int>, load> run() {
    for (unsigned c = 0; c < plan_.clusters.size(); ++c)
      for (const plan_step& step : plan_.clusters[c].steps) {
        load& here = loads_[{c, step.stage}];
        here.duties.steps = static_cast<unsigned>(plan_.clusters[c].steps.size());
        here.duties.tiles += tiles_made(step);
        unsigned from_elsewhere = 0;
        for (const plan_window& window : step.inputs) {
          const plan_ring& ring = plan_.clusters[c].rings[window.ring];
          for (const edge_reference& edge : ring.producers) {
            const unsigned arrivals = tiles_made(plan_.clusters[edge.cluster].steps[edge.step]);
            here.duties.events += arrivals;
            here.duties.frontiers += tiles_made(step);
            if (!ring.follows) continue;
            here.duties.follows += arrivals;
            here.duties.followed += double(arrivals) * double(ring.producers.size());
          }
          if (!ring.producers.empty()) ++from_elsewhere;
        }
        if (from_elsewhere > 1 && std::holds_alternative<kernel_work>(step.work))
          here.duties.partners += tiles_made(step);
        std::visit([&](const auto& work) { measure(c, step, work, here); }, step.work);
      }
    return std::move(loads_);
  }

 private:
  void measure(unsigned c, const plan_step& step, const ima_work& work, load& here) {
    const unsigned height = plan_.clusters[c].rings[step.output_ring].layout.height;
    here.mvms += std::uint64_t{columns_made(step)} / work.packing.x * (height / work.packing.y);
    here.duties.jobs += tiles_made(step);
  }
  void measure(unsigned c, const plan_step& step, const kernel_work& work, load& here) {
    kernel_shape shape = shape_of(plan_, plan_.clusters[c], step, work);
    const cost_model& cost = costs_.of(c);
    const double tile = cost.kernel(shape);
    here.kernels += tiles_made(step) * tile;
    here.kind = work.kernel;
    here.least_kernels += tiles_made(step) * cost.least_kernel(shape);
    double& of_tile = here.tiles[step.makes.index];
    of_tile = is_layer_kernel(work.kernel) ? of_tile + tile : std::max(of_tile, tile);
    here.at_once = step.makes.tile * step.makes.count;
    here.duties.kernel_inputs += double(tiles_made(step)) * double(step.inputs.size());
  }
  void measure(unsigned c, const plan_step& step, const pull_work&, load& here) {
    const std::uint64_t bytes =
        std::uint64_t{columns_made(step)} * plan_.clusters[c].rings[step.output_ring].layout.bytes;
    here.bytes_in += bytes;
  }
  void measure(unsigned c, const plan_step& step, const push_work& work, load& here) {
    here.duties.pushes += tiles_made(step);
    for (const plan_destination& to : work.destinations) {
      const bool to_ring = to.to == plan_destination::kind::ring;
      here.duties.runs += runs_sent(step, to);
      if (to_ring)
        for (const plan_step& reader : plan_.clusters[to.cluster].steps)
          for (const plan_window& window : reader.inputs)
            if (window.ring == to.ring) here.duties.events += tiles_made(reader);
      if (to_ring && to.cluster == c) continue;
      const std::uint64_t bytes = std::uint64_t{columns_sent(step, to.demand)} * to.copy.run_bytes * to.copy.rows;
      here.bytes_out += bytes;
      if (to_ring) loads_[{to.cluster, plan_.clusters[to.cluster].rings[to.ring].stage}].bytes_in += bytes;
    }
  }

  const deployment_plan& plan_;
  const cost_models& costs_;
  std::map<std::pair<unsigned, int>, load> loads_;
};

/// Longest sums of `cycles` over the stages before and behind one, on the ways from the image and to the logits.
double longest_way(const deployment_plan& plan, const std::vector<double>& cycles, std::size_t through) {
  const std::size_t n = plan.stages.size();
  auto feeds = [&](std::size_t a, std::size_t b) {
    const int map = plan.stages[a].delivers;
    return plan.stages[b].input == map || plan.stages[b].residual == map || adds_codes(plan.stages[b], map);
  };
  std::vector<double> before(n, 0), behind(n, 0);
  for (std::size_t s = 0; s < n; ++s)
    for (std::size_t p = 0; p < s; ++p)
      if (feeds(p, s)) before[s] = std::max(before[s], before[p] + cycles[p]);
  for (std::size_t s = n; s-- > 0;)
    for (std::size_t c = s + 1; c < n; ++c)
      if (feeds(s, c)) behind[s] = std::max(behind[s], behind[c] + cycles[c]);
  return before[through] + behind[through];
}

predicted_cycles cycles_of(const load& work, const cost_model& cost) {
  predicted_cycles cycles;
  cycles.analog = cost.mvms(double(work.mvms));
  cycles.digital = cost.cores(work.kind, work.kernels, cost.master(work.duties));
  cycles.communication = cost.transfer(double(std::max(work.bytes_in, work.bytes_out)));
  return cycles;
}

/// The last tile's way through a stage: its MVMs, the master's work in every cluster that it passes, and its kernels.
struct tile_times {
  std::vector<double> least, expected;
};
tile_times times_of_tiles(const deployment_plan& plan, const std::map<std::pair<unsigned, int>, load>& loads,
                          const cost_models& costs) {
  const std::size_t n = plan.stages.size();
  tile_times times{std::vector<double>(n, 0), std::vector<double>(n, 0)};
  std::vector<double> crossbar(n, 0), root(n, 0);
  for (const auto& [where, work] : loads) {
    const auto s = static_cast<std::size_t>(where.second);
    const graph_tensor& output = plan.graph->tensors[plan.stages[s].output];
    const stage_mapping& mapped = plan.assignment.stages[s];
    const double tile = double(mapped.tile_columns) / mapped.packing.x / mapped.packing.y;
    const double steps = std::max(1.0, work.duties.tiles / work.duties.steps);
    const cost_model& cost = costs.of(where.first);
    const double master = cost.waiting_master(work.duties) / steps;
    if (work.mvms != 0) {
      times.least[s] = std::max(times.least[s], cost.mvms(tile * output.height));
      crossbar[s] = std::max(crossbar[s], cost.mvms(tile * output.height) + master);
    }
    // Layers on cores take long for few columns, and readers wait for several.
    const unsigned awaited = is_layer_kernel(work.kind) ? columns_awaited(*plan.graph, plan.stages, s) : 1;
    const double last = (awaited + work.at_once - 1) / work.at_once * work.largest_tile();
    if (work.kernels > 0) root[s] = std::max(root[s], last + (work.mvms != 0 ? 0 : master));
  }
  for (std::size_t s = 0; s < n; ++s) times.expected[s] = crossbar[s] + root[s];
  return times;
}

}  // namespace

plan_prediction predict(const deployment_plan& plan, const chip_config& chip) {
  plan_prediction result;
  result.stages.resize(plan.stages.size());
  result.shares.resize(plan.stages.size());
  const cost_models costs(plan, chip);
  const auto loads = load_meter(plan, costs).run();
  std::vector<predicted_cycles> clusters(plan.clusters.size());
  std::vector<double> least_kernels(plan.clusters.size(), 0);
  for (const auto& [where, work] : loads) {
    predicted_cycles& stage = result.stages[where.second];
    const cost_model& cost = costs.of(where.first);
    const predicted_cycles here = cycles_of(work, cost);
    predicted_cycles& cluster = clusters[where.first];
    for (double predicted_cycles::* part :
         {&predicted_cycles::analog, &predicted_cycles::digital, &predicted_cycles::communication}) {
      stage.*part = std::max(stage.*part, here.*part);
      cluster.*part += here.*part;
    }
    least_kernels[where.first] += work.least_kernels;
    result.shares[where.second].push_back({where.first, work.mvms, cost.master(work.duties)});
    stage.mvms += work.mvms;
    stage.bytes += work.bytes_out;
  }
  std::size_t slowest = 0;
  for (std::size_t s = 0; s < result.stages.size(); ++s)
    if (result.stages[s].bound() > result.stages[slowest].bound()) slowest = s;
  for (const predicted_cycles& cluster : clusters) {
    result.bound_cycles = std::max({result.bound_cycles, cluster.analog, cluster.communication});
    result.bottleneck_cycles = std::max(
        {result.bottleneck_cycles, costs.of(0).together(cluster.analog, cluster.digital), cluster.communication});
  }
  result.clusters = std::move(clusters);
  for (double cycles : least_kernels) result.bound_cycles = std::max(result.bound_cycles, cycles);
  result.busiest_link = loads_of(flows_of(plan), plan.assignment.places, chip).most_loaded();
  result.bound_cycles = std::max(result.bound_cycles, result.busiest_link.cycles);
  result.bottleneck_cycles = std::max(result.bottleneck_cycles, result.busiest_link.cycles);
  const tile_times tiles = times_of_tiles(plan, loads, costs);
  result.fill_cycles = longest_way(plan, tiles.least, slowest);
  result.drain_cycles = longest_way(plan, tiles.expected, slowest) + tiles.expected[slowest];
  return result;
}

}  // namespace ohmic
