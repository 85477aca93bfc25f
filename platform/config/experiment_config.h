#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "chip/chip_config.h"
#include "host/distinct_files.h"
#include "ip/ima/pcm/pcm_options.h"
#include "sw/compiler/graph/pixel_conversion.h"
#include "sw/compiler/mapping/mapping_options.h"

namespace ohmic {

/// Whether a path is by its ending that of a network: NAME.onnx or NAME.onnx.gz.
bool is_network_file(const std::string& path);

/// Where layers run, as far as it is said.
struct layer_places {
  /// By node name, or * for all others: on how many copies of its crossbars the layer runs; 0: on cores.
  std::map<std::string, unsigned> copies;
  /// By node name: its first output channels that stay on crossbars (on one copy), where the others run on cores.
  std::map<std::string, int> splits;
  /// By node name: its last row sets, whose codes cores make.
  std::map<std::string, std::size_t> rows;
  bool whole() const { return splits.empty() && rows.empty(); }
};

/// A network on a chip, as the program runs it: validated, paths made usable from the current folder, every default
/// applied. Keys and their meaning: docs/configuration.md.
struct experiment_config {
  std::string name;  ///< file name without folder and extension
  chip_config chip;

  /// A model of sw/models by name, or an ONNX file (also packed by gzip).
  std::string model = "resnet18";
  bool model_is_file = false;

  /// How pixels become the network's input; empty: as its file says.
  std::optional<pixel_conversion> input;

  layer_places layers;

  struct images_config {
    std::string dir;  ///< empty: the model's own
    unsigned count = 16;
    bool resize = false;
    std::string calibration;  ///< empty: the folder calibration beside the network
  } images;

  mapping_options mapping;

  struct engine_config {
    cycle_t window = 0;                 ///< 0: exact
    unsigned threads = 0;               ///< 0: as many as the process may use
    cycle_t max_cycles = 0;             ///< 0: no limit
    std::uint32_t trap_limit = 10'000;  ///< 0: none
    bool continue_on_guest_error = false;
    cycle_t random_delay_max = 0;  ///< 0: none
    std::uint64_t random_delay_seed = 1;
    bool fill_random = false;  ///< else zeros
    std::uint64_t fill_seed = 1;
  } engine;

  std::optional<pcm::pcm_options> analog;  ///< empty: ideal crossbars
  struct write_config {
    unsigned iterations = 20;  ///< of a pulse and a read, until a device has its conductance
    double pulse_s = 1e-6, pulse_j = 50e-12;
  } write;  ///< how crossbars that are not ideal are programmed
  bool adc_exact = false;
  bool check_layers = false;
  std::string energy;  ///< file of coefficients; empty: energy is not reported
  std::string output;  ///< folder of the results; never empty

  /// All files and folders that the keys name, and the experiment's own: no output may replace them.
  std::vector<named_file> inputs;
};

/// Loads an experiment. `sets` are the arguments of --set, laid over the file in their order: keys of the experiment
/// ("engine.window=1"), or of its chip, with "chip." before them or without ("cluster.cores=8"), whether the chip
/// stands in the file or in one of its own; `cores` those of --cores, `hand_overs` those of --hand-over. Throws
/// config_error with every mistake found, one line each.
experiment_config load_experiment(const std::string& path, const std::vector<std::string>& sets = {},
                                  const std::vector<std::string>& cores = {},
                                  const std::vector<std::string>& hand_overs = {});

/// The experiment's key `analog` alone, from YAML text ("{programmed_s: 3600}"), for devices that are not ideal
/// without `model`, too. Throws config_error naming `option`; also for another model, and for programmed_s where
/// another option gives the time.
pcm::pcm_options parse_pcm_options(const std::string& text, const std::string& option, bool with_time);

/// The experiment's key `input` alone, from YAML text ("{scale: 1/255}"). Throws config_error naming `option`.
pixel_conversion parse_pixel_conversion(const std::string& text, const std::string& option);

}  // namespace ohmic
