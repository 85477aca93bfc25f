#include "sw/compiler/reference/node_executor.h"

#include <algorithm>
#include <cmath>

#include "sw/compiler/reference/analog_chip.h"
#include "sw/compiler/reference/fit_scale.h"
#include "sw/compiler/reference/vector_kernels.h"

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
  std::vector<std::int64_t> m, s;

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

node_executor::node_executor(const integer_graph& graph, int node, reference_mode mode, const analog_chip* chip)
    : node_(graph.nodes[node]), out_(graph.tensors[node_.output]), index_(node), chip_(chip) {
  if (const auto* add = std::get_if<residual_add>(&node_.operation)) add_ = *add;
  if (const auto* average = std::get_if<average_pool>(&node_.operation)) average_ = *average;
  const bool exact = mode == reference_mode::exact;
  const auto scale = [&](int input) -> double { return graph.tensors[node_.inputs[input]].scale; };
  const double out = out_.scale;
  if (node_.has_layer()) {
    const crossbar_layer& l = node_.layer();
    const bool by_scales =
        exact && node_.kind() != node_kind::codes;  // codes are nothing else; there nobody reads them
    sums_ = std::make_unique<column_sums>(l, exact || l.digital ? std::vector<row_set>{} : l.row_sets,
                                          graph.tensors[node_.inputs[0]].channels);
    if (by_scales) exact_ = std::make_unique<exact_constants>(node_, scale(0), out);
    multipliers_.assign(l.requantise.m.begin(), l.requantise.m.end());
    biases_ = by_scales ? l.bias : l.requantise.b;
  } else if (exact && node_.kind() == node_kind::add) {
    add_.s = shift_for(node_, std::max(scale(0), scale(1)) / out, (1 << 21) - 1);
    add_.a = static_cast<std::int32_t>(scaled(scale(0) / out, add_.s));
    add_.b = static_cast<std::int32_t>(scaled(scale(1) / out, add_.s));
  } else if (exact && node_.kind() == node_kind::average_pool) {
    const double x = scale(0) / out / static_cast<double>(pixels_of_average(average_, graph.tensors[node_.inputs[0]]));
    average_.s = shift_for(node_, x, 32767);
    average_.m = static_cast<std::int32_t>(scaled(x, average_.s));
  }
}

node_executor::~node_executor() = default;
node_executor::node_executor(node_executor&&) noexcept = default;

template <class finish>
void node_executor::convolve(const std::vector<const feature_map*>& inputs, unsigned image, const finish& f) const {
  const vector_kernels& kernels = vector_kernels::best();
  const crossbar_layer& l = node_.layer();
  const feature_map& input = *inputs.at(0);
  const auto add_codes_of_cores = [&](int x, std::int32_t* total) {
    for (std::size_t i = 1; i < inputs.size(); ++i)
      for (int y = 0; y < out_.height; ++y)
        for (int c = 0; c < out_.channels; ++c)
          total[std::size_t(y) * std::size_t(sums_->stride()) + std::size_t(c)] += inputs[i]->at(x, y, c);
  };
  if (chip_ != nullptr && !exact_ && !l.digital) {
    std::vector<std::int32_t> codes = chip_->codes(index_, input, image, out_.width, out_.height, sums_->stride());
    for (int x = 0; x < out_.width; ++x) {
      std::int32_t* total = codes.data() + std::size_t(x) * std::size_t(out_.height) * std::size_t(sums_->stride());
      add_codes_of_cores(x, total);
      f(x, total);
    }
    return;
  }
  column_sums::workspace space;
  sums_->take(input, out_.width, out_.height, space);
  const int count = out_.height * sums_->stride();
  std::vector<std::int32_t> total(static_cast<std::size_t>(count));
  for (int x = 0; x < out_.width; ++x) {
    if (exact_ || l.digital) {
      f(x, sums_->run(0, x, out_.height, space));
      continue;
    }
    std::fill(total.begin(), total.end(), 0);
    for (int set = 0; set < sums_->sets(); ++set)
      kernels.add_codes(sums_->run(set, x, out_.height, space), total.data(), count, l.adc.m, l.adc.s);
    add_codes_of_cores(x, total.data());
    f(x, total.data());
  }
}

