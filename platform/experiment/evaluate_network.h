#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ip/ima/pcm/pcm_options.h"
#include "sw/compiler/graph/pixel_conversion.h"

namespace ohmic {

struct evaluation_request {
  std::string model;        ///< ONNX file
  std::string data;         ///< labelled data
  std::string calibration;  ///< for a network that is float or not calibrated; empty: none
  std::optional<pixel_conversion> input;
  std::map<std::string, bool> layers;  ///< as experiment_config::digital_layers
  std::size_t calibration_images = 256;
  std::size_t skip = 0, images = 0;  ///< of the data; images 0: all behind those skipped
  unsigned rows = 256, threads = 0;
  bool only_adc = false;  ///< leaves out the float network and the exact form
  bool quiet = false;
  std::string json;  ///< file; empty: none

  /// With times: the network also on crossbars of phase-change memory, one for each row set, so long after programming.
  pcm::pcm_options analog;
  std::vector<double> times_s;
  unsigned draws = 5;      ///< chips per time: seeds analog.seed, analog.seed + 1, ...
  unsigned columns = 256;  ///< of a crossbar
};

/// Accuracies of several chips at one time.
struct drawn_accuracy {
  double time_s = 0;
  std::vector<double> shares;  ///< one per draw
  double mean() const;
  double deviation() const;  ///< of the draws; 0 of one
  /// Of the mean's 95 % interval, from the deviation of the draws (Student's t); 0 of one draw.
  double half_interval() const;
};

/// What one way of executing a network got right.
struct accuracy {
  std::size_t right = 0, images = 0;
  double share() const { return images == 0 ? 0 : static_cast<double>(right) / static_cast<double>(images); }
};

/// The 95 % interval of a share (Wilson's).
struct confidence_interval {
  double least, greatest;
};
confidence_interval interval_of(const accuracy& a);

/// `ohmic evaluate`: runs the integer reference, which every run of a platform equals bit for bit, over labelled data;
/// beside it the exact form (int8 without ADCs) and, of a float file, the float network. Prints a table, writes JSON.
/// Throws what the parts throw for a user's mistake.
void evaluate_network(const evaluation_request& request);

}  // namespace ohmic
