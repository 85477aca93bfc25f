#include "sw/compiler/quantise/qdq_writer.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace ohmic {
namespace {

/// Rewrites a float graph node by node.
class qdq_writer {
 public:
  explicit qdq_writer(const float_graph& network) : network_(network), model_(network.source()) {}

  std::string write(const std::function<float(const std::string&)>& scale_of) {
    model_.mutable_graph()->clear_node();
    for (const onnx::ValueInfoProto& input : network_.source().graph().input())
      if (!network_.is_constant(input.name())) quantise(input.name(), scale_of(input.name()));
    for (const onnx::NodeProto& node : network_.nodes()) {
      onnx::NodeProto n = node;
      for (int i = 0; i < node.input_size(); ++i) n.set_input(i, seen(node.input(i)));
      if (const float_layer* const layer = network_.layer_of(node))
        write_layer(n, *layer, scale_of(network_.map_of(node.input(0))));
      written_.push_back(n);
      const std::string& made = node.output(0);
      if (network_.computed_with(made)) quantise(made, scale_of(network_.map_of(made)));
    }
    for (const onnx::NodeProto& n : written_) *model_.mutable_graph()->add_node() = n;
    drop_unread();
    return model_.SerializeAsString();
  }

 private:
  std::string seen(const std::string& value) const { return quantised_.count(value) != 0 ? value + ".dq" : value; }

  template <class type>
  std::string store(const std::string& name, int data_type, const std::vector<type>& values,
                    const std::vector<std::int64_t>& dims) {
    onnx::TensorProto& t = *model_.mutable_graph()->add_initializer();
    t.set_name(name);
    t.set_data_type(data_type);
    for (const std::int64_t d : dims) t.add_dims(d);
    t.set_raw_data(std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(type)));
    return name;
  }
  std::string add(const std::string& op, const std::string& output, const std::vector<std::string>& inputs,
                  std::int64_t axis = -1) {
    onnx::NodeProto n;
    n.set_op_type(op);
    n.set_name(output);
    for (const std::string& i : inputs) n.add_input(i);
    n.add_output(output);
    if (axis >= 0) {
      onnx::AttributeProto& a = *n.add_attribute();
      a.set_name("axis");
      a.set_type(onnx::AttributeProto::INT);
      a.set_i(axis);
    }
    written_.push_back(n);
    return output;
  }
  void quantise(const std::string& value, float scale) {
    const std::string s = store<float>(value + ".scale", onnx::TensorProto::FLOAT, {scale}, {});
    const std::string z = store<std::int8_t>(value + ".zero", onnx::TensorProto::INT8, {0}, {});
    add("DequantizeLinear", value + ".dq", {add("QuantizeLinear", value + ".q", {value, s, z}), s, z});
    quantised_.insert(value);
  }
  void write_layer(onnx::NodeProto& n, const float_layer& layer, float input_scale) {
    const std::size_t out = layer.bias.size(), each = layer.weights.size() / out;
    const auto channels = static_cast<std::int64_t>(out);
    std::vector<std::int8_t> weights(layer.weights.size());
    std::vector<std::int32_t> bias(out);
    std::vector<float> scales(out), bias_scales(out);
    float most_of_all = 0;
    for (const float w : layer.weights) most_of_all = std::max(most_of_all, std::abs(w));
    // Channels without weights, or with tiny ones, keep a scale like the others' that their bias fits.
    const float least_scale = most_of_all > 0 ? most_of_all / 127 / 4096 : input_scale;
    for (std::size_t o = 0; o < out; ++o) {
      float most = 0;
      for (std::size_t i = 0; i < each; ++i) most = std::max(most, std::abs(layer.weights[o * each + i]));
      scales[o] = std::max({most / 127, std::abs(layer.bias[o]) / (1e9f * input_scale), least_scale});
      for (std::size_t i = 0; i < each; ++i)
        weights[o * each + i] =
            static_cast<std::int8_t>(std::clamp(std::rint(layer.weights[o * each + i] / scales[o]), -127.f, 127.f));
      bias_scales[o] = input_scale * scales[o];
      bias[o] = static_cast<std::int32_t>(std::rint(double{layer.bias[o]} / double{bias_scales[o]}));
    }
    const auto dequantised = [&](const std::string& name, const std::vector<float>& of_channel, int type,
                                 const std::string& zeros) {
      store(name + ".scale", onnx::TensorProto::FLOAT, of_channel, {channels});
      if (type == onnx::TensorProto::INT8)
        store(zeros, type, std::vector<std::int8_t>(out, 0), {channels});
      else
        store(zeros, type, std::vector<std::int32_t>(out, 0), {channels});
      return add("DequantizeLinear", name + ".dq", {name, name + ".scale", zeros}, 0);
    };
    const std::string w = n.name() + ".weights8", b = n.name() + ".bias32";
    store(w, onnx::TensorProto::INT8, weights, layer.dims);
    store(b, onnx::TensorProto::INT32, bias, {channels});
    const std::string wd = dequantised(w, scales, onnx::TensorProto::INT8, w + ".zero");
    const std::string bd = dequantised(b, bias_scales, onnx::TensorProto::INT32, b + ".zero");
    const std::string input = n.input(0);
    n.clear_input();
    for (const std::string& i : {input, wd, bd}) n.add_input(i);
  }

  /// Drops the float weights, which stand in the file as int8 now.
  void drop_unread() {
    std::set<std::string> read;
    for (const onnx::NodeProto& n : model_.graph().node()) read.insert(n.input().begin(), n.input().end());
    onnx::GraphProto& graph = *model_.mutable_graph();
    google::protobuf::RepeatedPtrField<onnx::TensorProto> kept;
    for (const onnx::TensorProto& t : graph.initializer())
      if (read.count(t.name()) != 0) *kept.Add() = t;
    graph.mutable_initializer()->Swap(&kept);
    std::vector<onnx::NodeProto> constants;
    for (const onnx::NodeProto& n : network_.constant_nodes())
      if (read.count(n.output(0)) != 0) constants.push_back(n);
    std::vector<onnx::NodeProto> all(graph.node().begin(), graph.node().end());
    graph.clear_node();
    for (const auto* list : {&constants, &all})
      for (const onnx::NodeProto& n : *list) *graph.add_node() = n;
    graph.clear_value_info();
  }

  const float_graph& network_;
  onnx::ModelProto model_;
  std::vector<onnx::NodeProto> written_;
  std::set<std::string> quantised_;
};

}  // namespace

std::string write_qdq(const float_graph& network, const std::function<float(const std::string&)>& scale_of) {
  return qdq_writer(network).write(scale_of);
}

}  // namespace ohmic
