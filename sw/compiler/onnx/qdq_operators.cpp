// The operators of the QDQ importer that become nodes of the integer graph.
#include <algorithm>
#include <cmath>
#include <limits>

#include "sw/compiler/onnx/import_onnx.h"
#include "sw/compiler/onnx/qdq_importer.h"

namespace ohmic {
namespace {

void check_kernel(const onnx::NodeProto& node, std::int64_t k) {
  if (k < 1 || k > 1024) refuse(node, "kernel size " + std::to_string(k) + " is outside 1 .. 1024");
}

/// Window of a Conv or MaxPool and the size of its output, from attributes common to both.
graph_window read_window(const onnx::NodeProto& node, node_attributes& attributes, std::int64_t size_y,
                         std::int64_t size_x, const graph_tensor& input, graph_tensor& output) {
  check_kernel(node, size_y);
  check_kernel(node, size_x);
  const std::vector<std::int64_t> strides = attributes.integers("strides", {1, 1});
  std::vector<std::int64_t> pads = attributes.integers("pads", {0, 0, 0, 0});
  const std::vector<std::int64_t> dilations = attributes.integers("dilations", {1, 1});
  const std::string auto_pad = attributes.text("auto_pad", "NOTSET");
  if (auto_pad != "NOTSET" && auto_pad != "VALID" && auto_pad != "SAME_UPPER" && auto_pad != "SAME_LOWER")
    refuse(node, "auto_pad " + auto_pad + " is unknown");
  if (auto_pad != "NOTSET" && pads != std::vector<std::int64_t>{0, 0, 0, 0})
    refuse(node, "auto_pad " + auto_pad + " contradicts 'pads'");
  if (dilations != std::vector<std::int64_t>{1, 1}) refuse(node, "dilated windows are not supported");
  if (strides.size() != 2 || pads.size() != 4) refuse(node, "only windows over height and width are supported");
  for (std::int64_t s : strides)
    if (s < 1 || s > 1024) refuse(node, "stride " + std::to_string(s) + " is outside 1 .. 1024");
  for (const int axis : {0, 1}) {
    if (auto_pad.rfind("SAME", 0) != 0) break;
    const std::int64_t size = axis == 0 ? input.height : input.width, kernel = axis == 0 ? size_y : size_x;
    const std::int64_t outputs = (size + strides[axis] - 1) / strides[axis];
    const std::int64_t all = std::max<std::int64_t>(0, (outputs - 1) * strides[axis] + kernel - size);
    pads[axis] = auto_pad == "SAME_UPPER" ? all / 2 : all - all / 2;
    pads[axis + 2] = all - pads[axis];
  }
  for (std::int64_t p : pads)
    if (p < 0 || p > 1024) refuse(node, "padding " + std::to_string(p) + " is outside 0 .. 1024");
  const std::int64_t room_y = input.height + pads[0] + pads[2] - size_y;
  const std::int64_t room_x = input.width + pads[1] + pads[3] - size_x;
  if (room_y < 0 || room_x < 0) refuse(node, "the kernel is larger than the padded map");
  output.height = static_cast<int>(room_y / strides[0] + 1);
  output.width = static_cast<int>(room_x / strides[1] + 1);
  graph_window w;
  w.size_x = static_cast<int>(size_x);
  w.size_y = static_cast<int>(size_y);
  w.stride_y = static_cast<int>(strides[0]);
  w.stride_x = static_cast<int>(strides[1]);
  w.pad_y = static_cast<int>(pads[0]);
  w.pad_x = static_cast<int>(pads[1]);
  return w;
}

}  // namespace

void qdq_importer::take_weights(const onnx::NodeProto& node, const real_constant& weights, bool transposed,
                                crossbar_layer& layer) {
  if (weights.data_type != onnx::TensorProto::INT8)
    refuse(node, "weights '" + weights.name + "' are " + type_text(weights.data_type) + "; int8 is expected");
  const std::int64_t out_axis = transposed ? 1 : 0;
  if (weights.scales.size() > 1 && weights.axis != out_axis)
    refuse(node, "weights '" + weights.name + "' are quantised along axis " + std::to_string(weights.axis) +
                     "; per output channel (axis " + std::to_string(out_axis) + ") or one scale is expected");
  layer.out_channels = static_cast<int>(weights.dims[out_axis]);
  const std::size_t n = weights.values.size(), out = layer.out_channels, in = n / out;
  layer.weights.resize(n);
  for (std::size_t o = 0; o < out; ++o)
    for (std::size_t i = 0; i < in; ++i)
      layer.weights[o * in + i] = static_cast<std::int8_t>(weights.values[transposed ? i * out + o : o * in + i]);
  layer.weight_scale.assign(out, weights.scales[0]);
  if (weights.scales.size() > 1) layer.weight_scale = weights.scales;
  layer.bias.assign(out, 0);
}

void qdq_importer::take_bias(const onnx::NodeProto& node, const real_constant& bias, std::size_t channel_axis,
                             crossbar_layer& layer) {
  const std::size_t out = layer.out_channels;
  if (bias.data_type != onnx::TensorProto::INT32)
    refuse(node, "bias '" + bias.name + "' is " + type_text(bias.data_type) + "; int32 is expected");
  const std::size_t rank = bias.dims.size();
  bool fits = true;
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t size = bias.dims[i];
    fits = fits && (size == 1 || (rank - 1 - i == channel_axis && size == static_cast<std::int64_t>(out)));
  }
  if (!fits)
    refuse(node, "bias '" + bias.name + "' has the shape " + shape_text(bias.dims) +
                     "; by ONNX's rules that is not one number for each of the " + std::to_string(out) +
                     " channels, and nothing else can be added");
  const double input_scale = graph_.tensors[producer(values_.at(node.output(0)).tensor).inputs[0]].scale;
  for (std::size_t c = 0; c < out; ++c) {
    const double expected = input_scale * double{layer.weight_scale[c]};
    const double found = bias.scales[bias.scales.size() > 1 ? c : 0];
    if (std::abs(found - expected) > 1e-5 * expected)
      refuse(node, "bias '" + bias.name + "' has scale " + std::to_string(found) + " in channel " + std::to_string(c) +
                       "; input scale times weight scale (" + std::to_string(expected) + ") is expected");
    layer.bias[c] = static_cast<std::int32_t>(bias.values[bias.values.size() > 1 ? c : 0]);
  }
}

