#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sw/compiler/graph/pixel_conversion.h"

namespace ohmic {

/// The integer graph: a quantised network as plain data, between the ONNX importer, calibration, the
/// reference executor and the mapper. What the numbers mean is said in sw/models/CALIBRATED_FORMAT.md; the
/// field names are its names. An imported graph holds scales and weights; calibration (or the metadata of a
/// calibrated file) adds row sets, ADC scales and requantise constants and sets `calibrated`. Consumers of a
/// calibrated graph need no floating-point field.

/// A feature map, int8 with zero point 0 (the last one: int32 logits). Shapes are per image.
struct graph_tensor {
  std::string name;
  int channels = 0, height = 0, width = 0;
  float scale = 0;             ///< real value of 1; 0 for logits of an uncalibrated graph
  int producer = -1;           ///< index into integer_graph::nodes
  std::vector<int> consumers;  ///< node indices, ascending; a node that reads it twice stands twice
};

/// Kernel, stride and padding of a convolution or pool. Output x reads input x * stride_x - pad_x + [0,
/// size_x), y alike; what lies outside the map is 0 for a convolution and never wins in a max pool.
struct graph_window {
  int size_x = 1, size_y = 1;
  int stride_x = 1, stride_y = 1;
  int pad_x = 0, pad_y = 0;  ///< before the first column and row
};

/// Rows of a crossbar layer that share one crossbar: these kernel rows and channels, all kernel columns.
/// Row order within a set is (kx, ky, c): row = ((kx * ky_count) + (ky - ky_begin)) * channels + (c -
/// channel_begin). Ranges are [begin, end).
struct row_set {
  int ky_begin = 0, ky_end = 1;
  int channel_begin = 0, channel_end = 0;

  int ky_count() const { return ky_end - ky_begin; }
  int channels() const { return channel_end - channel_begin; }
  int rows(int size_x) const { return size_x * ky_count() * channels(); }
  friend bool operator==(const row_set& a, const row_set& b) {
    return a.ky_begin == b.ky_begin && a.ky_end == b.ky_end && a.channel_begin == b.channel_begin &&
           a.channel_end == b.channel_end;
  }
};

/// code = clip((ps * m + (1 << (s-1))) >> s, -128, 127) in 64 bit, the same for every set and column of a
/// layer.
struct adc_scale {
  std::int32_t m = 0;  ///< 0 .. 2^15 - 1
  unsigned s = 0;      ///< 1 .. 30
};

/// y = clip((S * m[c] + b[c]) >> s, lo, hi) in 32 bit; logits: S * m[c] + b[c], worth 2^-s each. Exact sums of a
/// digital layer may be larger: there it is as if in 64 bit.
struct requantise_constants {
  std::vector<std::int16_t> m;  ///< >= 0, one per output channel
  std::vector<std::int32_t> b;  ///< bias and rounding, one per output channel
  unsigned s = 0;               ///< 1 .. 30
  int lo = -128;                ///< 0 if a ReLU or a Clip from 0 on is fused
  int hi = 127;                 ///< less if a Clip ends below 127 steps of the output's scale
};

/// What runs on crossbars, or on cores alone: a convolution, or a fully connected layer as the convolution whose window
/// is the whole map.
struct crossbar_layer {
  bool digital = false;  ///< on cores: S is the exact sum; there are no row sets and no ADC
  int in_channels = 0, out_channels = 0;
  int first_channel = 0;  ///< of its map, that is its first input channel: of the codes of a row set not 0
  /// Output channel o reads the input channels of its group alone: those from (o / (out_channels / groups)) *
  /// in_channels / groups on. On crossbars the other groups' cells are 0. Depthwise: as many groups as input channels.
  int groups = 1;
  graph_window window;
  std::vector<std::int8_t> weights;  ///< [out_channels][in_channels / groups][size_y][size_x]
  std::vector<float> weight_scale;   ///< one per output channel
  std::vector<std::int32_t> bias;    ///< one per output channel, scale input * weight_scale
  // From calibration:
  /// Those of one copy: disjoint, cover the layer (with those whose codes it reads), in order. Further copies repeat
  /// them: other crossbars with the same weights, whose codes are added as well (copy_layers()).
  std::vector<row_set> row_sets;
  adc_scale adc;                    ///< on cores that of the codes of a row set, else 0
  requantise_constants requantise;  ///< requantise.lo and hi are known on import

