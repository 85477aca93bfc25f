#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sw/compiler/graph/feature_map.h"
#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {

struct calibration_options {
  int rows = 256;        ///< height of the crossbars
  unsigned threads = 0;  ///< 0: as many as the process may use; the result does not depend on it
  /// Layers that run on cores with exact sums, by node name; in place of what the graph says.
  std::set<std::string> digital = {};
  /// Depthwise convolutions that run on crossbars; the others are digital by default.
  std::set<std::string> analog = {};
};

/// Called before each node with its name, its position from 1 and the number of nodes.
using calibration_progress = std::function<void(const std::string& node, int position, int nodes)>;

/// Adds row sets, ADC scales and requantise constants from calibration images, as "Calibration" in
/// CALIBRATED_FORMAT.md says: layer by layer, each seeing what the calibrated layers before it give. A
/// calibration already in the graph is replaced. Deterministic; every range of the result is checked. Throws
/// graph_error if there is no image, no layer of a name, an image does not fit, a layer does not fit the crossbar, or a
/// constant has no room.
integer_graph calibrate(integer_graph graph, const std::vector<feature_map>& images,
                        const calibration_options& options = {}, const calibration_progress& progress = {});

/// A calibrated graph with some of its layers on cores: they lose row sets and ADC and get exact sums; all other
/// constants stay as they are, those of ADCs that were calibrated behind such a layer too. Throws graph_error if there
/// is no layer of a name, or a constant has no room.
integer_graph put_on_cores(integer_graph graph, const std::set<std::string>& layers);

/// A calibrated graph with some of its layers on several copies of their crossbars, whose codes are all added, against
/// noise: of n copies that of the sum grows as the root of n, the sum itself as n. Bias and rounding are multiplied by
/// n and the shift by its logarithm, so that ideal crossbars give what one copy gives, bit by bit (logits: worth 2^-s).
/// `copies`: powers of two, by layer. Throws graph_error if there is no layer of a name, it runs on cores or has copies
/// already, or a constant has no room.
integer_graph copy_layers(integer_graph graph, const std::map<std::string, unsigned>& copies);

/// A calibrated graph with some of its layers split by output channels: the first `channels` of each stay on crossbars,
/// with the constants that they have, the others run on cores with exact sums (split_layer.h). `channels`: by layer.
/// Throws graph_error if there is no layer of a name, it is no convolution of one group on crossbars, there are not
/// more channels, or a constant has no room.
integer_graph split_columns(integer_graph graph, const std::map<std::string, int>& channels);

/// A calibrated graph with some of its layers' row sets on cores: the last so many of each, rounded and clipped by the
/// layer's ADC's constants in software (digital_rows.h), so that without noise nothing changes. `sets`: by layer, in
/// place of what the graph says of it. Throws graph_error if there is no layer of a name, it runs on cores, has copies,
/// groups or not more row sets, or the constants have no room.
integer_graph put_rows_on_cores(integer_graph graph, const std::map<std::string, std::size_t>& sets);

/// The most copies (a power of two, up to `most`) that a layer's constants have room for; 1 on cores.
unsigned most_copies(const crossbar_layer& layer, unsigned most);

}  // namespace ohmic
