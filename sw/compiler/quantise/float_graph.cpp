#include "sw/compiler/quantise/float_graph.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "sw/compiler/onnx/import_onnx.h"

namespace ohmic {
namespace {

const std::set<std::string> readers = {"Conv",      "Gemm", "MatMul", "Add", "AveragePool", "GlobalAveragePool",
                                       "ReduceMean"};
const std::set<std::string> makers = {"Conv",      "Gemm", "Add", "MaxPool", "AveragePool", "GlobalAveragePool",
                                      "ReduceMean"};

[[noreturn]] void fail(const onnx::NodeProto& node, const std::string& why) { refuse(node, why); }

/// Others may have the name of a layer, that of their result too, where they have none.
bool is_layer(const onnx::NodeProto& node) { return node.op_type() == "Conv" || node.op_type() == "Gemm"; }

}  // namespace

onnx::ModelProto parse_onnx(std::string_view bytes) {
  const google::protobuf::LogSilencer silence;
  onnx::ModelProto model;
  if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !model.has_graph())
    throw import_error("is not a whole ONNX file (truncated, or of another kind)");
  return model;
}

float_graph::float_graph(const onnx::ModelProto& source) : source_(source) {
  read_values();
  read_nodes();
  name_maps();
}

const float_layer* float_graph::layer_of(const onnx::NodeProto& node) const {
  const auto found = is_layer(node) ? layers_.find(node.name()) : layers_.end();
  return found == layers_.end() ? nullptr : &found->second;
}

const onnx::TensorProto& float_graph::constant(const onnx::NodeProto& node, int input, const char* what) const {
  if (input >= node.input_size()) fail(node, std::string("has no ") + what);
  const auto found = constants_.find(node.input(input));
  if (found == constants_.end()) fail(node, std::string(what) + " '" + node.input(input) + "' is not a constant");
  return *found->second;
}

int float_graph::uses(const std::string& value) const {
  const auto found = uses_.find(value);
  return found == uses_.end() ? 0 : found->second;
}

void float_graph::read_values() {
  const onnx::GraphProto& graph = source_.graph();
  for (const onnx::TensorProto& t : graph.initializer()) constants_[t.name()] = &t;
  for (const onnx::NodeProto& node : graph.node()) {
    for (const std::string& input : node.input()) ++uses_[input];
    if (node.op_type() == "Constant" && node.output_size() == 1)
      for (const onnx::AttributeProto& a : node.attribute())
        if (a.name() == "value" && a.type() == onnx::AttributeProto::TENSOR) constants_[node.output(0)] = &a.t();
  }
  for (const onnx::ValueInfoProto& output : graph.output()) ++uses_[output.name()];
}

void float_graph::read_nodes() {
  for (const onnx::NodeProto& node : source_.graph().node()) {
    if (node.op_type() == "Constant") {
      constant_nodes_.push_back(node);
      continue;
    }
    if (node.output_size() < 1 || node.output(0).empty()) fail(node, "has no output");
    if (node.input_size() < 1) fail(node, "has no input");
    if (fold(node)) continue;
    onnx::NodeProto copy = node;
    if (copy.name().empty()) copy.set_name(copy.output(0));
    if (copy.op_type() == "Conv") read_conv(copy);
    if (copy.op_type() == "Gemm" || copy.op_type() == "MatMul") read_gemm(copy);
    if (copy.op_type() == "BatchNormalization") fail(copy, "only one behind a Conv of its own can be folded");
    made_by_[copy.output(0)] = nodes_.size();
    nodes_.push_back(std::move(copy));
  }
  for (const onnx::NodeProto& node : nodes_)
    if (readers.count(node.op_type()) != 0)
      for (const std::string& input : node.input()) computed_with_.insert(input);
}

void float_graph::read_conv(onnx::NodeProto& node) {
  float_layer layer;
  if (node.input_size() < 2) fail(node, "has no weights");
  const onnx::TensorProto& w = constant(node, 1, "weights");
  layer.weights = read_floats(w, node, "weights");
  layer.dims.assign(w.dims().begin(), w.dims().end());
  if (layer.dims.size() != 4) fail(node, "only two-dimensional convolution is supported");
  if (node.input_size() > 2 && !node.input(2).empty())
    layer.bias = read_floats(constant(node, 2, "bias"), node, "bias");
  enter(node, std::move(layer));
}

/// As a Gemm with transB.
void float_graph::read_gemm(onnx::NodeProto& node) {
  float_layer layer;
  if (node.input_size() < 2) fail(node, "has no weights");
  const onnx::TensorProto& w = constant(node, 1, "weights");
  const std::vector<float> values = read_floats(w, node, "weights");
  node_attributes attributes(node);
  const bool gemm = node.op_type() == "Gemm";
  if (gemm && (attributes.real("alpha", 1) != 1 || attributes.real("beta", 1) != 1))
    fail(node, "alpha and beta other than 1 are not supported");
  if (gemm && attributes.integer("transA", 0) != 0) fail(node, "transA is not supported");
  const bool transposed = !gemm || attributes.integer("transB", 0) == 0;
  if (w.dims_size() != 2) fail(node, "weights are not a matrix");
  const std::int64_t rows = w.dims(0), columns = w.dims(1);
  layer.dims = transposed ? std::vector<std::int64_t>{columns, rows} : std::vector<std::int64_t>{rows, columns};
  layer.weights = values;
  for (std::int64_t r = 0; transposed && r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c) layer.weights[c * rows + r] = values[r * columns + c];
  if (node.input_size() > 2 && !node.input(2).empty())
    layer.bias = read_floats(constant(node, 2, "bias"), node, "bias");
  node.set_op_type("Gemm");
  node.clear_attribute();
  onnx::AttributeProto& a = *node.add_attribute();
  a.set_name("transB");
  a.set_type(onnx::AttributeProto::INT);
  a.set_i(1);
  enter(node, std::move(layer));
}