void qdq_importer::read_conv(const onnx::NodeProto& node) {
  check_inputs(node, 2, 3);
  const int in = real_map(node, 0);
  const graph_tensor input = graph_.tensors[in];
  const real_constant& weights = constant_of(node, 1, "weights");
  if (weights.dims.size() != 4)
    refuse(node, "weights have " + std::to_string(weights.dims.size()) +
                     " dimensions; only two-dimensional "
                     "convolution [out, in, height, width] is supported");
  node_attributes attributes(node);
  const std::int64_t groups = attributes.integer("group", 1);
  if (groups < 1 || input.channels % groups != 0 || weights.dims[0] < 1 || weights.dims[0] % groups != 0)
    refuse(node, "group = " + std::to_string(groups) + " does not divide " + std::to_string(input.channels) +
                     " input and " + std::to_string(weights.dims[0]) + " output channels");
  if (weights.dims[1] != input.channels / groups)
    refuse(node, "weights take " + std::to_string(weights.dims[1]) + " channels, but the input has " +
                     std::to_string(input.channels) + (groups == 1 ? "" : " in " + std::to_string(groups) + " groups"));
  const std::vector<std::int64_t> kernel{weights.dims[2], weights.dims[3]};
  if (attributes.integers("kernel_shape", kernel) != kernel) refuse(node, "kernel_shape differs from the weights");
  graph_tensor output;
  const graph_window window = read_window(node, attributes, kernel[0], kernel[1], input, output);
  attributes.refuse_unknown();
  output.channels = static_cast<int>(weights.dims[0]);
  crossbar_layer& layer = append(node, node_kind::convolution, {in}, output).layer();
  layer.in_channels = input.channels;
  layer.groups = static_cast<int>(groups);
  layer.window = window;
  take_weights(node, weights, false, layer);
  if (!has_input(node, 2)) return;
  const real_constant& bias = constant_of(node, 2, "bias");
  if (bias.dims != std::vector<std::int64_t>{weights.dims[0]})
    refuse(node, "bias '" + bias.name + "' has the shape " + shape_text(bias.dims) + "; [" +
                     std::to_string(weights.dims[0]) + "] is expected");
  take_bias(node, bias, 0, layer);
}

