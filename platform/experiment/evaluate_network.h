#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/distinct_files.h"
#include "ip/ima/pcm/pcm_options.h"
#include "platform/config/experiment_config.h"
#include "sw/compiler/graph/pixel_conversion.h"
#include "sw/compiler/images/labelled_data.h"

namespace ohmic {

struct evaluation_request {
  std::string model;        ///< ONNX file
  std::string data;         ///< labelled data
  std::string calibration;  ///< for a network that is float or not calibrated; empty: none
  std::optional<pixel_conversion> input;
  layer_places layers;
  std::optional<std::size_t> calibration_images;  ///< of labelled data
  std::size_t skip = 0, images = 0;               ///< of the data; images 0: all behind those skipped
  unsigned rows = 256, threads = 0;
  bool rows_given = false;         ///< else as many as a calibrated network is made for
  bool calibration_given = false;  ///< asked for: refused for a network that is calibrated
  bool only_adc = false;           ///< leaves out the float network and the exact form
  bool quiet = false;
  std::string json;                ///< file; empty: none
  std::vector<named_file> inputs;  ///< what else is read, which json may not replace

  /// With times: the network also on crossbars of phase-change memory, one for each row set, so long after programming.
  pcm::pcm_options analog;
  std::vector<double> times_s;
  unsigned draws = 5;      ///< chips per time: seeds analog.seed, analog.seed + 1, ...
  unsigned columns = 256;  ///< of a crossbar
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

/// How many samples behind the first `skip` are meant by `images` (0: all). Throws config_error, with the options'
/// names, if there are not so many in `path`.
std::size_t images_to_judge(const labelled_data& data, const std::string& path, std::size_t skip, std::size_t images);

/// The class of the greatest value, the lower one of equals: of the logits of the chip's arithmetic or the float
/// network, and of the exact form's sums.
int class_of(const std::vector<std::int32_t>& logits);
int class_of(const std::vector<float>& logits);
int class_of_sums(const integer_graph& graph, const std::vector<std::int32_t>& sums);

/// `ohmic evaluate`: runs the integer reference, which every run of a platform equals bit for bit, over labelled data;
/// beside it the exact form (int8 without ADCs) and, of a float file, the float network. Prints a table, writes JSON.
/// Throws what the parts throw for a user's mistake.
void evaluate_network(const evaluation_request& request);

}  // namespace ohmic
