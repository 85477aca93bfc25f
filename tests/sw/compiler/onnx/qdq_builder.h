#pragma once

#include <string>
#include <vector>

#include "tests/sw/compiler/onnx/onnx_builder.h"

namespace ohmic {

/// Writes a QDQ ONNX model, as sw/models/CALIBRATED_FORMAT.md describes it. Every function returns the name of its
/// float result.
class qdq_builder : public onnx_builder {
 public:
  using onnx_builder::onnx_builder;

  template <class type>
  std::string constant(const std::string& name, int data_type, const std::vector<type>& values,
                       const std::vector<int>& dims) {
    auto* t = graph().add_initializer();
    t->set_name(name);
    t->set_data_type(data_type);
    for (int d : dims) t->add_dims(d);
    t->set_raw_data(std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(type)));
    return name;
  }
  std::string scalar(const std::string& name, float value) {
    return constant<float>(name, onnx::TensorProto::FLOAT, {value}, {});
  }

  std::string quantise(const std::string& value, float scale) {
    const std::string s = scalar(value + ".scale", scale);
    const std::string z = constant<std::int8_t>(value + ".zero", onnx::TensorProto::INT8, {0}, {});
    const std::string q = node("QuantizeLinear", value + ".q", {value, s, z}).output(0);
    return node("DequantizeLinear", value + ".dq", {q, s, z}).output(0);
  }
  template <class type>
  std::string dequantised(const std::string& name, int data_type, const std::vector<type>& values,
                          const std::vector<int>& dims, const std::vector<float>& scales, int axis = 0) {
    constant(name, data_type, values, dims);
    constant(name + ".scale", onnx::TensorProto::FLOAT, scales, {static_cast<int>(scales.size())});
    constant(name + ".zero", data_type, std::vector<type>(scales.size(), 0), {static_cast<int>(scales.size())});
    auto& n = node("DequantizeLinear", name + ".dq", {name, name + ".scale", name + ".zero"});
    set(n, "axis", axis);
    return n.output(0);
  }
  std::vector<float> bias_scales(float input_scale, std::vector<float> weight_scales) {
    for (float& s : weight_scales) s *= input_scale;
    return weight_scales;
  }

  std::string conv(const std::string& name, const std::string& input, float input_scale, std::vector<int> dims,
                   const std::vector<std::int8_t>& weights, const std::vector<float>& scales,
                   const std::vector<std::int32_t>& bias, long stride, long pad) {
    const std::string w = dequantised(name + ".w", onnx::TensorProto::INT8, weights, dims, scales);
    const std::string b =
        dequantised(name + ".b", onnx::TensorProto::INT32, bias, {dims[0]}, bias_scales(input_scale, scales));
    auto& n = node("Conv", name, {input, w, b});
    set(n, "kernel_shape", {dims[2], dims[3]});
    set(n, "strides", {stride, stride});
    set(n, "pads", {pad, pad, pad, pad});
    return n.output(0);
  }
  std::string gemm(const std::string& name, const std::string& input, float input_scale, int out, int in,
                   const std::vector<std::int8_t>& weights, const std::vector<float>& scales,
                   const std::vector<std::int32_t>& bias) {
    const std::string w = dequantised(name + ".w", onnx::TensorProto::INT8, weights, {out, in}, scales);
    const std::string b =
        dequantised(name + ".b", onnx::TensorProto::INT32, bias, {out}, bias_scales(input_scale, scales));
    auto& n = node("Gemm", name, {input, w, b});
    set(n, "transB", 1);
    return n.output(0);
  }
  std::string relu(const std::string& name, const std::string& input) { return node("Relu", name, {input}).output(0); }
  std::string max_pool(const std::string& name, const std::string& input, long kernel, long stride, long pad) {
    auto& n = node("MaxPool", name, {input});
    set(n, "kernel_shape", {kernel, kernel});
    set(n, "strides", {stride, stride});
    set(n, "pads", {pad, pad, pad, pad});
    return n.output(0);
  }

  void metadata(const std::string& key, const std::string& value) {
    auto* entry = model.add_metadata_props();
    entry->set_key(key);
    entry->set_value(value);
  }
};

/// A network with every operator: conv 3x3 + Relu, max pool, a residual block whose short cut is a 1x1
/// convolution, average pool, Gemm. Image [2, 8, 8]; 4 logits. Weights are small numbers counted up.
inline qdq_builder every_operator() {
  qdq_builder b(2, 8, 8);
  const auto weights = [](int n, int first) {
    std::vector<std::int8_t> w(n);
    for (int i = 0; i < n; ++i) w[i] = static_cast<std::int8_t>((first + i * 37) % 101 - 50);
    return w;
  };
  const std::vector<float> scales{0.01f, 0.02f, 0.03f, 0.04f};
  const std::string x = b.quantise("image", 1 / 64.f);
  const std::string c =
      b.conv("conv1", x, 1 / 64.f, {4, 2, 3, 3}, weights(72, 1), scales, {100, -200, 300, -400}, 1, 1);
  const std::string q = b.quantise(b.relu("relu1", c), 0.05f);
  const std::string p = b.quantise(b.max_pool("maxpool", q, 3, 2, 1), 0.05f);
  const std::string m =
      b.quantise(b.conv("main", p, 0.05f, {4, 4, 3, 3}, weights(144, 7), scales, {5, 6, 7, 8}, 2, 1), 0.25f);
  const std::string d =
      b.quantise(b.conv("down", p, 0.05f, {4, 4, 1, 1}, weights(16, 13), scales, {0, 0, 1, 1}, 2, 0), 0.125f);
  const std::string a = b.quantise(b.relu("relu2", b.node("Add", "add", {m, d}).output(0)), 0.2f);
  const std::string g = b.quantise(b.node("GlobalAveragePool", "avgpool", {a}).output(0), 0.1f);
  const std::string f = b.node("Flatten", "flatten", {g}).output(0);
  b.output(b.gemm("fc", f, 0.1f, 4, 4, weights(16, 3), scales, {10, 20, 30, 40}));
  b.metadata("ohmic.labels", R"(["cat", "dog"])");
  b.metadata("ohmic.input", R"({"pixel_offset": 128})");
  return b;
}

}  // namespace ohmic
