#include "sw/compiler/mapping/cost/kernel_stream.h"

#include <algorithm>

namespace ohmic {
namespace {

// Lines of the program that a core's own cache of 512 bytes has lost when it comes to them again: on the way into a
// part of a tile and into its residual, in each turn of ohmic_requantise_many (whose loop is longer than the cache),
// and at each block of it and of ohmic_max_3x3.
constexpr unsigned work_lines = 15, add_lines = 8, residual_lines = 7, pool_lines = 8, block_lines = 1;
constexpr double quad_lines = 8 / 3.0;
constexpr unsigned residual_cycles = 141;

class kernel_writer {
 public:
  kernel_writer(const kernel_shape& tile, unsigned line_cycles, const ohmic_work& work, core_stream& to)
      : tile_(tile),
        line_(line_cycles),
        work_(work),
        to_(to),
        in8_(tile.kernel == OHMIC_KERNEL_ADD ? 1 : tile.in8),
        in16_(tile.in16),
        inputs_(in8_ + in16_),
        blocks_((work.end - work.first) / 4u),
        rest_((work.end - work.first) % 4u),
        pitch_(tile.channels),
        element_(work.y * tile.channels + work.first) {}

  void copy() {
    to_.wait(60);
    for (unsigned b = 0; b < blocks_; ++b) {
      to_.wait(20);
      for (unsigned p = 0; p < work_.pixels; ++p) {
        to_.touch(element_ + 4 * b + p * pitch_);
        to_.touch(element_ + 4 * b + p * pitch_, 2);
      }
    }
    to_.wait(rest_ * work_.pixels * 8);
  }

  void requantise() {
    fetch(work_lines);
    if (in16_ == 0 && inputs_ <= 3)
      few_codes();
    else if (in16_ == 0)
      many_codes();
    else
      any_sums(226 + (in8_ > 0 ? 3 : 0), 32, 38 + (in8_ > 0 ? 0 : 1));
    if (rest_ > 0) to_.wait(15 + rest_ * work_.pixels * (43 + 15 * inputs_));
    if (tile_.residual) residual();
  }

  void logits() {
    fetch(work_lines);
    any_sums((blocks_ > 0 ? 196 : 157) + (in16_ > 0 ? 7 : 0), 31, in16_ > 0 && in8_ > 0 ? 40 : 35);
    if (rest_ > 0) to_.wait(7 + rest_ * work_.pixels * (23 + 12 * inputs_));
  }

  void add() { add_channels(201, add_lines); }
  void residual() { add_channels(residual_cycles, residual_lines); }
  /// ohmic_add_blocks: 28 instructions a pixel.
  void add_channels(unsigned work_cycles, unsigned lines) {
    to_.wait(work_cycles);
    fetch(lines);
    for (unsigned b = 0; b < blocks_; ++b) {
      to_.wait(7);
      for (unsigned p = 0; p < work_.pixels; ++p) {
        to_.touch(code(b, p));
        to_.touch(code(b, p));
        to_.touch(code(b, p), 26);
      }
    }
    if (rest_ > 0) to_.wait(20 + work_.pixels * (9 + 16 * rest_));
  }

  /// Where a column has more elements than 16 bits count, row by row.
  void partial() {
    fetch(work_lines);
    for (unsigned row = 0; row < work_.pixels; ++row) partial_row(row);
  }

  void max_pool() {
    const unsigned window = tile_.window, height = tile_.window_height, stride = tile_.stride_height;
    fetch(pool_lines);
    to_.wait(143 + 37 * window);  // a division for each column of the window
    const bool shared = window == 3 && height == 3 && stride == 2;
    for (unsigned b = 0; b < blocks_; ++b) {
      const unsigned first = work_.first + 4 * b;
      if (shared)
        max_3x3(first);
      else
        max_any(first);
    }
    to_.wait(rest_ * work_.pixels * window * height * 17);
  }

