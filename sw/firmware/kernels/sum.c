/* Sums of ADC codes: four channels at a time, one instruction per code (a dot product with a byte selector widens
 * and adds), then multiply, add-and-shift, clip and pack. Constants of the four channels stay in registers while the
 * pixels of this core go by. */
#include "sw/firmware/hal/pulp.h"
#include "sw/firmware/kernels/kernels.h"
#include "sw/firmware/runtime/spmd.h"

typedef struct { int32_t c0, c1, c2, c3; } quad;

/* Adds the four codes (or int16 sums) at every input's pointer and moves the pointers on. */
OHMIC_INLINE quad sum_quad(const char **in, unsigned in8, unsigned in16, int32_t step8, int32_t step16) {
  quad s;
  if (in8) {
    const uint32_t w = pulp_load_step(&in[0], step8);
    s.c0 = pulp_dotsp_b(w, 0x00000001u);
    s.c1 = pulp_dotsp_b(w, 0x00000100u);
    s.c2 = pulp_dotsp_b(w, 0x00010000u);
    s.c3 = pulp_dotsp_b(w, 0x01000000u);
  } else {
    s.c0 = s.c1 = s.c2 = s.c3 = 0;
  }
#pragma clang loop unroll(full)
  for (unsigned i = 1; i < in8; ++i) {
    const uint32_t w = pulp_load_step(&in[i], step8);
    s.c0 = pulp_sdotsp_b(s.c0, w, 0x00000001u);
    s.c1 = pulp_sdotsp_b(s.c1, w, 0x00000100u);
    s.c2 = pulp_sdotsp_b(s.c2, w, 0x00010000u);
    s.c3 = pulp_sdotsp_b(s.c3, w, 0x01000000u);
  }
#pragma clang loop unroll(full)
  for (unsigned i = in8; i < in8 + in16; ++i) {
    const uint32_t low = pulp_load(in[i]), high = pulp_load(in[i] + 4);
    in[i] += step16;
    s.c0 = pulp_sdotsp_h(s.c0, low, 0x00000001u);
    s.c1 = pulp_sdotsp_h(s.c1, low, 0x00010000u);
    s.c2 = pulp_sdotsp_h(s.c2, high, 0x00000001u);
    s.c3 = pulp_sdotsp_h(s.c3, high, 0x00010000u);
  }
  return s;
}

/* One channel's sum, for the 1..3 channels at the end of a run. */
static int32_t sum_one(const ohmic_kernel_job *job, uint32_t column, uint32_t element) {
  int32_t s = 0;
  for (unsigned i = 0; i < job->in8; ++i)
    s += *(const int8_t *)(job->in[i] + column * job->in_column_bytes[i] + element);
  for (unsigned i = job->in8; i < job->in8 + job->in16; ++i)
    s += *(const int16_t *)(job->in[i] + column * job->in_column_bytes[i] + 2 * element);
  return s;
}

/* What is done with four sums. m and b are those of the block's channels. */
typedef struct {
  int32_t m0, m1, m2, m3, b0, b1, b2, b3;
  uint32_t shift, lo;
  int32_t out_step;
} finish;

OHMIC_INLINE void finish_requantise(const finish *f, quad s, char **out) {
  const uint32_t y = pulp_pack_b(pulp_clip_8(pulp_addn(s.c0 * f->m0, f->b0, f->shift)),
                                 pulp_clip_8(pulp_addn(s.c1 * f->m1, f->b1, f->shift)),
                                 pulp_clip_8(pulp_addn(s.c2 * f->m2, f->b2, f->shift)),
                                 pulp_clip_8(pulp_addn(s.c3 * f->m3, f->b3, f->shift)));
  pulp_store_step(out, pulp_max_b(y, f->lo), f->out_step);
}
OHMIC_INLINE void finish_partial(const finish *f, quad s, char **out) {
  pulp_store_step(out, pulp_pack_h(s.c0, s.c1), 4);
  pulp_store_step(out, pulp_pack_h(s.c2, s.c3), f->out_step);
}
OHMIC_INLINE void finish_logits(const finish *f, quad s, char **out) {
  pulp_store_step(out, (uint32_t)(s.c0 * f->m0 + f->b0), 4);
  pulp_store_step(out, (uint32_t)(s.c1 * f->m1 + f->b1), 4);
  pulp_store_step(out, (uint32_t)(s.c2 * f->m2 + f->b2), 4);
  pulp_store_step(out, (uint32_t)(s.c3 * f->m3 + f->b3), f->out_step);
}

