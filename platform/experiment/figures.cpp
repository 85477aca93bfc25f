#include "platform/experiment/figures.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "platform/experiment/chip_loader.h"
#include "platform/experiment/fingerprint.h"
#include "platform/experiment/stage_times.h"
#include "platform/run/stop_signals.h"

namespace ohmic {
namespace {

/// Logits of the float network by image file; empty if sw/models did not build the model.
nlohmann::json float_logits(const network& net) {
  std::ifstream in(std::filesystem::path(net.folder) / "float_logits.json");
  if (net.folder.empty() || !in) return {};
  const nlohmann::json table = nlohmann::json::parse(in, nullptr, false);
  return table.is_object() ? table : nlohmann::json();
}

std::optional<double> cosine(const std::vector<std::int32_t>& a, const nlohmann::json& b) {
  if (!b.is_array() || a.size() != b.size()) return std::nullopt;
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = a[i], y = b[i].get<double>();
    ab += x * y, aa += x * x, bb += y * y;
  }
  return ab / std::sqrt(aa * bb);
}

/// Cycles are counted up to the end of the run; reported time ends with the last logit. What is between is taken off
/// where the cluster did least.
void cut_to(cluster_activity& a, cycle_t cycles) {
  const std::uint64_t counted = std::accumulate(a.cycles.begin(), a.cycles.end(), std::uint64_t{0});
  std::uint64_t excess = counted > cycles ? counted - cycles : 0;
  for (unsigned k = time_class_count; k-- != 0 && excess != 0;) {
    const std::uint64_t cut = std::min(excess, a.cycles[k]);
    a.cycles[k] -= cut;
    excess -= cut;
  }
}

}  // namespace

std::uint64_t macs_per_image(const integer_graph& graph) {
  std::uint64_t macs = 0;
  for (const graph_node& node : graph.nodes) {
    if (!node.has_layer()) continue;
    const graph_tensor& out = graph.tensors[static_cast<std::size_t>(node.output)];
    macs += std::uint64_t{node.layer().weights.size()} * static_cast<unsigned>(out.height * out.width);
  }
  return macs;
}

double peak_rss_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

run_figures collect_figures(machine& chip, const deployment& source, run_end end, unsigned images) {
  run_figures f;
  f.end = end;
  f.code = exit_code_of(end, chip.exit_status(), stop_signal());
  const std::vector<cycle_t> answered = chip.written_at();
  const cycle_t begin = chip.marker(0).value_or(0);
  const cycle_t last = *std::max_element(answered.begin(), answered.end());
  f.boot_cycles = begin;
  f.cycles = f.finished() && last > begin ? last - begin : std::max(begin, chip.end_cycle()) - begin;
  f.seconds_on_chip = static_cast<double>(f.cycles) / (chip.config().clock_ghz * 1e9);
  if (f.finished() && f.cycles != 0) f.images_per_s = images / f.seconds_on_chip;
  // From the 16th image on: the pipeline is full. The last image's own way out is no part of the steady rate.
  if (f.finished() && images >= 48 && answered[47] > answered[15])
    f.steady_images_per_s = 32 * chip.config().clock_ghz * 1e9 / static_cast<double>(answered[47] - answered[15]);
  for (unsigned i = 0; i < images; ++i)
    f.completions.push_back(answered[i] > begin ? std::optional(answered[i] - begin) : std::nullopt);
  f.window = chip.window();
  f.windows = chip.windows();
  f.bound_cycles = source.bound.of(images);
  f.expected_cycles = source.expected.of(images);
  for (unsigned i = 0; i < chip.config().clusters(); ++i) {
    f.clusters.push_back(chip.activity(i));
    cut_to(f.clusters[i], f.cycles);
    f.mvms += f.clusters[i].mvms;
    f.retired += f.clusters[i].retired;
    f.awake_cycles += f.clusters[i].awake_cycles;
  }
  for (unsigned i = 0; i < chip.config().clusters(); ++i) f.details.push_back(chip.details(i));
  std::set<unsigned> used;
  const stage_times times(source, f);
  for (std::size_t i = 0; i < source.stages.size(); ++i) {
    stage_figures s;
    s.stage = &source.stages[i];
    for (const stage_share& share : s.stage->shares) {
      used.insert(share.cluster);
      const stage_times::part part = times.of(i, share);
      for (unsigned k = 0; k < time_class_count; ++k) s.cycles[k] += part.cycles[k];
      if (const double service = part.service / images; service >= s.busiest_cycles) {
        s.busiest_cycles = service;
        s.busiest = share.cluster;
      }
    }
    f.stages.push_back(s);
  }
  f.clusters_used = static_cast<unsigned>(used.size());
  f.links = chip.links();
  f.peak_rss_mb = peak_rss_mb();
  return f;
}

void judge_outputs(run_figures& f, machine& chip, const deployment& source, const network& net, const image_set& images,
                   const golden_outputs& golden) {
  f.logits = read_logits(chip, source, static_cast<unsigned>(images.size()));
  f.outputs = compare_logits(net.graph, golden.logits, f.logits);
  fingerprint hash;
  for (const auto& row : f.logits) hash.add(row);
  f.result_hash = hash.add(f.cycles).digits();

  const nlohmann::json expected = float_logits(net);
  unsigned known = 0, right = 0;
  std::vector<double> cosines;
  for (std::size_t i = 0; i < images.size(); ++i) {
    image_figures image;
    image.best = static_cast<int>(std::max_element(f.logits[i].begin(), f.logits[i].end()) - f.logits[i].begin());
    if (images.scenes[i] >= 0) {
      image.right = image.best == images.scenes[i];
      ++known;
      right += *image.right;
    }
    const std::string name = std::filesystem::path(images.files[i]).filename();
    if (expected.contains(name)) image.float_cosine = cosine(f.logits[i], expected[name]);
    if (image.float_cosine) cosines.push_back(*image.float_cosine);
    f.images.push_back(image);
  }
  if (known != 0) f.scene_accuracy = static_cast<double>(right) / known;
  if (!cosines.empty()) {
    f.mean_float_cosine = std::accumulate(cosines.begin(), cosines.end(), 0.0) / static_cast<double>(cosines.size());
    f.worst_float_cosine = *std::min_element(cosines.begin(), cosines.end());
  }
  const bool layers_differ = f.layers && f.layers->mismatching != 0;
  if (f.finished() && f.code == exit_code::right && (f.outputs.mismatching != 0 || layers_differ))
    f.code = exit_code::outputs_differ;
}

}  // namespace ohmic