void qdq_importer::read_gemm(const onnx::NodeProto& node) {
  check_inputs(node, 2, 3);
  node_attributes attributes(node);
  if (attributes.real("alpha", 1) != 1 || attributes.real("beta", 1) != 1)
    refuse(node, "alpha and beta other than 1 are not supported");
  if (attributes.integer("transA", 0) != 0) refuse(node, "transA is not supported");
  const bool transposed = attributes.integer("transB", 0) == 0;
  attributes.refuse_unknown();
  const int in = real_map(node, 0, 2);
  const graph_tensor input = graph_.tensors[in];
  const real_constant& weights = constant_of(node, 1, "weights");
  if (weights.dims.size() != 2) refuse(node, "weights are not a matrix");
  const std::int64_t values = std::int64_t{input.channels} * input.height * input.width;
  if (weights.dims[transposed ? 0 : 1] != values || weights.dims[transposed ? 1 : 0] < 1)
    refuse(node, "weights take " + std::to_string(weights.dims[transposed ? 0 : 1]) + " values, but the input has " +
                     std::to_string(values));
  graph_tensor output;
  output.channels = static_cast<int>(weights.dims[transposed ? 1 : 0]);
  output.height = output.width = 1;
  crossbar_layer& layer = append(node, node_kind::convolution, {in}, output, 2).layer();
  layer.in_channels = input.channels;
  layer.window.size_x = input.width;  // of a flattened map: a window over all of it
  layer.window.size_y = input.height;
  take_weights(node, weights, transposed, layer);
  if (!has_input(node, 2)) return;
  const real_constant& bias = constant_of(node, 2, "bias");
  if (bias.dims.size() > 2) refuse(node, "bias '" + bias.name + "' has the shape " + shape_text(bias.dims));
  take_bias(node, bias, 0, layer);
}

void qdq_importer::read_matmul(const onnx::NodeProto& node) {
  check_inputs(node, 2, 2);
  node_attributes(node).refuse_unknown();
  read_gemm(node);
}

void qdq_importer::fuse_bounds(const onnx::NodeProto& node, int tensor, float lower, float upper) {
  graph_node& n = producer(tensor);
  if (n.kind() == node_kind::max_pool && waits_for_scale(n.inputs[0]))
    return fuse_bounds(node, n.inputs[0], lower, upper);
  if (!n.has_layer() && n.kind() != node_kind::add)
    refuse(node, std::string("behind the ") + to_string(n.kind()) + " node '" + n.name +
                     "'; only a Relu or Clip behind a Conv, Gemm or Add can be fused");
  if (lower == 0) (n.has_layer() ? n.layer().requantise.lo : n.add().lo) = 0;
  if (upper < std::numeric_limits<float>::infinity()) {
    const auto known = upper_bounds_.emplace(tensor, upper).first;
    known->second = std::min(known->second, upper);
  }
}

