/* Depthwise layers: each output channel is made of one input channel. Columns hold channels side by side, but a dot
 * product needs the rows of one channel side by side: so the rows of 4 channels are brought into planes of their own
 * first, column by column, in the core's scratch. Neighbouring output columns of a core share them. */
#include <stdbool.h>
#include <stddef.h>

#include "core/pulp.h"
#include "sw/firmware/kernels/kernels.h"
#include "sw/firmware/runtime/spmd.h"

typedef struct ohmic_depthwise_run run;
_Static_assert(offsetof(run, weights) == 12 && offsetof(run, finish) == 40 && offsetof(run, stride) == 60, "layers.S");

/* 4 channels (or what is left of them) of a run of works that differ in their column only. */
typedef struct {
  const ohmic_kernel_job* job;
  uint32_t channel, channels;
  uint32_t plane_bytes;      /* of one channel: rows of the windows, zeros where they are above or below the map */
  uint32_t lead, rows;       /* rows above the map, rows of the map */
  uint32_t first;            /* byte of a column where these begin */
  char* planes;              /* [place][channel][plane_bytes], and behind them those of a column of zeros */
  const char** at;           /* by place: the planes of the column that belongs there */
  int32_t next;              /* first column whose planes are not there */
  uint32_t next_place, slot; /* where they will lie; its slot in the ring */
} block;

static void clear(char* to, uint32_t words) {
  for (; words; --words, to += 4) pulp_store(to, 0);
}

/* What no column's rows come to: all of the zeros, and each plane's words that are not all rows of the map. */
static void clear_planes(const block* b) {
  const uint32_t plane = b->plane_bytes, planes = 4 * b->job->pool_size;
  const uint32_t head = (b->lead + 3) / 4, last = (b->lead + b->rows) & ~3u, tail = (plane - last) / 4;
  char* at = b->planes;
  for (uint32_t i = 0; i < planes; ++i, at += plane) {
    clear(at, head);
    clear(at + last, tail);
  }
  clear(at, plane);
}

/* A few rows, or not all four channels. */
static __attribute__((noinline)) void fill_by_bytes(const block* b, const char* from, char* to) {
  for (uint32_t c = 0; c < b->channels; ++c, to += b->plane_bytes)
    for (uint32_t r = 0; r < b->rows; ++r) to[r] = from[r * b->job->in_pitch + c];
}

/* The rows of the map's next column into its planes. */
OHMIC_INLINE void fill_planes(const block* b, char* to) {
  const ohmic_kernel_job* job = b->job;
  const char* from = job->pooled.base + b->slot * job->pooled.column_bytes + b->first + b->channel;
  const uint32_t rows = b->rows, plane = b->plane_bytes, pitch = job->in_pitch;
  to += b->lead;
  if (b->channels == 4 && rows >= 4) {
    ohmic_transpose_4(from, pitch, to, plane, rows / 4);
    if (rows % 4) ohmic_transpose_4(from + (rows - 4) * pitch, pitch, to + rows - 4, plane, 1);
  } else {
    fill_by_bytes(b, from, to);
  }
}

/* Makes the planes of all columns up to `end`. */
OHMIC_KERNEL_CODE static __attribute__((noinline)) void fill_up(block* b, int32_t end) {
  const ohmic_kernel_job* job = b->job;
  const uint32_t bytes = 4 * b->plane_bytes, size = job->pool_size;
  for (; b->next < end; ++b->next) {
    const bool inside = (uint32_t)b->next < job->image_columns;
    char* const planes = b->planes + (inside ? b->next_place : size) * bytes;
    if (inside) {
      fill_planes(b, planes);
      if (++b->slot == job->pooled.slots) b->slot = 0;
    }
    b->at[b->next_place] = planes;
    if (++b->next_place == size) b->next_place = 0;
  }
}

/* Column x is the next one, at that place. */
static void begin_at(block* b, int32_t x, uint32_t place) {
  b->next = x;
  b->next_place = place;
  b->slot = (b->job->image_first + (uint32_t)(x < 0 ? 0 : x)) % b->job->pooled.slots;
}

/* Pixels behind the quads, and windows that the loops for three columns do not know. */
OHMIC_KERNEL_CODE static __attribute__((noinline)) void any_pixels(const block* b, run* r, uint32_t* list,
                                                                   uint32_t place, uint32_t first, uint32_t pixels) {
  const ohmic_kernel_job* job = b->job;
  const uint32_t words = (job->pool_height + 3) / 4, step = first * job->pool_stride_y;
  uint32_t n = 0;
  for (uint32_t kx = 0; kx < job->pool_size; ++kx) {
    const char* plane = b->at[place] + step;
    for (uint32_t w = 0; w < words; ++w) list[n++] = (uint32_t)(uintptr_t)plane + 4 * w;
    if (++place == job->pool_size) place = 0;
  }
  r->list = list;
  r->list_length = n;
  r->stride = job->pool_stride_y;
  char* const out = r->out;
  r->out = out + first * r->out_pitch;
  r->quads = (pixels - first) / 4;
  if (r->quads) ohmic_depthwise_any(r);
  const uint32_t done = first + 4 * r->quads, rest = pixels - done;
  if (rest) {
    /* The last quad is not whole: it is made elsewhere. */
    uint32_t quad[4];
    for (uint32_t i = 0; i < n; ++i) list[i] += 4 * r->quads * job->pool_stride_y;
    const uint32_t pitch = r->out_pitch;
    r->out = (char*)quad;
    r->out_pitch = 4;
    r->quads = 1;
    ohmic_depthwise_any(r);
    r->out_pitch = pitch;
    for (uint32_t p = 0; p < rest; ++p)
      for (uint32_t c = 0; c < b->channels; ++c) out[(done + p) * pitch + c] = ((const char*)quad)[4 * p + c];
  }
  r->out = out;
}

