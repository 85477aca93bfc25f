#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/config/experiment_config.h"
#include "sw/compiler/graph/integer_graph.h"
#include "sw/compiler/quantise/quantise_onnx.h"

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

/// A network of a file, calibrated, with the float network that it came from.
struct prepared_network {
  integer_graph graph;
  std::string bytes;                      ///< its QDQ file
  std::unique_ptr<float_network> source;  ///< none if the file was quantised
  bool was_calibrated = false;            ///< the file itself
};

/// Quantises (a float file) and calibrates (one that is not) with `calibration`: a folder of pictures, or labelled data
/// (labelled_data.h), of which the first `asked` are taken (by default 256, or all if there are fewer); empty: an error
/// where it is needed. Throws as above, and config_error where `asked` are not there or cannot be chosen.
prepared_network prepare_network(const std::string& file, const std::string& calibration,
                                 const std::optional<pixel_conversion>& input, unsigned rows, unsigned threads,
                                 std::optional<std::size_t> asked, bool quiet, const layer_places& layers = {});

/// What to tell the user where the first `used` of labelled inputs, 32 or more, are of one class and the others are
/// not; else empty.
std::string note_of_classes(const std::vector<int>& labels, std::size_t used, const std::string& from);

/// `ohmic calibrate`: a calibrated ONNX file from an uncalibrated one. `input`: how pixels become its input, where its
/// own metadata do not say it. Throws as above.
void calibrate_file(const std::string& model, const std::string& images, unsigned rows, unsigned threads,
                    const std::optional<pixel_conversion>& input, const std::string& out, bool quiet);

}  // namespace ohmic