/// Once the scale is known: round(min(x, upper) / scale) = min(round(x / scale), round(upper / scale)).
void qdq_importer::settle_upper_bound(int tensor) {
  graph_node& n = producer(tensor);
  if (n.kind() == node_kind::max_pool) return settle_upper_bound(n.inputs[0]);
  const auto found = upper_bounds_.find(tensor);
  if (found == upper_bounds_.end()) return;
  const float steps = std::rint(found->second / graph_.tensors[tensor].scale);
  (n.has_layer() ? n.layer().requantise.hi : n.add().hi) = static_cast<int>(std::clamp(steps, 0.f, 127.f));
}

/// A Relu before the quantiser sets the operator's lower bound. So does one behind a quantiser and dequantiser of its
/// own (onnxruntime's symmetric form): max(q, 0) of a value that was cut to -128 .. 127 is the value cut to 0 .. 127.
/// If another scale follows, the operator quantises with that one at once, without the rounding in between.
void qdq_importer::read_bounds(const onnx::NodeProto& node, float lower, float upper) {
  value v = value_of(node, 0);
  if (v.state == form::real) {
    if (!v.sole)
      refuse(node, "what it reads is read elsewhere too, before this " + node.op_type() + "; a " + node.op_type() +
                       " on an int8 map of its own is not supported");
    v.rounded = graph_.tensors[v.tensor].scale;
  } else {
    pending_map(node, 0);
  }
  fuse_bounds(node, v.tensor, lower, upper);
  define(node, {form::pending, v.tensor, v.rank, read_once(node.output(0)), v.rounded});
}

void qdq_importer::read_relu(const onnx::NodeProto& node) {
  check_inputs(node, 1, 1);
  node_attributes(node).refuse_unknown();
  read_bounds(node, 0, std::numeric_limits<float>::infinity());
}

void qdq_importer::read_clip(const onnx::NodeProto& node) {
  check_inputs(node, 1, 3);
  node_attributes(node).refuse_unknown();
  const auto bound = [&](int input, const char* what, float otherwise) {
    if (!has_input(node, input)) return otherwise;
    const std::vector<float> values = read_floats(initialiser(node, input, what), node, what);
    if (values.size() != 1 || std::isnan(values[0])) refuse(node, std::string(what) + " is not one number");
    return values[0];
  };
  constexpr float infinite = std::numeric_limits<float>::infinity(), greatest = std::numeric_limits<float>::max();
  const float lower = bound(1, "min", -infinite), upper = bound(2, "max", infinite);
  if (lower != 0 && lower > -greatest)
    refuse(node, "clips from " + std::to_string(lower) + " on; 0, or no lower bound, is supported");
  if (upper < 0) refuse(node, "clips at " + std::to_string(upper) + "; 0 or more, or no upper bound, is supported");
  read_bounds(node, lower, upper >= greatest ? infinite : upper);
}

void qdq_importer::read_bias_add(const onnx::NodeProto& node) {
  const int constant = constants_.count(node.input(1)) ? 1 : 0;
  const int t = pending_map(node, 1 - constant);
  const int rank = value_of(node, 1 - constant).rank;
  graph_node& n = producer(t);
  bool first_bias = n.kind() == node_kind::convolution && n.layer().requantise.lo != 0;
  for (std::int32_t b : n.layer().bias) first_bias = first_bias && b == 0;
  if (!first_bias) refuse(node, "adds a constant to something other than the result of a Conv or MatMul without bias");
  const real_constant& bias = constants_.at(node.input(constant));
  if (bias.dims.size() > static_cast<std::size_t>(rank))
    refuse(node,
           "bias '" + bias.name + "' has the shape " + shape_text(bias.dims) + ", more axes than what it is added to");
  define(node, {form::pending, t, rank, read_once(node.output(0))});
  take_bias(node, bias, rank == 4 ? 2 : 0, n.layer());
}

