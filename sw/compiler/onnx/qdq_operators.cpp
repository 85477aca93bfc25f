// The operators of the QDQ importer that become nodes of the integer graph.
#include <cmath>

#include "sw/compiler/onnx/import_onnx.h"
#include "sw/compiler/onnx/qdq_importer.h"

namespace ohmic {
namespace {

void check_kernel(const onnx::NodeProto& node, std::int64_t k) {
  if (k < 1 || k > 1024) refuse(node, "kernel size " + std::to_string(k) + " is outside 1 .. 1024");
}

/// Window of a Conv or MaxPool and the size of its output, from attributes common to both.
graph_window read_window(const onnx::NodeProto& node, node_attributes& attributes, std::int64_t kernel_y,
                         std::int64_t kernel_x, const graph_tensor& input, graph_tensor& output) {
  check_kernel(node, kernel_y);
  check_kernel(node, kernel_x);
  const std::vector<std::int64_t> strides = attributes.integers("strides", {1, 1});
  const std::vector<std::int64_t> pads = attributes.integers("pads", {0, 0, 0, 0});
  const std::vector<std::int64_t> dilations = attributes.integers("dilations", {1, 1});
  const std::string auto_pad = attributes.text("auto_pad", "NOTSET");
  if (auto_pad != "NOTSET" && auto_pad != "VALID")
    refuse(node, "auto_pad " + auto_pad + " is not supported; write the padding into 'pads'");
  if (dilations != std::vector<std::int64_t>{1, 1}) refuse(node, "dilated windows are not supported");
  if (strides.size() != 2 || pads.size() != 4) refuse(node, "only windows over height and width are supported");
  for (std::int64_t s : strides)
    if (s < 1 || s > 1024) refuse(node, "stride " + std::to_string(s) + " is outside 1 .. 1024");
  for (std::int64_t p : pads)
    if (p < 0 || p > 1024) refuse(node, "padding " + std::to_string(p) + " is outside 0 .. 1024");
  const std::int64_t room_y = input.height + pads[0] + pads[2] - kernel_y;
  const std::int64_t room_x = input.width + pads[1] + pads[3] - kernel_x;
  if (room_y < 0 || room_x < 0) refuse(node, "the kernel is larger than the padded map");
  output.height = static_cast<int>(room_y / strides[0] + 1);
  output.width = static_cast<int>(room_x / strides[1] + 1);
  graph_window w;
  w.kernel_x = static_cast<int>(kernel_x);
  w.kernel_y = static_cast<int>(kernel_y);
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

void qdq_importer::take_bias(const onnx::NodeProto& node, const real_constant& bias, crossbar_layer& layer) {
  const std::size_t out = layer.out_channels;
  if (bias.data_type != onnx::TensorProto::INT32)
    refuse(node, "bias '" + bias.name + "' is " + type_text(bias.data_type) + "; int32 is expected");
  if (bias.values.size() != out)
    refuse(node, "bias '" + bias.name + "' has " + std::to_string(bias.values.size()) + " values for " +
                     std::to_string(out) + " channels");
  const double input_scale = graph_.tensors[producer(values_.at(node.output(0)).tensor).inputs[0]].scale;
  for (std::size_t c = 0; c < out; ++c) {
    const double expected = input_scale * double{layer.weight_scale[c]};
    const double found = bias.scales[bias.scales.size() > 1 ? c : 0];
    if (std::abs(found - expected) > 1e-5 * expected)
      refuse(node, "bias '" + bias.name + "' has scale " + std::to_string(found) + " in channel " + std::to_string(c) +
                       "; input scale times weight scale (" + std::to_string(expected) + ") is expected");
    layer.bias[c] = static_cast<std::int32_t>(bias.values[c]);
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
  if (const std::int64_t groups = attributes.integer("group", 1); groups != 1)
    refuse(node, "grouped or depthwise convolution (group = " + std::to_string(groups) + ") is not supported");
  if (weights.dims[1] != input.channels || weights.dims[0] < 1)
    refuse(node, "weights take " + std::to_string(weights.dims[1]) + " channels, but the input has " +
                     std::to_string(input.channels));
  const std::vector<std::int64_t> kernel{weights.dims[2], weights.dims[3]};
  if (attributes.integers("kernel_shape", kernel) != kernel) refuse(node, "kernel_shape differs from the weights");
  graph_tensor output;
  const graph_window window = read_window(node, attributes, kernel[0], kernel[1], input, output);
  attributes.refuse_unknown();
  output.channels = static_cast<int>(weights.dims[0]);
  crossbar_layer& layer = append(node, node_kind::convolution, {in}, output).layer;
  layer.in_channels = input.channels;
  layer.window = window;
  take_weights(node, weights, false, layer);
  if (has_input(node, 2)) take_bias(node, constant_of(node, 2, "bias"), layer);
}

void qdq_importer::read_gemm(const onnx::NodeProto& node) {
  check_inputs(node, 2, 3);
  node_attributes attributes(node);
  if (attributes.real("alpha", 1) != 1 || attributes.real("beta", 1) != 1)
    refuse(node, "alpha and beta other than 1 are not supported");
  if (attributes.integer("transA", 0) != 0) refuse(node, "transA is not supported");
  const bool transposed = attributes.integer("transB", 0) == 0;
  attributes.refuse_unknown();
  const int in = real_map(node, 0);
  const graph_tensor input = graph_.tensors[in];
  const real_constant& weights = constant_of(node, 1, "weights");
  if (weights.dims.size() != 2) refuse(node, "weights are not a matrix");
  if (input.width != 1 || input.height != 1) refuse(node, "works on a map of more than one pixel");
  if (weights.dims[transposed ? 0 : 1] != input.channels || weights.dims[transposed ? 1 : 0] < 1)
    refuse(node, "weights take " + std::to_string(weights.dims[transposed ? 0 : 1]) + " values, but the input has " +
                     std::to_string(input.channels));
  graph_tensor output;
  output.channels = static_cast<int>(weights.dims[transposed ? 1 : 0]);
  output.height = output.width = 1;
  crossbar_layer& layer = append(node, node_kind::convolution, {in}, output).layer;
  layer.in_channels = input.channels;
  take_weights(node, weights, transposed, layer);
  if (has_input(node, 2)) take_bias(node, constant_of(node, 2, "bias"), layer);
}

void qdq_importer::read_matmul(const onnx::NodeProto& node) {
  check_inputs(node, 2, 2);
  read_gemm(node);
}

void qdq_importer::read_relu(const onnx::NodeProto& node) {
  check_inputs(node, 1, 1);
  const int t = pending_map(node, 0);
  graph_node& n = producer(t);
  if (n.kind == node_kind::convolution)
    n.layer.requantise.lo = 0;
  else if (n.kind == node_kind::add)
    n.add.lo = 0;
  else
    refuse(node, std::string("behind the ") + to_string(n.kind) + " node '" + n.name +
                     "'; only a Relu behind a Conv, Gemm or Add can be fused");
  values_[node.output(0)] = {form::pending, t};
}

void qdq_importer::read_bias_add(const onnx::NodeProto& node) {
  const int constant = constants_.count(node.input(1)) ? 1 : 0;
  const int t = pending_map(node, 1 - constant);
  graph_node& n = producer(t);
  bool first_bias = n.kind == node_kind::convolution && n.layer.requantise.lo != 0;
  for (std::int32_t b : n.layer.bias) first_bias = first_bias && b == 0;
  if (!first_bias) refuse(node, "adds a constant to something other than the result of a MatMul");
  values_[node.output(0)] = {form::pending, t};
  take_bias(node, constants_.at(node.input(constant)), n.layer);
}

void qdq_importer::read_add(const onnx::NodeProto& node) {
  check_inputs(node, 2, 2);
  if (constants_.count(node.input(0)) || constants_.count(node.input(1))) return read_bias_add(node);
  const int a = real_map(node, 0), b = real_map(node, 1);
  graph_tensor output = graph_.tensors[a];
  const graph_tensor& other = graph_.tensors[b];
  if (output.channels != other.channels || output.height != other.height || output.width != other.width)
    refuse(node, "adds maps of different shapes ('" + output.name + "' and '" + other.name + "')");
  output.scale = 0;
  append(node, node_kind::add, {a, b}, output);
}

void qdq_importer::read_max_pool(const onnx::NodeProto& node) {
  check_inputs(node, 1, 1);
  const int in = real_map(node, 0);
  const graph_tensor input = graph_.tensors[in];
  node_attributes attributes(node);
  const std::vector<std::int64_t> kernel = attributes.integers("kernel_shape", {});
  if (kernel.size() != 2) refuse(node, "only pooling over height and width is supported");
  if (attributes.integer("ceil_mode", 0) != 0) refuse(node, "ceil_mode is not supported");
  attributes.integer("storage_order", 0);  // concerns the second output only
  graph_tensor output = input;             // a maximum keeps the scale
  const graph_window window = read_window(node, attributes, kernel[0], kernel[1], input, output);
  attributes.refuse_unknown();
  append(node, node_kind::max_pool, {in}, output).pool_window = window;
}

void qdq_importer::read_average_pool(const onnx::NodeProto& node) {
  check_inputs(node, 1, 1);
  node_attributes(node).refuse_unknown();
  const int in = real_map(node, 0);
  graph_tensor output = graph_.tensors[in];
  output.height = output.width = 1;
  output.scale = 0;
  append(node, node_kind::average_pool, {in}, output);
}

void qdq_importer::read_flatten(const onnx::NodeProto& node) {
  check_inputs(node, 1, 1);
  node_attributes attributes(node);
  if (attributes.integer("axis", 1) != 1) refuse(node, "axis must be 1");
  attributes.refuse_unknown();
  const value v = value_of(node, 0);
  const graph_tensor& t = graph_.tensors[v.tensor];
  if (v.state == form::quantised) refuse(node, "works on int8; a DequantizeLinear must stand before it");
  if (v.state == form::pending) pending_map(node, 0);
  if (t.height != 1 || t.width != 1)
    refuse(node, "flattens map '" + t.name + "' of " + std::to_string(t.height) + "x" + std::to_string(t.width) +
                     " pixels; only one pixel (behind GlobalAveragePool) is supported");
  values_[node.output(0)] = v;
}

}  // namespace ohmic
