/* Max and average pools over a ring of columns. Four channels at a time. */
#include "core/pulp.h"
#include "sw/firmware/kernels/kernels.h"
#include "sw/firmware/runtime/spmd.h"

enum { most_window_columns = 16 }; /* that max_quads takes at once */

static const char* ring_column(const ohmic_ring_view* ring, uint32_t n) {
  return ring->base + n % ring->slots * ring->column_bytes;
}

/* The columns of output column `column`'s window that lie inside the map, as numbers of the stream. */
static ohmic_range window_columns(const ohmic_kernel_job* job, uint32_t column) {
  const int32_t x = job->first_x + (int32_t)(column * job->pool_stride);
  const int32_t begin = x < 0 ? 0 : x;
  int32_t end = x + (int32_t)job->pool_size;
  if (end > (int32_t)job->image_columns) end = (int32_t)job->image_columns;
  return (ohmic_range){job->image_first + (uint32_t)begin, job->image_first + (uint32_t)end};
}

/* Greatest value of every channel in row `offset` over `n` columns. */
OHMIC_INLINE uint32_t row_max(const char* const* at, unsigned n, uint32_t offset) {
  uint32_t m = pulp_load(at[0] + offset);
  for (unsigned i = 1; i < n; ++i) m = pulp_max_b(m, pulp_load(at[i] + offset));
  return m;
}

/* Rows y .. y + pixels of one output column, 4 channels. Each row's maximum along x is found once where windows of
 * height 3 and stride 2 share it; other windows find it anew. */
OHMIC_KERNEL_CODE static void max_quads(const ohmic_kernel_job* job, const char* const* at, unsigned n, uint32_t offset,
                                        uint32_t pitch, char* out, uint32_t out_pitch, uint32_t y, uint32_t pixels) {
  const uint32_t none = 0x80808080u;
  int32_t top = (int32_t)(y * job->pool_stride_y) - job->pool_pad_y;
  const int32_t height = (int32_t)job->input_height;
  if (job->pool_height == 3 && job->pool_stride_y == 2 && n == 3 && top >= -1) {
    /* Rows top .. top + 2 per pixel; `shared` is the last row of the pixel before. */
    const uint32_t first = offset + (uint32_t)(top < 0 ? 0 : top) * pitch, begin = top < 0 ? first : first + pitch;
    uint32_t shared = top < 0 ? none : row_max(at, 3, first);
    int32_t whole = (height - top - 1) / 2; /* pixels whose three rows all lie above the map's end */
    if (whole > (int32_t)pixels) whole = (int32_t)pixels;
    if (whole > 0)
      shared =
          ohmic_max_3x3(out, out_pitch, at[0] + begin, at[1] + begin, at[2] + begin, pitch, (uint32_t)whole, shared);
    if (whole < (int32_t)pixels) {
      if (top + 2 * whole + 1 < height)
        shared = pulp_max_b(shared, row_max(at, 3, begin + 2 * (uint32_t)whole * pitch));
      pulp_store(out + (uint32_t)whole * out_pitch, shared);
    }
    return;
  }
  for (; pixels; --pixels, top += (int32_t)job->pool_stride_y) {
    const int32_t begin = top < 0 ? 0 : top;
    const int32_t bottom = top + (int32_t)job->pool_height, end = bottom > height ? height : bottom;
    uint32_t m = none;
    for (int32_t r = begin; r < end; ++r) m = pulp_max_b(m, row_max(at, n, offset + (uint32_t)r * pitch));
    pulp_store_step(&out, m, (int32_t)out_pitch);
  }
}

/* One channel at a time, for the 1..3 at the end of a run. */
static void max_ones(const ohmic_kernel_job* job, const char* const* at, unsigned n, uint32_t offset, uint32_t pitch,
                     char* out, uint32_t out_pitch, uint32_t y, uint32_t pixels) {
  for (uint32_t p = 0; p < pixels; ++p) {
    const int32_t top = (int32_t)((y + p) * job->pool_stride_y) - job->pool_pad_y;
    int32_t m = -128;
    for (int32_t r = top; r < top + (int32_t)job->pool_height; ++r) {
      if (r < 0 || r >= (int32_t)job->input_height) continue;
      for (unsigned i = 0; i < n; ++i) {
        const int32_t v = *(const int8_t*)(at[i] + offset + (uint32_t)r * pitch);
        m = v > m ? v : m;
      }
    }
    out[p * out_pitch] = (char)m;
  }
}

/* A window of any number of columns: the maximum so far stands in the output. */
static void max_wide(const ohmic_kernel_job* job, const ohmic_work* w, ohmic_range columns) {
  const ohmic_piece* piece = &job->pieces[w->piece];
  const uint32_t within = w->first - piece->channel, channels = w->end - w->first;
  char* out = job->out + w->column * job->out_column_bytes + piece->out_offset + within + w->y * piece->out_pitch;
  for (uint32_t y = w->y; y < (uint32_t)w->y + w->pixels; ++y, out += piece->out_pitch) {
    const int32_t top = (int32_t)(y * job->pool_stride_y) - job->pool_pad_y;
    const int32_t begin = top < 0 ? 0 : top, bottom = top + (int32_t)job->pool_height;
    const int32_t end = bottom > (int32_t)job->input_height ? (int32_t)job->input_height : bottom;
    for (uint32_t c = 0; c < channels; ++c) out[c] = -128;
    for (uint32_t x = columns.begin; x < columns.end; ++x) {
      const char* row = ring_column(&job->pooled, x) + piece->in_offset + within + (uint32_t)begin * piece->in_pitch;
      for (int32_t r = begin; r < end; ++r, row += piece->in_pitch) {
        uint32_t c = 0;
        for (; c + 4 <= channels; c += 4) pulp_store(out + c, pulp_max_b(pulp_load(out + c), pulp_load(row + c)));
        for (; c < channels; ++c)
          if (*(const int8_t*)(row + c) > *(const int8_t*)(out + c)) out[c] = row[c];
      }
    }
  }
}

