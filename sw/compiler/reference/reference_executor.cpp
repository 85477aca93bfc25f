#include "sw/compiler/reference/reference_executor.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sw/compiler/reference/fit_scale.h"
#include "sw/compiler/reference/work_sharing.h"

namespace ohmic {
namespace {

std::int8_t clip(std::int64_t value, int lo) {
  return static_cast<std::int8_t>(std::clamp<std::int64_t>(value, lo, 127));
}

std::vector<row_set> whole(const crossbar_layer& l) { return {{0, l.window.kernel_y, 0, l.in_channels}}; }

[[noreturn]] void fail(const graph_node& node, const std::string& text) {
  throw graph_error("node '" + node.name + "': " + text);
}

unsigned shift_for(const graph_node& node, double x, std::int64_t limit) {
  const unsigned s = fit_shift(x, limit);
  if (s == 0) fail(node, "ratio of scales " + std::to_string(x) + " is too large");
  return s;
}

}  // namespace

/// 31-bit multipliers and shifts per output channel (empty for the logits, which are the sums themselves).
struct reference_executor::exact_constants {
  std::vector<std::int64_t> m;
  std::vector<int> s;

  exact_constants(const graph_node& node, double input_scale, double output_scale) {
    if (node.kind == node_kind::logits) return;
    for (float weight_scale : node.layer.weight_scale) {
      const double ratio = input_scale * weight_scale / output_scale;
      s.push_back(30 - static_cast<int>(std::floor(std::log2(ratio))));
      m.push_back(std::llrint(std::ldexp(ratio, s.back())));
      if (s.back() < 34 || s.back() > 62)
        fail(node, "ratio of scales " + std::to_string(ratio) + " is outside the range of the exact form");
    }
  }
};

struct reference_executor::prepared_layer {
  column_sums sums;
  std::unique_ptr<exact_constants> exact;
};

reference_executor::reference_executor(const integer_graph& graph, reference_mode mode)
    : graph_(graph), adds_(graph.nodes.size()), pools_(graph.nodes.size()) {
  if (mode == reference_mode::adc && !graph.calibrated) throw graph_error("the model is not calibrated");
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const graph_node& n = graph.nodes[i];
    const auto scale = [&](int input) -> double { return graph.tensors[n.inputs[input]].scale; };
    const double out = graph.tensors[n.output].scale;
    const bool exact = mode == reference_mode::exact;
    layers_.emplace_back();
    if (n.on_crossbar())
      layers_.back().reset(
          new prepared_layer{column_sums(n.layer, exact ? whole(n.layer) : n.layer.row_sets),
                             exact ? std::make_unique<exact_constants>(n, scale(0), out) : nullptr});
    adds_[i] = n.add;
    pools_[i] = n.average;
    if (!exact) continue;
    if (n.kind == node_kind::add) {
      const unsigned s = shift_for(n, std::max(scale(0), scale(1)) / out, (1 << 21) - 1);
      adds_[i] = {static_cast<std::int32_t>(scaled(scale(0) / out, s)),
                  static_cast<std::int32_t>(scaled(scale(1) / out, s)), s, n.add.lo};
    } else if (n.kind == node_kind::average_pool) {
      const graph_tensor& in = graph.tensors[n.inputs[0]];
      const double x = scale(0) / out / (in.height * in.width);
      const unsigned s = shift_for(n, x, 32767);
      pools_[i] = {static_cast<std::int32_t>(scaled(x, s)), s};
    }
  }
}

reference_executor::~reference_executor() = default;
reference_executor::reference_executor(reference_executor&&) noexcept = default;

void reference_executor::convolve(int index, const feature_map& input, feature_map* map,
                                  std::vector<std::int32_t>* logits) const {
  const graph_node& node = graph_.nodes[index];
  const prepared_layer& prepared = *layers_[index];
  const graph_tensor& out = graph_.tensors[node.output];
  const requantise_constants& r = node.layer.requantise;
  const int channels = out.channels, stride = prepared.sums.stride();
  column_sums::workspace space;
  std::vector<std::int32_t> total(static_cast<std::size_t>(out.height) * channels);
  for (int x = 0; x < out.width; ++x) {
    std::fill(total.begin(), total.end(), 0);
    for (int set = 0; set < prepared.sums.sets(); ++set) {
      const std::int32_t* sums = prepared.sums.run(set, input, x, out.height, space);
      for (int y = 0; y < out.height; ++y)
        for (int c = 0; c < channels; ++c) {
          const std::int32_t ps = sums[static_cast<std::size_t>(y) * stride + c];
          total[static_cast<std::size_t>(y) * channels + c] +=
              prepared.exact ? ps : adc_code(ps, node.layer.adc);
        }
    }
    for (int y = 0; y < out.height; ++y)
      for (int c = 0; c < channels; ++c) {
        const std::int64_t sum = total[static_cast<std::size_t>(y) * channels + c];
        if (prepared.exact) {
          const std::int64_t accumulated = sum + node.layer.bias[c];
          if (logits) {
            logits->push_back(static_cast<std::int32_t>(accumulated));
            continue;
          }
          const int s = prepared.exact->s[c];
          const std::int64_t high = (accumulated * prepared.exact->m[c]) >> 32;
          map->at(x, y, c) = clip((high + (std::int64_t{1} << (s - 33))) >> (s - 32), r.lo);
        } else {
          const std::int64_t value = sum * r.m[c] + r.b[c];
          if (logits)
            logits->push_back(static_cast<std::int32_t>(value));
          else
            map->at(x, y, c) = clip(value >> r.s, r.lo);
        }
      }
  }
}

