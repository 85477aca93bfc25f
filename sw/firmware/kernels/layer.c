/* Convolutions and matrix products on cores: exact sums of windows and weights. The loops in layers.S take 4 pixels and
 * 4 output channels at once, windows where they lie in the columns. Here is what surrounds them: pixels at the map's
 * edges, whose windows are shorter, columns outside of it, groups, windows that are no whole words, and channels that
 * are no whole blocks. */
#include <stdbool.h>
#include <stddef.h>

#include "core/pulp.h"
#include "sw/firmware/kernels/kernels.h"
#include "sw/firmware/runtime/spmd.h"

typedef struct ohmic_layer_run run;
_Static_assert(sizeof(ohmic_window_run) == 8 && offsetof(run, weights) == 16 && offsetof(run, out) == 32 &&
                   offsetof(run, finish) == 52 && sizeof(run) == 88,
               "layers.S");
_Static_assert(sizeof(ohmic_layer_channel) == 12 && OHMIC_LAYER_SUMS == 3, "layers.S");

/* Channels [first, first + count) of the group that begins with `group_channel`, over the pixels of one work. */
typedef struct {
  const ohmic_kernel_job* job;
  const ohmic_work* work;
  run r;
  uint32_t in_offset;     /* of the group's channels in a pixel */
  uint32_t of_group;      /* its input channels */
  uint32_t window;        /* bytes */
  uint32_t within, count; /* channels of a block that are wanted, where it is only a part: [within, within + count) */
  char* out;              /* of the part, where r.out is somewhere else */
  uint32_t out_pitch;
  uint32_t element; /* bytes of an output */
} part;

static const char* column_of(const ohmic_kernel_job* job, int32_t x) {
  return job->pooled.base + (job->image_first + (uint32_t)x) % job->pooled.slots * job->pooled.column_bytes;
}

static void copy_bytes(char* to, const char* from, uint32_t n) {
  const uint32_t words = n / 4;
  if (words) ohmic_copy_words(to, 4, from, 4, words);
  for (uint32_t i = 4 * words; i < n; ++i) to[i] = from[i];
}

/* S*m + b in place of the sums that the loops just left. */
static void make_logits(const part* p, char* out, uint32_t pixels) {
  const uint32_t block_bytes = ohmic_layer_block_bytes(p->window);
  for (uint32_t block = 0; block < p->r.blocks; ++block) {
    const ohmic_layer_channel* c =
        (const ohmic_layer_channel*)(p->r.weights + block * block_bytes + p->r.block_weights);
    for (uint32_t i = 0; i < 4; ++i)
      for (uint32_t pixel = 0; pixel < pixels; ++pixel) {
        int32_t* s = (int32_t*)(out + pixel * p->r.out_pitch + 16 * block + 4 * i);
        *s = (int32_t)((uint32_t)*s * (uint32_t)c[i].multiplier + (uint32_t)c[i].bias);
      }
  }
}

/* Windows that lie wholly above or below the map: a row set has some of a kernel's rows. */
static const char outside[8] __attribute__((aligned(4)));

/* `pixels` windows from the runs on; r.out is where the first one's outputs go. */
OHMIC_KERNEL_CODE static void run_pixels(part* p, uint32_t pixels) {
  run* r = &p->r;
  const bool single = r->run_count == 1 && 16 * r->words == r->block_weights;
  char* const out = r->out;
  while (pixels) {
    const uint32_t at_once = pixels >= 4 ? 4 : pixels >= 2 ? 2 : 1;
    r->groups = p->count ? 1 : pixels / at_once;
    const uint32_t done = r->groups * at_once;
    char* const first = r->out;
    if (single) {
      const char* const x = r->runs->x;
      if (at_once == 4)
        ohmic_layer_single_4(r);
      else if (at_once == 2)
        ohmic_layer_single_2(r);
      else
        ohmic_layer_single_1(r);
      r->runs->x = x + done * r->pitch;
    } else if (at_once == 4) {
      ohmic_layer_many_4(r);
    } else if (at_once == 2) {
      ohmic_layer_many_2(r);
    } else {
      ohmic_layer_many_1(r);
    }
    if (p->job->kernel == OHMIC_KERNEL_LAYER_LOGITS) make_logits(p, first, done);
    if (p->count) {
      for (uint32_t i = 0; i < done; ++i, p->out += p->out_pitch)
        copy_bytes(p->out, first + i * r->out_pitch + p->within * p->element, p->count * p->element);
      r->out = out;
    }
    pixels -= done;
  }
}

