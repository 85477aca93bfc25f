/* Plain C: the compiler runs it too, to know what a job takes of the heap. */
#include <stdbool.h>

#include "sw/firmware/kernels/kernels.h"
#include "sw/firmware/runtime/range.h"

/* How many cores share the pixels, and how many the channels of each. Or each takes as many quads (a pixel of a block
 * of 4 channels) as the others, in multiples of `quads_at_once`: neighbours in the order of blocks and, within them,
 * pixels. */
typedef struct {
  uint32_t pixel_groups, channel_groups;
  uint32_t quads_at_once; /* 0: not by quads */
} sharing;

static bool is_layer(const ohmic_kernel_job* job) { return job->kernel >= OHMIC_KERNEL_LAYER; }

/* The loops for many inputs and for layers take four pixels at a time; what is left of a run is slow. */
static uint32_t pixels_at_once(const ohmic_kernel_job* job, uint32_t height) {
  if (is_layer(job)) return height % 4 == 0 ? 4 : height % 2 == 0 ? 2 : 1;
  return job->kernel == OHMIC_KERNEL_REQUANTISE && job->in8 > 3 && job->in16 == 0 && height % 4 == 0 ? 4 : 1;
}

/* The same of layers: a quad takes its words of weights and of its pixels. Windows that have to be gathered, and the
 * rows of a depthwise layer's planes, are for all channels of a pixel or columns of a run. */
static uint32_t layer_cost_of(const ohmic_kernel_job* job, uint32_t runs, uint32_t blocks_of_runs, uint32_t quads) {
  const uint32_t taps = job->pool_size * job->pool_height, rows = quads / blocks_of_runs;
  if (job->kernel == OHMIC_KERNEL_DEPTHWISE) {
    const uint32_t columns = (runs - 1) * job->pool_stride + job->pool_size;
    const uint32_t fill = 60 + (rows * job->pool_stride_y + job->pool_height) * 5;
    return 600 + blocks_of_runs * 300 + blocks_of_runs / runs * columns * fill + quads * (16 + 2 * taps);
  }
  const uint32_t window = ohmic_layer_window_bytes(taps, job->in_channels / job->groups);
  const uint32_t gather = ohmic_layer_in_place(job) ? 0 : runs * rows * (40 * job->pool_size + window);
  return runs * 350 + blocks_of_runs * 40 + gather + quads * (24 + window * 3 / 2);
}

/* Quads of a layer that are not four pixels of a run: a word of their weights serves two pixels or one. */
static uint32_t cost_of_odd_quads(const ohmic_kernel_job* job, uint32_t quads, uint32_t at_once) {
  const uint32_t window = ohmic_layer_window_bytes(job->pool_size * job->pool_height, job->in_channels / job->groups);
  const uint32_t odd = quads % 4 + 4 < quads ? quads % 4 + 4 : quads; /* of a run's begin and end */
  return at_once == 4 ? 0 : odd * (at_once == 2 ? window / 4 : window * 3 / 4);
}

/* In cycles: a run of pixels of one column, each block of 4 channels in it, and each of the block's pixels. */
static uint32_t cost_of(const ohmic_kernel_job* job, uint32_t runs, uint32_t blocks_of_runs, uint32_t quads) {
  enum { per_run = 150, per_block = 30 };
  if (is_layer(job)) return layer_cost_of(job, runs, blocks_of_runs, quads);
  const uint32_t per_quad = 16 + 5 * (job->in8 + job->in16) + (job->residual_shift ? 28 : 0);
  return runs * per_run + blocks_of_runs * per_block + quads * per_quad;
}

/* Where each core has pixels of its own it has multiples of these. */
static uint32_t pixel_unit(const ohmic_kernel_job* job, uint32_t height) {
  return is_layer(job) ? pixels_at_once(job, height) : 1;
}

static sharing choose(const ohmic_kernel_job* job, uint32_t pixels, uint32_t height, uint32_t blocks, uint32_t cores) {
  sharing best = {1, 1, 0};
  uint32_t least = ~0u;
  const uint32_t unit = pixel_unit(job, height);
  for (uint32_t groups = 1; groups <= cores && groups <= pixels / unit; ++groups) {
    uint32_t channel_groups = cores / groups;
    if (channel_groups > blocks) channel_groups = blocks;
    const uint32_t most_pixels = (pixels / unit + groups - 1) / groups * unit,
                   runs = (most_pixels + height - 1) / height;
    const uint32_t most_blocks = (blocks + channel_groups - 1) / channel_groups;
    const uint32_t cost = cost_of(job, runs, runs * most_blocks, most_blocks * most_pixels);
    if (cost < least) {
      least = cost;
      best = (sharing){groups, channel_groups, 0};
    }
  }
  /* Part of a block, whole ones, part of another. */
  const uint32_t most_at_once = pixels_at_once(job, height), columns = (pixels + height - 1) / height;
  const bool finer = is_layer(job) && job->kernel != OHMIC_KERNEL_DEPTHWISE;
  for (uint32_t at_once = most_at_once; at_once >= (finer ? 1 : most_at_once); at_once /= 2) {
    const uint32_t quads = (pixels * blocks / at_once + cores - 1) / cores * at_once;
    const uint32_t whole = quads / pixels, parts = quads % pixels == 0 && pixels * blocks % cores == 0 ? 0 : 2;
    const uint32_t runs_of_part = (quads % pixels + height - 1) / height + 1;
    const uint32_t runs = (whole ? columns : 0) + parts * (runs_of_part < columns ? runs_of_part : columns);
    const uint32_t cost =
        cost_of(job, runs, whole * columns + parts, quads) + (finer ? cost_of_odd_quads(job, quads, at_once) : 0);
    if (cost >= least) continue;
    least = cost;
    best.quads_at_once = at_once;
  }
  return best;
}