void qdq_importer::read_add(const onnx::NodeProto& node) {
  check_inputs(node, 2, 2);
  node_attributes(node).refuse_unknown();
  if (constants_.count(node.input(0)) || constants_.count(node.input(1))) return read_bias_add(node);
  const int a = real_map(node, 0, 0), b = real_map(node, 1, 0);
  const int rank = value_of(node, 0).rank;
  graph_tensor output = graph_.tensors[a];
  const graph_tensor& other = graph_.tensors[b];
  if (output.channels != other.channels || output.height != other.height || output.width != other.width ||
      rank != value_of(node, 1).rank)
    refuse(node, "adds maps of different shapes ('" + output.name + "' and '" + other.name + "')");
  output.scale = 0;
  append(node, node_kind::add, {a, b}, output, rank);
}

void qdq_importer::read_max_pool(const onnx::NodeProto& node) {
  check_inputs(node, 1, 1);
  // Before its input is quantised: a maximum of quantised numbers is the quantised maximum, so the quantiser that
  // follows may as well stand before both.
  value v = value_of(node, 0);
  const bool pending = v.state == form::pending && producer(v.tensor).kind() != node_kind::input;
  const int in = pending ? pending_map(node, 0) : real_map(node, 0);
  if (v.rank != 4) refuse(node, "input '" + node.input(0) + "' has the shape [N, C]; [N, C, H, W] is expected");
  if (pending) graph_.tensors[in].scale = 0;
  const graph_tensor input = graph_.tensors[in];
  node_attributes attributes(node);
  const std::vector<std::int64_t> kernel = attributes.integers("kernel_shape", {});
  if (kernel.size() != 2) refuse(node, "only pooling over height and width is supported");
  if (attributes.integer("ceil_mode", 0) != 0) refuse(node, "ceil_mode is not supported");
  if (const std::int64_t order = attributes.integer("storage_order", 0); order != 0 && order != 1)
    refuse(node, "storage_order is neither 0 nor 1");  // they concern the second output only
  graph_tensor output = input;                         // a maximum keeps the scale
  const graph_window window = read_window(node, attributes, kernel[0], kernel[1], input, output);
  attributes.refuse_unknown();
  append(node, node_kind::max_pool, {in}, output).pool_window() = window;
  if (pending) values_[node.output(0)].rounded = v.rounded;
}

void qdq_importer::read_average_pool(const onnx::NodeProto& node) {
  check_inputs(node, 1, 1);
  const int in = real_map(node, 0);
  const graph_tensor input = graph_.tensors[in];
  node_attributes attributes(node);
  const std::vector<std::int64_t> kernel = attributes.integers("kernel_shape", {});
  if (kernel.size() != 2) refuse(node, "only pooling over height and width is supported");
  if (attributes.integer("ceil_mode", 0) != 0) refuse(node, "ceil_mode is not supported");
  const bool counts_padding = attributes.integer("count_include_pad", 0) != 0;
  graph_tensor output = input;
  output.scale = 0;
  const graph_window window = read_window(node, attributes, kernel[0], kernel[1], input, output);
  attributes.refuse_unknown();
  const bool padded = window.pad_x > 0 || window.pad_y > 0 ||
                      (output.width - 1) * window.stride_x + window.size_x > input.width ||
                      (output.height - 1) * window.stride_y + window.size_y > input.height;
  if (padded && !counts_padding)
    refuse(node,
           "averages windows of different numbers of pixels (padding with count_include_pad = 0); no padding, or "
           "count_include_pad = 1, is supported");
  const bool whole = !padded && window.size_x == input.width && window.size_y == input.height;
  average_pool& pool = append(node, node_kind::average_pool, {in}, output).average();
  if (!whole) pool.window = window;
}

void qdq_importer::read_global_average_pool(const onnx::NodeProto& node) {
  check_inputs(node, 1, 1);
  node_attributes(node).refuse_unknown();
  const int in = real_map(node, 0);
  graph_tensor output = graph_.tensors[in];
  output.height = output.width = 1;
  output.scale = 0;
  append(node, node_kind::average_pool, {in}, output);
}