/* Windows of up to 4 pixels, dense and with zeros outside of the map. */
OHMIC_KERNEL_CODE static void gather(const part* p, char* windows, int32_t x, int32_t top, uint32_t pixels) {
  const ohmic_kernel_job* job = p->job;
  const bool rows = !ohmic_layer_rows_are_runs(job);
  const uint32_t height = job->pool_height, row_bytes = p->of_group;
  for (; pixels; --pixels, top += (int32_t)job->pool_stride_y, windows += p->window) {
    const int32_t room = (int32_t)job->input_height - top;
    const uint32_t end = room < 0 ? 0 : (uint32_t)room < height ? (uint32_t)room : height;
    const uint32_t above = top < 0 ? (uint32_t)-top : 0, begin = above < end ? above : end;
    char* to = windows;
    const bool whole = begin == 0 && end == height && x >= 0 && x + job->pool_size <= job->image_columns;
    for (uint32_t i = whole ? job->pool_size * height * row_bytes & ~3u : 0; i < p->window; i += 4)
      pulp_store(windows + i, 0);
    for (uint32_t kx = 0; kx < job->pool_size; ++kx, to += height * row_bytes) {
      if ((uint32_t)(x + (int32_t)kx) >= job->image_columns) continue;
      const char* from =
          column_of(job, x + (int32_t)kx) + (top + (int32_t)begin) * (int32_t)job->in_pitch + p->in_offset;
      if (rows)
        copy_bytes(to + begin * row_bytes, from, (end - begin) * row_bytes);
      else
        for (uint32_t ky = begin; ky < end; ++ky, from += job->in_pitch)
          copy_bytes(to + ky * row_bytes, from, row_bytes);
    }
  }
}

/* The runs of pixels whose windows begin in column x and whose rows [begin, end) lie in the map from row `top` on. */
OHMIC_KERNEL_CODE static void make_runs(part* p, int32_t x, int32_t top, uint32_t begin, uint32_t end) {
  const ohmic_kernel_job* job = p->job;
  ohmic_window_run* to = p->r.runs;
  const uint32_t columns = job->image_columns, height = job->pool_height, pitch = job->in_pitch;
  const uint32_t of_block = p->of_group / (1 + job->in_more_blocks), block_bytes = pitch * job->input_height;
  const uint32_t column_weights = 4 * height * p->of_group, row_weights = 4 * of_block;
  const uint32_t place = p->in_offset + (uint32_t)(top + (int32_t)begin) * pitch;
  const bool rows = ohmic_layer_rows_are_runs(job);
  for (uint32_t kx = 0; kx < job->pool_size; ++kx, ++x) {
    if ((uint32_t)x >= columns) continue;
    const char* from = column_of(job, x) + place;
    uint32_t weights = kx * column_weights + begin * row_weights;
    *to++ = (ohmic_window_run){from, weights};
    for (uint32_t ky = begin + 1; rows && ky < end; ++ky)
      *to++ = (ohmic_window_run){from += pitch, weights += row_weights};
    for (uint32_t block = job->in_more_blocks; block; --block)
      *to++ = (ohmic_window_run){from += block_bytes, weights += height * row_weights};
  }
  p->r.run_count = (uint32_t)(to - p->r.runs);
  p->r.words = (rows ? 1 : end - begin) * of_block / 4;
}

