#include "sw/compiler/onnx/qdq_importer.h"

#include <cmath>

#include "sw/compiler/onnx/import_onnx.h"

namespace ohmic {

integer_graph qdq_importer::run() {
  graph_.name = source_.name();
  read_constants_and_uses();
  read_input();
  for (const onnx::NodeProto& node : source_.node()) read_node(node);
  read_output();
  link_tensors(graph_);
  return std::move(graph_);
}

void qdq_importer::read_constants_and_uses() {
  for (const onnx::TensorProto& t : source_.initializer())
    if (!initialisers_.emplace(t.name(), &t).second)
      throw import_error("two constants have the name '" + t.name() + "'");
  if (source_.sparse_initializer_size() > 0) throw import_error("sparse constants are not supported");
  for (const onnx::NodeProto& node : source_.node()) {
    for (const std::string& input : node.input()) ++uses_[input];
    if (node.op_type() != "Constant" || node.output_size() != 1) continue;
    for (const onnx::AttributeProto& a : node.attribute())
      if (a.name() == "value" && a.type() == onnx::AttributeProto::TENSOR &&
          !initialisers_.emplace(node.output(0), &a.t()).second)
        refuse(node, "its output's name '" + node.output(0) + "' is taken");
  }
  for (const onnx::ValueInfoProto& output : source_.output()) ++uses_[output.name()];
}

void qdq_importer::read_input() {
  const onnx::ValueInfoProto* input = nullptr;
  for (const onnx::ValueInfoProto& v : source_.input()) {
    if (initialisers_.count(v.name())) continue;
    if (input)
      throw import_error("the network has two inputs ('" + input->name() + "' and '" + v.name() +
                         "'); one image is expected");
    input = &v;
  }
  if (!input) throw import_error("the network has no input");
  const auto fail = [&](const std::string& text) { throw import_error("input '" + input->name() + "': " + text); };
  if (!input->type().has_tensor_type() || input->type().tensor_type().elem_type() != onnx::TensorProto::FLOAT)
    fail("is not a float tensor");
  const onnx::TensorShapeProto& shape = input->type().tensor_type().shape();
  if (shape.dim_size() != 4 && shape.dim_size() != 2)
    fail("has " + std::to_string(shape.dim_size()) + " dimensions; [N, C, H, W] or [N, C] is expected");
  int size[4] = {0, 1, 1, 1};
  for (int i = 1; i < shape.dim_size(); ++i) {
    if (!shape.dim(i).has_dim_value() || shape.dim(i).dim_value() < 1 || shape.dim(i).dim_value() > 65536)
      fail("channels, height and width must be fixed numbers from 1 to 65536");
    size[i] = static_cast<int>(shape.dim(i).dim_value());
  }
  onnx::NodeProto node;
  node.set_name(input->name());
  node.add_output(input->name());
  append(node, node_kind::input, {}, {input->name(), size[1], size[2], size[3], 0, -1, {}}, shape.dim_size());
}

void qdq_importer::read_node(const onnx::NodeProto& node) {
  const std::string& op = node.op_type();
  if (!node.domain().empty() && node.domain() != "ai.onnx")
    refuse(node, "operators of domain '" + node.domain() + "' are not supported; a QDQ model uses standard ones");
  if (op == "Constant") {
    if (node.output_size() != 1 || node.attribute_size() != 1 || !initialisers_.count(node.output(0)))
      refuse(node, "is not a tensor constant");
    return;
  }
  if (op == "Dropout" && node.output_size() == 2 && uses_.count(node.output(1)) == 0) return read_identity(node);
  if (node.output_size() != 1) refuse(node, "has " + std::to_string(node.output_size()) + " outputs; 1 is expected");
  if (op == "QuantizeLinear") return read_quantise(node);
  if (op == "DequantizeLinear") return read_dequantise(node);
  if (op == "Conv") return read_conv(node);
  if (op == "Gemm") return read_gemm(node);
  if (op == "MatMul") return read_matmul(node);
  if (op == "Relu") return read_relu(node);
  if (op == "Add") return read_add(node);
  if (op == "MaxPool") return read_max_pool(node);
  if (op == "Clip") return read_clip(node);
  if (op == "AveragePool") return read_average_pool(node);
  if (op == "GlobalAveragePool") return read_global_average_pool(node);
  if (op == "ReduceMean") return read_reduce_mean(node);
  if (op == "Flatten") return read_flatten(node);
  if (op == "Reshape") return read_reshape(node);
  if (op == "Squeeze") return read_squeeze(node);
  if (op == "Identity" || op == "Dropout") return read_identity(node);
  refuse(node,
         "this operator is not supported; supported are Conv, Gemm, MatMul, Relu, Clip, Add, MaxPool, AveragePool, "
         "GlobalAveragePool, ReduceMean, Flatten, Reshape, Squeeze, Identity, Dropout, QuantizeLinear, "
         "DequantizeLinear and Constant");
}

bool qdq_importer::has_input(const onnx::NodeProto& node, int input) const {
  return input < node.input_size() && !node.input(input).empty();
}

void qdq_importer::require_input(const onnx::NodeProto& node, int input) {
  if (input >= node.input_size())
    refuse(node,
           "has " + std::to_string(node.input_size()) + " inputs; " + std::to_string(input + 1) + " are expected");
}

void qdq_importer::check_inputs(const onnx::NodeProto& node, int least, int most) {
  if (node.input_size() < least || node.input_size() > most)
    refuse(node, "has " + std::to_string(node.input_size()) + " inputs; " + std::to_string(least) +
                     (most > least ? " to " + std::to_string(most) : "") + " are expected");
}

const qdq_importer::value& qdq_importer::value_of(const onnx::NodeProto& node, int input) {
  require_input(node, input);
  const std::string& name = node.input(input);
  const auto found = values_.find(name);
  if (found == values_.end())
    refuse(node, "input '" + name + "' is " +
                     (initialisers_.count(name) || constants_.count(name) ? "a constant; a feature map is expected"
                                                                          : "made by no node before this one"));
  return found->second;
}

void qdq_importer::refuse_taken_name(const onnx::NodeProto& node) const {
  const std::string& name = node.output(0);
  if (name.empty() || values_.count(name) || constants_.count(name) || initialisers_.count(name))
    refuse(node, "its output's name '" + name + "' is " + (name.empty() ? "empty" : "taken"));
}

void qdq_importer::define(const onnx::NodeProto& node, value made) {
  refuse_taken_name(node);
  values_[node.output(0)] = made;
}

bool qdq_importer::read_once(const std::string& name) const {
  const auto found = uses_.find(name);
  return found != uses_.end() && found->second == 1;
}

int qdq_importer::real_map(const onnx::NodeProto& node, int input, int rank) {
  const value& v = value_of(node, input);
  if (v.state != form::real)
    refuse(node, "input '" + node.input(input) +
                     (v.state == form::pending ? "' is not quantised; a QuantizeLinear and DequantizeLinear must stand "
                                                 "before this node"
                                               : "' is int8; a DequantizeLinear must stand before this node"));
  if (rank != 0 && v.rank != rank)
    refuse(node, "input '" + node.input(input) +
                     (rank == 2 ? "' has the shape [N, C, H, W]; [N, C] (behind a Flatten) is expected"
                                : "' has the shape [N, C]; [N, C, H, W] is expected"));
  return v.tensor;
}

int qdq_importer::pending_map(const onnx::NodeProto& node, int input) {
  const value& v = value_of(node, input);
  if (v.state != form::pending)
    refuse(node, "input '" + node.input(input) +
                     "' is quantised already; this node must stand before QuantizeLinear (docs/"
                     "bring-your-own-network.md says how to quantise so)");
  if (!read_once(node.input(input)))
    refuse(node, "input '" + node.input(input) + "' is read elsewhere too, before it is quantised");
  return v.tensor;
}

const onnx::TensorProto& qdq_importer::initialiser(const onnx::NodeProto& node, int input, const char* what) {
  require_input(node, input);
  const auto found = initialisers_.find(node.input(input));
  if (found == initialisers_.end()) refuse(node, std::string(what) + " '" + node.input(input) + "' is not a constant");
  return *found->second;
}

const qdq_importer::real_constant& qdq_importer::constant_of(const onnx::NodeProto& node, int input, const char* what) {
  require_input(node, input);
  const auto found = constants_.find(node.input(input));
  if (found == constants_.end())
    refuse(node,
           std::string(what) + " '" + node.input(input) + "' must be integer constants behind a DequantizeLinear");
  return found->second;
}

std::vector<float> qdq_importer::read_scale(const onnx::NodeProto& node) {
  const onnx::TensorProto& tensor = initialiser(node, 1, "scale");
  const std::vector<float> scales = read_floats(tensor, node, "scale");
  if (tensor.dims_size() > 1 || scales.empty())
    refuse(node, "scale has the shape " + shape_text(tensor) + "; one number, or one per channel, is expected");
  for (float s : scales)
    if (!(s > 0) || !std::isfinite(s)) refuse(node, "scale " + std::to_string(s) + " is not a positive number");
  return scales;
}

void qdq_importer::check_zero_point(const onnx::NodeProto& node, int data_type) {
  const onnx::TensorProto& zero = initialiser(node, 2, "zero point");
  if (zero.data_type() != data_type)
    refuse(node, "zero point is " + type_text(zero.data_type()) + "; " + type_text(data_type) + " is expected");
  const onnx::TensorProto& scale = initialiser(node, 1, "scale");
  const auto one = [](const onnx::TensorProto& t) {
    return t.dims_size() == 0 || (t.dims_size() == 1 && t.dims(0) == 1);
  };
  if (shape_text(zero) != shape_text(scale) && !(one(zero) && one(scale)))
    refuse(node, "zero point has the shape " + shape_text(zero) + ", but scale has " + shape_text(scale));
  for (std::int64_t z : read_integers(zero, node, "zero point"))
    if (z != 0) refuse(node, "zero point is " + std::to_string(z) + "; only symmetric quantisation (0) is supported");
}

/// The axis of a QuantizeLinear or DequantizeLinear, whose other attributes must be such that they change nothing.
std::int64_t qdq_importer::read_axis(const onnx::NodeProto& node) {
  node_attributes attributes(node);
  const std::int64_t axis = attributes.integer("axis", 1);
  if (const std::int64_t size = attributes.integer("block_size", 0); size != 0)
    refuse(node, "quantisation in blocks (block_size = " + std::to_string(size) + ") is not supported");
  const bool quantises = node.op_type() == "QuantizeLinear";
  if (quantises && attributes.integer("saturate", 1) != 1) refuse(node, "saturate other than 1 is not supported");
  if (quantises) {
    const std::int64_t type = attributes.integer("output_dtype", onnx::TensorProto::UNDEFINED);
    if (type != onnx::TensorProto::UNDEFINED && type != onnx::TensorProto::INT8)
      refuse(node, "output_dtype is " + type_text(static_cast<int>(type)) + "; INT8 is expected");
  }
  attributes.refuse_unknown();
  return axis;
}

void qdq_importer::read_quantise(const onnx::NodeProto& node) {
  check_inputs(node, 2, 3);
  read_axis(node);
  const bool says_int8 = node_attributes(node).integer("output_dtype", 0) == onnx::TensorProto::INT8;
  const std::vector<float> scale = read_scale(node);
  if (scale.size() != 1) refuse(node, "a feature map needs one scale, not " + std::to_string(scale.size()));
  if (has_input(node, 2))
    check_zero_point(node, onnx::TensorProto::INT8);
  else if (!says_int8)
    refuse(node, "has no zero point, which means uint8; int8 with zero point 0 is expected");
  value v = value_of(node, 0);
  graph_tensor& t = graph_.tensors[v.tensor];
  if (v.state == form::pending) {
    pending_map(node, 0);
    if (v.rounded > 0 && scale[0] > v.rounded * 1.000001f)
      refuse(node, "quantises with scale " + std::to_string(scale[0]) + " what was quantised with the smaller scale " +
                       std::to_string(v.rounded) +
                       " before its Relu; its values end at 127 times that, which no single quantiser says");
    t.scale = scale[0];
    for (const graph_node* n = &producer(v.tensor); n->kind() == node_kind::max_pool && waits_for_scale(n->inputs[0]);
         n = &producer(n->inputs[0]))
      graph_.tensors[n->inputs[0]].scale = scale[0];
    settle_upper_bound(v.tensor);
  } else if (v.state == form::quantised || t.scale != scale[0]) {
    refuse(node, "quantises map '" + t.name + "' again with another scale (" + std::to_string(scale[0]) + " after " +
                     std::to_string(t.scale) + ")");
  }
  define(node, {form::quantised, v.tensor, v.rank, v.sole && read_once(node.output(0))});
}

void qdq_importer::read_dequantise(const onnx::NodeProto& node) {
  check_inputs(node, 2, 3);
  std::int64_t axis = read_axis(node);
  std::vector<float> scales = read_scale(node);
  if (const auto found = initialisers_.find(node.input(0)); found != initialisers_.end()) {
    const onnx::TensorProto& t = *found->second;
    if (t.data_type() != onnx::TensorProto::INT8 && t.data_type() != onnx::TensorProto::INT32)
      refuse(node, "constant '" + t.name() + "' is " + type_text(t.data_type()) + "; int8 or int32 is expected");
    if (has_input(node, 2)) check_zero_point(node, t.data_type());
    refuse_taken_name(node);
    if (axis < 0) axis += t.dims_size();
    if (scales.size() > 1 && (axis < 0 || axis >= t.dims_size() ||
                              t.dims(static_cast<int>(axis)) != static_cast<std::int64_t>(scales.size())))
      refuse(node, std::to_string(scales.size()) + " scales do not fit axis " + std::to_string(axis) + " of " +
                       shape_text(t));
    constants_[node.output(0)] = {read_integers(t, node, "constant"),
                                  {t.dims().begin(), t.dims().end()},
                                  std::move(scales),
                                  axis,
                                  t.data_type(),
                                  node.input(0)};
    return;
  }
  const value v = value_of(node, 0);
  if (v.state != form::quantised) refuse(node, "input '" + node.input(0) + "' is not int8");
  if (has_input(node, 2)) check_zero_point(node, onnx::TensorProto::INT8);
  if (scales.size() != 1 || scales[0] != graph_.tensors[v.tensor].scale)
    refuse(node, "scale differs from the QuantizeLinear before it");
  define(node, {form::real, v.tensor, v.rank, v.sole && read_once(node.output(0))});
}

graph_node& qdq_importer::append(const onnx::NodeProto& node, node_kind kind, std::vector<int> inputs,
                                 graph_tensor output, int rank) {
  const int tensor = static_cast<int>(graph_.tensors.size());
  output.name = node.name().empty() ? node.output(0) : node.name();
  define(node, {output.scale > 0 ? form::real : form::pending, tensor, rank, read_once(node.output(0))});
  graph_.tensors.push_back(std::move(output));
  producers_.push_back(static_cast<int>(graph_.nodes.size()));
  graph_node& n = graph_.nodes.emplace_back();
  n.operation = make_operation(kind);
  n.name = graph_.tensors[tensor].name;
  n.inputs = std::move(inputs);
  n.output = tensor;
  return n;
}

void qdq_importer::read_output() {
  if (source_.output_size() != 1)
    throw import_error("the network has " + std::to_string(source_.output_size()) + " outputs; 1 is expected");
  const std::string& name = source_.output(0).name();
  const auto found = values_.find(name);
  if (found == values_.end()) throw import_error("output '" + name + "' is made by no node");
  graph_node& last = producer(found->second.tensor);
  const graph_tensor& t = graph_.tensors[found->second.tensor];
  const bool dequantised = found->second.state == form::real && found->second.sole;
  if ((found->second.state != form::pending && !dequantised) || last.kind() != node_kind::convolution || t.width != 1 ||
      t.height != 1 || last.layer().requantise.lo == 0 || upper_bounds_.count(found->second.tensor) != 0)
    throw import_error("output '" + name + "' comes from node '" + last.name +
                       "'; a Gemm that gives the logits, in no other use and without a Relu, is expected there");
  last.operation = logits_layer{std::move(last.layer())};
  graph_.tensors[found->second.tensor].scale = 0;  // a quantiser of the logits is left out: they keep all their bits
  for (const graph_tensor& map : graph_.tensors)
    if (map.scale == 0 && &map != &t)
      throw import_error("the result of node '" + map.name + "' is never quantised; a QuantizeLinear must follow it");
}

}  // namespace ohmic