/* `blocks` blocks of 4 channels, each over `pixels` quads that lie `step` codes apart. */
typedef struct {
  const char **in; /* of the first block; changed */
  char *out;
  uint32_t pixels, blocks;
  int32_t step, out_step, out_block;
  const int16_t *m; /* 0: none */
  const int32_t *b;
  uint32_t shift, lo;
  unsigned in8, in16;
} run;

OHMIC_INLINE void next_block(const run *r, finish *f, uint32_t block) {
  if (r->m == 0) return;
  const int16_t *m = r->m + 4 * block;
  const int32_t *b = r->b + 4 * block;
  f->m0 = m[0], f->m1 = m[1], f->m2 = m[2], f->m3 = m[3];
  f->b0 = b[0], f->b1 = b[1], f->b2 = b[2], f->b3 = b[3];
}

/* in8 and in16 are constants at every call of this, so that the pointers live in registers. */
#define RUN(NAME, IN8, IN16)                                                                     \
  static __attribute__((noinline)) void NAME##_##IN8##_##IN16(const run *r) {                    \
    finish f = {.shift = r->shift, .lo = r->lo, .out_step = r->out_step};                        \
    const int32_t step = r->step;                                                                \
    const uint32_t blocks = r->blocks;                                                           \
    char *block_out = r->out;                                                                    \
    for (uint32_t block = 0; block < blocks; ++block, block_out += r->out_block) {               \
      const char *in[(IN8) + (IN16)];                                                            \
      for (unsigned i = 0; i < (IN8); ++i) in[i] = r->in[i] + 4 * block;                         \
      for (unsigned i = (IN8); i < (IN8) + (IN16); ++i) in[i] = r->in[i] + 8 * block;            \
      next_block(r, &f, block);                                                                  \
      char *out = block_out;                                                                     \
      uint32_t pixels = r->pixels;                                                               \
      do NAME(&f, sum_quad(in, IN8, IN16, step, 2 * step), &out);                                \
      while (--pixels);                                                                          \
    }                                                                                            \
  }
/* Any other mixture: the inputs are walked through memory. */
#define RUN_ANY(NAME)                                                                            \
  static __attribute__((noinline)) void NAME##_any(const run *r) {                               \
    finish f = {.shift = r->shift, .lo = r->lo, .out_step = r->out_step};                        \
    const char *const *const end8 = r->in + r->in8, *const *const end = end8 + r->in16;          \
    char *block_out = r->out;                                                                    \
    for (uint32_t block = 0; block < r->blocks; ++block, block_out += r->out_block) {            \
      next_block(r, &f, block);                                                                  \
      char *out = block_out;                                                                     \
      uint32_t at = 4 * block;                                                                   \
      uint32_t pixels = r->pixels;                                                               \
      do {                                                                                       \
        quad s = {0, 0, 0, 0};                                                                   \
        const char *const *p = r->in;                                                            \
        for (; p != end8; ++p) {                                                                 \
          const uint32_t w = pulp_load(*p + at);                                                 \
          s.c0 = pulp_sdotsp_b(s.c0, w, 0x00000001u);                                            \
          s.c1 = pulp_sdotsp_b(s.c1, w, 0x00000100u);                                            \
          s.c2 = pulp_sdotsp_b(s.c2, w, 0x00010000u);                                            \
          s.c3 = pulp_sdotsp_b(s.c3, w, 0x01000000u);                                            \
        }                                                                                        \
        for (; p != end; ++p) {                                                                  \
          const char *const q = *p + 2 * at;                                                     \
          const uint32_t low = pulp_load(q), high = pulp_load(q + 4);                            \
          s.c0 = pulp_sdotsp_h(s.c0, low, 0x00000001u);                                          \
          s.c1 = pulp_sdotsp_h(s.c1, low, 0x00010000u);                                          \
          s.c2 = pulp_sdotsp_h(s.c2, high, 0x00000001u);                                         \
          s.c3 = pulp_sdotsp_h(s.c3, high, 0x00010000u);                                         \
        }                                                                                        \
        NAME(&f, s, &out);                                                                       \
        at += (uint32_t)r->step;                                                                 \
      } while (--pixels);                                                                        \
    }                                                                                            \
  }