feature_map reference_executor::apply(int index, const std::vector<const feature_map*>& inputs) const {
  const graph_node& node = graph_.nodes[index];
  const graph_tensor& out = graph_.tensors[node.output];
  feature_map y(out.channels, out.height, out.width);
  const feature_map& in = *inputs.at(0);
  switch (node.kind) {
    case node_kind::input:
    case node_kind::logits:
      throw graph_error("node '" + node.name + "' gives no map");
    case node_kind::convolution:
      convolve(index, in, &y, nullptr);
      break;
    case node_kind::max_pool: {
      const graph_window& w = node.pool_window;
      for (int ox = 0; ox < out.width; ++ox)
        for (int oy = 0; oy < out.height; ++oy)
          for (int c = 0; c < out.channels; ++c) {
            int best = std::numeric_limits<int>::min();
            for (int kx = 0; kx < w.kernel_x; ++kx)
              for (int ky = 0; ky < w.kernel_y; ++ky) {
                const int ix = ox * w.stride_x - w.pad_x + kx, iy = oy * w.stride_y - w.pad_y + ky;
                if (ix >= 0 && ix < in.width && iy >= 0 && iy < in.height)
                  best = std::max<int>(best, in.at(ix, iy, c));
              }
            y.at(ox, oy, c) = static_cast<std::int8_t>(best);
          }
      break;
    }
    case node_kind::average_pool: {
      const average_pool& p = pools_[index];
      for (int c = 0; c < out.channels; ++c) {
        std::int64_t sum = 0;
        for (int ix = 0; ix < in.width; ++ix)
          for (int iy = 0; iy < in.height; ++iy) sum += in.at(ix, iy, c);
        y.at(0, 0, c) = clip((sum * p.m + (std::int64_t{1} << (p.s - 1))) >> p.s, -128);
      }
      break;
    }
    case node_kind::add: {
      const residual_add& a = adds_[index];
      const feature_map& other = *inputs.at(1);
      for (std::size_t i = 0; i < y.data.size(); ++i)
        y.data[i] = clip((std::int64_t{in.data[i]} * a.a + std::int64_t{other.data[i]} * a.b +
                          (std::int64_t{1} << (a.s - 1))) >>
                             a.s,
                         a.lo);
      break;
    }
  }
  return y;
}

std::vector<std::int32_t> reference_executor::logits(const feature_map& input) const {
  std::vector<std::int32_t> result;
  convolve(static_cast<int>(graph_.nodes.size()) - 1, input, nullptr, &result);
  return result;
}

reference_result reference_executor::run(const feature_map& image, bool keep_maps) const {
  const graph_tensor& expected = graph_.input();
  if (image.channels != expected.channels || image.height != expected.height || image.width != expected.width)
    throw graph_error("the image is " + std::to_string(image.width) + "x" + std::to_string(image.height) +
                      " with " + std::to_string(image.channels) + " channels, but the network takes " +
                      std::to_string(expected.width) + "x" + std::to_string(expected.height) + " with " +
                      std::to_string(expected.channels));
  reference_result result;
  std::vector<feature_map> maps(graph_.tensors.size());
  std::vector<std::size_t> readers(graph_.tensors.size());
  for (std::size_t t = 0; t < readers.size(); ++t) readers[t] = graph_.tensors[t].consumers.size();
  maps[graph_.nodes.front().output] = image;
  for (std::size_t n = 1; n < graph_.nodes.size(); ++n) {
    const graph_node& node = graph_.nodes[n];
    if (node.kind == node_kind::logits) {
      result.logits = logits(maps[node.inputs[0]]);
      continue;
    }
    std::vector<const feature_map*> inputs;
    for (int t : node.inputs) inputs.push_back(&maps[t]);
    maps[node.output] = apply(static_cast<int>(n), inputs);
    for (int t : node.inputs)
      if (--readers[t] == 0 && !keep_maps) maps[t] = {};
  }
  if (keep_maps) result.maps = std::move(maps);
  return result;
}

std::vector<reference_result> reference_executor::run(
    const std::vector<feature_map>& images, bool keep_maps, unsigned threads,
    const std::function<void(std::size_t)>& progress) const {
  std::vector<reference_result> results(images.size());
  share_work(
      images.size(), threads, [&](std::size_t i) { results[i] = run(images[i], keep_maps); }, progress);
  return results;
}

}  // namespace ohmic
