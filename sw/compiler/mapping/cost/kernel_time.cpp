#include "sw/compiler/mapping/cost/kernel_time.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>

#include "sw/compiler/mapping/cost/core_stream.h"
#include "sw/compiler/mapping/cost/layer_stream.h"

namespace ohmic {
namespace {

// Cycles that the inner loops do not show, fitted to runs of the example networks (docs/mapping.md): the call with the
// waking of all cores and their meeting at the end; a core's way into the loop of one run of pixels; each block of four
// channels in it.
constexpr double call_cycles = 245;
constexpr unsigned run_cycles = 150;

/// A core of this design takes so many times the cycles of a CV32E40P: it has no packed arithmetic, no hardware loops
/// and no post-increment.
constexpr double ibex_kernel_factor = 3.4;

/// Part of the inner loops' cycles that a kernel takes whatever happens: the loops in C are known to a tenth.
constexpr double surely = 0.9;

/// Writes down what one core does for a part of a tile (an ohmic_work), as the firmware's loops do it.
class stream_writer {
 public:
  stream_writer(const kernel_shape& tile, core_stream& to) : tile_(tile), to_(to) {}

  /// `before`: what the core did last, if there is any.
  void run(const ohmic_work& w, const ohmic_work* before) {
    const unsigned channels = w.end - w.first, blocks = channels / 4, rest = channels % 4;
    const std::uint32_t element = w.y * tile_.channels + w.first;
    const bool layer = tile_.kernel >= OHMIC_KERNEL_LAYER;
    to_.wait(tile_.kernel == OHMIC_KERNEL_PARTIAL || layer ? 0 : run_cycles);
    if (w.piece < tile_.pieces.size() && tile_.pieces[w.piece].copy) {
      for (unsigned b = 0; b < blocks; ++b)
        for (unsigned p = 0; p < w.pixels; ++p) {
          to_.touch(element + 4 * b + p * tile_.channels);
          to_.touch(element + 4 * b + p * tile_.channels, 2);
        }
      return;
    }
    switch (tile_.kernel) {
      case OHMIC_KERNEL_MAX_POOL:
        max_pool(w, blocks, rest);
        return;
      case OHMIC_KERNEL_AVERAGE_POOL:
        average_pool(blocks, rest);
        return;
      case OHMIC_KERNEL_DEPTHWISE:
        write_depthwise(tile_, w, before, to_);
        break;
      case OHMIC_KERNEL_LAYER:
      case OHMIC_KERNEL_LAYER_SUMS:
      case OHMIC_KERNEL_LAYER_LOGITS:
        write_layer(tile_, w, to_);
        break;
      case OHMIC_KERNEL_ADD:
        break;
      case OHMIC_KERNEL_PARTIAL:
        partial(w);
        break;
      default:
        sums(w, element, blocks, rest);
        break;
    }
    if (tile_.residual || tile_.kernel == OHMIC_KERNEL_ADD) residual(w, element, blocks, rest);
  }

 private:
  std::uint32_t column(unsigned bytes_per_element) const { return tile_.height * tile_.channels * bytes_per_element; }

  void sums(const ohmic_work& w, std::uint32_t element, unsigned blocks, unsigned rest) {
    const unsigned n = tile_.in8, pitch = tile_.channels;
    const std::uint32_t at = w.column * column(1) + element;
    const bool logits = tile_.kernel == OHMIC_KERNEL_LOGITS;
    to_.wait(8 * (n + tile_.in16) + 28 + (logits ? 0 : n > 3 || tile_.in16 != 0 ? 100 : 0));
    for (unsigned b = 0; b < blocks; ++b) {
      if (!logits && tile_.in16 == 0 && n <= 3) {
        to_.wait(3 * n + 18);
        for (unsigned p = 0; p < w.pixels; ++p) {
          for (unsigned i = 0; i < n; ++i) to_.touch(at + 4 * b + p * pitch);
          to_.touch(at + 4 * b + p * pitch, n == 1 ? 18 : 4 * n + 15);
        }
        continue;
      }
      const unsigned quads = logits || tile_.in16 != 0 ? 0 : w.pixels / 4;
      to_.wait(34);
      for (unsigned q = 0; q < quads; ++q) {
        to_.wait(16);
        for (unsigned i = 0; i < n; ++i) {
          for (unsigned k = 0; k < 4; ++k) to_.touch(at + 4 * b + (4 * q + k) * pitch, k == 0 ? 2 : 1);
          to_.wait(18);
        }
        to_.wait(26);
        for (unsigned k = 0; k < 4; ++k) to_.touch(at + 4 * b + (4 * q + k) * pitch, 15);
        to_.wait(9);
      }
      for (unsigned p = 4 * quads; p < w.pixels; ++p) {
        for (unsigned i = 0; i < n; ++i) to_.touch(at + 4 * b + p * pitch, 13);
        for (unsigned i = 0; i < tile_.in16; ++i) {
          to_.touch(2 * (at + 4 * b + p * pitch), 11);
          to_.touch(2 * (at + 4 * b + p * pitch) + 4, 6);
        }
        to_.touch(at + 4 * b + p * pitch, 30);
      }
    }
    to_.wait(rest * w.pixels * (9 * (n + tile_.in16) + 16));
  }

