#include "sw/compiler/reference/column_sums.h"

#include <algorithm>

namespace ohmic {
namespace {

constexpr int round_up(int value, int unit) { return (value + unit - 1) / unit * unit; }

}  // namespace

column_sums::column_sums(const crossbar_layer& layer, std::vector<row_set> sets, int map_channels)
    : window_(layer.window),
      map_channels_(map_channels),
      first_channel_(layer.first_channel),
      padded_outputs_(round_up(layer.out_channels, vector_kernels::unit)),
      depthwise_(sets.empty() && layer.depthwise() && layer.out_channels == layer.in_channels) {
  if (depthwise_) {
    depthwise_weights_.assign(static_cast<std::size_t>(window_.size_y) * window_.size_x * padded_outputs_, 0);
    std::int16_t* w = depthwise_weights_.data();
    for (int ky = 0; ky < window_.size_y; ++ky)
      for (int kx = 0; kx < window_.size_x; ++kx, w += padded_outputs_)
        for (int c = 0; c < layer.out_channels; ++c) w[c] = layer.weight(c, c, ky, kx);
    return;
  }
  if (sets.empty()) sets.push_back({0, window_.size_y, 0, layer.in_channels});
  for (const row_set& set : sets) prepared_.push_back(prepare(layer, set));
}

column_sums::prepared_set column_sums::prepare(const crossbar_layer& layer, const row_set& set) const {
  prepared_set p{set, {}};
  const int channels = set.channels(), run_rows = whole_rows(set) ? set.ky_count() : 1;
  const int length = run_rows * channels, runs = window_.size_x * set.ky_count() / run_rows;
  const int pairs = (length + 1) / 2;
  p.weights.assign(static_cast<std::size_t>(runs) * pairs * padded_outputs_ * 2, 0);
  for (int run = 0; run < runs; ++run)  // rows of the set follow each other as the runs do
    for (int i = 0; i < length; ++i) {
      std::int16_t* w = &p.weights[(static_cast<std::size_t>(run) * pairs + i / 2) * padded_outputs_ * 2 + i % 2];
      for (int o = 0; o < layer.out_channels; ++o) w[2 * o] = layer.weight(set, run * length + i, o);
    }
  return p;
}

void column_sums::take(const feature_map& input, int out_width, int out_height, workspace& space) const {
  const vector_kernels& kernels = vector_kernels::best();
  const int width = (out_width - 1) * window_.stride_x + window_.size_x;
  space.map_height = (out_height - 1) * window_.stride_y + window_.size_y;
  // What the kernels may read behind the last window.
  const std::size_t column = static_cast<std::size_t>(space.map_height) * map_channels_;
  space.map.assign(column * width + vector_kernels::unit, 0);
  // Windows of some kernel rows may begin below the map's first row.
  const int top = std::max(window_.pad_y, 0), skipped = std::max(-window_.pad_y, 0);
  const int rows = std::min(input.height - skipped, space.map_height - top);
  for (int x = 0; x < width; ++x) {
    const int from = x - window_.pad_x;
    if (from < 0 || from >= input.width || rows <= 0) continue;
    kernels.widen(&input.data[input.index(from, skipped, 0)], rows * map_channels_,
                  &space.map[column * x + static_cast<std::size_t>(top) * map_channels_]);
  }
}

const std::int32_t* column_sums::run(int set_index, int x, int out_height, workspace& space) const {
  const vector_kernels& kernels = vector_kernels::best();
  const std::ptrdiff_t column = std::ptrdiff_t{space.map_height} * map_channels_;
  const std::int16_t* first = space.map.data() + std::ptrdiff_t{x} * window_.stride_x * column;
  const std::ptrdiff_t pixel = std::ptrdiff_t{window_.stride_y} * map_channels_;
  space.sums.resize(static_cast<std::size_t>(out_height) * padded_outputs_);
  if (depthwise_) {
    space.offsets.clear();
    for (int ky = 0; ky < window_.size_y; ++ky)
      for (int kx = 0; kx < window_.size_x; ++kx)
        space.offsets.push_back(kx * column + std::ptrdiff_t{ky} * map_channels_);
    kernels.multiply_depthwise(first, pixel, out_height, space.offsets.data(), static_cast<int>(space.offsets.size()),
                               depthwise_weights_.data(), padded_outputs_, space.sums.data());
    return space.sums.data();
  }
  const prepared_set& set = prepared_[set_index];
  const int run_rows = whole_rows(set.rows) ? set.rows.ky_count() : 1;
  const int pairs = (run_rows * set.rows.channels() + 1) / 2;
  space.runs.clear();
  for (int kx = 0; kx < window_.size_x; ++kx)
    for (int ky = set.rows.ky_begin; ky < set.rows.ky_end; ky += run_rows)
      space.runs.push_back(
          {kx * column + std::ptrdiff_t{ky} * map_channels_ + first_channel_ + set.rows.channel_begin, pairs});
  kernels.multiply(first, pixel, out_height, space.runs.data(), static_cast<int>(space.runs.size()), set.weights.data(),
                   padded_outputs_, space.sums.data());
  return space.sums.data();
}

}  // namespace ohmic
