#pragma once

#include <string>
#include <vector>

#include "tests/sw/compiler/onnx/onnx_builder.h"

namespace ohmic {

/// Writes a float ONNX model. Every function returns the name of its result.
class float_builder : public onnx_builder {
 public:
  using onnx_builder::onnx_builder;
  using onnx_builder::set;

  static void set(onnx::NodeProto& n, const std::string& name, float value) {
    auto* a = n.add_attribute();
    a->set_name(name);
    a->set_type(onnx::AttributeProto::FLOAT);
    a->set_f(value);
  }

  std::string constant(const std::string& name, const std::vector<float>& values, const std::vector<long>& dims) {
    auto* t = graph().add_initializer();
    t->set_name(name);
    t->set_data_type(onnx::TensorProto::FLOAT);
    for (long d : dims) t->add_dims(d);
    for (float v : values) t->add_float_data(v);
    return name;
  }

  /// Windows as [height, width], pads as [top, left, bottom, right].
  struct window {
    std::vector<long> kernel, strides = {1, 1}, pads = {0, 0, 0, 0};
  };
  std::string conv(const std::string& name, const std::string& input, const std::vector<long>& dims,
                   const std::vector<float>& weights, const std::vector<float>& bias, const window& w, long group = 1) {
    std::vector<std::string> inputs{input, constant(name + ".w", weights, dims)};
    if (!bias.empty()) inputs.push_back(constant(name + ".b", bias, {dims[0]}));
    auto& n = node("Conv", name, inputs);
    set_window(n, w);
    set(n, "group", group);
    return n.output(0);
  }
  std::string pool(const std::string& op, const std::string& name, const std::string& input, const window& w) {
    auto& n = node(op, name, {input});
    set_window(n, w);
    return n.output(0);
  }
  /// scale, bias, mean, variance per channel.
  std::string norm(const std::string& name, const std::string& input, const std::vector<std::vector<float>>& p,
                   float epsilon) {
    std::vector<std::string> inputs{input};
    for (std::size_t i = 0; i < p.size(); ++i)
      inputs.push_back(constant(name + std::to_string(i), p[i], {static_cast<long>(p[i].size())}));
    auto& n = node("BatchNormalization", name, inputs);
    set(n, "epsilon", epsilon);
    return n.output(0);
  }
  std::string gemm(const std::string& name, const std::string& input, long out, long in,
                   const std::vector<float>& weights, const std::vector<float>& bias) {
    auto& n =
        node("Gemm", name, {input, constant(name + ".w", weights, {out, in}), constant(name + ".b", bias, {out})});
    set(n, "transB", 1L);
    return n.output(0);
  }
  std::string flat(const std::string& input) { return node("Flatten", input + ".flat", {input}).output(0); }

 private:
  static void set_window(onnx::NodeProto& n, const window& w) {
    set(n, "kernel_shape", w.kernel);
    set(n, "strides", w.strides);
    set(n, "pads", w.pads);
  }
};

}  // namespace ohmic