  void partial(const ohmic_work& w) {
    const unsigned quads = (w.end - w.first) / 4, n = tile_.in8;
    const std::uint32_t at = w.column * column(1) + w.first;
    to_.wait(8 * (n + tile_.in16) + 130);
    const unsigned fours = n > 1 && tile_.in16 == 0 ? quads / 4 : 0;
    for (unsigned f = 0; f < fours * w.pixels; ++f) {
      to_.wait(14);
      for (unsigned i = 0; i < n; ++i) {
        to_.touch(at + 16 * f, 4);
        for (unsigned k = 1; k < 4; ++k) to_.touch(at + 16 * f + 4 * k, k == 1 ? 1 : 5);
        to_.wait(6);
      }
      for (unsigned k = 0; k < 8; ++k) to_.touch(2 * at + 32 * f + 4 * k, 2);
    }
    const bool listed = n + tile_.in16 > 4;
    for (unsigned q = 4 * fours; q < quads * w.pixels; ++q) {
      for (unsigned i = 0; i < n; ++i) to_.touch(at + 4 * q, listed ? 10 : 5);
      for (unsigned i = 0; i < tile_.in16; ++i) {
        to_.touch(2 * at + 8 * q, listed ? 10 : 2);
        to_.touch(2 * at + 8 * q + 4, 5);
      }
      to_.touch(2 * at + 8 * q, 4);
      to_.touch(2 * at + 8 * q + 4, 2);
      to_.wait(4);
    }
  }

  void residual(const ohmic_work& w, std::uint32_t element, unsigned blocks, unsigned rest) {
    to_.wait(75);
    for (unsigned b = 0; b < blocks; ++b) {
      to_.wait(7);
      for (unsigned p = 0; p < w.pixels; ++p) {
        const std::uint32_t at = w.column * column(1) + element + 4 * b + p * tile_.channels;
        to_.touch(at);
        to_.touch(at);
        to_.touch(at, 26);
      }
    }
    to_.wait(rest * w.pixels * 22);
  }

  void max_pool(const ohmic_work& w, unsigned blocks, unsigned rest) {
    const std::uint32_t pitch = tile_.channels, in_column = tile_.input_height * pitch;
    to_.wait(30 * tile_.window);
    const bool shared = tile_.window == 3 && tile_.window_height == 3 && tile_.stride_height == 2;
    for (unsigned b = 0; b < blocks; ++b) {
      to_.wait(shared ? 110 : 45);
      for (unsigned p = 0; p < w.pixels; ++p) {
        const unsigned top = (w.y + p) * tile_.stride_height, rows = shared ? 2 : tile_.window_height;
        for (unsigned r = 0; r < rows; ++r)
          for (unsigned x = 0; x < tile_.window; ++x)
            to_.touch(x * in_column + (top + r) * pitch + w.first + 4 * b, shared ? 1 : x == 0 ? 13 : 6);
        to_.touch(w.column * column(1) + (w.y + p) * pitch + w.first + 4 * b, shared ? 7 : 8);
        to_.wait(shared ? 0 : 11);
      }
    }
    to_.wait(rest * w.pixels * tile_.window * tile_.window_height * 8);
  }

  void average_pool(unsigned blocks, unsigned rest) {
    const std::uint32_t pitch = tile_.channels, in_column = tile_.input_height * pitch;
    for (unsigned b = 0; b < blocks; ++b) {
      to_.wait(150);
      for (unsigned x = 0; x < tile_.input_width; ++x) {
        to_.wait(30);
        for (unsigned y = 0; y < tile_.input_height; ++y) {
          to_.touch(x * in_column + y * pitch + 4 * b, 1);
          to_.wait(y < tile_.input_height / 4 * 4 ? 5 : 8);
        }
      }
    }
    to_.wait(rest * tile_.input_width * tile_.input_height * 5);
  }

