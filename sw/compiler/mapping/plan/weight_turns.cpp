#include "sw/compiler/mapping/plan/weight_turns.h"

#include <algorithm>
#include <utility>

#include "sw/compiler/mapping/plan/digital_layer.h"

namespace ohmic {
namespace {

int region_of(deployment_plan& plan, streamed_weights weights) {
  const auto known = std::find_if(plan.weights.begin(), plan.weights.end(), [&](const streamed_weights& other) {
    return other.node == weights.node && other.parts == weights.parts && other.in_blocks == weights.in_blocks;
  });
  if (known != plan.weights.end()) return static_cast<int>(known - plan.weights.begin());
  plan.weights.push_back(std::move(weights));
  return static_cast<int>(plan.weights.size()) - 1;
}

void stream_in_turn(deployment_plan& plan, plan_cluster& cluster, const std::vector<unsigned>& kernels) {
  const auto turns = static_cast<unsigned>(kernels.size());
  if (turns < 2) return;
  streamed_weights weights;
  for (const unsigned index : kernels) {
    const auto& work = std::get<kernel_work>(cluster.steps[index].work);
    const crossbar_layer& layer = plan.graph->nodes[work.node].layer();
    weights.node = work.node;
    weights.in_blocks = work.in_blocks;
    weights.parts.push_back(work.channels);
    weights.bytes = std::max(weights.bytes, (packed_bytes(layer, work.channels) + 63) / 64 * 64);
  }
  plan_step pull;
  pull.stage = cluster.steps[kernels[0]].stage;
  pull.columns_per_image = tiles_made(cluster.steps[kernels[0]]) * turns;
  plan_ring ring;
  ring.content = ring_content::weights;
  ring.tensor = plan.stages[pull.stage].delivers;
  ring.stage = pull.stage;
  ring.turns = turns;
  ring.columns_per_image = pull.columns_per_image;
  ring.layout.bytes = weights.bytes;
  const unsigned index = cluster.add_ring(std::move(ring));
  for (unsigned turn = 0; turn < turns; ++turn) {
    plan_step& kernel = cluster.steps[kernels[turn]];
    std::get<kernel_work>(kernel.work).weights_input = static_cast<int>(kernel.inputs.size());
    kernel.inputs.push_back({index, 1, turns, -static_cast<int>(turn), false});
  }
  pull.output_ring = static_cast<int>(index);
  pull.work = pull_work{-1, region_of(plan, std::move(weights))};
  cluster.add_step(std::move(pull));
}

}  // namespace

void weight_turns::add(unsigned cluster, unsigned step, const plan_step& head) {
  kernels_[{head.stage, cluster, head.makes.index, head.makes.count}].push_back(step);
}

void weight_turns::stream(deployment_plan& plan) const {
  for (const auto& [where, kernels] : kernels_) stream_in_turn(plan, plan.clusters[std::get<1>(where)], kernels);
}

}  // namespace ohmic