/// Over height and width: a GlobalAveragePool, flattened if it does not keep these axes.
void qdq_importer::read_reduce_mean(const onnx::NodeProto& node) {
  check_inputs(node, 1, 2);
  node_attributes attributes(node);
  std::vector<std::int64_t> axes = attributes.integers("axes", {});
  if (has_input(node, 1)) axes = read_integers(initialiser(node, 1, "axes"), node, "axes");
  const bool keeps = attributes.integer("keepdims", 1) != 0;
  attributes.integer("noop_with_empty_axes", 0);
  attributes.refuse_unknown();
  for (std::int64_t& axis : axes) axis = axis < 0 ? axis + 4 : axis;
  std::sort(axes.begin(), axes.end());
  if (axes != std::vector<std::int64_t>{2, 3}) refuse(node, "only the mean over height and width is supported");
  const int in = real_map(node, 0);
  graph_tensor output = graph_.tensors[in];
  output.height = output.width = 1;
  output.scale = 0;
  append(node, node_kind::average_pool, {in}, output, keeps ? 4 : 2);
}

void qdq_importer::flatten(const onnx::NodeProto& node) {
  value v = value_of(node, 0);
  if (v.state == form::quantised) refuse(node, "works on int8; a DequantizeLinear must stand before it");
  if (v.state == form::pending) pending_map(node, 0);
  v.rank = 2;
  v.sole = v.sole && read_once(node.output(0));
  define(node, v);
}

void qdq_importer::read_flatten(const onnx::NodeProto& node) {
  check_inputs(node, 1, 1);
  node_attributes attributes(node);
  const std::int64_t axis = attributes.integer("axis", 1);
  attributes.refuse_unknown();
  if (axis != 1 && axis != 1 - value_of(node, 0).rank) refuse(node, "axis must be 1");
  flatten(node);
}

/// [N, -1] and its like: a Flatten.
void qdq_importer::read_reshape(const onnx::NodeProto& node) {
  check_inputs(node, 2, 2);
  node_attributes attributes(node);
  if (attributes.integer("allowzero", 0) != 0) refuse(node, "allowzero is not supported");
  attributes.refuse_unknown();
  const std::vector<std::int64_t> shape = read_integers(initialiser(node, 1, "shape"), node, "shape");
  const graph_tensor& t = graph_.tensors[value_of(node, 0).tensor];
  const std::int64_t all = std::int64_t{t.channels} * t.height * t.width;
  const bool images = shape.size() == 2 && (shape[0] == 0 || shape[0] == 1 || (shape[0] == -1 && shape[1] != -1));
  if (!images || (shape[1] != -1 && shape[1] != all))
    refuse(node, "to " + shape_text(shape) + "; only [N, C * H * W] = [0, " + std::to_string(all) +
                     "], a Flatten, is supported");
  flatten(node);
}

void qdq_importer::read_squeeze(const onnx::NodeProto& node) {
  check_inputs(node, 1, 2);
  node_attributes(node).refuse_unknown();
  std::vector<std::int64_t> axes;
  if (has_input(node, 1)) axes = read_integers(initialiser(node, 1, "axes"), node, "axes");
  for (std::int64_t& axis : axes) axis = axis < 0 ? axis + 4 : axis;
  std::sort(axes.begin(), axes.end());
  const graph_tensor& t = graph_.tensors[value_of(node, 0).tensor];
  if (axes != std::vector<std::int64_t>{2, 3} || t.height != 1 || t.width != 1 || value_of(node, 0).rank != 4)
    refuse(node, "only height and width of one pixel can be taken away");
  flatten(node);
}

/// Also a Dropout, which does nothing when a network is used.
void qdq_importer::read_identity(const onnx::NodeProto& node) {
  value v = value_of(node, 0);
  if (v.state == form::pending) pending_map(node, 0);
  v.sole = v.sole && read_once(node.output(0));
  define(node, v);
}

}  // namespace ohmic
