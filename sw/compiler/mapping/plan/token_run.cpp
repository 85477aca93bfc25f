#include "sw/compiler/mapping/plan/token_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <numeric>
#include <set>
#include <utility>

#include "sw/compiler/mapping/mapping_error.h"

namespace ohmic {

token_run::token_run(const token_net& net, std::uint32_t images)
    : net_(net), images_(images), at_(net.steps.size()), peak_(net.buffers.size(), 0) {
  for (const token_buffer& buffer : net.buffers) frontier_.emplace_back(buffer.producers.size(), 0);
  for (unsigned s = 0; s < net.steps.size(); ++s)
    for (const token_output& output : net.steps[s].outputs)
      frontier_[output.buffer][output.producer] = next_frontier(s, output);
  for (unsigned b = 0; b < net.buffers.size(); ++b) {
    produced_.push_back(*std::min_element(frontier_[b].begin(), frontier_[b].end()));
    needed_.push_back(least_needed(b));
  }
}

std::uint64_t token_run::first_needed(unsigned s, const token_input& input, const position& at) const {
  const token_buffer& buffer = net_.buffers[input.buffer];
  if (buffer.sequence) return at.order * net_.steps[s].makes.tile;
  if (buffer.turns > 0) return at.order * buffer.turns + static_cast<unsigned>(-input.window.pad);
  return at.image * buffer.columns_per_image + input.first[at.tile];
}

std::uint64_t token_run::end_needed(unsigned s, const token_input& input, const position& at) const {
  const token_buffer& buffer = net_.buffers[input.buffer];
  if (buffer.sequence) return (at.order + 1) * net_.steps[s].makes.tile;
  if (buffer.turns > 0) return first_needed(s, input, at) + 1;
  return at.image * buffer.columns_per_image + input.end[at.tile];
}

std::uint64_t token_run::least_needed(unsigned b) const {
  std::uint64_t least = ~std::uint64_t{0};
  for (unsigned reader : net_.buffers[b].readers)
    for (const token_input& input : net_.steps[reader].inputs)
      if (input.buffer == b) least = std::min(least, first_needed(reader, input, at_[reader]));
  return least;
}

std::uint64_t token_run::released(unsigned b) const {
  return net_.buffers[b].follows ? std::min(needed_[b], produced_[b]) : needed_[b];
}

std::uint64_t token_run::end_written(unsigned s, const token_output& output) const {
  const token_step& step = net_.steps[s];
  const position& at = at_[s];
  if (output.sequence) return (at.order + 1) * step.makes.tile;
  const std::uint32_t end = output.end[at.tile];
  return end == 0 ? 0 : at.image * step.columns_per_image + end;
}

std::uint64_t token_run::next_frontier(unsigned s, const token_output& output) const {
  const token_step& step = net_.steps[s];
  const position& at = at_[s];
  if (output.sequence) return at.order * step.makes.tile;
  return at.image * step.columns_per_image + output.next[at.tile];
}

token_run::wait_reason token_run::why_waiting(unsigned s) const {
  const token_step& step = net_.steps[s];
  for (const token_input& input : step.inputs) {
    const std::uint64_t end = end_needed(s, input, at_[s]);
    const std::vector<std::uint64_t>& words = frontier_[input.buffer];
    for (std::size_t p = 0; p < words.size(); ++p)
      if (words[p] < end) return {true, false, input.buffer, net_.buffers[input.buffer].producers[p]};
  }
  for (const token_output& output : step.outputs) {
    const std::uint64_t end = end_written(s, output);
    if (end <= released(output.buffer) + net_.buffers[output.buffer].slots) continue;
    wait_reason reason{true, true, output.buffer, 0};
    std::uint64_t least = ~std::uint64_t{0};
    const std::vector<std::uint64_t>& words = frontier_[output.buffer];
    if (released(output.buffer) < needed_[output.buffer])  // it follows a producer
      for (std::size_t p = 0; p < words.size(); ++p)
        if (words[p] == released(output.buffer)) {
          reason.step = net_.buffers[output.buffer].producers[p];
          return reason;
        }
    for (unsigned reader : net_.buffers[output.buffer].readers)
      for (const token_input& input : net_.steps[reader].inputs) {
        if (input.buffer != output.buffer || first_needed(reader, input, at_[reader]) >= least) continue;
        least = first_needed(reader, input, at_[reader]);
        reason.step = reader;
      }
    return reason;
  }
  return {};
}

bool token_run::ready(unsigned s) const {
  if (finished(s)) return false;
  for (const token_input& input : net_.steps[s].inputs)
    if (produced_[input.buffer] < end_needed(s, input, at_[s])) return false;
  for (const token_output& output : net_.steps[s].outputs)
    if (end_written(s, output) > released(output.buffer) + net_.buffers[output.buffer].slots) return false;
  return true;
}

void token_run::fire(unsigned s) {
  const token_step& step = net_.steps[s];
  for (const token_output& output : step.outputs) {
    const std::uint64_t end = end_written(s, output), low = released(output.buffer);
    if (end > low) peak_[output.buffer] = std::max(peak_[output.buffer], end - low);
  }
  const position before = at_[s];
  position& at = at_[s];
  ++at.order;
  if (++at.tile == step.tiles) {
    at.tile = 0;
    ++at.image;
  }
  for (const token_output& output : step.outputs) {
    if (!output.sequence && output.end[before.tile] == 0) continue;
    std::vector<std::uint64_t>& words = frontier_[output.buffer];
    const std::uint64_t old = std::exchange(words[output.producer], next_frontier(s, output));
    std::uint64_t& produced = produced_[output.buffer];
    if (old == produced) produced = *std::min_element(words.begin(), words.end());
  }
  for (const token_input& input : step.inputs)
    if (first_needed(s, input, before) == needed_[input.buffer]) needed_[input.buffer] = least_needed(input.buffer);
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
    for (const token_output& output : net_.steps[s].outputs) {
      for (unsigned reader : net_.buffers[output.buffer].readers) wake(reader);
      if (net_.buffers[output.buffer].follows)
        for (unsigned producer : net_.buffers[output.buffer].producers) wake(producer);
    }
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

std::optional<unsigned> token_run::late_column(unsigned b) const {
  const token_buffer& buffer = net_.buffers[b];
  if (buffer.sequence || buffer.turns > 0) return {};  // nobody else writes what its reader does not need
  for (unsigned reader : buffer.readers)
    for (const token_input& input : net_.steps[reader].inputs) {
      if (input.buffer != b) continue;
      for (unsigned tile = 0; tile < net_.steps[reader].tiles; ++tile) {  // every image is like the first
        const bool last = tile + 1 == net_.steps[reader].tiles;
        const std::uint64_t next = last ? buffer.columns_per_image + input.first[0] : input.first[tile + 1];
        for (std::uint64_t n = input.end[tile]; n < next; ++n) {
          const unsigned x = static_cast<unsigned>(n % buffer.columns_per_image);
          for (unsigned producer : buffer.producers) {
            const token_step& step = net_.steps[producer];
            if (step.makes.count <= 1 || (x / step.makes.tile) % step.makes.count != step.makes.index) continue;
            for (const token_output& output : step.outputs)
              if (output.buffer == b && output.demand.wants(x)) return x;
          }
        }
      }
    }
  return {};
}

bool token_run::all_finished() const {
  for (unsigned s = 0; s < net_.steps.size(); ++s)
    if (!finished(s)) return false;
  return true;
}

std::vector<unsigned> token_run::waiting_cycle() const {
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
  return path;
}

std::vector<unsigned> token_run::buffers_without_room() const {
  std::vector<unsigned> buffers;
  for (unsigned step : waiting_cycle()) {
    const wait_reason reason = why_waiting(step);
    if (reason.for_room && std::find(buffers.begin(), buffers.end(), reason.buffer) == buffers.end())
      buffers.push_back(reason.buffer);
  }
  return buffers;
}

std::string token_run::explain_deadlock(const deployment_plan& plan) const {
  std::string text;
  for (unsigned step : waiting_cycle()) {
    const wait_reason reason = why_waiting(step);
    const token_buffer& buffer = net_.buffers[reason.buffer];
    const int tensor = buffer.parked >= 0 ? plan.parked[buffer.parked].tensor
                                          : plan.clusters[buffer.cluster].rings[buffer.ring].tensor;
    text += fmt::format("{}{} ({}) waits for {} of '{}' in cluster {}", text.empty() ? "" : "; ",
                        describe(plan, net_.steps[step].cluster, net_.steps[step].stage), net_.steps[step].kind,
                        reason.for_room    ? fmt::format("room in the {} slots", buffer.slots)
                        : buffer.turns > 0 ? std::string("weights")
                                           : std::string("columns"),
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
      if (input.window.size == 1 && input.window.stride == 1 && !input.window.whole_image) check(step, input.buffer);
  }
}

/// A ring is filled by one local step, or by the PUSH steps of others, and by nobody else.
void check_producers(const deployment_plan& plan) {
  for (unsigned c = 0; c < plan.clusters.size(); ++c) {
    const plan_cluster& cluster = plan.clusters[c];
    std::vector<unsigned> local(cluster.rings.size(), 0);
    for (const plan_step& step : cluster.steps)
      if (step.output_ring >= 0) ++local[static_cast<std::size_t>(step.output_ring)];
    for (std::size_t r = 0; r < cluster.rings.size(); ++r) {
      const plan_ring& ring = cluster.rings[r];
      if (local[r] + (ring.producers.empty() ? 0 : 1) == 1) continue;
      throw mapping_error(fmt::format(
          "{}: a ring of '{}' is filled by {} local steps and {} pushes; it must be one local step, or "
          "pushes alone",
          describe(plan, c, ring.stage), plan.graph->tensors[ring.tensor].name, local[r], ring.producers.size()));
    }
  }
}

/// See deployment.h, `released`.
void check_late_columns(const deployment_plan& plan, const token_net& net) {
  const token_run run(net, 1);
  for (unsigned b = 0; b < net.buffers.size(); ++b) {
    const token_buffer& buffer = net.buffers[b];
    const std::optional<unsigned> late = buffer.follows ? std::nullopt : run.late_column(b);
    if (!late) continue;
    const token_step& reader = net.steps[buffer.readers.front()];
    throw mapping_error(
        fmt::format("{} releases column {} of every image, which it does not need, before the replicas of the stage "
                    "before it have written it: a slow one would overwrite a newer column",
                    describe(plan, buffer.cluster, reader.stage), *late));
  }
}

}  // namespace

void mark_followers(deployment_plan& plan) {
  const token_net net = make_token_net(plan);
  const token_run run(net, 1);
  for (unsigned b = 0; b < net.buffers.size(); ++b)
    if (net.buffers[b].parked < 0)
      plan.clusters[net.buffers[b].cluster].rings[net.buffers[b].ring].follows = run.late_column(b).has_value();
}

std::uint32_t images_to_prove(const token_net& net) {
  std::uint32_t images = 4;
  for (const token_buffer& buffer : net.buffers)
    if (!buffer.sequence)
      images = std::max(images, 2 + 2 * ((buffer.slots + buffer.columns_per_image - 1) / buffer.columns_per_image));
  return images;
}

void prove_live(const deployment_plan& plan) {
  check_producers(plan);
  const token_net net = make_token_net(plan);
  check_tiles(plan, net);
  check_late_columns(plan, net);
  token_run run(net, images_to_prove(net));
  run.run();
  if (!run.all_finished()) throw mapping_error("the deployment would dead-lock: " + run.explain_deadlock(plan));
}

}  // namespace ohmic