static bool next_column(const ohmic_work* a, const ohmic_work* b) {
  return b->column == a->column + 1u && b->y == a->y && b->pixels == a->pixels && b->first == a->first &&
         b->end == a->end && b->piece == a->piece;
}

/* The block's channels in all columns of the works. */
OHMIC_KERNEL_CODE static void block_work(block* b, const ohmic_work* w, const ohmic_work* last, run* r, uint32_t* list,
                                         uint32_t steps) {
  const ohmic_kernel_job* job = b->job;
  const uint32_t size = job->pool_size, quads = steps ? w->pixels / 4 : 0;
  int32_t x = job->first_x + (int32_t)(w->column * job->pool_stride);
  uint32_t place = 0;
  begin_at(b, x, 0);
  for (;; ++w) {
    if (b->next < x) begin_at(b, x, place); /* behind columns that no window reads */
    fill_up(b, x + (int32_t)size);
    r->quads = quads;
    if (quads) {
      for (uint32_t kx = 0, p = place; kx < 3; ++kx, p = p == 2 ? 0 : p + 1) r->planes[kx] = b->at[p];
      if (steps == 1)
        ohmic_depthwise_3_1(r);
      else
        ohmic_depthwise_3_2(r);
    }
    if (4 * quads < w->pixels) any_pixels(b, r, list, place, 4 * quads, w->pixels);
    if (w == last) return;
    x += (int32_t)job->pool_stride;
    place += job->pool_stride;
    while (place >= size) place -= size;
    r->out += job->out_column_bytes;
  }
}

OHMIC_KERNEL_CODE const ohmic_work* ohmic_depthwise_work(const ohmic_kernel_job* job, const ohmic_work* w,
                                                         const ohmic_work* end) {
  const ohmic_work* last = w;
  while (last + 1 != end && next_column(last, last + 1)) ++last;
  const ohmic_piece* piece = &job->pieces[w->piece];
  const uint32_t within = w->first - piece->channel, height = job->pool_height, steps = job->pool_stride_y;
  char* const out = job->out + piece->out_offset + within + w->y * piece->out_pitch;
  uint32_t* const list = (uint32_t*)(job->scratch + ohmic_core_id() * job->scratch_bytes);
  block b = {.job = job, .plane_bytes = ohmic_depthwise_plane_bytes(job, w->pixels)};
  b.at = (const char**)(list + job->pool_size * ((height + 3) / 4));
  b.planes = (char*)(b.at + job->pool_size);
  const int32_t top = (int32_t)(w->y * steps) - job->pool_pad_y;
  b.lead = top < 0 ? (uint32_t)-top : 0;
  const uint32_t room = (uint32_t)((int32_t)job->input_height - top);
  b.rows = (room < b.plane_bytes ? room : b.plane_bytes) - b.lead;
  b.first = (uint32_t)(top + (int32_t)b.lead) * job->in_pitch;
  clear_planes(&b);
  const bool three = job->pool_size == 3 && steps <= 2 && height <= 2 + steps;
  const uint32_t channel_bytes = ohmic_depthwise_channel_bytes(job->pool_size, height);
  run r = {.out_pitch = piece->out_pitch,
           .shift = job->shift,
           .lo = job->lo,
           .hi = job->hi,
           .finish = ohmic_layer_finish_of(job),
           .plane_bytes = b.plane_bytes};
  for (uint32_t c = w->first; c < w->end; c += 4) {
    b.channel = c;
    b.channels = r.channels = w->end - c < 4 ? w->end - c : 4;
    r.weights = job->weights + c * channel_bytes;
    r.out = out + w->column * job->out_column_bytes + (c - w->first);
    block_work(&b, w, last, &r, list, three ? steps : 0);
  }
  if (job->residual)
    for (const ohmic_work* at = w; at <= last; ++at) {
      char* const y = out + at->column * job->out_column_bytes;
      ohmic_add_channels(
          y, piece->out_pitch, y, piece->out_pitch,
          job->residual + at->column * job->residual_column_bytes + piece->in_offset + within + w->y * piece->in_pitch,
          piece->in_pitch, w->pixels, w->end - w->first, job);
    }
  return last + 1;
}
