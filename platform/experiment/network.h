#pragma once

#include <optional>
#include <string>

#include "platform/config/experiment_config.h"
#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {

/// A network ready to be mapped.
struct network {
  integer_graph graph;  ///< calibrated for the chip's crossbars
  std::string file;     ///< the ONNX it came from
  std::string folder;   ///< of a model that sw/models built; empty if the user gave a file
  std::string hash;     ///< of the file and what it was calibrated with
};

/// Finds the experiment's model, imports it, and calibrates it if it is not: with the images of images.calibration,
/// or in calibration/ beside it, never with those that are run. Calibrations are cached. Throws missing_file,
/// import_error, graph_error, image_error.
network load_network(const experiment_config& config, bool quiet);

/// `ohmic calibrate`: a calibrated ONNX file from an uncalibrated one. `input`: how pixels become its input, where its
/// own metadata do not say it. Throws as above.
void calibrate_file(const std::string& model, const std::string& images, unsigned rows, unsigned threads,
                    const std::optional<pixel_conversion>& input, const std::string& out, bool quiet);

}  // namespace ohmic