typedef struct {
  ohmic_work* work;
  unsigned count, most;
} work_list;

/* The part of a core's pixels and channels that lies in one piece, column by column. */
static void add_work(work_list* list, const ohmic_kernel_job* job, ohmic_range pixels, ohmic_range channels,
                     uint32_t piece_index, uint32_t height) {
  if (piece_index != OHMIC_NO_PIECE) {
    const ohmic_piece* piece = &job->pieces[piece_index];
    if (piece->channel > channels.begin) channels.begin = piece->channel;
    if ((uint32_t)piece->channel + piece->count < channels.end) channels.end = (uint32_t)piece->channel + piece->count;
  }
  if (channels.begin >= channels.end) return;
  while (pixels.begin < pixels.end) {
    const uint32_t column = pixels.begin / height, y = pixels.begin - column * height;
    uint32_t n = pixels.end - pixels.begin;
    if (n > height - y) n = height - y;
    if (list->count < list->most)
      list->work[list->count] =
          (ohmic_work){(uint16_t)column,       (uint16_t)y,          (uint16_t)n, (uint16_t)channels.begin,
                       (uint16_t)channels.end, (uint16_t)piece_index};
    ++list->count;
    pixels.begin += n;
  }
}

/* A rectangle of pixels and channels: every piece's own part of it, or the copies. */
static void add_rectangle(work_list* list, const ohmic_kernel_job* job, ohmic_range pixels, ohmic_range blocks,
                          uint32_t channels, uint32_t height, bool copies) {
  const ohmic_range c = {4 * blocks.begin, 4 * blocks.end < channels ? 4 * blocks.end : channels};
  if (job->pieces == 0 && !copies) add_work(list, job, pixels, c, OHMIC_NO_PIECE, height);
  for (uint32_t i = 0; i < job->piece_count; ++i)
    if ((job->pieces[i].copy != 0) == copies) add_work(list, job, pixels, c, i, height);
}

/* Quads [begin, end) of the tile: part of a block, whole blocks, part of another. */
static void add_quads(work_list* list, const ohmic_kernel_job* job, ohmic_range quads, uint32_t pixels,
                      uint32_t channels, uint32_t height, bool copies) {
  while (quads.begin < quads.end) {
    const uint32_t block = quads.begin / pixels, from = quads.begin % pixels, left = quads.end - quads.begin;
    ohmic_range blocks = {block, block + 1}, within = {from, pixels};
    if (from == 0 && left >= pixels)
      blocks.end = block + left / pixels;
    else if (left < pixels - from)
      within.end = from + left;
    add_rectangle(list, job, within, blocks, channels, height, copies);
    quads.begin += (blocks.end - blocks.begin) * (within.end - within.begin);
  }
}

unsigned ohmic_share_tile(ohmic_kernel_job* job, unsigned cores, uint32_t* work_of, ohmic_work* work, unsigned most) {
  work_list list = {work, 0, most};
  /* To PARTIAL a column is one row of quads of elements, where so many can be counted. */
  const bool flat = job->kernel == OHMIC_KERNEL_PARTIAL && job->height * job->channels <= 0xFFFF,
             whole = job->kernel == OHMIC_KERNEL_AVERAGE_POOL;
  const uint32_t height = flat || whole ? 1 : job->height;
  const uint32_t pixels = whole ? 1 : job->columns * height,
                 channels = flat ? job->height * job->channels : job->channels, blocks = (channels + 3) / 4;
  const sharing s = choose(job, pixels, height, blocks, cores);
  const uint32_t at_once = s.quads_at_once;
  for (uint32_t core = 0; core < cores; ++core) {
    work_of[core] = list.count;
    const uint32_t channel_group = core / s.pixel_groups;
    for (uint32_t copies = 0; copies < 2; ++copies) {
      if (at_once) {
        ohmic_range quads = ohmic_share(pixels * blocks / at_once, core, cores);
        quads.begin *= at_once;
        quads.end *= at_once;
        add_quads(&list, job, quads, pixels, channels, height, copies != 0);
      }
      if (!at_once && channel_group < s.channel_groups) {
        const uint32_t unit = pixel_unit(job, height);
        ohmic_range mine = ohmic_share(pixels / unit, core - channel_group * s.pixel_groups, s.pixel_groups);
        mine.begin *= unit;
        mine.end *= unit;
        add_rectangle(&list, job, mine, ohmic_share(blocks, channel_group, s.channel_groups), channels, height,
                      copies != 0);
      }
    }
  }
  work_of[cores] = list.count;
  job->work = work;
  job->work_of = work_of;
  return list.count <= most ? list.count : 0;
}
