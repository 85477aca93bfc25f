#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

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
