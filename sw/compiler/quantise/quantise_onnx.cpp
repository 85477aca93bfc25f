#include "sw/compiler/quantise/quantise_onnx.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "sw/compiler/onnx/import_onnx.h"
#include "sw/compiler/onnx/onnx_constants.h"
#include "sw/compiler/reference/work_sharing.h"

namespace ohmic {
namespace {

/// A Conv or Gemm with its batch norm folded in; weights [out][in / groups][y][x].
struct float_layer {
  std::vector<float> weights, bias, scales;
  std::vector<std::int64_t> dims;
};

const std::set<std::string> readers = {"Conv",      "Gemm", "MatMul", "Add", "AveragePool", "GlobalAveragePool",
                                       "ReduceMean"};
const std::set<std::string> makers = {"Conv",      "Gemm", "Add", "MaxPool", "AveragePool", "GlobalAveragePool",
                                      "ReduceMean"};

onnx::ModelProto parsed(std::string_view bytes) {
  const google::protobuf::LogSilencer silence;
  onnx::ModelProto model;
  if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !model.has_graph())
    throw import_error("is not a whole ONNX file (truncated, or of another kind)");
  return model;
}

/// Rewrites a float graph node by node as a QDQ graph, with the scales that it is given.
class qdq_writer {
 public:
  explicit qdq_writer(const onnx::ModelProto& source) : source_(source) { read(); }

  /// The result of the node that made a value, by the node's name: what a feature map is called.
  std::map<std::string, float_layer> layers;
  /// Upper bounds of Clips, by the name of the map that they bound.
  std::map<std::string, float> uppers;

  /// `scale_of` a feature map by its name; the network's input by its own.
  template <class scales>
  onnx::ModelProto write(const scales& scale_of) {
    onnx::ModelProto model = source_;
    onnx::GraphProto& graph = *model.mutable_graph();
    graph.clear_node();
    graph_ = &graph;
    written_.clear();
    owner_.clear();
    quantised_.clear();
    for (const onnx::ValueInfoProto& input : source_.graph().input())
      if (constants_.count(input.name()) == 0) {
        owner_[input.name()] = input.name();
        quantise(input.name(), scale_of(input.name()));
      }
    for (const onnx::NodeProto& node : nodes_) {
      onnx::NodeProto n = node;
      for (int i = 0; i < node.input_size(); ++i) n.set_input(i, seen(node.input(i)));
      const auto from = owner_.find(node.input(0));
      if (from == owner_.end()) fail(node, "input '" + node.input(0) + "' is made by no node before this one");
      const auto layer = is_layer(node) ? layers.find(node.name()) : layers.end();
      if (layer != layers.end()) write_layer(n, layer->second, scale_of(from->second));
      if (node.op_type() == "Clip" && node.input_size() > 2 && constants_.count(node.input(2)) != 0)
        for (const float upper : read_floats(constant(node, 2, "max"), node, "max")) {
          const auto known = uppers.emplace(from->second, upper).first;
          known->second = std::min(known->second, upper);
        }
      written_.push_back(n);
      const std::string& made = node.output(0);
      owner_[made] = makers.count(node.op_type()) != 0 ? node.name() : from->second;
      if (needs_quantiser(made)) quantise(made, scale_of(owner_[made]));
    }
    for (const onnx::NodeProto& n : written_) *graph.add_node() = n;
    return model;
  }

 private:
  [[noreturn]] static void fail(const onnx::NodeProto& node, const std::string& why) { refuse(node, why); }

  /// Others may have the name of a layer, that of their result too, where they have none.
  static bool is_layer(const onnx::NodeProto& node) { return node.op_type() == "Conv" || node.op_type() == "Gemm"; }

  const onnx::TensorProto& constant(const onnx::NodeProto& node, int input, const char* what) const {
    if (input >= node.input_size()) fail(node, std::string("has no ") + what);
    const auto found = constants_.find(node.input(input));
    if (found == constants_.end()) fail(node, std::string(what) + " '" + node.input(input) + "' is not a constant");
    return *found->second;
  }
  int uses(const std::string& value) const {
    const auto found = uses_.find(value);
    return found == uses_.end() ? 0 : found->second;
  }