  void average_pool() {
    const unsigned width = tile_.input_width, height = tile_.input_height;
    fetch(pool_lines);
    to_.wait(128);
    for (unsigned b = 0; b < blocks_; ++b) {
      to_.wait(86);
      for (unsigned x = 0; x < width; ++x) {
        // Rows by fours, whose loads come first.
        to_.wait(height < 4 ? 34 : 32);
        for (unsigned y = 0; y < height / 4 * 4; ++y) {
          to_.touch(in(x, y, work_.first + 4 * b), 1);
          if (y % 4 == 3) to_.wait(20);
        }
        for (unsigned y = height / 4 * 4; y < height; ++y) {
          to_.touch(in(x, y, work_.first + 4 * b), 1);
          to_.wait(9);
        }
      }
    }
    if (rest_ > 0) to_.wait(55 + width * (26 + height * (8 + 11 * rest_)));
  }

 private:
  void fetch(double lines) { to_.wait(static_cast<unsigned>(lines * line_)); }
  std::uint32_t code(unsigned block, unsigned pixel) const { return column(1) + element_ + 4 * block + pixel * pitch_; }
  std::uint32_t column(unsigned bytes) const { return work_.column * tile_.height * tile_.channels * bytes; }
  std::uint32_t in(unsigned x, unsigned y, unsigned channel) const {
    return (x * tile_.input_height + y) * pitch_ + channel;
  }

  /// ohmic_requantise_1, _2 and _3: 19, 25 and 30 instructions a pixel.
  void few_codes() {
    to_.wait(211 + 11 * inputs_);
    const unsigned store = inputs_ == 1 ? 18 : 4 * inputs_ + 15;
    for (unsigned b = 0; b < blocks_; ++b) {
      to_.wait(inputs_ == 1 ? 22 : 22 + 4 * inputs_);
      for (unsigned p = 0; p < work_.pixels; ++p) {
        for (unsigned i = 0; i < inputs_; ++i) to_.touch(code(b, p));
        to_.touch(code(b, p), store);
      }
    }
  }

  /// ohmic_requantise_many: four pixels at a time, 94 instructions and 22 for each input; what is left in C.
  void many_codes() {
    const unsigned quads = work_.pixels / 4, left = work_.pixels % 4;
    to_.wait(207 + 11 * inputs_);
    for (unsigned b = 0; quads > 0 && b < blocks_; ++b) {
      fetch(block_lines);
      to_.wait(23);
      for (unsigned q = 0; q < quads; ++q) {
        to_.wait(4);
        for (unsigned i = 0; i < inputs_; ++i) {
          for (unsigned k = 0; k < 4; ++k) to_.touch(code(b, 4 * q + k), k == 0 ? 2 : 1);
          to_.wait(17);
        }
        fetch(quad_lines);
        to_.wait(30);
        for (unsigned k = 0; k < 4; ++k) to_.touch(code(b, 4 * q + k), 15);
      }
    }
    if (left == 0) return;
    to_.wait(250 + 11 * inputs_ - (quads > 0 ? 0 : 37));
    any_pixels(32, 33, 4 * quads);
  }

  void any_sums(unsigned work_cycles, unsigned block_cycles, unsigned pixel_cycles) {
    to_.wait(work_cycles + 11 * inputs_);
    any_pixels(block_cycles, pixel_cycles, 0);
  }
  /// finish_..._any: inputs are walked through in memory.
  void any_pixels(unsigned block_cycles, unsigned pixel_cycles, unsigned from) {
    for (unsigned b = 0; b < blocks_; ++b) {
      to_.wait(block_cycles);
      for (unsigned p = from; p < work_.pixels; ++p) {
        for (unsigned i = 0; i < in8_; ++i) to_.touch(code(b, p), 12);
        for (unsigned i = 0; i < in16_; ++i) {
          to_.touch(2 * code(b, p), 6);
          to_.touch(2 * code(b, p) + 4, 7);
        }
        to_.touch(code(b, p), pixel_cycles);
      }
    }
  }