void node_executor::layer(const std::vector<const feature_map*>& inputs, unsigned image, feature_map& output) const {
  const vector_kernels& kernels = vector_kernels::best();
  const requantise_constants& r = node_.layer().requantise;
  const int channels = out_.channels;
  convolve(inputs, image, [&](int x, const std::int32_t* sums) {
    std::int8_t* y = &output.at(x, 0, 0);
    for (int row = 0; row < out_.height; ++row, sums += sums_->stride(), y += channels)
      if (exact_)
        kernels.requantise_exact(sums, biases_.data(), exact_->m.data(), exact_->s.data(), channels, r.lo, r.hi, y);
      else if (node_.layer().digital)
        kernels.requantise_wide(sums, multipliers_.data(), biases_.data(), channels, r.s, r.lo, r.hi, y);
      else
        kernels.requantise(sums, multipliers_.data(), biases_.data(), channels, r.s, r.lo, r.hi, y);
  });
}

void node_executor::max_pool(const feature_map& input, feature_map& output) const {
  const vector_kernels& kernels = vector_kernels::best();
  const graph_window& w = node_.pool_window();
  std::fill(output.data.begin(), output.data.end(), std::int8_t{-128});
  for (int x = 0; x < out_.width; ++x)
    for (int y = 0; y < out_.height; ++y)
      for (int kx = 0; kx < w.size_x; ++kx)
        for (int ky = 0; ky < w.size_y; ++ky) {
          const int ix = x * w.stride_x - w.pad_x + kx, iy = y * w.stride_y - w.pad_y + ky;
          if (ix >= 0 && ix < input.width && iy >= 0 && iy < input.height)
            kernels.maximum(&input.data[input.index(ix, iy, 0)], out_.channels, &output.at(x, y, 0));
        }
}

void node_executor::average(const feature_map& input, feature_map& output) const {
  const vector_kernels& kernels = vector_kernels::best();
  const graph_window w = average_.window.value_or(graph_window{input.width, input.height, 1, 1, 0, 0});
  std::vector<std::int32_t> sums(static_cast<std::size_t>(out_.channels));
  for (int x = 0; x < out_.width; ++x)
    for (int y = 0; y < out_.height; ++y) {
      std::fill(sums.begin(), sums.end(), 0);
      for (int kx = 0; kx < w.size_x; ++kx)
        for (int ky = 0; ky < w.size_y; ++ky) {
          const int ix = x * w.stride_x - w.pad_x + kx, iy = y * w.stride_y - w.pad_y + ky;
          if (ix >= 0 && ix < input.width && iy >= 0 && iy < input.height)
            kernels.sum(&input.data[input.index(ix, iy, 0)], out_.channels, sums.data());
        }
      for (int c = 0; c < out_.channels; ++c)
        output.at(x, y, c) = clip(round_shift(std::int64_t{sums[c]} * average_.m, average_.s), -128);
    }
}

void node_executor::concatenate(const std::vector<const feature_map*>& inputs, feature_map& output) {
  int first = 0;
  for (const feature_map* part : inputs) {
    for (int x = 0; x < output.width; ++x)
      for (int y = 0; y < output.height; ++y)
        std::copy_n(&part->data[part->index(x, y, 0)], part->channels, &output.at(x, y, first));
    first += part->channels;
  }
}

feature_map node_executor::apply(const std::vector<const feature_map*>& inputs, unsigned image) const {
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
      vector_kernels::best().add(in.data.data(), inputs.at(1)->data.data(), y.data.size(), add_.a, add_.b, add_.s,
                                 add_.lo, add_.hi, y.data.data());
      break;
    case node_kind::convolution:
    case node_kind::codes:
      layer(inputs, image, y);
      break;
    case node_kind::concatenation:
      concatenate(inputs, y);
      break;
  }
  return y;
}

std::vector<std::int32_t> node_executor::logits(const std::vector<const feature_map*>& inputs, unsigned image) const {
  std::vector<std::int32_t> result(out_.channels);
  convolve(inputs, image, [&](int, const std::int32_t* sums) {
    for (int c = 0; c < out_.channels; ++c)
      result[c] = exact_ ? sums[c] + biases_[c] : sums[c] * multipliers_[c] + biases_[c];
  });
  return result;
}

}  // namespace ohmic
