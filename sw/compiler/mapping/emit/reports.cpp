#include "sw/compiler/mapping/emit/reports.h"

#include <algorithm>
#include <set>

namespace ohmic {
namespace {

const char* name_of(ring_content content) {
  constexpr const char* names[] = {"activations", "codes", "partial_sums", "logits", "weights"};
  return names[static_cast<int>(content)];
}

ring_report report_ring(const placed_plan& placed, unsigned cluster, std::size_t r) {
  const plan_ring& ring = placed.plan.clusters[cluster].rings[r];
  const ring_addresses& at = placed.addresses[cluster].ring[r];
  ring_report report;
  report.cluster = placed.places[cluster];
  report.tensor = placed.plan.graph->tensors[ring.tensor].name;
  report.content = name_of(ring.content);
  report.set = ring.set;
  report.stage = static_cast<unsigned>(ring.stage);
  report.base = at.base;
  report.column_bytes = ring.layout.bytes;
  report.slots = ring.slots;
  report.columns_per_image = ring.columns_per_image;
  report.height = ring.layout.height;
  report.sequence = ring.sequence;
  report.segments = ring.layout.segments;
  for (std::size_t p = 0; p < ring.producers.size(); ++p) {
    const edge_reference& edge = ring.producers[p];
    const plan_step& push = placed.plan.clusters[edge.cluster].steps[edge.step];
    const plan_destination& destination = std::get<push_work>(push.work).destinations[edge.destination];
    ring_producer producer;
    producer.cluster = placed.places[edge.cluster];
    producer.produced_word = placed.addresses[cluster].frontier(at.first_frontier + static_cast<std::uint32_t>(p));
    producer.channels = destination.channels;
    producer.tile = push.makes.tile;
    producer.replica = push.makes.index;
    producer.replicas = push.makes.count;
    report.producers.push_back(producer);
    const column_demand& demand = destination.demand;
    report.wanted_tile = demand.makes.tile;
    report.wanted_replica = demand.makes.index;
    report.wanted_replicas = demand.makes.count;
    report.wanted_size = demand.size;
    report.wanted_stride = demand.stride;
    report.wanted_columns = demand.columns;
    report.wanted_pad = demand.pad;
  }
  return report;
}

}  // namespace

std::vector<stage_report> report_stages(const placed_plan& placed, const plan_prediction& prediction) {
  const deployment_plan& plan = placed.plan;
  std::vector<std::set<unsigned>> clusters(plan.stages.size());
  for (unsigned c = 0; c < plan.clusters.size(); ++c)
    for (const plan_step& step : plan.clusters[c].steps) clusters[step.stage].insert(placed.places[c]);
  std::vector<stage_report> reports;
  for (std::size_t s = 0; s < plan.stages.size(); ++s) {
    const graph_node& node = plan.graph->nodes[plan.stages[s].node];
    stage_report report;
    report.name = plan.stages[s].name;
    report.kind = to_string(node.kind());
    report.layers = {node.name};
    if (plan.stages[s].fused_add >= 0) report.layers.push_back(plan.graph->nodes[plan.stages[s].fused_add].name);
    report.tile_columns = plan.assignment.stages[s].tile_columns;
    report.replicas = static_cast<unsigned>(plan.assignment.stages[s].replicas.size());
    report.clusters.assign(clusters[s].begin(), clusters[s].end());
    report.shares = prediction.shares[s];
    for (stage_share& share : report.shares) share.cluster = placed.places[share.cluster];
    std::sort(report.shares.begin(), report.shares.end(),
              [](const stage_share& a, const stage_share& b) { return a.cluster < b.cluster; });
    report.predicted = prediction.stages[s];
    reports.push_back(std::move(report));
  }
  return reports;
}

std::vector<ring_report> report_rings(const placed_plan& placed) {
  std::vector<ring_report> reports;
  for (unsigned c = 0; c < placed.plan.clusters.size(); ++c)
    for (std::size_t r = 0; r < placed.plan.clusters[c].rings.size(); ++r)
      if (!placed.plan.clusters[c].rings[r].producers.empty()) reports.push_back(report_ring(placed, c, r));
  return reports;
}

}  // namespace ohmic
