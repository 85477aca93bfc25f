#include "sw/compiler/mapping/plan/ring_sizing.h"

#include <algorithm>
#include <numeric>

#include "sw/compiler/mapping/plan/token_run.h"

namespace ohmic {
namespace {

constexpr unsigned unlimited = 1u << 30;
constexpr std::uint32_t images_in_flight = 16;  // more than most branches hold: the late stages' maps are small

unsigned round_up(std::uint64_t value, unsigned unit) {
  return static_cast<unsigned>((value + unit - 1) / unit * unit);
}

bool reads_tile_by_tile(const token_input& input) {
  return input.window.size == 1 && input.window.stride == 1 && !input.window.whole_image;
}

struct buffer_need {
  unsigned columns = 0;  ///< one tile's window, prefetch and the producer's tile
  unsigned unit = 1;     ///< slots are a multiple
};

buffer_need measure(const token_net& net, const token_buffer& buffer, unsigned prefetch_tiles) {
  buffer_need need;
  if (buffer.turns > 0) {
    need.columns = 2;  // the next part's weights come while one is made
    return need;
  }
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
      window = std::max(window, (tile - 1) * stride + input.window.size);
      advance = std::max(advance, tile * stride * (buffer.sequence ? 1 : step.makes.count));
      if (reads_tile_by_tile(input)) need.unit = std::lcm(need.unit, tile);
    }
  }
  need.columns = window + std::max(prefetch_tiles * advance, arriving);
  return need;
}

/// Nodes on the longest way from the image to the one that makes the buffer's tensor.
unsigned distance_from_image(const integer_graph& graph, int tensor) {
  std::vector<unsigned> distance(graph.nodes.size(), 0);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    for (int input : graph.nodes[n].inputs)
      distance[n] = std::max(distance[n], distance[static_cast<std::size_t>(graph.tensors[input].producer)] + 1);
  return distance[static_cast<std::size_t>(graph.tensors[tensor].producer)];
}

int tensor_of(const deployment_plan& plan, const token_buffer& buffer) {
  return buffer.parked >= 0 ? plan.parked[buffer.parked].tensor
                            : plan.clusters[buffer.cluster].rings[buffer.ring].tensor;
}

/// A run in which the skip connections' buffers have no bound and their readers move last: the long branches are as
/// full as they get. Returns the most columns that each buffer held.
std::vector<std::uint64_t> fill_long_branches(const token_net& net, const std::vector<bool>& late) {
  token_run run(net, images_in_flight);
  run.run(late);
  std::vector<std::uint64_t> peaks;
  for (unsigned b = 0; b < net.buffers.size(); ++b) peaks.push_back(run.peak(b));
  return peaks;
}

/// Gives the steps that wait for room in a circle a tile more, until every run ends. Nothing is changed where all do.
void grow_until_live(token_net& net, const std::vector<buffer_need>& needs) {
  for (;;) {
    token_run run(net, images_to_prove(net));
    run.run();
    if (run.all_finished()) return;
    bool grown = false;
    for (unsigned b : run.buffers_without_room()) {
      net.buffers[b].slots += needs[b].unit;
      grown = true;
    }
    if (!grown) return;  // no ring is too small: prove_live names the circle
  }
}

unsigned least_columns_of(const deployment_plan& plan, const token_buffer& buffer) {
  return buffer.parked >= 0 ? plan.parked[buffer.parked].least_columns
                            : plan.clusters[buffer.cluster].rings[buffer.ring].least_columns;
}

unsigned& slots_of(deployment_plan& plan, const token_buffer& buffer) {
  return buffer.parked >= 0 ? plan.parked[buffer.parked].slots : plan.clusters[buffer.cluster].rings[buffer.ring].slots;
}

}  // namespace

void size_rings(deployment_plan& plan) {
  token_net net = make_token_net(plan);
  std::vector<buffer_need> needs;
  std::vector<bool> waits(net.buffers.size(), false), late(net.steps.size(), false);
  for (std::size_t b = 0; b < net.buffers.size(); ++b) {
    token_buffer& buffer = net.buffers[b];
    needs.push_back(measure(net, buffer, plan.assignment.prefetch_tiles));
    buffer.slots = round_up(needs[b].columns, needs[b].unit);
    if (buffer.parked >= 0) {
      waits[b] = plan.parked[buffer.parked].waits;
    } else {
      const plan_ring& ring = plan.clusters[buffer.cluster].rings[buffer.ring];
      waits[b] = ring.skip && !ring.producers.empty();
      if (ring.skip)
        for (unsigned reader : buffer.readers) late[reader] = true;
    }
    if (const unsigned least = least_columns_of(plan, buffer); least > 0) {
      waits[b] = false;
      buffer.slots = round_up(std::max(needs[b].columns, least), needs[b].unit);
    }
    if (waits[b]) buffer.slots = unlimited;
  }
  std::vector<std::uint64_t> peaks = fill_long_branches(net, late);
  // A buffer that took the whole run waits for a branch that nothing holds back: both operands come from far, each
  // with a buffer that waits, or the branches meet at the image only. The longest branch is held back by a buffer of
  // its window's size, then the others by what it holds.
  for (;;) {
    int longest = -1;
    unsigned most = 0;
    for (std::size_t b = 0; b < net.buffers.size(); ++b) {
      if (!waits[b] || peaks[b] < std::uint64_t{images_in_flight} * net.buffers[b].columns_per_image) continue;
      const unsigned distance = distance_from_image(*plan.graph, tensor_of(plan, net.buffers[b]));
      if (longest >= 0 && distance <= most) continue;
      longest = static_cast<int>(b);
      most = distance;
    }
    if (longest < 0) break;
    waits[longest] = false;
    net.buffers[longest].slots = round_up(needs[longest].columns, needs[longest].unit);
    peaks = fill_long_branches(net, late);
  }
  for (std::size_t b = 0; b < net.buffers.size(); ++b)
    if (waits[b]) net.buffers[b].slots = round_up(std::max<std::uint64_t>(needs[b].columns, peaks[b]), needs[b].unit);
  grow_until_live(net, needs);
  for (const token_buffer& buffer : net.buffers) slots_of(plan, buffer) = buffer.slots;
}

void size_rings_for_tiles(deployment_plan& plan) {
  const token_net net = connect_tokens(plan);
  for (const token_buffer& buffer : net.buffers) {
    const buffer_need need = measure(net, buffer, 1);
    slots_of(plan, buffer) = round_up(need.columns, need.unit);
  }
}

void size_just_live(deployment_plan& plan, unsigned cluster, unsigned ring) {
  token_net net = make_token_net(plan);
  for (token_buffer& buffer : net.buffers) {
    if (buffer.parked >= 0 || buffer.cluster != cluster || buffer.ring != ring) continue;
    const unsigned unit = measure(net, buffer, 1).unit, most = buffer.slots;
    for (buffer.slots = unit; buffer.slots < most; buffer.slots += unit) {
      token_run run(net, images_to_prove(net));
      run.run();
      if (run.all_finished()) break;
    }
    slots_of(plan, buffer) = buffer.slots;
  }
}

}  // namespace ohmic
