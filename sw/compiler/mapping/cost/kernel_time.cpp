#include "sw/compiler/mapping/cost/kernel_time.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>

#include "sw/compiler/mapping/cost/core_stream.h"
#include "sw/compiler/mapping/cost/kernel_stream.h"
#include "sw/compiler/mapping/cost/layer_stream.h"

namespace ohmic {
namespace {

/// A core of this design takes so many times the cycles of a CV32E40P: it has no packed arithmetic, no hardware loops
/// and no post-increment.
constexpr double ibex_kernel_factor = 3.4;

/// Part of the inner loops' cycles that a kernel takes whatever happens: the loops in C are known to a tenth.
constexpr double surely = 0.9;

/// Of a core that has work: the loop over its parts of the tile (ohmic_run_kernel).
constexpr unsigned entry_cycles = 49, entry_lines = 4;
/// The same of a layer, the lines included (layer_stream.h).
constexpr unsigned layer_entry_cycles = 130;

/// Writes down what one core does for a part of a tile, as the firmware's loops do it. `before`: what it did last, if
/// there is any.
void write_work(const kernel_shape& tile, unsigned line_cycles, const ohmic_work& work, const ohmic_work* before,
                core_stream& to) {
  const bool copies = work.piece < tile.pieces.size() && tile.pieces[work.piece].copy;
  if (tile.kernel < OHMIC_KERNEL_LAYER || copies) {
    write_kernel(tile, line_cycles, work, to);
    return;
  }
  if (tile.kernel == OHMIC_KERNEL_DEPTHWISE)
    write_depthwise(tile, work, before, to);
  else
    write_layer(tile, work, to);
  if (tile.residual) write_residual(tile, line_cycles, work, to);
}

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

kernel_time::kernel_time(const chip_config& chip, core_design design, unsigned cores)
    : cores_(cores),
      banks_(chip.cluster.l1_banks),
      line_(static_cast<unsigned>(chip.icache.hit_cycles)),
      design_(design) {
  static std::mutex lock;
  static std::map<std::tuple<unsigned, unsigned, unsigned, core_design>, std::shared_ptr<memory>> memories;
  const std::lock_guard<std::mutex> guard(lock);
  std::shared_ptr<memory>& mine = memories[{cores_, banks_, line_, design_}];
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
  job.residual_shift = tile.residual || tile.kernel == OHMIC_KERNEL_ADD ? 1 : 0;  // its presence decides
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
    if (work_of[c] != work_of[c + 1])
      streams[c].wait(tile.kernel < OHMIC_KERNEL_LAYER ? entry_cycles + entry_lines * line_ : layer_entry_cycles);
    for (std::uint32_t i = work_of[c]; i < work_of[c + 1]; ++i)
      write_work(tile, line_, work[i], i == work_of[c] ? nullptr : &work[i - 1], streams[c]);
    without_accesses = std::max(without_accesses, streams[c].total());
    *loops += streams[c].loops() / cores;
  }
  return std::max(without_accesses, run_on_banks(streams, banks_));
}

}  // namespace ohmic