OHMIC_KERNEL_CODE static void part_work(part* p) {
  const ohmic_kernel_job* job = p->job;
  const uint32_t stride = job->pool_stride_y, height = job->pool_height;
  const int32_t x = job->first_x + (int32_t)(p->work->column * job->pool_stride);
  const bool in_place = ohmic_layer_in_place(job);
  char* const windows = (char*)(p->r.runs + job->pool_size * ohmic_layer_runs_of_column(job));
  int32_t top = (int32_t)(p->work->y * stride) - job->pool_pad_y;
  p->r.pitch = in_place ? stride * job->in_pitch : p->window;
  for (uint32_t left = p->work->pixels; left;) {
    const int32_t room = (int32_t)job->input_height - top;
    uint32_t n = 1, begin = 0, end = height;
    if (!in_place) {
      n = left < 4 ? left : 4;
      gather(p, windows, x, top, n);
      *p->r.runs = (ohmic_window_run){windows, 0};
      p->r.run_count = 1;
      p->r.words = p->window / 4;
    } else {
      if (top >= 0 && room >= (int32_t)height) {
        n = ((uint32_t)room - height) / stride + 1; /* whose windows end in the map */
        if (n > left) n = left;
      } else {
        if (top < 0) begin = (uint32_t)-top;
        if (room < (int32_t)height) end = (uint32_t)room;
      }
      if ((int32_t)begin < (int32_t)end) {
        make_runs(p, x, top, begin, end);
      } else {
        *p->r.runs = (ohmic_window_run){outside, 0};
        p->r.run_count = 1;
        p->r.words = 1;
      }
    }
    run_pixels(p, n);
    top += (int32_t)(n * stride);
    left -= n;
  }
}

OHMIC_KERNEL_CODE void ohmic_layer_work(const ohmic_kernel_job* job, const ohmic_work* w) {
  const ohmic_piece* piece = w->piece == OHMIC_NO_PIECE ? 0 : &job->pieces[w->piece];
  part p;
  p.job = job;
  p.work = w;
  p.of_group = job->in_channels / job->groups;
  p.element = piece ? 1 : 4;
  p.out_pitch = piece ? piece->out_pitch : 4 * job->channels;
  char* const out = job->out + w->column * job->out_column_bytes + w->y * p.out_pitch +
                    (piece ? piece->out_offset - piece->channel : 0);
  p.r.runs = (ohmic_window_run*)(job->scratch + ohmic_core_id() * job->scratch_bytes);
  p.window = ohmic_layer_window_bytes(job->pool_size * job->pool_height, p.of_group);
  p.r.block_weights = 4 * p.window;
  p.r.shift = job->shift;
  p.r.lo = (uint32_t)(uint8_t)job->lo * 0x01010101u;
  p.r.hi = (uint32_t)(uint8_t)job->hi * 0x01010101u;
  p.r.finish = ohmic_layer_finish_of(job);
  const uint32_t group_channels = job->channels / job->groups, block_bytes = ohmic_layer_block_bytes(p.window),
                 group_bytes = (group_channels + 3) / 4 * block_bytes;
  int32_t part_of_block[16];
  for (uint32_t c = w->first; c < w->end;) {
    const uint32_t group = c / group_channels, first = c - group * group_channels;
    uint32_t end = w->end - group * group_channels;
    if (end > group_channels) end = group_channels;
    p.in_offset = group * p.of_group;
    p.r.weights = job->weights + group * group_bytes + first / 4 * block_bytes;
    char* const to = out + c * p.element;
    if (first % 4 == 0 && end - first >= 4) {
      p.r.blocks = (end - first) / 4;
      p.count = 0;
      p.r.out = to;
      p.r.out_pitch = p.out_pitch;
      end = first + 4 * p.r.blocks;
    } else {
      p.r.blocks = 1;
      p.within = first % 4;
      if (end > first - p.within + 4) end = first - p.within + 4;
      p.count = end - first;
      p.out = to;
      p.r.out = (char*)part_of_block;
      p.r.out_pitch = 4 * p.element;
    }
    part_work(&p);
    c += end - first;
  }
  if (job->residual) {
    const uint32_t within = w->first - piece->channel;
    ohmic_add_channels(
        out + w->first, p.out_pitch, out + w->first, p.out_pitch,
        job->residual + w->column * job->residual_column_bytes + piece->in_offset + within + w->y * piece->in_pitch,
        piece->in_pitch, w->pixels, w->end - w->first, job);
  }
}
