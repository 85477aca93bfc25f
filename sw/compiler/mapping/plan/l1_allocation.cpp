#include "sw/compiler/mapping/plan/l1_allocation.h"

#include <fmt/format.h>

#include <algorithm>

#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/plan/digital_layer.h"
#include "sw/firmware/kernels/kernels.h"

namespace ohmic {
namespace {

class l1_cursor {
 public:
  explicit l1_cursor(std::uint64_t at) : at_(at) {}
  std::uint32_t take(std::uint64_t bytes, std::uint32_t alignment = 4) {
    at_ = (at_ + alignment - 1) / alignment * alignment;
    const std::uint64_t begin = at_;
    at_ += bytes;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(begin, UINT32_MAX));
  }
  std::uint64_t end() const { return at_; }

 private:
  std::uint64_t at_;
};

std::uint32_t record_bytes(const plan_step& step) {
  constexpr std::uint32_t bytes[] = {sizeof(ohmic_pull), sizeof(ohmic_ima), sizeof(ohmic_kernel_step),
                                     sizeof(ohmic_push)};
  return bytes[step.work.index()];
}

/// Frontier words and feeders of a cluster, counted ring by ring, then step by step.
void number_frontiers(const deployment_plan& plan, const plan_cluster& cluster, cluster_addresses& at) {
  for (const plan_ring& ring : cluster.rings) {
    at.ring.push_back({0, at.frontier_count, at.feeder_count});
    at.frontier_count += static_cast<std::uint32_t>(ring.producers.size());
    at.feeder_count += static_cast<std::uint32_t>(ring.producers.size());
  }
  for (const plan_step& step : cluster.steps) {
    step_addresses numbers;
    numbers.first_frontier = at.frontier_count;
    numbers.first_feeder = at.feeder_count;
    if (const pull_work* pull = std::get_if<pull_work>(&step.work); pull != nullptr && pull->parked >= 0) {
      const auto producers = static_cast<std::uint32_t>(plan.parked[pull->parked].producers.size());
      at.frontier_count += producers;
      at.feeder_count += producers;
    }
    if (const push_work* push = std::get_if<push_work>(&step.work))
      for (const plan_destination& destination : push->destinations)
        numbers.released.push_back(destination.to == plan_destination::kind::results ? OHMIC_NONE
                                                                                     : at.frontier_count++);
    at.step.push_back(numbers);
  }
}

/// The kernel's input 0 or its residual lies in segments.
bool reads_segments(const kernel_work& work) {
  return work.residual_input >= 0 || (work.sum_count == 0 && !is_layer_kernel(work.kernel));
}

const crossbar_layer& layer_of(const deployment_plan& plan, const kernel_work& work) {
  return plan.graph->nodes[work.node].layer();
}

void take_tables(const deployment_plan& plan, const plan_cluster& cluster, const plan_step& step, step_addresses& at,
                 l1_cursor& l1) {
  at.record = l1.take(record_bytes(step));
  at.inputs = l1.take(sizeof(ohmic_window) * step.inputs.size());
  if (const push_work* push = std::get_if<push_work>(&step.work))
    at.destinations = l1.take(sizeof(ohmic_destination) * push->destinations.size());
  const kernel_work* kernel = std::get_if<kernel_work>(&step.work);
  if (kernel == nullptr) return;
  const auto channels = static_cast<std::uint32_t>(kernel->channels.count());
  if (kernel->kernel == OHMIC_KERNEL_REQUANTISE || kernel->kernel == OHMIC_KERNEL_LOGITS) {
    at.multipliers = l1.take((channels * 2 + 3) / 4 * 4);
    at.biases = l1.take(channels * 4);
  }
  if (is_layer_kernel(kernel->kernel) && kernel->weights_input < 0)
    at.weights = l1.take(packed_bytes(layer_of(plan, *kernel), kernel->channels), 64);
  if (cluster.rings[step.output_ring].content == ring_content::activations)  // sums lie plain
    at.segments = l1.take(sizeof(ohmic_segment) * cluster.rings[step.output_ring].layout.segments.size());
  if (reads_segments(*kernel)) {
    const std::size_t input = kernel->residual_input >= 0 ? kernel->residual_input : 0;
    at.input_segments = l1.take(sizeof(ohmic_segment) * cluster.rings[step.inputs[input].ring].layout.segments.size());
  }
}

/// The executor's differences from tile to tile: a row per tile, a half-word for every input that differs and the
/// output, in two tables.
std::uint32_t row_bytes(const plan_step& step) {
  std::uint32_t differing = 0;
  for (std::size_t i = 0; i < step.inputs.size(); ++i) {
    const auto same = [&](const plan_window& other) {
      const plan_window& own = step.inputs[i];
      return own.size == other.size && own.stride == other.stride && own.pad == other.pad &&
             own.whole_image == other.whole_image;
    };
    const auto begin = step.inputs.begin();
    // A ring numbered by sequence, and rings of two widths, are unlike others with the same window.
    if (std::count_if(begin, begin + static_cast<std::ptrdiff_t>(i), same) < 3) ++differing;
  }
  return 4 * (differing + 2) * (tiles_made(step) + 4);
}

/// A push to a replica may fall into many runs of wanted columns, each with a descriptor. For every tile of an image,
/// or one where all want all, the executor keeps who wants what of it.
std::uint32_t selection_bytes(const plan_step& step) {
  const push_work* push = std::get_if<push_work>(&step.work);
  if (push == nullptr) return 0;
  constexpr std::uint32_t descriptor_bytes = 64, tile_bytes = 8, run_bytes = 12;
  const auto selects = [](const plan_destination& to) { return to.demand.makes.count > 1 && !to.sequence; };
  std::uint32_t bytes = tile_bytes;
  bool some_select = false;
  for (const plan_destination& to : push->destinations) {
    bytes += run_bytes + 64;
    if (!selects(to)) continue;
    some_select = true;
    bytes += descriptor_bytes * (step.makes.tile / 2 + 1) + (step.columns_per_image / 32 + 1) * 4;
  }
  if (!some_select) return bytes;
  for (unsigned k = 0; k < tiles_made(step); ++k) {
    const unsigned first = (k * step.makes.count + step.makes.index) * step.makes.tile;
    bytes += tile_bytes;
    for (const plan_destination& to : push->destinations) {
      std::uint32_t runs = selects(to) ? 0 : 1;
      for (unsigned x = first; selects(to) && x < first + step.makes.tile; ++x)
        if (to.demand.wants(x) && (x == first || !to.demand.wants(x - 1))) ++runs;
      bytes += runs * run_bytes;
    }
  }
  return bytes;
}

/// What kernel_setup() of the executor takes of the heap for one step: the job, its pieces and each core's work. And
/// what all kernels of a cluster share.
struct kernel_bytes {
  std::uint64_t own = 0, shared = 0;
};
kernel_bytes kernel_heap(const deployment_plan& plan, const plan_cluster& cluster, const plan_step& step,
                         const kernel_work& work, unsigned of_cluster) {
  const unsigned cores = ohmic_kernel_cores(work.kernel, of_cluster);
  ohmic_kernel_job job{};
  job.kernel = work.kernel;
  job.columns = step.makes.tile;
  job.height = cluster.rings[step.output_ring].layout.height;
  job.channels = static_cast<std::uint32_t>(work.channels.count());
  job.in16 = static_cast<std::uint32_t>(__builtin_popcount(work.int16_mask));
  job.in8 = work.sum_count - job.in16;
  if (work.kernel == OHMIC_KERNEL_ADD) job.in8 = 1;
  job.residual_shift = work.residual_input >= 0 ? 1 : 0;  // its presence decides
  std::uint64_t scratch = 0;
  if (is_layer_kernel(work.kernel)) {
    const crossbar_layer& layer = layer_of(plan, work);
    const layer_input in = input_of(cluster.rings[step.inputs[0].ring].layout, work.inputs);
    job.in_channels = static_cast<std::uint32_t>(work.inputs.count());
    job.groups = groups_of(layer, work.channels);
    job.in_pitch = in.pitch;
    job.in_more_blocks = work.in_blocks - 1;
    job.pooled.base = reinterpret_cast<const char*>(std::uintptr_t{in.offset});
    job.pooled.column_bytes = cluster.rings[step.inputs[0].ring].layout.bytes;
    job.pool_size = step.inputs[0].size;
    job.pool_stride = step.inputs[0].stride;
    job.pool_height = static_cast<std::uint32_t>(layer.window.size_y);
    job.pool_stride_y = static_cast<std::uint32_t>(layer.window.stride_y);
    scratch = std::uint64_t{cores} * ohmic_layer_scratch_bytes(&job);
  }
  const std::vector<ohmic_piece> pieces = pieces_of(cluster, step, work);
  job.piece_count = static_cast<unsigned>(pieces.size());
  job.pieces = pieces.empty() ? nullptr : pieces.data();
  std::vector<std::uint32_t> work_of(cores + 1);
  const auto entries = [&](ohmic_work* list, unsigned most) {
    return ohmic_share_tile(&job, cores, work_of.data(), list, most);
  };
  ohmic_work none;
  entries(&none, 0);  // counts

  constexpr std::uint64_t job_bytes = 1024, piece_bytes = 24;  // and its copy for the rehearsal
  return {job_bytes + job.piece_count * piece_bytes + (cores + 1) * 4 + work_of[cores] * sizeof(ohmic_work) + 64,
          scratch};
}

/// What a step keeps of its inputs beyond a few: what it holds of each, its columns of the tables, and a condition for
/// every producer.
std::uint64_t bytes_of_waits(const deployment_plan& plan, const plan_cluster& cluster, const plan_step& step) {
  constexpr std::uint64_t input_bytes = 160, condition_bytes = 12;
  std::uint64_t bytes = 0;
  for (const plan_window& input : step.inputs)
    bytes += input_bytes + condition_bytes * cluster.rings[input.ring].producers.size();
  if (const pull_work* pull = std::get_if<pull_work>(&step.work); pull != nullptr && pull->parked >= 0)
    bytes += condition_bytes * plan.parked[static_cast<std::size_t>(pull->parked)].producers.size();
  return bytes;
}

/// One cluster's layout, and where it ends (however large L1 is).
std::uint64_t lay_out(const deployment_plan& plan, std::size_t c, const chip_config& chip, cluster_addresses& at) {
  const plan_cluster& cluster = plan.clusters[c];
  l1_cursor l1(chip.cluster.program_l1_bytes);
  at.header = l1.take(sizeof(ohmic_deployment));
  at.go_word = l1.take(4);
  number_frontiers(plan, cluster, at);
  at.frontiers = l1.take(4 * at.frontier_count);
  at.rings = l1.take(sizeof(ohmic_ring) * cluster.rings.size());
  at.steps = l1.take(4 * cluster.steps.size());
  at.feeders = l1.take(sizeof(ohmic_feeder) * at.feeder_count);
  std::uint32_t destinations = 0, selections = 0;
  for (std::size_t s = 0; s < cluster.steps.size(); ++s) {
    take_tables(plan, cluster, cluster.steps[s], at.step[s], l1);
    selections += selection_bytes(cluster.steps[s]) + row_bytes(cluster.steps[s]);
    if (const push_work* push = std::get_if<push_work>(&cluster.steps[s].work))
      destinations += static_cast<std::uint32_t>(push->destinations.size());
  }
  if (c == 0) {
    at.participants = l1.take(4 * plan.clusters.size());
    at.ready_words = l1.take(4 * chip.clusters());
  }
  at.tables_end = static_cast<std::uint32_t>(l1.end());
  at.heap_bytes = OHMIC_HEAP_BYTES(static_cast<std::uint32_t>(cluster.rings.size()),
                                   static_cast<std::uint32_t>(cluster.steps.size()), at.feeder_count, destinations);
  // Long tiles of many pieces make more work than that.
  std::uint64_t kernels =
      4096 + 64 * (4 * destinations + 2 * at.feeder_count + 16 * cluster.steps.size() + 4 * cluster.rings.size());
  std::uint64_t scratch = 0, waits = 0;
  for (const plan_step& step : cluster.steps) {
    waits += bytes_of_waits(plan, cluster, step);
    const kernel_work* work = std::get_if<kernel_work>(&step.work);
    if (work == nullptr) continue;
    const kernel_bytes bytes = kernel_heap(plan, cluster, step, *work, chip.cores_of(plan.assignment.places[c]));
    kernels += bytes.own;
    scratch = std::max(scratch, bytes.shared);
  }
  kernels += scratch;
  constexpr std::uint32_t rehearsal_bytes = 4096;
  const std::uint32_t others = rehearsal_bytes + (selections + 63) / 64 * 64;
  at.heap_bytes = std::max(at.heap_bytes, static_cast<std::uint32_t>((kernels + 63) / 64 * 64)) + others;
  // Where weights come part by part there are steps by the hundred, all small ones, and no room for what any could
  // take.
  if (std::any_of(cluster.rings.begin(), cluster.rings.end(), [](const plan_ring& ring) { return ring.turns > 0; }))
    at.heap_bytes = std::min(at.heap_bytes, static_cast<std::uint32_t>((kernels + waits + 63) / 64 * 64) + others);
  at.heap = l1.take(at.heap_bytes, 64);
  for (std::size_t r = 0; r < cluster.rings.size(); ++r)
    at.ring[r].base = l1.take(std::uint64_t{cluster.rings[r].slots} * cluster.rings[r].layout.bytes, 64);
  at.end = static_cast<std::uint32_t>(std::min<std::uint64_t>(l1.end(), UINT32_MAX));
  return l1.end();
}

}  // namespace

