#include <algorithm>

#include "sw/compiler/mapping/plan/token_run.h"

namespace ohmic {
namespace {

const char* kind_of(const plan_step& step) {
  constexpr const char* names[] = {"pull", "IMA", "kernel", "push"};
  return names[step.work.index()];
}

/// What a tile needs does not change from image to image.
void tabulate(const token_step& step, token_input& input, const token_buffer& buffer) {
  if (buffer.sequence || buffer.turns > 0) return;
  const plan_window& window = input.window;
  const auto most = static_cast<std::int64_t>(buffer.columns_per_image);
  const auto column = [&](std::int64_t x) { return static_cast<std::uint32_t>(std::clamp<std::int64_t>(x, 0, most)); };
  for (unsigned tile = 0; tile < step.tiles; ++tile) {
    const std::int64_t x = std::int64_t{step.makes.index + step.makes.count * tile} * step.makes.tile;
    const std::int64_t last = x + step.makes.tile - 1, stride = window.stride;
    input.first.push_back(window.whole_image ? 0 : column(x * stride - window.pad));
    input.end.push_back(window.whole_image ? buffer.columns_per_image
                                           : column(last * stride + window.size - window.pad));
  }
}

void tabulate(const token_step& step, token_output& output) {
  if (output.sequence) return;
  output.end.assign(step.tiles, 0);
  output.next.assign(step.tiles, 0);
  constexpr std::uint32_t none = ~std::uint32_t{0};
  std::uint32_t next = none;
  for (unsigned pass = 0; pass < 2; ++pass) {  // the first one finds what comes first in the next image
    for (unsigned tile = step.tiles; tile-- > 0;) {
      const unsigned x = (step.makes.index + step.makes.count * tile) * step.makes.tile;
      for (unsigned i = step.makes.tile; i-- > 0;) {
        if (!output.demand.wants(x + i)) continue;
        output.end[tile] = std::max(output.end[tile], x + i + 1);
        next = x + i;
      }
      output.next[tile] = next;
    }
    if (pass == 0 && next != none) next += step.columns_per_image;
  }
}

}  // namespace

token_net connect_tokens(const deployment_plan& plan) {
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
      buffer.turns = ring.turns;
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
      const unsigned tiles = step.columns_per_image / step.makes.tile;
      step.tiles = (tiles - step.makes.index + step.makes.count - 1) / step.makes.count;
      for (const plan_window& window : from.inputs)
        step.inputs.push_back({first_ring[c] + window.ring, window, {}, {}});
      if (const pull_work* pull = std::get_if<pull_work>(&from.work); pull != nullptr && pull->parked >= 0)
        step.inputs.push_back({first_parked + static_cast<unsigned>(pull->parked), plan_window{}, {}, {}});
      if (from.output_ring >= 0) {
        token_output output;
        output.buffer = first_ring[c] + static_cast<unsigned>(from.output_ring);
        output.sequence = net.buffers[output.buffer].sequence;
        step.outputs.push_back(output);
      }
      if (const push_work* push = std::get_if<push_work>(&from.work)) {
        for (const plan_destination& destination : push->destinations) {
          if (destination.to == plan_destination::kind::ring)
            step.outputs.push_back({first_ring[destination.cluster] + destination.ring,
                                    destination.producer_index,
                                    destination.sequence,
                                    destination.demand,
                                    {},
                                    {}});
          else if (destination.to == plan_destination::kind::parked)
            step.outputs.push_back({first_parked + destination.parked,
                                    destination.producer_index,
                                    destination.sequence,
                                    destination.demand,
                                    {},
                                    {}});
        }
      }
      for (const token_input& input : step.inputs) net.buffers[input.buffer].readers.push_back(index);
      for (const token_output& output : step.outputs) net.buffers[output.buffer].producers[output.producer] = index;
      net.steps.push_back(std::move(step));
    }
  }
  return net;
}

token_net make_token_net(const deployment_plan& plan) {
  token_net net = connect_tokens(plan);
  for (token_step& step : net.steps) {
    for (token_input& input : step.inputs) tabulate(step, input, net.buffers[input.buffer]);
    for (token_output& output : step.outputs) tabulate(step, output);
  }
  return net;
}

}  // namespace ohmic
