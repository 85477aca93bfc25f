#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platform/config/experiment_config.h"
#include "platform/experiment/drift_calibration.h"
#include "platform/experiment/golden.h"
#include "platform/experiment/image_set.h"
#include "platform/experiment/network.h"
#include "platform/machine/machine.h"
#include "platform/run/exit_code.h"
#include "sw/compiler/mapping/emit/deployment_image.h"

namespace ohmic {

/// Wall time of a run, seconds.
struct wall_times {
  double total = 0;      ///< from the program's start
  double preparing = 0;  ///< model, calibration, mapping, images
  double reference = 0;  ///< the integer reference; 0 if its outputs were cached
  double startup = 0;    ///< building and loading the chip, up to its first cycle
  double simulating = 0;
};

struct stage_figures {
  const stage_report* stage = nullptr;
  /// Summed over its clusters; of clusters that serve several stages what is this one's.
  std::array<std::uint64_t, time_class_count> cycles{};
  double busiest_cycles = 0;  ///< service time of its busiest cluster, per image: the longer of crossbar and cores
  unsigned busiest = 0;
};

/// What the network found in one image.
struct image_figures {
  int best = 0;                        ///< logit row
  std::optional<bool> right;           ///< if the file's name says what it shows
  std::optional<double> float_cosine;  ///< to the float model's logits, where known
};

/// Everything that is reported about a run, from the chip's counters.
struct run_figures {
  run_end end = run_end::exited;
  std::vector<hand_over_report> hand_overs;
  exit_code code = exit_code::right;
  cycle_t boot_cycles = 0, cycles = 0;
  double seconds_on_chip = 0, images_per_s = 0;
  std::optional<double> steady_images_per_s;
  /// By image, from marker 0 on: the cycle in which its last logit's write was answered; empty: never.
  std::vector<std::optional<cycle_t>> completions;
  std::uint64_t macs_per_image = 0;  ///< of all crossbar layers; taps on padding count
  std::uint64_t mvms = 0, retired = 0, awake_cycles = 0;
  unsigned clusters_used = 0, threads = 1;
  cycle_t window = 0;
  std::uint64_t windows = 0;
  double bound_cycles = 0, expected_cycles = 0;
  std::vector<cluster_activity> clusters;
  std::vector<cluster_details> details;  ///< by cluster
  std::vector<stage_figures> stages;
  std::vector<link_activity> links;
  std::optional<calibration_figures> calibration;
  comparison outputs;
  std::optional<comparison> layers;
  std::uint64_t layer_columns = 0;
  std::string result_hash;
  std::vector<std::vector<std::int32_t>> logits;
  std::vector<image_figures> images;
  std::optional<double> scene_accuracy;
  std::optional<double> mean_float_cosine, worst_float_cosine;
  wall_times wall;
  double peak_rss_mb = 0;

  bool finished() const { return end == run_end::exited; }
};

/// Reads the chip's counters after a run that ended so. Logits are compared only if it finished.
run_figures collect_figures(machine& chip, const deployment& source, run_end end, unsigned images);

/// Compares the outputs and judges the images: fills outputs, logits, images and the accuracies.
void judge_outputs(run_figures& figures, machine& chip, const deployment& source, const network& net,
                   const image_set& images, const golden_outputs& golden);

/// Multiplications of weights and inputs in crossbar layers; taps on padding count.
std::uint64_t macs_per_image(const integer_graph& graph);

double peak_rss_mb();

}  // namespace ohmic
