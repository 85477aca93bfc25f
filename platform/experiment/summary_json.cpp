#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "platform/experiment/limiting_resource.h"
#include "platform/experiment/programming_cost.h"
#include "platform/experiment/report_files.h"
#include "platform/experiment/stage_times.h"
#include "platform/run/activity_json.h"
#include "platform/run/exit_code.h"
#include "platform/run/hand_overs_json.h"
#include "sw/compiler/reference/top_classes.h"

namespace ohmic {
namespace {

using json = nlohmann::ordered_json;

json split(const std::array<std::uint64_t, time_class_count>& cycles) {
  return {{"analog", cycles[0]},
          {"digital", cycles[1]},
          {"communication", cycles[2]},
          {"synchronisation", cycles[3]},
          {"idle", cycles[4]}};
}

template <class T>
json optional(const std::optional<T>& value) {
  return value ? json(*value) : json();
}

json comparison_json(const comparison& c) {
  json out = {{"compared_values", c.compared}, {"mismatching_values", c.mismatching}, {"first_mismatch", nullptr}};
  if (c.first)
    out["first_mismatch"] = {{"layer", c.first->layer}, {"image", c.first->image},     {"x", c.first->x},
                             {"y", c.first->y},         {"channel", c.first->channel}, {"expected", c.first->expected},
                             {"found", c.first->found}};
  return out;
}

json stages_json(const run_figures& f, unsigned images) {
  json all = json::array();
  for (const stage_figures& s : f.stages) {
    const predicted_cycles& p = s.stage->predicted;
    all.push_back(
        {{"name", s.stage->name},
         {"kind", s.stage->kind},
         {"layers", s.stage->layers},
         {"clusters", s.stage->clusters},
         {"replicas", s.stage->replicas},
         {"tile_columns", s.stage->tile_columns},
         {"mvms_per_image", p.mvms},
         {"predicted_cycles_per_image",
          {{"analog", p.analog}, {"digital", p.digital}, {"communication", p.communication}, {"bound", p.bound()}}},
         {"measured_cycles_per_image", s.busiest_cycles},
         {"busiest_cluster", s.busiest},
         {"cycles", split(s.cycles)}});
  }
  return all;
}

json counters_of(const cluster_details& d, bool after_boot) {
  json all = json::object();
  for (const block_counter& c : d.counters) all[c.block][c.name] = c.value - (after_boot ? c.before : 0);
  return all;
}

json clusters_json(const run_figures& f, const deployment& source) {
  std::vector<std::vector<std::string>> stages(f.clusters.size());
  std::vector<json> shares(f.clusters.size(), json::array());
  const stage_times times(source, f);
  for (std::size_t s = 0; s < source.stages.size(); ++s)
    for (const stage_share& share : source.stages[s].shares) {
      const stage_times::fractions of = times.of_cluster(s, share);
      stages[share.cluster].push_back(source.stages[s].name);
      shares[share.cluster].push_back({{"stage", source.stages[s].name}, {"mvms", of.mvms}, {"work", of.work}});
    }
  std::vector<std::uint32_t> l1_used(f.clusters.size());
  for (const cluster_image& image : source.clusters) l1_used[image.cluster] = image.l1_end;
  json all = json::array();
  for (std::size_t i = 0; i < f.clusters.size(); ++i) {
    if (stages[i].empty()) continue;
    const cluster_activity& a = f.clusters[i];
    all.push_back({{"cluster", i},
                   {"stages", stages[i]},
                   {"stage_shares", shares[i]},
                   {"cycles", split(a.cycles)},
                   {"mvms", a.mvms},
                   {"retired_instructions", a.retired},
                   {"awake_core_cycles", a.awake_cycles},
                   {"master_cycles", a.master_cycles},
                   {"dma_read_bytes", a.dma_read_bytes},
                   {"dma_written_bytes", a.dma_written_bytes},
                   {"l1_used_bytes", l1_used[i]},
                   {"bank_conflict_cycles", a.bank_conflicts},
                   {"ima_active_cycles", a.ima_active},
                   {"ima_compute_cycles", a.ima_compute},
                   {"ima_stall_cycles", a.ima_stalls},
                   {"dma_stall_cycles", a.dma_stalls},
                   {"icache_misses", a.icache_misses},
                   {"counters", counters_of(f.details[i], false)},
                   {"counters_after_boot", counters_of(f.details[i], true)}});
  }
  return all;
}

std::uint64_t sum(const run_figures& f, std::uint64_t cluster_activity::* of) {
  std::uint64_t all = 0;
  for (const cluster_activity& a : f.clusters) all += a.*of;
  return all;
}

json crossbars_json(const experiment_config& config, const deployment& source) {
  std::uint64_t used = 0;
  for (const crossbar_image& c : source.crossbars) used += std::uint64_t{c.rows} * c.bitlines;
  const std::uint64_t all = std::uint64_t{config.chip.imas()} * config.chip.ima.rows * config.chip.ima.columns;
  std::set<unsigned> clusters;
  for (const crossbar_image& c : source.crossbars) clusters.insert(c.cluster);
  return {{"used", clusters.size()},
          {"cells_used", used},
          {"cells_of_chip", all},
          {"cells_used_part", static_cast<double>(used) / static_cast<double>(all)}};
}

}  // namespace

std::string summary_json(const run_figures& f, const experiment_config& config, const deployment& source,
                         const invocation& how) {
  json s;
  add_invocation(s, how, config.chip);
  s["experiment"] = config.name;
  s["end"] = name_of(f.end);
  s["exit_code"] = static_cast<int>(f.code);
  s["chip"] = {{"name", config.chip.name},
               {"clusters", config.chip.clusters()},
               {"cores_per_cluster", config.chip.cluster.cores},
               {"cores", config.chip.all_cores()},
               {"imas", config.chip.imas()}};
  s["model"] = source.model;
  s["model_hash"] = source.model_hash;
  s["mapping"] = source.policy;
  s["clusters_used"] = f.clusters_used;
  s["images"] = config.images.count;
  s["window"] = f.window;
  s["windows"] = f.windows;
  s["cycles"] = f.cycles;
  s["boot_cycles"] = f.boot_cycles;
  s["bound_cycles"] = f.bound_cycles;
  s["expected_cycles"] = f.expected_cycles;
  s["batch_images_per_s"] = f.images_per_s;
  if (f.steady_images_per_s) s["steady_images_per_s"] = *f.steady_images_per_s;
  s["completion_cycles"] = json::array();
  for (const auto& cycle : f.completions) s["completion_cycles"].push_back(optional(cycle));
  s["first_image_cycles"] = f.completions.empty() ? json() : optional(f.completions.front());
  s["macs_per_image"] = f.macs_per_image;
  s["tops"] = 2 * static_cast<double>(f.macs_per_image) * f.images_per_s / 1e12;
  const limiting_resource limit = find_limiting_resource(f, source);
  s["limiting_resource"] = {{"kind", limit.kind}, {"name", limit.name}, {"utilisation", limit.utilisation}};
  s["crossbars"] = crossbars_json(config, source);
  s["mvm_count"] = f.mvms;
  s["retired_instructions"] = f.retired;
  s["awake_core_cycles"] = f.awake_cycles;
  s["bank_conflict_cycles"] = sum(f, &cluster_activity::bank_conflicts);
  s["ima_stall_cycles"] = sum(f, &cluster_activity::ima_stalls);
  s["dma_stall_cycles"] = sum(f, &cluster_activity::dma_stalls);
  s["wall_s"] = f.wall.total;
  s["preparing_s"] = f.wall.preparing;
  s["reference_s"] = f.wall.reference;
  s["startup_s"] = f.wall.startup;
  s["simulation_s"] = f.wall.simulating;
  s["mips"] = f.wall.simulating > 0 ? static_cast<double>(f.retired) / 1e6 / f.wall.simulating : 0.0;
  s["cycles_per_s"] = f.wall.simulating > 0 ? static_cast<double>(f.boot_cycles + f.cycles) / f.wall.simulating : 0.0;
  s["peak_rss_mb"] = f.peak_rss_mb;
  s["threads"] = f.threads;
  if (!f.hand_overs.empty()) s["hand_overs"] = hand_overs_json(f.hand_overs);
  if (config.analog) {
    s["analog"] = {{"model", "pcm"},
                   {"seed", config.analog->seed},
                   {"programmed_s", config.analog->time_s},
                   {"options", pcm::to_text(*config.analog)}};
    const programming_figures programming = programming_of(source, config.chip, config.write);
    s["analog"]["programming"] = {{"devices", programming.devices},         {"iterations", config.write.iterations},
                                  {"pulses", programming.pulses},           {"rows", programming.rows},
                                  {"columns", programming.columns},         {"seconds", programming.seconds},
                                  {"pulses_mj", programming.pulses_j * 1e3}};
    if (f.calibration)
      s["analog"]["calibration"] = {{"cycles", f.calibration->cycles},
                                    {"crossbars", f.calibration->crossbars},
                                    {"mvms", f.calibration->mvms},
                                    {"gain",
                                     {{"least", f.calibration->least_gain},
                                      {"mean", f.calibration->mean_gain},
                                      {"greatest", f.calibration->greatest_gain}}}};
  }
  s["golden"] = comparison_json(f.outputs);
  if (f.layers) {
    s["golden_layers"] = comparison_json(*f.layers);
    s["golden_layers"]["columns"] = f.layer_columns;
  }
  s["result_hash"] = f.finished() ? json(f.result_hash) : json();
  s["scene_accuracy"] = optional(f.scene_accuracy);
  s["float_cosine"] = {{"mean", optional(f.mean_float_cosine)}, {"worst", optional(f.worst_float_cosine)}};
  s["stages"] = stages_json(f, config.images.count);
  s["clusters"] = clusters_json(f, source);
  s["counters"] = counters_json(f.details);
  s["links"] = links_json(f.links, f.boot_cycles + f.cycles, f.cycles);
  return s.dump(1) + "\n";
}

std::string logits_json(const run_figures& f, const network& net, const image_set& images) {
  json all = json::array();
  for (std::size_t i = 0; i < f.logits.size(); ++i) {
    json top = json::array();
    for (const ranked_class& c : top_classes(net.graph, f.logits[i], 5))
      top.push_back({{"row", c.row}, {"label", c.label}, {"logit", c.logit}, {"value", c.value}});
    all.push_back({{"image", images.files[i]}, {"top", top}, {"logits", f.logits[i]}});
  }
  return all.dump() + "\n";
}

}  // namespace ohmic