  void read() {
    const onnx::GraphProto& graph = source_.graph();
    for (const onnx::TensorProto& t : graph.initializer()) constants_[t.name()] = &t;
    for (const onnx::NodeProto& node : graph.node()) {
      for (const std::string& input : node.input()) ++uses_[input];
      if (node.op_type() == "Constant" && node.output_size() == 1)
        for (const onnx::AttributeProto& a : node.attribute())
          if (a.name() == "value" && a.type() == onnx::AttributeProto::TENSOR) constants_[node.output(0)] = &a.t();
    }
    for (const onnx::ValueInfoProto& output : graph.output()) ++uses_[output.name()];
    for (const onnx::NodeProto& node : graph.node()) {
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
        for (const std::string& input : node.input()) real_readers_.insert(input);
  }

  void read_conv(onnx::NodeProto& node) {
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
  void read_gemm(onnx::NodeProto& node) {
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

  void enter(const onnx::NodeProto& node, float_layer layer) {
    const auto out = static_cast<std::size_t>(std::max<std::int64_t>(layer.dims[0], 0));
    if (out == 0 || layer.weights.empty()) fail(node, "has no weights");
    if (layer.bias.empty()) layer.bias.assign(out, 0);
    if (layer.bias.size() == 1) layer.bias.assign(out, layer.bias[0]);
    if (layer.bias.size() != out) fail(node, "bias does not have one number per output channel");
    for (const std::vector<float>* values : {&layer.weights, &layer.bias})
      for (const float v : *values)
        if (!std::isfinite(v)) fail(node, "has a weight or bias that is not a finite number");
    if (!layers.emplace(node.name(), std::move(layer)).second) fail(node, "another node has this name");
  }

  /// A BatchNormalization or an added constant behind a layer that nothing else reads becomes part of it.
  bool fold(const onnx::NodeProto& node) {
    const bool norm = node.op_type() == "BatchNormalization";
    int from = 0;
    if (node.op_type() == "Add" && node.input_size() == 2)
      from = constants_.count(node.input(0)) != 0 ? 1 : constants_.count(node.input(1)) != 0 ? 0 : -1;
    else if (!norm)
      return false;
    if (from < 0) return false;
    const auto maker = made_by_.find(node.input(from));
    if (maker == made_by_.end() || uses(node.input(from)) != 1) return false;
    onnx::NodeProto& before = nodes_[maker->second];
    if (!is_layer(before)) return false;
    const auto found = layers.find(before.name());
    if (found == layers.end()) return false;
    float_layer& layer = found->second;
    const std::size_t out = layer.bias.size(), each = layer.weights.size() / out;
    if (norm) {
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
    } else {
      const onnx::TensorProto& t = constant(node, 1 - from, "constant");
      const std::vector<float> values = read_floats(t, node, "constant");
      const int axis = t.dims_size() - (layer.dims.size() == 4 ? 3 : 1);  // of the channels
      bool fits = values.size() == 1 || values.size() == out;
      for (int d = 0; d < t.dims_size(); ++d) fits = fits && (t.dims(d) == 1 || d == axis);
      if (!fits) fail(node, "adds a constant that is not one number per channel");
      for (std::size_t o = 0; o < out; ++o) layer.bias[o] += values[values.size() > 1 ? o : 0];
    }
    made_by_[node.output(0)] = maker->second;
    before.set_output(0, node.output(0));
    return true;
  }

  bool needs_quantiser(const std::string& value) const { return real_readers_.count(value) != 0; }
  std::string seen(const std::string& value) const { return quantised_.count(value) != 0 ? value + ".dq" : value; }

  template <class type>
  std::string store(const std::string& name, int data_type, const std::vector<type>& values,
                    const std::vector<std::int64_t>& dims) {
    onnx::TensorProto& t = *graph_->add_initializer();
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
  void write_layer(onnx::NodeProto& n, float_layer& layer, float input_scale) {
    const std::size_t out = layer.bias.size(), each = layer.weights.size() / out;
    const auto channels = static_cast<std::int64_t>(out);
    std::vector<std::int8_t> weights(layer.weights.size());
    std::vector<std::int32_t> bias(out);
    std::vector<float> bias_scales(out);
    layer.scales.assign(out, 1);
    float most_of_all = 0;
    for (const float w : layer.weights) most_of_all = std::max(most_of_all, std::abs(w));
    // Channels without weights, or with tiny ones, keep a scale like the others' that their bias fits.
    const float least_scale = most_of_all > 0 ? most_of_all / 127 / 4096 : input_scale;
    for (std::size_t o = 0; o < out; ++o) {
      float most = 0;
      for (std::size_t i = 0; i < each; ++i) most = std::max(most, std::abs(layer.weights[o * each + i]));
      layer.scales[o] = std::max({most / 127, std::abs(layer.bias[o]) / (1e9f * input_scale), least_scale});
      for (std::size_t i = 0; i < each; ++i)
        weights[o * each + i] = static_cast<std::int8_t>(
            std::clamp(std::rint(layer.weights[o * each + i] / layer.scales[o]), -127.f, 127.f));
      bias_scales[o] = input_scale * layer.scales[o];
      bias[o] = static_cast<std::int32_t>(std::rint(double{layer.bias[o]} / double{bias_scales[o]}));
    }
    const auto dequantised = [&](const std::string& name, const std::vector<float>& scales, int type,
                                 const std::string& zeros) {
      store(name + ".scale", onnx::TensorProto::FLOAT, scales, {channels});
      if (type == onnx::TensorProto::INT8)
        store(zeros, type, std::vector<std::int8_t>(out, 0), {channels});
      else
        store(zeros, type, std::vector<std::int32_t>(out, 0), {channels});
      return add("DequantizeLinear", name + ".dq", {name, name + ".scale", zeros}, 0);
    };
    const std::string w = n.name() + ".weights8", b = n.name() + ".bias32";
    store(w, onnx::TensorProto::INT8, weights, layer.dims);
    store(b, onnx::TensorProto::INT32, bias, {channels});
    const std::string wd = dequantised(w, layer.scales, onnx::TensorProto::INT8, w + ".zero");
    const std::string bd = dequantised(b, bias_scales, onnx::TensorProto::INT32, b + ".zero");
    const std::string input = n.input(0);
    n.clear_input();
    for (const std::string& i : {input, wd, bd}) n.add_input(i);
  }

  const onnx::ModelProto& source_;
  std::map<std::string, const onnx::TensorProto*> constants_;
  std::map<std::string, int> uses_;
  std::map<std::string, std::size_t> made_by_;  ///< node of a value
  std::vector<onnx::NodeProto> nodes_, constant_nodes_, written_;
  std::set<std::string> real_readers_, quantised_;
  std::map<std::string, std::string> owner_;
  onnx::GraphProto* graph_ = nullptr;

 public:
  /// Drops the float weights, which stand in the file as int8 now.
  void drop_unread(onnx::ModelProto& model) const {
    std::set<std::string> read;
    for (const onnx::NodeProto& n : model.graph().node()) read.insert(n.input().begin(), n.input().end());
    onnx::GraphProto& graph = *model.mutable_graph();
    google::protobuf::RepeatedPtrField<onnx::TensorProto> kept;
    for (const onnx::TensorProto& t : graph.initializer())
      if (read.count(t.name()) != 0) *kept.Add() = t;
    graph.mutable_initializer()->Swap(&kept);
    std::vector<onnx::NodeProto> constants;
    for (const onnx::NodeProto& n : constant_nodes_)
      if (read.count(n.output(0)) != 0) constants.push_back(n);
    std::vector<onnx::NodeProto> all(graph.node().begin(), graph.node().end());
    graph.clear_node();
    for (const auto* list : {&constants, &all})
      for (const onnx::NodeProto& n : *list) *graph.add_node() = n;
    graph.clear_value_info();
  }
};

/// Weights as the loops want them: [tap][in][out], or [tap][channel] of a depthwise layer.
struct float_constants {
  std::vector<float> weights, bias;
  float upper = INFINITY;
};

#if defined(__x86_64__) && defined(__has_feature)
  #if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
    #define OHMIC_FLOAT_VECTORS __attribute__((target_clones("avx512f", "avx2", "default")))
  #endif
#endif
#ifndef OHMIC_FLOAT_VECTORS
  #define OHMIC_FLOAT_VECTORS
#endif

/// out[o] += sum over c of x[c] * w[c][o].
OHMIC_FLOAT_VECTORS
void accumulate(const float* x, const float* w, int inputs, int outputs, float* out) {
  for (int c = 0; c < inputs; ++c) {
    const float v = x[c];
    const float* row = w + static_cast<std::size_t>(c) * outputs;
    for (int o = 0; o < outputs; ++o) out[o] += v * row[o];
  }
}

OHMIC_FLOAT_VECTORS
void accumulate_each(const float* x, const float* w, int channels, float* out) {
  for (int c = 0; c < channels; ++c) out[c] += x[c] * w[c];
}

}  // namespace

bool is_float_onnx(std::string_view bytes) {
  try {
    const onnx::ModelProto model = parsed(bytes);
    return model.graph().node_size() > 0 &&
           std::none_of(model.graph().node().begin(), model.graph().node().end(), [](const onnx::NodeProto& n) {
             return n.op_type() == "QuantizeLinear" || n.op_type() == "DequantizeLinear";
           });
  } catch (const import_error&) {
    return false;
  }
}

struct float_network::contents {
  std::string name;
  onnx::ModelProto source;
  std::unique_ptr<qdq_writer> writer;
  integer_graph graph;
  std::vector<float_constants> constants;  ///< per node

  template <class scales>
  std::string write(const scales& scale_of) {
    onnx::ModelProto model = writer->write(scale_of);
    writer->drop_unread(model);
    return model.SerializeAsString();
  }

  void prepare() {
    constants.resize(graph.nodes.size());
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      const graph_node& node = graph.nodes[n];
      const auto upper = writer->uppers.find(node.name);
      if (upper != writer->uppers.end()) constants[n].upper = upper->second;
      if (!node.has_layer()) continue;
      const float_layer& f = writer->layers.at(node.name);
      const crossbar_layer& l = node.layer();
      const int taps = l.window.size_x * l.window.size_y;
      constants[n].bias = f.bias;
      const bool each = l.depthwise() && l.out_channels == l.in_channels;
      const std::size_t in = each ? 1 : static_cast<std::size_t>(l.in_channels);
      constants[n].weights.assign(in * taps * l.out_channels, 0);
      for (int o = 0; o < l.out_channels; ++o)
        for (int i = 0; i < l.group_inputs(); ++i)
          for (int ky = 0; ky < l.window.size_y; ++ky)
            for (int kx = 0; kx < l.window.size_x; ++kx) {
              const std::size_t c = each ? 0 : static_cast<std::size_t>(l.first_input(o) + i);
              const std::size_t tap = static_cast<std::size_t>(kx) * l.window.size_y + ky;
              constants[n].weights[(tap * in + c) * l.out_channels + o] =
                  f.weights[((static_cast<std::size_t>(o) * l.group_inputs() + i) * l.window.size_y + ky) *
                                l.window.size_x +
                            kx];
            }
    }
  }

  void apply_window(const graph_window& w, const graph_tensor& in, const graph_tensor& out,
                    const std::function<void(std::size_t, int, std::size_t)>& f) const {
    for (int x = 0; x < out.width; ++x)
      for (int y = 0; y < out.height; ++y)
        for (int kx = 0; kx < w.size_x; ++kx)
          for (int ky = 0; ky < w.size_y; ++ky) {
            const int ix = x * w.stride_x - w.pad_x + kx, iy = y * w.stride_y - w.pad_y + ky;
            if (ix < 0 || ix >= in.width || iy < 0 || iy >= in.height) continue;
            f((static_cast<std::size_t>(x) * out.height + y) * out.channels, kx * w.size_y + ky,
              (static_cast<std::size_t>(ix) * in.height + iy) * in.channels);
          }
  }

  /// Calls visit(tensor, values) for every map.
  std::vector<float> run(const std::vector<float>& input,
                         const std::function<void(int, const std::vector<float>&)>& visit) const {
    std::vector<std::vector<float>> maps(graph.tensors.size());
    std::vector<std::size_t> left;
    for (const graph_tensor& t : graph.tensors) left.push_back(t.consumers.size());
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      const graph_node& node = graph.nodes[n];
      const graph_tensor& out = graph.tensors[node.output];
      std::vector<float>& y = maps[node.output];
      if (n == 0) {
        y = input;
        if (visit) visit(node.output, y);
        continue;
      }
      const graph_tensor& in = graph.tensors[node.inputs[0]];
      const std::vector<float>& x = maps[node.inputs[0]];
      y.assign(static_cast<std::size_t>(out.channels) * out.width * out.height, 0);
      float lower = -INFINITY;
      switch (node.kind()) {
        case node_kind::input:
          break;
        case node_kind::convolution:
        case node_kind::logits: {
          const crossbar_layer& l = node.layer();
          const float_constants& k = constants[n];
          for (std::size_t i = 0; i < y.size(); i += static_cast<std::size_t>(out.channels))
            std::copy(k.bias.begin(), k.bias.end(), y.begin() + static_cast<std::ptrdiff_t>(i));
          const bool each = l.depthwise() && l.out_channels == l.in_channels;
          const std::size_t tap_size = static_cast<std::size_t>(each ? 1 : in.channels) * out.channels;
          apply_window(l.window, in, out, [&](std::size_t to, int tap, std::size_t from) {
            const float* w = &k.weights[static_cast<std::size_t>(tap) * tap_size];
            if (each)
              accumulate_each(&x[from], w, out.channels, &y[to]);
            else
              accumulate(&x[from], w, in.channels, out.channels, &y[to]);
          });
          if (l.requantise.lo == 0) lower = 0;
          break;
        }
        case node_kind::max_pool:
          std::fill(y.begin(), y.end(), -INFINITY);
          apply_window(node.pool_window(), in, out, [&](std::size_t to, int, std::size_t from) {
            for (int c = 0; c < out.channels; ++c) y[to + c] = std::max(y[to + c], x[from + c]);
          });
          break;
        case node_kind::average_pool: {
          apply_window(node.average().window.value_or(graph_window{in.width, in.height, 1, 1, 0, 0}), in, out,
                       [&](std::size_t to, int, std::size_t from) {
                         for (int c = 0; c < out.channels; ++c) y[to + c] += x[from + c];
                       });
          const auto pixels = static_cast<float>(pixels_of_average(node.average(), in));
          for (float& v : y) v /= pixels;
          break;
        }
        case node_kind::add: {
          const std::vector<float>& other = maps[node.inputs[1]];
          for (std::size_t i = 0; i < y.size(); ++i) y[i] = x[i] + other[i];
          if (node.add().lo == 0) lower = 0;
          break;
        }
      }
      const float upper = constants[n].upper;
      if (lower == 0 || upper < INFINITY)
        for (float& v : y) v = std::min(std::max(v, lower), upper);
      if (visit) visit(node.output, y);
      if (n + 1 == graph.nodes.size()) return y;
      for (const int t : node.inputs)
        if (--left[t] == 0) maps[t] = {};
    }
    return {};
  }
};

float_network::float_network(std::string_view bytes, const std::string& name) : contents_(new contents) {
  try {
    contents& c = *contents_;
    c.name = name;
    c.source = parsed(bytes);
    c.writer = std::make_unique<qdq_writer>(c.source);
    c.graph = import_onnx_bytes(c.write([](const std::string&) { return 1.f; }), name);
    c.prepare();
  } catch (const import_error& e) {
    const std::string text = e.what();
    throw import_error(text.rfind(name + ": ", 0) == 0 ? text : name + ": " + text);
  }
}

float_network::~float_network() = default;
float_network::float_network(float_network&&) noexcept = default;

const integer_graph& float_network::structure() const { return contents_->graph; }

std::vector<float> float_network::logits(const std::vector<float>& input) const { return contents_->run(input, {}); }

namespace {

constexpr int bins = 4096;
using histogram = std::array<std::uint64_t, bins>;

/// The scale of least squared error among 31 clips of the greatest value, from a histogram of absolute values.
float best_scale(const histogram& counts, float greatest) {
  double least = INFINITY;
  float best = greatest / 127;
  for (int step = 0; step <= 30; ++step) {
    const double clip = double{greatest} * (1 - 0.025 * step), scale = clip / 127;
    double error = 0;
    for (int b = 0; b < bins; ++b) {
      if (counts[b] == 0) continue;
      const double value = (b + 0.5) * greatest / bins;
      const double lost = value > clip ? (value - clip) * (value - clip) : scale * scale / 12;
      error += lost * static_cast<double>(counts[b]);
    }
    // 16 bits of it: what the last bits of the float sums are, which differ among processors, does not show.
    int exponent = 0;
    const double mantissa = std::floor(std::frexp(scale, &exponent) * 65536) / 65536;
    if (error < least) least = error, best = static_cast<float>(std::ldexp(mantissa, exponent));
  }
  return best;
}

}  // namespace

std::string float_network::quantised(const real_maps& inputs, unsigned threads) const {
  contents& c = *contents_;
  if (inputs.empty()) throw import_error(c.name + ": quantisation needs at least one input");
  const std::size_t tensors = c.graph.tensors.size();
  std::vector<std::vector<float>> most(inputs.size(), std::vector<float>(tensors, 0));
  share_work(inputs.size(), threads, [&](std::size_t i) {
    c.run(inputs[i], [&](int t, const std::vector<float>& values) {
      for (const float v : values) most[i][t] = std::max(most[i][t], std::abs(v));
    });
  });
  std::vector<float> greatest(tensors, 0);
  for (const auto& one : most)
    for (std::size_t t = 0; t < tensors; ++t) greatest[t] = std::max(greatest[t], one[t]);
  const std::size_t shares = std::min<std::size_t>(inputs.size(), 4);
  std::vector<std::vector<histogram>> counts(shares, std::vector<histogram>(tensors));
  share_work(shares, threads, [&](std::size_t share) {
    for (std::size_t i = share; i < inputs.size(); i += shares)
      c.run(inputs[i], [&](int t, const std::vector<float>& values) {
        if (greatest[t] <= 0) return;
        for (const float v : values)
          if (v != 0) ++counts[share][t][std::min(bins - 1, static_cast<int>(std::abs(v) / greatest[t] * float{bins}))];
      });
  });
  std::map<std::string, float> scales;
  for (std::size_t t = 0; t < tensors; ++t) {
    for (std::size_t share = 1; share < shares; ++share)
      for (int b = 0; b < bins; ++b) counts[0][t][b] += counts[share][t][b];
    scales[c.graph.tensors[t].name] = greatest[t] > 0 ? best_scale(counts[0][t], greatest[t]) : 1.f;
  }
  // The input is not clipped; whole numbers within int8 are taken as they are.
  const std::string& input = c.graph.input().name;
  bool whole = true;
  for (const auto& one : inputs)
    for (const float v : one) whole = whole && v == std::rint(v) && v >= -128 && v <= 127;
  scales[input] = whole ? 1.f : std::max(greatest[c.graph.nodes.front().output], 1e-30f) / 127;
  for (const graph_node& node : c.graph.nodes)  // a maximum keeps its input's scale
    if (node.kind() == node_kind::max_pool) {
      const std::string &from = c.graph.tensors[node.inputs[0]].name, &to = c.graph.tensors[node.output].name;
      scales[to] = scales[from];
    }
  for (const auto& upper : c.writer->uppers)  // a Clip's bound is no less than 127 steps
    scales[upper.first] = std::max(1e-30f, std::min(scales[upper.first], upper.second / 127));
  return c.write([&](const std::string& name) {
    const auto found = scales.find(name);
    return found == scales.end() ? 1.f : found->second;
  });
}

}  // namespace ohmic