OHMIC_KERNEL_CODE static void max_pool(const ohmic_kernel_job* job, const ohmic_work* w) {
  const char* at[most_window_columns];
  const ohmic_piece* piece = &job->pieces[w->piece];
  const ohmic_range columns = window_columns(job, w->column);
  unsigned n = columns.end - columns.begin;
  if (n > most_window_columns) {
    max_wide(job, w, columns);
    return;
  }
  for (unsigned i = 0; i < n; ++i) at[i] = ring_column(&job->pooled, columns.begin + i);
  /* Over the map's edge: a column that is looked at twice changes no maximum, and what follows is fast for three. */
  if (job->pool_size == 3)
    for (; n < 3; ++n) at[n] = at[n - 1];
  uint32_t first = w->first, from = piece->in_offset + (first - piece->channel);
  char* out = job->out + w->column * job->out_column_bytes + piece->out_offset + (first - piece->channel) +
              w->y * piece->out_pitch;
  for (; first + 4 <= w->end; first += 4, from += 4, out += 4)
    max_quads(job, at, n, from, piece->in_pitch, out, piece->out_pitch, w->y, w->pixels);
  for (; first < w->end; ++first, ++from, ++out)
    max_ones(job, at, n, from, piece->in_pitch, out, piece->out_pitch, w->y, w->pixels);
}

/* A byte of each word, at `from` and further rows, is added to each of four sums. */
OHMIC_INLINE void add_column(int32_t* sum, const char* from, int32_t pitch, uint32_t rows) {
  int32_t s0 = sum[0], s1 = sum[1], s2 = sum[2], s3 = sum[3];
  uint32_t y = rows;
  for (; y >= 4; y -= 4) {
    const uint32_t a = pulp_load_step(&from, pitch), b = pulp_load_step(&from, pitch);
    const uint32_t c = pulp_load_step(&from, pitch), d = pulp_load_step(&from, pitch);
    s0 = pulp_sdotsp_b(s0, a, 0x00000001u);
    s1 = pulp_sdotsp_b(s1, a, 0x00000100u);
    s2 = pulp_sdotsp_b(s2, a, 0x00010000u);
    s3 = pulp_sdotsp_b(s3, a, 0x01000000u);
    s0 = pulp_sdotsp_b(s0, b, 0x00000001u);
    s1 = pulp_sdotsp_b(s1, b, 0x00000100u);
    s2 = pulp_sdotsp_b(s2, b, 0x00010000u);
    s3 = pulp_sdotsp_b(s3, b, 0x01000000u);
    s0 = pulp_sdotsp_b(s0, c, 0x00000001u);
    s1 = pulp_sdotsp_b(s1, c, 0x00000100u);
    s2 = pulp_sdotsp_b(s2, c, 0x00010000u);
    s3 = pulp_sdotsp_b(s3, c, 0x01000000u);
    s0 = pulp_sdotsp_b(s0, d, 0x00000001u);
    s1 = pulp_sdotsp_b(s1, d, 0x00000100u);
    s2 = pulp_sdotsp_b(s2, d, 0x00010000u);
    s3 = pulp_sdotsp_b(s3, d, 0x01000000u);
  }
  for (; y; --y) {
    const uint32_t a = pulp_load_step(&from, pitch);
    s0 = pulp_sdotsp_b(s0, a, 0x00000001u);
    s1 = pulp_sdotsp_b(s1, a, 0x00000100u);
    s2 = pulp_sdotsp_b(s2, a, 0x00010000u);
    s3 = pulp_sdotsp_b(s3, a, 0x01000000u);
  }
  sum[0] = s0, sum[1] = s1, sum[2] = s2, sum[3] = s3;
}

/* Whole image to one pixel: the cores share the channels. */
OHMIC_KERNEL_CODE static void average_pool(const ohmic_kernel_job* job, const ohmic_work* w) {
  const int32_t rounding = (int32_t)(1u << (job->shift - 1));
  const ohmic_piece* piece = &job->pieces[w->piece];
  const uint32_t first_slot = job->image_first % job->pooled.slots;
  for (uint32_t first = w->first; first < w->end;) {
    const uint32_t channels = w->end - first < 4 ? w->end - first : 4, within = first - piece->channel;
    int32_t sum[4] = {0, 0, 0, 0};
    uint32_t slot = first_slot;
    for (uint32_t x = 0; x < job->image_columns; ++x) {
      const char* p = job->pooled.base + slot * job->pooled.column_bytes + piece->in_offset + within;
      if (++slot == job->pooled.slots) slot = 0;
      if (channels == 4) {
        add_column(sum, p, (int32_t)piece->in_pitch, job->input_height);
      } else {
        for (uint32_t y = job->input_height; y; --y, p += piece->in_pitch)
          for (uint32_t c = 0; c < channels; ++c) sum[c] += *(const int8_t*)(p + c);
      }
    }
    char* out = job->out + piece->out_offset + within;
    for (uint32_t c = 0; c < channels; ++c)
      out[c] = (char)pulp_clip_8(pulp_addn(sum[c] * job->pool_multiplier, rounding, job->shift));
    first += channels;
  }
}

OHMIC_KERNEL_CODE void ohmic_pool_work(const ohmic_kernel_job* job, const ohmic_work* w) {
  if (job->kernel == OHMIC_KERNEL_MAX_POOL)
    max_pool(job, w);
  else
    average_pool(job, w);
}