  void partial_row(unsigned row) {
    const unsigned quads = (work_.end - work_.first) / 4u;
    const std::uint32_t at = column(1) + element_ + row * pitch_;
    const unsigned fours = in8_ > 1 && in16_ == 0 ? quads / 4 : 0, left = quads - 4 * fours;
    const bool any = !(in16_ == 0 && in8_ <= 4) && !(in8_ == 0 && in16_ <= 2) && !(in16_ == 1 && in8_ <= 2);
    if (fours > 0) {  // ohmic_partial_many
      to_.wait(186 + 19 * inputs_);
      for (unsigned f = 0; f < fours; ++f) {
        to_.wait(14);
        for (unsigned i = 0; i < in8_; ++i) {
          for (unsigned k = 0; k < 4; ++k) to_.touch(at + 16 * f + 4 * k, k == 0 ? 2 : k == 1 ? 1 : 5);
          to_.wait(9);
        }
        for (unsigned k = 0; k < 8; ++k) to_.touch(2 * at + 32 * f + 4 * k, 2);
      }
      if (left > 0) to_.wait(45 + 8 * inputs_);
    } else {
      to_.wait(any ? 205 + 13 * inputs_ : 183 + 20 * inputs_);
    }
    for (unsigned q = 4 * fours; q < quads; ++q) {
      for (unsigned i = 0; i < in8_; ++i) to_.touch(at + 4 * q, any ? 12 : 5);
      for (unsigned i = 0; i < in16_; ++i) {
        to_.touch(2 * at + 8 * q, any ? 6 : 1);
        to_.touch(2 * at + 8 * q + 4, 7);
      }
      const unsigned finish = any ? (in16_ == 0 ? 22 : in8_ == 0 ? 23 : 27) : in8_ > 0 ? 9 : 12;
      to_.touch(2 * at + 8 * q, finish - 2);
      to_.touch(2 * at + 8 * q + 4, 2);
    }
  }

  /// ohmic_max_3x3: 13 instructions a pixel, for two rows of three columns; the row above the first pixel's comes
  /// before.
  void max_3x3(unsigned first) {
    const bool above = work_.y > 0 || tile_.pad_height == 0;
    const bool below = 2u * (work_.y + work_.pixels) + 1 > tile_.input_height + tile_.pad_height;
    fetch(block_lines + (above ? 1 : 0));
    to_.wait((above ? 81 : 75) + (below ? 19 : 0));
    for (unsigned p = 0; p < work_.pixels; ++p) {
      const unsigned row = 2 * (work_.y + p) + 1;
      for (unsigned r = 0; r < 2; ++r)
        for (unsigned x = 0; x < 3; ++x) to_.touch(in(work_.column * tile_.stride + x, row + r, first), 1);
      to_.touch(code((first - work_.first) / 4, p), 7);
    }
  }
  void max_any(unsigned first) {
    to_.wait(27);
    for (unsigned p = 0; p < work_.pixels; ++p) {
      for (unsigned r = 0; r < tile_.window_height; ++r) {
        to_.wait(3);
        for (unsigned x = 0; x < tile_.window; ++x)
          to_.touch(in(work_.column * tile_.stride + x, (work_.y + p) * tile_.stride_height + r, first), 9);
      }
      to_.touch(code((first - work_.first) / 4, p), 16);
    }
  }

  const kernel_shape& tile_;
  unsigned line_;
  const ohmic_work& work_;
  core_stream& to_;
  unsigned in8_, in16_, inputs_, blocks_, rest_, pitch_;
  std::uint32_t element_;
};

}  // namespace

void write_residual(const kernel_shape& tile, unsigned line_cycles, const ohmic_work& work, core_stream& to) {
  kernel_writer(tile, line_cycles, work, to).residual();
}

void write_kernel(const kernel_shape& tile, unsigned line_cycles, const ohmic_work& work, core_stream& to) {
  kernel_writer writer(tile, line_cycles, work, to);
  if (work.piece < tile.pieces.size() && tile.pieces[work.piece].copy) {
    writer.copy();
    return;
  }
  switch (tile.kernel) {
    case OHMIC_KERNEL_PARTIAL:
      return writer.partial();
    case OHMIC_KERNEL_LOGITS:
      return writer.logits();
    case OHMIC_KERNEL_MAX_POOL:
      return writer.max_pool();
    case OHMIC_KERNEL_AVERAGE_POOL:
      return writer.average_pool();
    case OHMIC_KERNEL_ADD:
      return writer.add();
    default:
      return writer.requantise();
  }
}

}  // namespace ohmic
