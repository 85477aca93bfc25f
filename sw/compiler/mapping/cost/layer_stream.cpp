#include "sw/compiler/mapping/cost/layer_stream.h"

#include <algorithm>

#include "sw/deployment/layer_format.h"

namespace ohmic {
namespace {

// Cycles outside of the loops: the way into a work, into the pixels of it whose windows have one shape, into the loops
// for 4, 2 or 1 pixels, and each run of a window there.
constexpr unsigned work_cycles = 190, shape_cycles = 110, loops_cycles = 160, run_cycles = 14;
constexpr unsigned group_cycles = 16, block_of_runs_cycles = 24;
constexpr unsigned gather_run_cycles = 55, gather_pixel_cycles = 70;
constexpr unsigned depthwise_work_cycles = 260, depthwise_block_cycles = 150, depthwise_column_cycles = 110;
constexpr unsigned fill_cycles = 55, channel_cycles = 20, three_columns_cycles = 65, any_columns_cycles = 190;
constexpr unsigned byte_cycles = 9;  // where less than 4 channels or rows are brought into planes

/// Instructions with which a block's sums become outputs, without the stores.
unsigned finish_length(ohmic_layer_finish finish, unsigned pixels) {
  switch (finish) {
    case OHMIC_LAYER_SUMS:
      return 5;
    case OHMIC_LAYER_RELU:
      return 4 + 4 * (2 + 3 * pixels) + 2 * pixels;
    case OHMIC_LAYER_RELU_LIMITED:
      return 4 + 4 * (3 + 4 * pixels) + 2 * pixels;
    default:
      return 6 + 4 * (3 + 4 * pixels) + 4 * pixels;
  }
}

class layer_writer {
 public:
  layer_writer(const kernel_shape& tile, const ohmic_work& work, core_stream& to)
      : tile_(tile),
        work_(work),
        to_(to),
        of_group_(tile.in_channels / tile.groups),
        window_(ohmic_layer_window_bytes(tile.window * tile.window_height, of_group_)),
        in_place_(of_group_ % 4 == 0 && of_group_ * tile.window * tile.window_height >= 8) {}

  void run() {
    to_.wait(work_cycles);
    const unsigned of_group = tile_.channels / tile_.groups;
    for (unsigned c = work_.first; c < work_.end;) {
      const unsigned first = c % of_group, end = std::min(first + (work_.end - c), of_group);
      const bool whole = first % 4 == 0 && end - first >= 4;
      const unsigned until = whole ? first + (end - first) / 4 * 4 : std::min(end, first / 4 * 4 + 4);
      part(c, whole ? (end - first) / 4 : 1, whole);
      c += until - first;
    }
  }

 private:
  void part(unsigned channel, unsigned blocks, bool whole) {
    const unsigned height = tile_.window_height, stride = tile_.stride_height;
    int top = static_cast<int>(work_.y * stride) - static_cast<int>(tile_.pad_height);
    unsigned y = work_.y;
    for (unsigned left = work_.pixels; left > 0;) {
      const int room = static_cast<int>(tile_.input_height) - top;
      unsigned n = 1;
      int begin = 0, end = static_cast<int>(height);
      to_.wait(shape_cycles);
      if (!in_place_) {
        n = std::min(left, 4u);
        for (unsigned i = 0; i < n; ++i) gather(top + static_cast<int>(i * stride));
      } else if (top >= 0 && room >= end) {
        n = std::min(left, static_cast<unsigned>(room - end) / stride + 1);
      } else {
        begin = std::max(0, -top);
        end = std::min(end, room);
      }
      pixels(channel, blocks, whole, y, n, static_cast<unsigned>(std::max(end - begin, 0)));
      top += static_cast<int>(n * stride);
      y += n;
      left -= n;
    }
  }

  void gather(int top) {
    to_.wait(gather_pixel_cycles);
    const unsigned bytes = tile_.window_height * of_group_;
    for (unsigned kx = 0; kx < tile_.window; ++kx) {
      to_.wait(gather_run_cycles);
      for (unsigned word = 0; word < bytes / 4; ++word) {
        to_.touch(column(kx) + static_cast<unsigned>(std::max(top, 0)) * tile_.in_channels + 4 * word, 1);
        to_.touch(4 * word, 4);
      }
      to_.wait(bytes % 4 * 9);
    }
  }

  /// No rows: the windows lie wholly above or below the map, and one word of zeros takes their place.
  void pixels(unsigned channel, unsigned blocks, bool whole, unsigned y, unsigned n, unsigned rows) {
    const bool single =
        !in_place_ || (tile_.groups == 1 && tile_.in_blocks == 1 && tile_.window == 1 && rows == tile_.window_height);
    const bool outside = rows == 0;
    const unsigned runs = single || outside ? 1 : tile_.window * (tile_.groups == 1 ? tile_.in_blocks : rows);
    const unsigned words = !in_place_ ? window_ / 4
                           : outside  ? 1
                                      : (tile_.groups == 1 ? rows : 1) * of_group_ / tile_.in_blocks / 4;
    to_.wait(runs * run_cycles);
    while (n > 0) {
      const unsigned at_once = n >= 4 ? 4 : n >= 2 ? 2 : 1, groups = whole ? n / at_once : 1;
      to_.wait(loops_cycles + (whole ? 0 : 40));
      for (unsigned g = 0; g < groups; ++g, y += at_once) {
        to_.wait(group_cycles + (single ? 0 : 5 * runs));
        for (unsigned b = 0; b < blocks; ++b) block(channel + 4 * b, y, at_once, runs, words, single);
      }
      n -= groups * at_once;
    }
  }

