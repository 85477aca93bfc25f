#include "sw/compiler/quantise/quantise_onnx.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "sw/compiler/onnx/import_onnx.h"
#include "sw/compiler/quantise/float_graph.h"
#include "sw/compiler/quantise/qdq_writer.h"
#include "sw/compiler/reference/work_sharing.h"

namespace ohmic {
namespace {

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
    const onnx::ModelProto model = parse_onnx(bytes);
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
  std::unique_ptr<float_graph> network;
  integer_graph graph;
  std::vector<float_constants> constants;  ///< per node

  void prepare() {
    constants.resize(graph.nodes.size());
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      const graph_node& node = graph.nodes[n];
      const auto upper = network->uppers().find(node.name);
      if (upper != network->uppers().end()) constants[n].upper = upper->second;
      if (!node.has_layer()) continue;
      const float_layer& f = network->layers().at(node.name);
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
        case node_kind::concatenation:  // what layers are split into later
        case node_kind::codes:
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
    c.source = parse_onnx(bytes);
    c.network = std::make_unique<float_graph>(c.source);
    c.graph = import_onnx_bytes(write_qdq(*c.network, [](const std::string&) { return 1.f; }), name);
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
  for (const auto& upper : c.network->uppers())  // a Clip's bound is no less than 127 steps
    scales[upper.first] = std::max(1e-30f, std::min(scales[upper.first], upper.second / 127));
  return write_qdq(*c.network, [&](const std::string& name) {
    const auto found = scales.find(name);
    return found == scales.end() ? 1.f : found->second;
  });
}

}  // namespace ohmic