  const kernel_shape& tile_;
  core_stream& to_;
};

std::vector<unsigned> runs_of(const kernel_shape& s) {
  std::vector<unsigned> runs;
  for (const ohmic_piece& p : s.pieces) runs.insert(runs.end(), {p.channel, p.count, p.copy});
  return runs;
}

}  // namespace

bool operator<(const kernel_shape& a, const kernel_shape& b) {
  const auto key = [](const kernel_shape& s) {
    return std::make_tuple(s.kernel, s.columns, s.height, s.channels, s.in8, s.in16, s.residual, s.window,
                           s.window_height, s.stride, s.stride_height, s.pad_height, s.input_height, s.input_width,
                           s.in_channels, s.groups, s.in_blocks, s.finish, runs_of(s));
  };
  return key(a) < key(b);
}

struct kernel_time::memory {
  std::mutex lock;
  std::map<kernel_shape, answer> answers;
};

kernel_time::kernel_time(const chip_config& chip, core_design design)
    : cores_(chip.cluster.cores), banks_(chip.cluster.l1_banks), design_(design) {
  static std::mutex lock;
  static std::map<std::tuple<unsigned, unsigned, core_design>, std::shared_ptr<memory>> memories;
  const std::lock_guard<std::mutex> guard(lock);
  std::shared_ptr<memory>& mine = memories[{cores_, banks_, design_}];
  if (!mine) mine = std::make_shared<memory>();
  known_ = mine;
}

kernel_time::answer kernel_time::ask(const kernel_shape& tile) const {
  const std::lock_guard<std::mutex> guard(known_->lock);
  const auto found = known_->answers.find(tile);
  if (found != known_->answers.end()) return found->second;
  const double factor = design_ == core_design::ibex ? ibex_kernel_factor : 1;
  answer a;
  a.cycles = (call_cycles + simulate(tile, &a.loops)) * factor;
  a.loops *= factor * surely;
  return known_->answers[tile] = a;
}

double kernel_time::cycles(const kernel_shape& tile) const { return ask(tile).cycles; }
double kernel_time::least_cycles(const kernel_shape& tile) const { return ask(tile).loops; }

double kernel_time::simulate(const kernel_shape& tile, double* loops) const {
  const unsigned cores = ohmic_kernel_cores(tile.kernel, cores_);
  ohmic_kernel_job job{};
  job.kernel = tile.kernel;
  job.columns = tile.columns;
  job.height = tile.height;
  job.channels = tile.channels;
  job.in8 = tile.kernel == OHMIC_KERNEL_ADD ? 1 : tile.in8;
  job.in16 = tile.in16;
  job.residual_shift = tile.residual ? 1 : 0;  // its presence decides
  if (tile.kernel >= OHMIC_KERNEL_LAYER) {
    job.in_channels = tile.in_channels;
    job.in_pitch = tile.in_channels / tile.in_blocks;
    job.in_more_blocks = tile.in_blocks - 1;
    job.groups = tile.groups;
    job.pool_size = tile.window;
    job.pool_height = tile.window_height;
    job.pool_stride = tile.stride;
    job.pool_stride_y = tile.stride_height;
  }
  std::vector<ohmic_piece> pieces = tile.pieces;
  const bool plain = tile.kernel == OHMIC_KERNEL_PARTIAL || tile.kernel == OHMIC_KERNEL_LOGITS ||
                     tile.kernel == OHMIC_KERNEL_LAYER_SUMS || tile.kernel == OHMIC_KERNEL_LAYER_LOGITS;
  if (pieces.empty() && !plain) pieces.push_back({0, static_cast<std::uint16_t>(tile.channels), 0, 0, 0, 0, 0});
  job.pieces = pieces.empty() ? nullptr : pieces.data();
  job.piece_count = static_cast<unsigned>(pieces.size());
  std::vector<std::uint32_t> work_of(cores + 1);
  ohmic_work none;
  ohmic_share_tile(&job, cores, work_of.data(), &none, 0);  // counts
  std::vector<ohmic_work> work(work_of[cores] + 1);
  ohmic_share_tile(&job, cores, work_of.data(), work.data(), static_cast<unsigned>(work.size()));
  std::vector<core_stream> streams(cores);
  double without_accesses = 0;
  for (unsigned c = 0; c < cores; ++c) {
    stream_writer writer(tile, streams[c]);
    for (std::uint32_t i = work_of[c]; i < work_of[c + 1]; ++i)
      writer.run(work[i], i == work_of[c] ? nullptr : &work[i - 1]);
    without_accesses = std::max(without_accesses, streams[c].total());
    *loops += streams[c].loops() / cores;
  }
  return std::max(without_accesses, run_on_banks(streams, banks_));
}

}  // namespace ohmic
