#include <algorithm>

#include "sw/compiler/mapping/plan/token_run.h"

namespace ohmic {
namespace {

const char* kind_of(const plan_step& step) {
  constexpr const char* names[] = {"pull", "IMA", "kernel", "push"};
  return names[step.work.index()];
}

}  // namespace

token_net make_token_net(const deployment_plan& plan) {
  token_net net;
  std::vector<unsigned> first_ring;
  for (std::size_t c = 0; c < plan.clusters.size(); ++c) {
    first_ring.push_back(static_cast<unsigned>(net.buffers.size()));
    for (std::size_t r = 0; r < plan.clusters[c].rings.size(); ++r) {
      const plan_ring& ring = plan.clusters[c].rings[r];
      token_buffer buffer;
      buffer.slots = ring.slots;
      buffer.columns_per_image = ring.columns_per_image;
      buffer.sequence = ring.sequence;
      buffer.follows = ring.follows;
      buffer.producers.resize(std::max<std::size_t>(1, ring.producers.size()));
      buffer.cluster = static_cast<unsigned>(c);
      buffer.ring = static_cast<unsigned>(r);
      net.buffers.push_back(buffer);
    }
  }
  const unsigned first_parked = static_cast<unsigned>(net.buffers.size());
  for (std::size_t p = 0; p < plan.parked.size(); ++p) {
    token_buffer buffer;
    buffer.slots = plan.parked[p].slots;
    buffer.columns_per_image = plan.parked[p].columns_per_image;
    buffer.producers.resize(plan.parked[p].producers.size());
    buffer.cluster = plan.parked[p].cluster;
    buffer.parked = static_cast<int>(p);
    net.buffers.push_back(buffer);
  }

  for (std::size_t c = 0; c < plan.clusters.size(); ++c) {
    for (const plan_step& from : plan.clusters[c].steps) {
      const unsigned index = static_cast<unsigned>(net.steps.size());
      token_step step;
      step.cluster = static_cast<unsigned>(c);
      step.stage = from.stage;
      step.kind = kind_of(from);
      step.columns_per_image = from.columns_per_image;
      step.makes = from.makes;
      for (const plan_window& window : from.inputs) step.inputs.push_back({first_ring[c] + window.ring, window});
      if (const pull_work* pull = std::get_if<pull_work>(&from.work); pull != nullptr && pull->parked >= 0)
        step.inputs.push_back({first_parked + static_cast<unsigned>(pull->parked), plan_window{}});
      if (from.output_ring >= 0) {
        token_output output;
        output.buffer = first_ring[c] + static_cast<unsigned>(from.output_ring);
        output.sequence = net.buffers[output.buffer].sequence;
        step.outputs.push_back(output);
      }
      if (const push_work* push = std::get_if<push_work>(&from.work)) {
        for (const plan_destination& destination : push->destinations) {
          if (destination.to == plan_destination::kind::ring)
            step.outputs.push_back({first_ring[destination.cluster] + destination.ring, destination.producer_index,
                                    destination.sequence, destination.demand});
          else if (destination.to == plan_destination::kind::parked)
            step.outputs.push_back({first_parked + destination.parked, destination.producer_index, destination.sequence,
                                    destination.demand});
        }
      }
      for (const token_input& input : step.inputs) net.buffers[input.buffer].readers.push_back(index);
      for (const token_output& output : step.outputs) net.buffers[output.buffer].producers[output.producer] = index;
      net.steps.push_back(std::move(step));
    }
  }
  return net;
}

}  // namespace ohmic
