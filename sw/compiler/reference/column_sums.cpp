#include "sw/compiler/reference/column_sums.h"

#include <algorithm>

namespace ohmic {
namespace {

constexpr int round_up(int value, int unit) { return (value + unit - 1) / unit * unit; }
constexpr int block = 4;        // pixels and outputs that share their loads in multiply()
constexpr int depth_unit = 32;  // int16 lanes of the widest vector

// Instruction sets are chosen at run time; the sanitizers cannot run before the loader has resolved the
// choice.
#if defined(__x86_64__) && defined(__has_feature)
  #if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
    #define OHMIC_BEST_VECTORS __attribute__((target_clones("avx512bw", "avx2", "default")))
  #endif
#endif
#ifndef OHMIC_BEST_VECTORS
  #define OHMIC_BEST_VECTORS
#endif

/// sums[pixel][output] = windows[pixel] . weights[output]; pixels and outputs are multiples of `block`.
/// Written out by hand, because the compiler vectorises sixteen named sums over k, but not an array of them.
OHMIC_BEST_VECTORS
void multiply(const std::int16_t* windows, int pixels, const std::int16_t* weights, int outputs, int depth,
              std::int32_t* sums) {
  for (int o = 0; o < outputs; o += block)
    for (int p = 0; p < pixels; p += block) {
      const std::int16_t* a = windows + static_cast<std::size_t>(p) * depth;
      const std::int16_t* w = weights + static_cast<std::size_t>(o) * depth;
      std::int32_t s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
      std::int32_t s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
      for (int k = 0; k < depth; ++k) {
        const int a0 = a[k], a1 = a[k + depth], a2 = a[k + 2 * depth], a3 = a[k + 3 * depth];
        const int w0 = w[k], w1 = w[k + depth], w2 = w[k + 2 * depth], w3 = w[k + 3 * depth];
        s00 += a0 * w0, s01 += a0 * w1, s02 += a0 * w2, s03 += a0 * w3;
        s10 += a1 * w0, s11 += a1 * w1, s12 += a1 * w2, s13 += a1 * w3;
        s20 += a2 * w0, s21 += a2 * w1, s22 += a2 * w2, s23 += a2 * w3;
        s30 += a3 * w0, s31 += a3 * w1, s32 += a3 * w2, s33 += a3 * w3;
      }
      std::int32_t* d = sums + static_cast<std::size_t>(p) * outputs + o;
      d[0] = s00, d[1] = s01, d[2] = s02, d[3] = s03, d += outputs;
      d[0] = s10, d[1] = s11, d[2] = s12, d[3] = s13, d += outputs;
      d[0] = s20, d[1] = s21, d[2] = s22, d[3] = s23, d += outputs;
      d[0] = s30, d[1] = s31, d[2] = s32, d[3] = s33;
    }
}

}  // namespace

column_sums::column_sums(const crossbar_layer& layer, std::vector<row_set> sets)
    : window_(layer.window), padded_outputs_(round_up(layer.out_channels, block)) {
  for (const row_set& set : sets) {
    const int rows = set.rows(window_.size_x);
    prepared_set p{set, round_up(rows, depth_unit), {}};
    p.weights.assign(static_cast<std::size_t>(padded_outputs_) * p.depth, 0);
    for (int o = 0; o < layer.out_channels; ++o)
      for (int row = 0; row < rows; ++row)
        p.weights[static_cast<std::size_t>(o) * p.depth + row] = layer.weight(set, row, o);
    prepared_.push_back(std::move(p));
  }
}

void column_sums::gather(const prepared_set& set, const feature_map& input, int x, int y, std::int16_t* window) const {
  const int channels = set.rows.channels();
  for (int kx = 0; kx < window_.size_x; ++kx)
    for (int ky = set.rows.ky_begin; ky < set.rows.ky_end; ++ky, window += channels) {
      const int in_x = x * window_.stride_x - window_.pad_x + kx, in_y = y * window_.stride_y - window_.pad_y + ky;
      if (in_x < 0 || in_x >= input.width || in_y < 0 || in_y >= input.height)
        std::fill_n(window, channels, std::int16_t{0});
      else
        std::copy_n(&input.data[input.index(in_x, in_y, set.rows.channel_begin)], channels, window);
    }
}

const std::int32_t* column_sums::run(int set_index, const feature_map& input, int x, int out_height,
                                     workspace& space) const {
  const prepared_set& set = prepared_[set_index];
  const int pixels = round_up(out_height, block);
  space.windows.assign(static_cast<std::size_t>(pixels) * set.depth, 0);
  space.sums.resize(static_cast<std::size_t>(pixels) * padded_outputs_);
  for (int y = 0; y < out_height; ++y)
    gather(set, input, x, y, &space.windows[static_cast<std::size_t>(y) * set.depth]);
  multiply(space.windows.data(), pixels, set.weights.data(), padded_outputs_, set.depth, space.sums.data());
  return space.sums.data();
}

}  // namespace ohmic
