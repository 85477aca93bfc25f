#include "sw/compiler/mapping/token_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <numeric>
#include <set>

namespace ohmic {

token_run::token_run(const token_net& net, std::uint32_t images)
    : net_(net), images_(images), tile_(net.steps.size(), 0), peak_(net.buffers.size(), 0) {
  for (const token_buffer& buffer : net.buffers) frontier_.emplace_back(buffer.producers.size(), 0);
  for (unsigned s = 0; s < net.steps.size(); ++s)
    for (const token_output& output : net.steps[s].outputs)
      frontier_[output.buffer][output.producer] = next_frontier(s, output);
}

std::uint64_t token_run::tiles_per_image(unsigned s) const {
  const token_step& step = net_.steps[s];
  const unsigned tiles = step.columns_per_image / step.makes.tile;
  return (tiles - step.makes.index + step.makes.count - 1) / step.makes.count;
}

token_run::tile_place token_run::place(unsigned s, std::uint64_t tile) const {
  const token_step& step = net_.steps[s];
  const std::uint64_t per_image = tiles_per_image(s);
  const std::uint64_t in_image = tile % per_image;
  return {tile / per_image, (step.makes.index + step.makes.count * in_image) * step.makes.tile, tile};
}

std::uint64_t token_run::first_needed(unsigned s, const token_input& input, std::uint64_t tile) const {
  const token_buffer& buffer = net_.buffers[input.buffer];
  const tile_place at = place(s, tile);
  if (buffer.sequence) return at.order * net_.steps[s].makes.tile;
  const std::uint64_t image_begin = at.image * buffer.columns_per_image;
  if (input.window.whole_image) return image_begin;
  const std::int64_t x = static_cast<std::int64_t>(at.x * input.window.stride) - input.window.pad;
  return image_begin + static_cast<std::uint64_t>(
                           std::clamp<std::int64_t>(x, 0, static_cast<std::int64_t>(buffer.columns_per_image)));
}

std::uint64_t token_run::end_needed(unsigned s, const token_input& input, std::uint64_t tile) const {
  const token_buffer& buffer = net_.buffers[input.buffer];
  const token_step& step = net_.steps[s];
  const tile_place at = place(s, tile);
  if (buffer.sequence) return (at.order + 1) * step.makes.tile;
  const std::uint64_t image_begin = at.image * buffer.columns_per_image;
  if (input.window.whole_image) return image_begin + buffer.columns_per_image;
  const std::int64_t x =
      static_cast<std::int64_t>((at.x + step.makes.tile - 1) * input.window.stride + input.window.kernel) -
      input.window.pad;
  return image_begin + static_cast<std::uint64_t>(
                           std::clamp<std::int64_t>(x, 0, static_cast<std::int64_t>(buffer.columns_per_image)));
}

std::uint64_t token_run::released(unsigned b) const {
  std::uint64_t least = ~std::uint64_t{0};
  for (unsigned reader : net_.buffers[b].readers)
    for (const token_input& input : net_.steps[reader].inputs)
      if (input.buffer == b) least = std::min(least, first_needed(reader, input, tile_[reader]));
  return least;
}

std::uint64_t token_run::produced(unsigned b) const {
  return *std::min_element(frontier_[b].begin(), frontier_[b].end());
}

std::uint64_t token_run::end_written(unsigned s, const token_output& output, std::uint64_t tile) const {
  const token_step& step = net_.steps[s];
  const tile_place at = place(s, tile);
  if (output.sequence) return (at.order + 1) * step.makes.tile;
  for (std::uint64_t x = at.x + step.makes.tile; x > at.x; --x)
    if (output.demand.wants(static_cast<unsigned>(x - 1))) return at.image * step.columns_per_image + x;
  return 0;
}

std::uint64_t token_run::next_frontier(unsigned s, const token_output& output) const {
  const token_step& step = net_.steps[s];
  if (output.sequence) return tile_[s] * step.makes.tile;
  for (std::uint64_t tile = tile_[s];; ++tile) {
    const tile_place at = place(s, tile);
    for (std::uint64_t x = at.x; x < at.x + step.makes.tile; ++x)
      if (output.demand.wants(static_cast<unsigned>(x))) return at.image * step.columns_per_image + x;
  }
}

token_run::wait_reason token_run::why_waiting(unsigned s) const {
  const token_step& step = net_.steps[s];
  for (const token_input& input : step.inputs) {
    const std::uint64_t end = end_needed(s, input, tile_[s]);
    const std::vector<std::uint64_t>& words = frontier_[input.buffer];
    for (std::size_t p = 0; p < words.size(); ++p)
      if (words[p] < end) return {true, false, input.buffer, net_.buffers[input.buffer].producers[p]};
  }
  for (const token_output& output : step.outputs) {
    const std::uint64_t end = end_written(s, output, tile_[s]);
    if (end <= released(output.buffer) + net_.buffers[output.buffer].slots) continue;
    wait_reason reason{true, true, output.buffer, 0};
    std::uint64_t least = ~std::uint64_t{0};
    for (unsigned reader : net_.buffers[output.buffer].readers)
      for (const token_input& input : net_.steps[reader].inputs) {
        if (input.buffer != output.buffer || first_needed(reader, input, tile_[reader]) >= least) continue;
        least = first_needed(reader, input, tile_[reader]);
        reason.step = reader;
      }
    return reason;
  }
  return {};
}

bool token_run::ready(unsigned s) const { return !finished(s) && !why_waiting(s).waiting; }

void token_run::fire(unsigned s) {
  for (const token_output& output : net_.steps[s].outputs) {
    const std::uint64_t end = end_written(s, output, tile_[s]), low = released(output.buffer);
    if (end > low) peak_[output.buffer] = std::max(peak_[output.buffer], end - low);
  }
  const std::uint64_t fired = tile_[s]++;
  for (const token_output& output : net_.steps[s].outputs)
    if (end_written(s, output, fired) != 0) frontier_[output.buffer][output.producer] = next_frontier(s, output);
}

void token_run::run(const std::vector<bool>& late) {
  std::deque<unsigned> queue;
  std::vector<bool> queued(net_.steps.size(), true);
  std::set<unsigned> held_back;
  for (unsigned s = 0; s < net_.steps.size(); ++s) queue.push_back(s);
  auto wake = [&](unsigned s) {
    if (!queued[s]) queue.push_back(s);
    queued[s] = true;
  };
  auto fire_and_wake = [&](unsigned s) {
    fire(s);
    for (const token_output& output : net_.steps[s].outputs)
      for (unsigned reader : net_.buffers[output.buffer].readers) wake(reader);
    for (const token_input& input : net_.steps[s].inputs)
      for (unsigned producer : net_.buffers[input.buffer].producers) wake(producer);
  };
  while (!queue.empty() || !held_back.empty()) {
    if (queue.empty()) {
      const unsigned s = *held_back.begin();
      held_back.erase(held_back.begin());
      if (ready(s)) {
        fire_and_wake(s);
        wake(s);
      }
      continue;
    }
    const unsigned s = queue.front();
    queue.pop_front();
    queued[s] = false;
    if (!ready(s)) continue;
    if (!late.empty() && late[s]) {
      held_back.insert(s);
      continue;
    }
    fire_and_wake(s);
    wake(s);
  }
}

bool token_run::all_finished() const {
  for (unsigned s = 0; s < net_.steps.size(); ++s)
    if (!finished(s)) return false;
  return true;
}

std::string token_run::explain_deadlock(const deployment_plan& plan) const {
  unsigned s = 0;
  while (s < net_.steps.size() && finished(s)) ++s;
  std::vector<unsigned> path;  // follow what each waits for until a step comes back
  while (std::find(path.begin(), path.end(), s) == path.end()) {
    path.push_back(s);
    const wait_reason reason = why_waiting(s);
    if (!reason.waiting) break;
    s = reason.step;
  }
  path.erase(path.begin(), std::find(path.begin(), path.end(), s));
  std::string text;
  for (unsigned step : path) {
    const wait_reason reason = why_waiting(step);
    const token_buffer& buffer = net_.buffers[reason.buffer];
    const int tensor = buffer.parked >= 0 ? plan.parked[buffer.parked].tensor
                                          : plan.clusters[buffer.cluster].rings[buffer.ring].tensor;
    text += fmt::format("{}{} ({}) waits for {} of '{}' in cluster {}", text.empty() ? "" : "; ",
                        describe(plan, net_.steps[step].cluster, net_.steps[step].stage), net_.steps[step].kind,
                        reason.for_room ? fmt::format("room in the {} slots", buffer.slots) : std::string("columns"),
                        plan.graph->tensors[tensor].name, buffer.cluster);
  }
  return text;
}

namespace {

/// Tiles are moved as one piece, so none may wrap around a ring's end.
void check_tiles(const deployment_plan& plan, const token_net& net) {
  auto check = [&](const token_step& step, unsigned b) {
    const token_buffer& buffer = net.buffers[b];
    if (buffer.slots > 0 && buffer.slots % step.makes.tile == 0) return;
    throw mapping_error(fmt::format("{} ({}) moves tiles of {} columns, which do not divide a ring of {} slots",
                                    describe(plan, step.cluster, step.stage), step.kind, step.makes.tile,
                                    buffer.slots));
  };
  for (const token_step& step : net.steps) {
    for (const token_output& output : step.outputs) check(step, output.buffer);
    for (const token_input& input : step.inputs)
      if (input.window.kernel == 1 && input.window.stride == 1 && !input.window.whole_image) check(step, input.buffer);
  }
}

}  // namespace

void prove_live(const deployment_plan& plan) {
  const token_net net = make_token_net(plan);
  check_tiles(plan, net);
  std::uint32_t images = 4;
  for (const token_buffer& buffer : net.buffers)
    if (!buffer.sequence)
      images = std::max(images, 2 + 2 * ((buffer.slots + buffer.columns_per_image - 1) / buffer.columns_per_image));
  token_run run(net, images);
  run.run();
  if (!run.all_finished()) throw mapping_error("the deployment would dead-lock: " + run.explain_deadlock(plan));
}

}  // namespace ohmic
