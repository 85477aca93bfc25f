#include "sw/compiler/mapping/ring_sizing.h"

#include <algorithm>
#include <numeric>

#include "sw/compiler/mapping/token_run.h"

namespace ohmic {
namespace {

constexpr unsigned unlimited = 1u << 30;
constexpr std::uint32_t images_in_flight = 16;  // more than any branch holds: the late stages' maps are small

unsigned round_up(std::uint64_t value, unsigned unit) {
  return static_cast<unsigned>((value + unit - 1) / unit * unit);
}

bool reads_tile_by_tile(const token_input& input) {
  return input.window.kernel == 1 && input.window.stride == 1 && !input.window.whole_image;
}

struct buffer_need {
  unsigned columns = 0;  ///< one tile's window, prefetch and the producer's tile
  unsigned unit = 1;     ///< slots are a multiple
};

buffer_need measure(const token_net& net, const token_buffer& buffer, unsigned prefetch_tiles) {
  buffer_need need;
  unsigned window = 0, advance = 0, arriving = 1;
  for (unsigned producer : buffer.producers) {
    const unsigned tile = net.steps[producer].makes.tile;
    arriving = std::max(arriving, tile * (buffer.sequence ? 1 : net.steps[producer].makes.count));
    need.unit = std::lcm(need.unit, tile);
  }
  for (unsigned reader : buffer.readers) {
    const token_step& step = net.steps[reader];
    for (const token_input& input : step.inputs) {
      if (&net.buffers[input.buffer] != &buffer) continue;
      if (input.window.whole_image) {
        window = advance = buffer.columns_per_image;
        continue;
      }
      const unsigned stride = input.window.stride, tile = step.makes.tile;
      window = std::max(window, (tile - 1) * stride + input.window.kernel);
      advance = std::max(advance, tile * stride * (buffer.sequence ? 1 : step.makes.count));
      if (reads_tile_by_tile(input)) need.unit = std::lcm(need.unit, tile);
    }
  }
  need.columns = window + std::max(prefetch_tiles * advance, arriving);
  return need;
}

unsigned& slots_of(deployment_plan& plan, const token_buffer& buffer) {
  return buffer.parked >= 0 ? plan.parked[buffer.parked].slots : plan.clusters[buffer.cluster].rings[buffer.ring].slots;
}

}  // namespace

void size_rings(deployment_plan& plan, const mapping_options& options) {
  token_net net = make_token_net(plan);
  std::vector<buffer_need> needs;
  std::vector<bool> waits(net.buffers.size(), false), late(net.steps.size(), false);
  for (std::size_t b = 0; b < net.buffers.size(); ++b) {
    token_buffer& buffer = net.buffers[b];
    needs.push_back(measure(net, buffer, options.prefetch_tiles));
    buffer.slots = round_up(needs[b].columns, needs[b].unit);
    if (buffer.parked >= 0) {
      waits[b] = true;
    } else {
      const plan_ring& ring = plan.clusters[buffer.cluster].rings[buffer.ring];
      waits[b] = ring.skip && !ring.producers.empty();
      if (ring.skip)
        for (unsigned reader : buffer.readers) late[reader] = true;
    }
    if (waits[b]) buffer.slots = unlimited;
  }
  // The long branch is as full as it gets when the adding step is the last to move.
  token_run run(net, images_in_flight);
  run.run(late);
  for (std::size_t b = 0; b < net.buffers.size(); ++b) {
    token_buffer& buffer = net.buffers[b];
    if (waits[b])
      buffer.slots =
          round_up(std::max<std::uint64_t>(needs[b].columns, run.peak(static_cast<unsigned>(b))), needs[b].unit);
    slots_of(plan, buffer) = buffer.slots;
  }
}

}  // namespace ohmic