#define RUNS(NAME)                                                                               \
  RUN(NAME, 1, 0)                                                                                \
  RUN(NAME, 2, 0)                                                                                \
  RUN(NAME, 3, 0)                                                                                \
  RUN(NAME, 4, 0)                                                                                \
  RUN(NAME, 0, 1)                                                                                \
  RUN(NAME, 0, 2)                                                                                \
  RUN(NAME, 1, 1)                                                                                \
  RUN(NAME, 2, 1)                                                                                \
  RUN_ANY(NAME)                                                                                  \
  OHMIC_INLINE void NAME##_run(const run *r) {                                                   \
    switch (r->in8 << 4 | r->in16) {                                                             \
      case 0x10: NAME##_1_0(r); break;                                                           \
      case 0x20: NAME##_2_0(r); break;                                                           \
      case 0x30: NAME##_3_0(r); break;                                                           \
      case 0x40: NAME##_4_0(r); break;                                                           \
      case 0x01: NAME##_0_1(r); break;                                                           \
      case 0x02: NAME##_0_2(r); break;                                                           \
      case 0x11: NAME##_1_1(r); break;                                                           \
      case 0x21: NAME##_2_1(r); break;                                                           \
      default: NAME##_any(r); break;                                                             \
    }                                                                                            \
  }

RUNS(finish_requantise)
RUNS(finish_partial)
RUN_ANY(finish_logits)

/* Pointers of all inputs at an element of a column. */
OHMIC_INLINE void inputs_at(const ohmic_kernel_job *job, uint32_t column, uint32_t element, const char **in) {
  const unsigned n = job->in8 + job->in16;
  for (unsigned i = 0; i < job->in8; ++i) in[i] = job->in[i] + column * job->in_column_bytes[i] + element;
  for (unsigned i = job->in8; i < n; ++i) in[i] = job->in[i] + column * job->in_column_bytes[i] + 2 * element;
}

/* Pixels [y, y + pixels) of one column, channels [first, end) of one piece. */
static void requantise_run(const ohmic_kernel_job *job, const ohmic_piece *piece, uint32_t column, uint32_t y,
                           uint32_t pixels, uint32_t first, uint32_t end) {
  char *const out = job->out + column * job->out_column_bytes + piece->out_offset + (first - piece->channel) + y * piece->out_pitch;
  const uint32_t blocks = (end - first) / 4;
  if (blocks) {
    const char *in[OHMIC_MOST_INPUTS];
    inputs_at(job, column, y * job->channels + first, in);
    const run r = {in, out, pixels, blocks, (int32_t)job->channels, (int32_t)piece->out_pitch, 4, job->multipliers + first,
                   job->biases + first, job->shift, (uint32_t)(uint8_t)job->lo * 0x01010101u, job->in8, job->in16};
    finish_requantise_run(&r);
  }
  for (uint32_t c = first + 4 * blocks; c < end; ++c)
    for (uint32_t p = 0; p < pixels; ++p) {
      const int32_t s = sum_one(job, column, (y + p) * job->channels + c);
      const int32_t v = pulp_clip_8(pulp_addn(s * job->multipliers[c], job->biases[c], job->shift));
      out[p * piece->out_pitch + (c - first)] = (char)(v < job->lo ? job->lo : v);
    }
  if (job->residual)
    ohmic_add_run(out, piece->out_pitch, out, piece->out_pitch,
                  job->residual + column * job->residual_column_bytes + piece->in_offset + (first - piece->channel) + y * piece->in_pitch,
                  piece->in_pitch, pixels, end - first, job);
}