void float_graph::enter(const onnx::NodeProto& node, float_layer layer) {
  const auto out = static_cast<std::size_t>(std::max<std::int64_t>(layer.dims[0], 0));
  if (out == 0 || layer.weights.empty()) fail(node, "has no weights");
  if (layer.bias.empty()) layer.bias.assign(out, 0);
  if (layer.bias.size() == 1) layer.bias.assign(out, layer.bias[0]);
  if (layer.bias.size() != out) fail(node, "bias does not have one number per output channel");
  for (const std::vector<float>* values : {&layer.weights, &layer.bias})
    for (const float v : *values)
      if (!std::isfinite(v)) fail(node, "has a weight or bias that is not a finite number");
  if (!layers_.emplace(node.name(), std::move(layer)).second) fail(node, "another node has this name");
}

/// A BatchNormalization or an added constant behind a layer that nothing else reads becomes part of it.
bool float_graph::fold(const onnx::NodeProto& node) {
  const bool norm = node.op_type() == "BatchNormalization";
  int from = 0;
  if (node.op_type() == "Add" && node.input_size() == 2)
    from = is_constant(node.input(0)) ? 1 : is_constant(node.input(1)) ? 0 : -1;
  else if (!norm)
    return false;
  if (from < 0) return false;
  const auto maker = made_by_.find(node.input(from));
  if (maker == made_by_.end() || uses(node.input(from)) != 1) return false;
  onnx::NodeProto& before = nodes_[maker->second];
  if (!is_layer(before)) return false;
  const auto found = layers_.find(before.name());
  if (found == layers_.end()) return false;
  float_layer& layer = found->second;
  if (norm)
    fold_norm(node, layer);
  else
    fold_addition(node, from, layer);
  made_by_[node.output(0)] = maker->second;
  before.set_output(0, node.output(0));
  return true;
}

void float_graph::fold_norm(const onnx::NodeProto& node, float_layer& layer) const {
  const std::size_t out = layer.bias.size(), each = layer.weights.size() / out;
  if (node.input_size() != 5) fail(node, "does not have 5 inputs");
  std::array<std::vector<float>, 4> p;
  for (int i = 0; i < 4; ++i) {
    p[i] = read_floats(constant(node, i + 1, "parameter"), node, "parameter");
    if (p[i].size() != out) fail(node, "does not have one parameter per channel");
  }
  node_attributes attributes(node);
  if (attributes.integer("training_mode", 0) != 0) fail(node, "is in training mode");
  const double epsilon = attributes.real("epsilon", 1e-5f);
  for (std::size_t o = 0; o < out; ++o) {
    const double factor = p[0][o] / std::sqrt(double{p[3][o]} + epsilon);
    for (std::size_t i = 0; i < each; ++i)
      layer.weights[o * each + i] = static_cast<float>(layer.weights[o * each + i] * factor);
    layer.bias[o] = static_cast<float>((double{layer.bias[o]} - p[2][o]) * factor + p[1][o]);
  }
}

void float_graph::fold_addition(const onnx::NodeProto& node, int from, float_layer& layer) const {
  const std::size_t out = layer.bias.size();
  const onnx::TensorProto& t = constant(node, 1 - from, "constant");
  const std::vector<float> values = read_floats(t, node, "constant");
  const int axis = t.dims_size() - (layer.dims.size() == 4 ? 3 : 1);  // of the channels
  bool fits = values.size() == 1 || values.size() == out;
  for (int d = 0; d < t.dims_size(); ++d) fits = fits && (t.dims(d) == 1 || d == axis);
  if (!fits) fail(node, "adds a constant that is not one number per channel");
  for (std::size_t o = 0; o < out; ++o) layer.bias[o] += values[values.size() > 1 ? o : 0];
}

void float_graph::name_maps() {
  for (const onnx::ValueInfoProto& input : source_.graph().input())
    if (!is_constant(input.name())) map_of_[input.name()] = input.name();
  for (const onnx::NodeProto& node : nodes_) {
    const auto from = map_of_.find(node.input(0));
    if (from == map_of_.end()) fail(node, "input '" + node.input(0) + "' is made by no node before this one");
    if (node.op_type() == "Clip" && node.input_size() > 2 && is_constant(node.input(2)))
      for (const float upper : read_floats(constant(node, 2, "max"), node, "max")) {
        const auto known = uppers_.emplace(from->second, upper).first;
        known->second = std::min(known->second, upper);
      }
    const std::string map = makers.count(node.op_type()) != 0 ? node.name() : from->second;
    map_of_[node.output(0)] = map;
  }
}

}  // namespace ohmic