  /// Copies of its crossbars; 1 on cores.
  std::size_t copies() const {
    return row_sets.empty() ? 1 : static_cast<std::size_t>(std::count(row_sets.begin(), row_sets.end(), row_sets[0]));
  }
  /// Cores make codes of a row set, which an ADC would.
  bool makes_codes() const { return digital && adc.s != 0; }
  int group_inputs() const { return in_channels / groups; }
  int first_input(int out_channel) const { return out_channel / (out_channels / groups) * group_inputs(); }
  bool depthwise() const { return groups > 1 && groups == in_channels; }
  /// 0 outside the output channel's group.
  std::int8_t weight(int out_channel, int in_channel, int ky, int kx) const {
    const int c = in_channel - first_input(out_channel);
    if (c < 0 || c >= group_inputs()) return 0;
    return weights[((static_cast<std::size_t>(out_channel) * group_inputs() + c) * window.size_y + ky) * window.size_x +
                   kx];
  }
  /// The weight in `row` of the set, in its row order.
  std::int8_t weight(const row_set& set, int row, int out_channel) const {
    const int c = row % set.channels(), tap = row / set.channels();
    return weight(out_channel, set.channel_begin + c, set.ky_begin + tap % set.ky_count(), tap / set.ky_count());
  }
};

/// The codes of one row set of a layer, made on cores (digital_rows.h): a map that this layer alone reads.
struct row_set_codes : crossbar_layer {
  row_set rows;  ///< of that layer
};

/// y = clip((x0 * a + x1 * b + (1 << (s-1))) >> s, lo, hi); x0, x1 in the order of graph_node::inputs.
struct residual_add {
  std::int32_t a = 0, b = 0;  ///< 0 .. 2^15 - 1
  unsigned s = 0;
  int lo = -128;  ///< as of a layer's requantisation
  int hi = 127;
};

/// y = clip((sum over the window * m + (1 << (s-1))) >> s, -128, 127); what lies outside the map is 0, so every window
/// has the same number of pixels.
struct average_pool {
  std::int32_t m = 0;  ///< 0 .. 2^15 - 1
  unsigned s = 0;
  std::optional<graph_window> window = std::nullopt;  ///< none: the whole map, one output pixel
};

/// A maximum over the part of the window that lies inside the map.
struct max_pool {
  graph_window window;
};

/// No inputs; its output is the image, quantised by its scale.
struct network_input {};

/// A layer that gives an int8 map. Behind its input may stand codes of its row sets that cores make (digital_rows.h).
struct convolution : crossbar_layer {};

/// The last node: a layer of one output pixel, int32; codes as of a convolution.
struct logits_layer : crossbar_layer {};

/// Maps of equal size and scale become one: the channels of its inputs, in their order. Each input is made by a
/// convolution and read by nothing else: what a layer is split into (split_layer.h).
struct channel_concatenation {};

/// What a node does, with the constants of that alone.
using graph_operation = std::variant<network_input, convolution, logits_layer, max_pool, average_pool, residual_add,
                                     channel_concatenation, row_set_codes>;

/// The alternatives of graph_operation, in its order.
enum class node_kind { input, convolution, logits, max_pool, average_pool, add, concatenation, codes };

/// A default operation of the kind.
graph_operation make_operation(node_kind kind);

/// One operation on any number of maps.
struct graph_node {
  std::string name;         ///< unique; the ONNX node's name
  std::vector<int> inputs;  ///< tensor indices, in the operator's order
  int output = -1;          ///< tensor index
  graph_operation operation;

  node_kind kind() const { return static_cast<node_kind>(operation.index()); }
  bool has_layer() const {
    return kind() == node_kind::convolution || kind() == node_kind::logits || kind() == node_kind::codes;
  }
  bool on_crossbar() const { return has_layer() && !layer().digital; }

  /// The operation's constants; std::bad_variant_access if the node is of another kind.
  const crossbar_layer& layer() const {
    if (const auto* l = std::get_if<logits_layer>(&operation)) return *l;
    if (const auto* l = std::get_if<row_set_codes>(&operation)) return *l;
    return std::get<convolution>(operation);
  }
  crossbar_layer& layer() { return const_cast<crossbar_layer&>(std::as_const(*this).layer()); }
  const graph_window& pool_window() const { return std::get<max_pool>(operation).window; }
  graph_window& pool_window() { return std::get<max_pool>(operation).window; }
  const average_pool& average() const { return std::get<average_pool>(operation); }
  average_pool& average() { return std::get<average_pool>(operation); }
  const residual_add& add() const { return std::get<residual_add>(operation); }
  residual_add& add() { return std::get<residual_add>(operation); }
};

struct integer_graph {
  std::string name;
  std::vector<graph_tensor> tensors;
  std::vector<graph_node> nodes;    ///< topological order: nodes[0] is the input, the last one makes the logits
  std::vector<std::string> labels;  ///< meaning of logit rows 0.. (may be fewer than the logits)
  /// How pictures become the input; what an imported file does not say is not known and must be given.
  pixel_conversion pixels = pixel_conversion::of_our_models();
  bool pixels_known = true;
  // From calibration:
  bool calibrated = false;
  int rows = 0;                ///< crossbar height the row sets were made for
  int calibration_images = 0;  ///< for information

  const graph_tensor& input() const { return tensors[nodes.front().output]; }
  const graph_tensor& output() const { return tensors[nodes.back().output]; }
};

const char* to_string(node_kind kind);

/// Fills producer and consumers of every tensor from the nodes.
void link_tensors(integer_graph& graph);

/// The rule of CALIBRATED_FORMAT.md that splits a layer over crossbars of `rows` rows, ordered by (channel
/// group, ky). Throws graph_error if even one channel's kernel row does not fit.
std::vector<row_set> split_rows(int in_channels, int size_x, int size_y, int rows);

/// Pixels that each output of an average pool on `input` is the mean of.
inline std::int64_t pixels_of_average(const average_pool& pool, const graph_tensor& input) {
  return pool.window ? std::int64_t{pool.window->size_x} * pool.window->size_y
                     : std::int64_t{input.width} * input.height;
}

/// MVMs for one image: output pixels times row sets times column tiles, summed over the crossbar layers.
std::int64_t mvm_count(const integer_graph& graph, int columns);

/// Checks everything the format promises: topological order, shapes, set cover, constants in range, and that
/// no input whatever can leave int32 in requantise, add or pool (64 bit in the ADC). Calibration fields are
/// checked if `calibrated`. Throws graph_error with the node's name, what was found and what is allowed.
void check_graph(const integer_graph& graph);

/// A graph that breaks the rules above. what() is a complete sentence for the user.
struct graph_error : std::exception {
  explicit graph_error(std::string message) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

}  // namespace ohmic