  void block(unsigned channel, unsigned y, unsigned at_once, unsigned runs, unsigned words, bool single) {
    const unsigned of_pixel = tile_.in_channels / tile_.in_blocks, block_bytes = of_pixel * tile_.input_height;
    const std::uint32_t weights = channel * (window_ + 12), first = y * tile_.stride_height * of_pixel;
    const unsigned pitch = in_place_ ? tile_.stride_height * of_pixel : window_;
    to_.wait(single ? 2 : block_of_runs_cycles);
    unsigned dots = 0;  // behind the last load
    for (unsigned r = 0; r < runs; ++r) {
      if (r > 0) to_.wait(8);
      for (unsigned w = 0; w < words; ++w) {
        for (unsigned c = 0; c < 4; ++c) {
          to_.touch(weights + 16 * (r * words + w) + 4 * c, 1 + dots);
          dots = 0;
        }
        for (unsigned p = 0; p < at_once; ++p)
          to_.touch(
              column(r % tile_.window) + r / tile_.window % tile_.in_blocks * block_bytes + first + p * pitch + 4 * w,
              p < 2 ? 1 : 5);
        dots = at_once == 1 ? 4 : 8;
      }
    }
    to_.wait(dots);
    to_.wait(finish_length(tile_.finish, at_once));
    const unsigned element = tile_.finish == OHMIC_LAYER_SUMS ? 4 : 1;
    for (unsigned p = 0; p < at_once; ++p)
      for (unsigned i = 0; i < element; ++i)
        to_.touch((work_.column * tile_.height + y + p) * tile_.channels * element + channel * element + 4 * i, 1);
  }

  std::uint32_t column(unsigned x) const { return x * tile_.input_height * tile_.in_channels; }

  const kernel_shape& tile_;
  const ohmic_work& work_;
  core_stream& to_;
  unsigned of_group_, window_;
  bool in_place_;
};

}  // namespace

void write_layer(const kernel_shape& tile, const ohmic_work& work, core_stream& to) {
  layer_writer(tile, work, to).run();
}

void write_depthwise(const kernel_shape& tile, const ohmic_work& work, const ohmic_work* before, core_stream& to) {
  const bool goes_on = before != nullptr && before->column + 1 == work.column && before->y == work.y &&
                       before->first == work.first && before->end == work.end && before->pixels == work.pixels;
  const unsigned fills = goes_on ? std::min(tile.stride, tile.window) : tile.window;
  const unsigned rows = std::min(tile.input_height, (work.pixels - 1) * tile.stride_height + tile.window_height);
  const unsigned words = (tile.window_height + 3) / 4;
  const bool three = tile.window == 3 && tile.stride_height <= 2 && tile.window_height <= 2 + tile.stride_height;
  const bool misaligned = work.y == 0 && tile.pad_height % 4 != 0;
  const unsigned quads = three ? work.pixels / 4 : (work.pixels + 3) / 4, rest = three ? work.pixels % 4 : 0;
  if (!goes_on) to.wait(depthwise_work_cycles + 6 * 4 * tile.window);
  const unsigned finish = tile.finish == OHMIC_LAYER_RELU ? 12 : tile.finish == OHMIC_LAYER_RELU_LIMITED ? 16 : 24;
  for (unsigned c = work.first; c < work.end; c += 4) {
    if (!goes_on) to.wait(depthwise_block_cycles);
    to.wait(depthwise_column_cycles);
    for (unsigned f = 0; f < fills; ++f) {
      to.wait(fill_cycles);
      if (work.end - c < 4 || rows < 4) {
        to.wait((work.end - c) * rows * byte_cycles);
        continue;
      }
      for (unsigned r = 0; r < rows / 4 + (rows % 4 != 0 ? 1 : 0); ++r) {
        for (unsigned i = 0; i < 4; ++i)
          to.touch(f * tile.input_height * tile.in_channels + (4 * r + i) * tile.in_channels + c, 1);
        to.wait(10);
        for (unsigned i = 0; i < 4; ++i) to.touch(4 * r + 36 * i, misaligned ? 2 : 1);
      }
    }
    const unsigned channels = std::min<unsigned>(4, work.end - c);
    const auto sum_quads = [&](unsigned n, bool usual) {
      to.wait(usual ? three_columns_cycles : any_columns_cycles);
      for (unsigned i = 0; i < channels; ++i) {
        to.wait(channel_cycles);
        for (unsigned q = 0; q < n; ++q) {
          for (unsigned kx = 0; kx < tile.window; ++kx)
            for (unsigned w = 0; w < (usual ? 1 : words); ++w)
              if (usual && tile.stride_height == 1) {
                to.touch(36 * kx + 4 * q, 1);
                to.touch(36 * kx + 4 * q + 4, 1);
                to.wait(5);
              } else {
                for (unsigned p = 0; p < 4; ++p) to.touch(36 * kx + 4 * q * tile.stride_height + p, p % 2 == 0 ? 2 : 3);
                to.wait(usual ? 0 : tile.stride_height == 1 ? 5 : 3);
              }
          to.wait(finish + (usual ? 0 : 16));
          for (unsigned p = 0; p < 4; ++p) to.touch((work.y + 4 * q + p) * tile.channels + c, 1);
        }
      }
    };
    if (quads > 0) sum_quads(quads, three);
    if (rest > 0) {
      sum_quads(1, false);
      to.wait(rest * channels * byte_cycles);
    }
  }
}

}  // namespace ohmic
