#include "sw/compiler/mapping/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "sw/compiler/mapping/cost/prediction.h"
#include "sw/compiler/mapping/emit/content_hash.h"
#include "sw/compiler/mapping/emit/reports.h"
#include "sw/compiler/mapping/emit/write_cluster.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/mapping_file.h"
#include "sw/compiler/mapping/plan/check_mapping.h"
#include "sw/compiler/mapping/plan/check_operators.h"
#include "sw/compiler/mapping/plan/check_ranges.h"
#include "sw/compiler/mapping/plan/digital_layer.h"
#include "sw/compiler/mapping/plan/fit_l1.h"
#include "sw/compiler/mapping/plan/l1_allocation.h"
#include "sw/compiler/mapping/plan/token_run.h"

namespace ohmic {
namespace {

constexpr std::uint64_t hbm_alignment = 4096;

void check_target(const integer_graph& graph, const chip_config& chip) {
  if (!graph.calibrated)
    throw mapping_error("model '" + graph.name + "' is not calibrated: it has no row sets and ADC scales");
  if (graph.rows > static_cast<int>(chip.ima.rows))
    throw mapping_error(fmt::format(
        "model '{}' is calibrated for crossbars of {} rows and chip '{}' has {}: calibrate it for this chip",
        graph.name, graph.rows, chip.name, chip.ima.rows));
  if (chip.dma.channels < 2)
    throw mapping_error(fmt::format("chip '{}' has {} DMA channel; the dataflow needs 2: data and releases", chip.name,
                                    chip.dma.channels));
  check_operators(graph);
  check_ranges(graph, chip);
}

hbm_layout lay_out_hbm(const deployment_plan& plan, const chip_config& chip, const mapping_options& options) {
  hbm_layout hbm;
  std::uint64_t at = OHMIC_HBM_RESERVED_BYTES;
  auto take = [&](std::uint64_t bytes) {
    const std::uint64_t begin = at;
    at = (at + bytes + hbm_alignment - 1) / hbm_alignment * hbm_alignment;
    return chip.hbm_base + begin;
  };
  const graph_tensor& logits = plan.graph->output();
  const graph_tensor& image = plan.graph->input();
  hbm.begin = chip.hbm_base + at;
  hbm.max_images = options.max_images;
  hbm.results_stride = static_cast<std::uint32_t>(logits.channels) * 4;
  hbm.results = take(std::uint64_t{hbm.results_stride} * options.max_images);
  for (const parked_region& region : plan.parked)
    hbm.parked.push_back(take(std::uint64_t{region.slots} * region.layout.bytes));
  for (const streamed_weights& weights : plan.weights)
    hbm.weights.push_back(take(std::uint64_t{weights.bytes} * weights.parts.size()));
  hbm.images_column_bytes = static_cast<std::uint32_t>((image.height * image.channels + 3) / 4 * 4);
  const std::uint64_t image_bytes = std::uint64_t{hbm.images_column_bytes} * static_cast<std::uint32_t>(image.width);
  hbm.images_stride = static_cast<std::uint32_t>(image_bytes);
  hbm.images = take(image_bytes);
  const std::uint64_t end = hbm.images - chip.hbm_base + image_bytes;
  if (end > chip.hbm.bytes)
    throw mapping_error(
        fmt::format("results, parked maps, weights and one image need {} bytes of HBM behind the firmware and chip "
                    "'{}' has {}: {} too many",
                    end - OHMIC_HBM_RESERVED_BYTES, chip.name,
                    chip.hbm.bytes > OHMIC_HBM_RESERVED_BYTES ? chip.hbm.bytes - OHMIC_HBM_RESERVED_BYTES : 0,
                    end - chip.hbm.bytes));
  const std::uint64_t room = (chip.hbm.bytes - (hbm.images - chip.hbm_base)) / hbm.images_stride;
  std::uint32_t widest = 1;
  for (const graph_tensor& map : plan.graph->tensors) widest = std::max(widest, static_cast<std::uint32_t>(map.width));
  for (const plan_cluster& cluster : plan.clusters)
    for (const plan_ring& ring : cluster.rings) widest = std::max(widest, ring.columns_per_image);
  hbm.max_images =
      static_cast<unsigned>(std::min<std::uint64_t>({room, options.max_images, most_columns_of_run / widest}));
  return hbm;
}

/// Part behind part, each at a multiple of the longest.
std::vector<std::uint8_t> pack_streamed(const integer_graph& graph, const streamed_weights& weights) {
  const crossbar_layer& layer = graph.nodes[weights.node].layer();
  std::vector<std::uint8_t> bytes(std::size_t{weights.bytes} * weights.parts.size());
  for (std::size_t p = 0; p < weights.parts.size(); ++p) {
    const std::vector<std::uint8_t> part = pack_weights(layer, weights.parts[p], weights.in_blocks);
    std::copy(part.begin(), part.end(), bytes.begin() + static_cast<std::ptrdiff_t>(p * weights.bytes));
  }
  return bytes;
}

mapping assignment_of(const integer_graph& graph, const std::vector<stage>& stages, const chip_config& chip,
                      const mapping_options& options) {
  if (!options.file.empty()) return read_mapping(options.file_text, options.file, graph, stages);
  if (options.chosen) return *options.chosen;
  return make_mapping_policy(options)->map(graph, stages, chip);
}

}  // namespace

std::vector<mapping_proposal> propose_mappings(const integer_graph& graph, const chip_config& chip,
                                               const mapping_options& options) {
  check_target(graph, chip);
  return make_mapping_policy(options)->propose(graph, make_stages(graph), chip);
}

deployment_plan make_plan(const integer_graph& graph, const chip_config& chip, const mapping_options& options) {
  check_target(graph, chip);
  const std::vector<stage> stages = make_stages(graph);
  const mapping assignment = assignment_of(graph, stages, chip, options);
  check_mapping(graph, stages, assignment, chip);
  return make_fitting_plan(graph, stages, assignment, chip);
}

deployment emit(const deployment_plan& plan, const chip_config& chip, const mapping_options& options) {
  const integer_graph& graph = *plan.graph;
  const std::vector<unsigned>& places = plan.assignment.places;
  const std::vector<cluster_addresses> addresses = allocate_l1(plan, chip);
  const hbm_layout hbm = lay_out_hbm(plan, chip, options);
  const placed_plan placed{plan, chip, places, addresses, hbm};

  deployment result;
  result.chip = chip.name;
  result.chip_hash = content_hash(chip);
  result.model = graph.name;
  result.model_hash = content_hash(graph);
  result.policy = options.file.empty() ? options.policy : "file";
  result.chip_clusters = chip.clusters();
  result.hbm = hbm;
  result.image_width = static_cast<unsigned>(graph.input().width);
  result.image_height = static_cast<unsigned>(graph.input().height);
  result.image_channels = static_cast<unsigned>(graph.input().channels);
  result.classes = static_cast<unsigned>(graph.output().channels);
  result.logits_shift = graph.nodes.back().layer().requantise.s;
  result.labels = graph.labels;
  for (unsigned c = 0; c < plan.clusters.size(); ++c) {
    result.clusters.push_back(write_cluster(placed, c));
    for (crossbar_image& image : write_crossbars(placed, c)) result.crossbars.push_back(std::move(image));
  }
  for (std::size_t w = 0; w < plan.weights.size(); ++w)
    result.hbm_images.push_back({hbm.weights[w], pack_streamed(graph, plan.weights[w])});
  const plan_prediction prediction = predict(plan, chip);
  result.bound = {prediction.bound_cycles, prediction.fill_cycles};
  result.expected = {prediction.bottleneck_cycles, prediction.drain_cycles};
  for (const predicted_cycles& cycles : prediction.stages) result.mvms_per_image += cycles.mvms;
  result.stages = report_stages(placed, prediction);
  result.rings = report_rings(placed);
  return result;
}

deployment compile(const integer_graph& graph, const chip_config& chip, const mapping_options& options) {
  const deployment_plan plan = make_plan(graph, chip, options);
  prove_live(plan);
  return emit(plan, chip, options);
}

void set_images(deployment& target, unsigned images) {
  if (images > target.hbm.max_images)
    throw mapping_error(
        fmt::format("{} images asked, and the deployment has room for {}", images, target.hbm.max_images));
  for (cluster_image& cluster : target.clusters) {
    const std::uint32_t word = images;
    std::memcpy(cluster.bytes.data() + offsetof(ohmic_deployment, images), &word, sizeof word);
  }
}

}  // namespace ohmic