layer_input input_of(const column_layout& layout, channel_range channels) {
  const layer_input whole{layout.segments[0].offset, layout.segments[0].pitch};
  return {whole.offset + static_cast<std::uint32_t>(channels.begin - layout.segments[0].channels.begin), whole.pitch};
}

std::vector<ohmic_segment> format_segments(const column_layout& layout, channel_range channels) {
  std::vector<ohmic_segment> segments;
  for (const layout_segment& segment : layout.segments) {
    const channel_range part = intersect(segment.channels, channels);
    if (part.count() <= 0) continue;
    const auto skipped = static_cast<std::uint32_t>(part.begin - segment.channels.begin);
    segments.push_back({static_cast<std::uint32_t>(part.begin - channels.begin),
                        static_cast<std::uint32_t>(part.count()), segment.offset + skipped * layout.element_bytes,
                        segment.pitch});
  }
  return segments;
}

std::vector<ohmic_piece> pieces_of(const plan_cluster& cluster, const plan_step& step, const kernel_work& work) {
  const plan_ring& output = cluster.rings[step.output_ring];
  if (output.content != ring_content::activations) return {};
  const std::vector<ohmic_segment> out = format_segments(output.layout, map_channels(work));
  std::vector<ohmic_segment> in;
  if (reads_segments(work)) {
    const std::size_t input = work.residual_input >= 0 ? static_cast<std::size_t>(work.residual_input) : 0;
    in = format_segments(cluster.rings[step.inputs[input].ring].layout, map_channels(work));
  }
  std::vector<ohmic_piece> pieces(out.size() * (out.size() + in.size()));
  pieces.resize(ohmic_make_pieces(out.data(), static_cast<unsigned>(out.size()), in.data(),
                                  static_cast<unsigned>(in.size()), pieces.data(),
                                  static_cast<unsigned>(pieces.size())));
  return pieces;
}

std::uint64_t available_l1(const chip_config& chip) {
  if (chip.cluster.l1_bytes <= chip.cluster.program_l1_bytes)
    throw mapping_error(fmt::format(
        "chip '{}' has {} bytes of L1 per cluster, all of them the firmware's (cluster.program_l1_bytes: {}): "
        "cluster.l1_bytes must be larger",
        chip.name, chip.cluster.l1_bytes, chip.cluster.program_l1_bytes));
  return chip.cluster.l1_bytes - chip.cluster.program_l1_bytes;
}

std::vector<std::uint64_t> l1_needs(const deployment_plan& plan, const chip_config& chip) {
  std::vector<std::uint64_t> needs;
  for (std::size_t c = 0; c < plan.clusters.size(); ++c) {
    cluster_addresses at;
    needs.push_back(lay_out(plan, c, chip, at) - chip.cluster.program_l1_bytes);
  }
  return needs;
}

std::vector<cluster_addresses> allocate_l1(const deployment_plan& plan, const chip_config& chip) {
  std::vector<cluster_addresses> all(plan.clusters.size());
  for (std::size_t c = 0; c < all.size(); ++c) lay_out(plan, c, chip, all[c]);
  return all;
}

}  // namespace ohmic
