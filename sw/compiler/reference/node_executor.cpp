#include "sw/compiler/reference/node_executor.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sw/compiler/reference/fit_scale.h"

namespace ohmic {
namespace {

std::int8_t clip(std::int64_t value, int lo) {
  return static_cast<std::int8_t>(std::clamp<std::int64_t>(value, lo, 127));
}
std::int64_t round_shift(std::int64_t value, unsigned s) { return (value + (std::int64_t{1} << (s - 1))) >> s; }

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
struct node_executor::exact_constants {
  std::vector<std::int64_t> m;
  std::vector<int> s;

  exact_constants(const graph_node& node, double input_scale, double output_scale) {
    if (node.kind() == node_kind::logits) return;
    for (float weight_scale : node.layer().weight_scale) {
      const double ratio = input_scale * weight_scale / output_scale;
      s.push_back(30 - std::ilogb(ratio));
      m.push_back(scaled(ratio, static_cast<unsigned>(s.back())));
      if (s.back() < 34 || s.back() > 62)
        fail(node, "ratio of scales " + std::to_string(ratio) + " is outside the range of the exact form");
    }
  }
};

node_executor::node_executor(const integer_graph& graph, int node, reference_mode mode)
    : node_(graph.nodes[node]), out_(graph.tensors[node_.output]) {
  if (const auto* add = std::get_if<residual_add>(&node_.operation)) add_ = *add;
  if (const auto* average = std::get_if<average_pool>(&node_.operation)) average_ = *average;
  const bool exact = mode == reference_mode::exact;
  const auto scale = [&](int input) -> double { return graph.tensors[node_.inputs[input]].scale; };
  const double out = out_.scale;
  if (node_.has_layer()) {
    const crossbar_layer& l = node_.layer();
    sums_ = std::make_unique<column_sums>(
        l, exact || l.digital ? std::vector<row_set>{{0, l.window.size_y, 0, l.in_channels}} : l.row_sets);
    if (exact) exact_ = std::make_unique<exact_constants>(node_, scale(0), out);
  } else if (exact && node_.kind() == node_kind::add) {
    add_.s = shift_for(node_, std::max(scale(0), scale(1)) / out, (1 << 21) - 1);
    add_.a = static_cast<std::int32_t>(scaled(scale(0) / out, add_.s));
    add_.b = static_cast<std::int32_t>(scaled(scale(1) / out, add_.s));
  } else if (exact && node_.kind() == node_kind::average_pool) {
    const graph_tensor& in = graph.tensors[node_.inputs[0]];
    const double x = scale(0) / out / (in.height * in.width);
    average_.s = shift_for(node_, x, 32767);
    average_.m = static_cast<std::int32_t>(scaled(x, average_.s));
  }
}

node_executor::~node_executor() = default;
node_executor::node_executor(node_executor&&) noexcept = default;

/// Calls f(x, y, c, S) with the sum of the sets' codes, or of their exact sums.
template <class finish>
void node_executor::convolve(const feature_map& input, const finish& f) const {
  const int channels = out_.channels;
  const bool exact_sums = exact_ || node_.layer().digital;
  column_sums::workspace space;
  std::vector<std::int32_t> total(static_cast<std::size_t>(out_.height) * channels);
  for (int x = 0; x < out_.width; ++x) {
    std::fill(total.begin(), total.end(), 0);
    for (int set = 0; set < sums_->sets(); ++set) {
      const std::int32_t* sums = sums_->run(set, input, x, out_.height, space);
      for (int y = 0; y < out_.height; ++y)
        for (int c = 0; c < channels; ++c) {
          const std::int32_t ps = sums[static_cast<std::size_t>(y) * sums_->stride() + c];
          total[static_cast<std::size_t>(y) * channels + c] += exact_sums ? ps : adc_code(ps, node_.layer().adc);
        }
    }
    for (int y = 0; y < out_.height; ++y)
      for (int c = 0; c < channels; ++c) f(x, y, c, std::int64_t{total[static_cast<std::size_t>(y) * channels + c]});
  }
}

void node_executor::max_pool(const feature_map& input, feature_map& output) const {
  const graph_window& w = node_.pool_window();
  for (int x = 0; x < out_.width; ++x)
    for (int y = 0; y < out_.height; ++y)
      for (int c = 0; c < out_.channels; ++c) {
        int best = std::numeric_limits<int>::min();
        for (int kx = 0; kx < w.size_x; ++kx)
          for (int ky = 0; ky < w.size_y; ++ky) {
            const int ix = x * w.stride_x - w.pad_x + kx, iy = y * w.stride_y - w.pad_y + ky;
            if (ix >= 0 && ix < input.width && iy >= 0 && iy < input.height)
              best = std::max<int>(best, input.at(ix, iy, c));
          }
        output.at(x, y, c) = static_cast<std::int8_t>(best);
      }
}

void node_executor::average(const feature_map& input, feature_map& output) const {
  for (int c = 0; c < out_.channels; ++c) {
    std::int64_t sum = 0;
    for (int x = 0; x < input.width; ++x)
      for (int y = 0; y < input.height; ++y) sum += input.at(x, y, c);
    output.at(0, 0, c) = clip(round_shift(sum * average_.m, average_.s), -128);
  }
}

void node_executor::sum_up(const feature_map& x0, const feature_map& x1, feature_map& output) const {
  for (std::size_t i = 0; i < output.data.size(); ++i) {
    const std::int64_t sum = std::int64_t{x0.data[i]} * add_.a + std::int64_t{x1.data[i]} * add_.b;
    output.data[i] = clip(round_shift(sum, add_.s), add_.lo);
  }
}

feature_map node_executor::apply(const std::vector<const feature_map*>& inputs) const {
  feature_map y(out_.channels, out_.height, out_.width);
  const feature_map& in = *inputs.at(0);
  switch (node_.kind()) {
    case node_kind::input:
    case node_kind::logits:
      fail(node_, "gives no map");
    case node_kind::max_pool:
      max_pool(in, y);
      break;
    case node_kind::average_pool:
      average(in, y);
      break;
    case node_kind::add:
      sum_up(in, *inputs.at(1), y);
      break;
    case node_kind::convolution: {
      const requantise_constants& r = node_.layer().requantise;
      if (exact_)
        convolve(in, [&](int x, int row, int c, std::int64_t sum) {
          const std::int64_t high = ((sum + node_.layer().bias[c]) * exact_->m[c]) >> 32;
          y.at(x, row, c) = clip(round_shift(high, static_cast<unsigned>(exact_->s[c] - 32)), r.lo);
        });
      else
        convolve(in, [&](int x, int row, int c, std::int64_t sum) {
          y.at(x, row, c) = clip((sum * r.m[c] + r.b[c]) >> r.s, r.lo);
        });
    }
  }
  return y;
}

std::vector<std::int32_t> node_executor::logits(const feature_map& input) const {
  std::vector<std::int32_t> result(out_.channels);
  const crossbar_layer& l = node_.layer();
  convolve(input, [&](int, int, int c, std::int64_t sum) {
    result[c] = static_cast<std::int32_t>(exact_ ? sum + l.bias[c] : sum * l.requantise.m[c] + l.requantise.b[c]);
  });
  return result;
}

}  // namespace ohmic