/* PARTIAL: pixels do not matter, a column is one run of elements. */
static void partial_run(const ohmic_kernel_job *job, uint32_t column, uint32_t first, uint32_t end) {
  char *out = job->out + column * job->out_column_bytes;
  const uint32_t quads = (end - first) / 4;
  if (quads) {
    const char *in[OHMIC_MOST_INPUTS];
    inputs_at(job, column, first, in);
    const run r = {in, out + 2 * first, quads, 1, 4, 4, 0, 0, 0, 0, 0, job->in8, job->in16};
    finish_partial_run(&r);
  }
  for (uint32_t e = first + 4 * quads; e < end; ++e) ((int16_t *)out)[e] = (int16_t)sum_one(job, column, e);
}

static void logits_run(const ohmic_kernel_job *job, uint32_t column, uint32_t y, uint32_t pixels, uint32_t first,
                       uint32_t end) {
  char *const out = job->out + column * job->out_column_bytes;
  const uint32_t blocks = (end - first) / 4, step = job->channels;
  if (blocks) {
    const char *in[OHMIC_MOST_INPUTS];
    inputs_at(job, column, y * step + first, in);
    const run r = {in, out + 4 * (y * step + first), pixels, blocks, (int32_t)step, (int32_t)(4 * step - 12), 16,
                   job->multipliers + first, job->biases + first, 0, 0, job->in8, job->in16};
    finish_logits_any(&r);
  }
  for (uint32_t p = y; p < y + pixels; ++p)
    for (uint32_t c = first + 4 * blocks; c < end; ++c)
      ((int32_t *)out)[p * step + c] = sum_one(job, column, p * step + c) * job->multipliers[c] + job->biases[c];
}

static void partial_kernel(const ohmic_kernel_job *job) {
  const uint32_t elements = job->height * job->channels;
  const uint32_t quads = (elements + 3) / 4 * job->columns; /* the last of a column may be short */
  const uint32_t per_column = (elements + 3) / 4;
  const ohmic_range mine = ohmic_share(quads, ohmic_core_id(), ohmic_core_count());
  uint32_t column = job->columns > 1 ? mine.begin / per_column : 0;
  uint32_t quad_in_column = mine.begin - column * per_column, left = mine.end - mine.begin;
  while (left) {
    const uint32_t n = left < per_column - quad_in_column ? left : per_column - quad_in_column;
    const uint32_t end = 4 * (quad_in_column + n);
    partial_run(job, column, 4 * quad_in_column, end < elements ? end : elements);
    left -= n;
    ++column;
    quad_in_column = 0;
  }
}

void ohmic_sum_kernel(const ohmic_kernel_job *job) {
  if (job->kernel == OHMIC_KERNEL_PARTIAL) {
    partial_kernel(job);
    return;
  }
  const ohmic_part part = ohmic_part_of(job);
  uint32_t column = job->columns > 1 ? part.pixel / job->height : 0;
  uint32_t y = part.pixel - column * job->height, left = part.pixel_end - part.pixel;
  while (left) {
    const uint32_t n = left < job->height - y ? left : job->height - y;
    if (job->kernel == OHMIC_KERNEL_LOGITS) {
      if (part.channel < part.channel_end) logits_run(job, column, y, n, part.channel, part.channel_end);
    } else {
      for (unsigned i = 0; i < job->piece_count; ++i) {
        const ohmic_piece *piece = &job->pieces[i];
        if (piece->copy) continue;
        const uint32_t piece_end = piece->channel + piece->count;
        const uint32_t first = part.channel > piece->channel ? part.channel : piece->channel;
        const uint32_t end = part.channel_end < piece_end ? part.channel_end : piece_end;
        if (first < end) requantise_run(job, piece, column, y, n, first, end);
      }
    }
    left -= n;
    ++column;
    y = 0;
  }
  if (job->kernel == OHMIC_KERNEL_REQUANTISE) ohmic_copy_pieces(job, part);
}
