/* Sums of ADC codes: four channels at a time, one instruction per code (a dot product with a byte selector widens
 * and adds), then multiply, add-and-shift, clip and pack. Constants of the four channels stay in registers while the
 * pixels of this core go by. */
#include <stddef.h>

#include "core/pulp.h"
#include "sw/firmware/kernels/kernels.h"
#include "sw/firmware/runtime/spmd.h"

/* The usual cases have loops of their own in loops.S; here is any mixture of int8 and int16 inputs. */
typedef struct {
  int32_t c0, c1, c2, c3;
} quad;

/* Adds the four codes (or int16 sums) at every input's pointer and moves the pointers on. */
OHMIC_INLINE quad sum_quad(const char** in, unsigned in8, unsigned in16, int32_t step8, int32_t step16) {
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
static int32_t sum_one(const ohmic_kernel_job* job, uint32_t column, uint32_t element) {
  int32_t s = 0;
  for (unsigned i = 0; i < job->in8; ++i)
    s += *(const int8_t*)(job->in[i] + column * job->in_column_bytes[i] + element);
  for (unsigned i = job->in8; i < job->in8 + job->in16; ++i)
    s += *(const int16_t*)(job->in[i] + column * job->in_column_bytes[i] + 2 * element);
  return s;
}

/* What is done with four sums. m and b are those of the block's channels. */
typedef struct {
  int32_t m0, m1, m2, m3, b0, b1, b2, b3;
  uint32_t shift, lo;
  int32_t out_step;
} finish;

OHMIC_INLINE void finish_requantise(const finish* f, quad s, char** out) {
  const uint32_t y = pulp_pack_b(
      pulp_clip_8(pulp_addn(s.c0 * f->m0, f->b0, f->shift)), pulp_clip_8(pulp_addn(s.c1 * f->m1, f->b1, f->shift)),
      pulp_clip_8(pulp_addn(s.c2 * f->m2, f->b2, f->shift)), pulp_clip_8(pulp_addn(s.c3 * f->m3, f->b3, f->shift)));
  pulp_store_step(out, pulp_max_b(y, f->lo), f->out_step);
}
OHMIC_INLINE void finish_partial(const finish* f, quad s, char** out) {
  pulp_store_step(out, pulp_pack_h(s.c0, s.c1), 4);
  pulp_store_step(out, pulp_pack_h(s.c2, s.c3), f->out_step);
}
OHMIC_INLINE void finish_logits(const finish* f, quad s, char** out) {
  pulp_store_step(out, (uint32_t)(s.c0 * f->m0 + f->b0), 4);
  pulp_store_step(out, (uint32_t)(s.c1 * f->m1 + f->b1), 4);
  pulp_store_step(out, (uint32_t)(s.c2 * f->m2 + f->b2), 4);
  pulp_store_step(out, (uint32_t)(s.c3 * f->m3 + f->b3), f->out_step);
}

typedef struct ohmic_run run;
_Static_assert(offsetof(run, step) == 16 && offsetof(run, m) == 28 && offsetof(run, in8) == 44 &&
                   offsetof(run, scratch) == 52,
               "loops.S");

OHMIC_INLINE void next_block(const run* r, finish* f, uint32_t block) {
  if (r->m == 0) return;
  const int16_t* m = r->m + 4 * block;
  const int32_t* b = r->b + 4 * block;
  f->m0 = m[0], f->m1 = m[1], f->m2 = m[2], f->m3 = m[3];
  f->b0 = b[0], f->b1 = b[1], f->b2 = b[2], f->b3 = b[3];
}

/* in8 and in16 are constants at every call of this, so that the pointers live in registers. */
#define RUN(NAME, IN8, IN16)                                                                    \
  static OHMIC_KERNEL_CODE __attribute__((noinline)) void NAME##_##IN8##_##IN16(const run* r) { \
    finish f = {.shift = r->shift, .lo = r->lo, .out_step = r->out_step};                       \
    const int32_t step = r->step;                                                               \
    const uint32_t blocks = r->blocks;                                                          \
    char* block_out = r->out;                                                                   \
    for (uint32_t block = 0; block < blocks; ++block, block_out += r->out_block) {              \
      const char* in[(IN8) + (IN16)];                                                           \
      for (unsigned i = 0; i < (IN8); ++i) in[i] = r->in[i] + 4 * block;                        \
      for (unsigned i = (IN8); i < (IN8) + (IN16); ++i) in[i] = r->in[i] + 8 * block;           \
      next_block(r, &f, block);                                                                 \
      char* out = block_out;                                                                    \
      uint32_t pixels = r->pixels;                                                              \
      do NAME(&f, sum_quad(in, IN8, IN16, step, 2 * step), &out);                               \
      while (--pixels);                                                                         \
    }                                                                                           \
  }
/* Any other mixture: the inputs are walked through memory. */
#define RUN_ANY(NAME)                                                                   \
  static OHMIC_KERNEL_CODE __attribute__((noinline)) void NAME##_any(const run* r) {    \
    finish f = {.shift = r->shift, .lo = r->lo, .out_step = r->out_step};               \
    const char *const *const end8 = r->in + r->in8, *const *const end = end8 + r->in16; \
    char* block_out = r->out;                                                           \
    for (uint32_t block = 0; block < r->blocks; ++block, block_out += r->out_block) {   \
      next_block(r, &f, block);                                                         \
      char* out = block_out;                                                            \
      uint32_t at = 4 * block;                                                          \
      uint32_t pixels = r->pixels;                                                      \
      do {                                                                              \
        quad s = {0, 0, 0, 0};                                                          \
        const char* const* p = r->in;                                                   \
        for (; p != end8; ++p) {                                                        \
          const uint32_t w = pulp_load(*p + at);                                        \
          s.c0 = pulp_sdotsp_b(s.c0, w, 0x00000001u);                                   \
          s.c1 = pulp_sdotsp_b(s.c1, w, 0x00000100u);                                   \
          s.c2 = pulp_sdotsp_b(s.c2, w, 0x00010000u);                                   \
          s.c3 = pulp_sdotsp_b(s.c3, w, 0x01000000u);                                   \
        }                                                                               \
        for (; p != end; ++p) {                                                         \
          const char* const q = *p + 2 * at;                                            \
          const uint32_t low = pulp_load(q), high = pulp_load(q + 4);                   \
          s.c0 = pulp_sdotsp_h(s.c0, low, 0x00000001u);                                 \
          s.c1 = pulp_sdotsp_h(s.c1, low, 0x00010000u);                                 \
          s.c2 = pulp_sdotsp_h(s.c2, high, 0x00000001u);                                \
          s.c3 = pulp_sdotsp_h(s.c3, high, 0x00010000u);                                \
        }                                                                               \
        NAME(&f, s, &out);                                                              \
        at += (uint32_t)r->step;                                                        \
      } while (--pixels);                                                               \
    }                                                                                   \
  }
#define RUNS(NAME)                             \
  RUN(NAME, 1, 0)                              \
  RUN(NAME, 2, 0)                              \
  RUN(NAME, 3, 0)                              \
  RUN(NAME, 4, 0)                              \
  RUN(NAME, 0, 1)                              \
  RUN(NAME, 0, 2)                              \
  RUN(NAME, 1, 1)                              \
  RUN(NAME, 2, 1)                              \
  RUN_ANY(NAME)                                \
  OHMIC_INLINE void NAME##_run(const run* r) { \
    switch (r->in8 << 4 | r->in16) {           \
      case 0x10:                               \
        NAME##_1_0(r);                         \
        break;                                 \
      case 0x20:                               \
        NAME##_2_0(r);                         \
        break;                                 \
      case 0x30:                               \
        NAME##_3_0(r);                         \
        break;                                 \
      case 0x40:                               \
        NAME##_4_0(r);                         \
        break;                                 \
      case 0x01:                               \
        NAME##_0_1(r);                         \
        break;                                 \
      case 0x02:                               \
        NAME##_0_2(r);                         \
        break;                                 \
      case 0x11:                               \
        NAME##_1_1(r);                         \
        break;                                 \
      case 0x21:                               \
        NAME##_2_1(r);                         \
        break;                                 \
      default:                                 \
        NAME##_any(r);                         \
        break;                                 \
    }                                          \
  }

RUN_ANY(finish_requantise)
RUNS(finish_partial)
RUN_ANY(finish_logits)

/* Pointers of all inputs at an element of a column. */
OHMIC_INLINE void inputs_at(const ohmic_kernel_job* job, uint32_t column, uint32_t element, const char** in) {
  const unsigned n = job->in8 + job->in16;
  for (unsigned i = 0; i < job->in8; ++i) in[i] = job->in[i] + column * job->in_column_bytes[i] + element;
  for (unsigned i = job->in8; i < n; ++i) in[i] = job->in[i] + column * job->in_column_bytes[i] + 2 * element;
}

/* All inputs int8, clipped as a ReLU does or not at all: the loops of loops.S. `many` takes whole quads of pixels, the
 * rest is left to the general loop. */
OHMIC_KERNEL_CODE static void requantise_blocks(run* r) {
  if (r->in16 == 0 && (r->lo == 0 || r->lo == 0x80808080u)) {
    switch (r->in8) {
      case 1:
        ohmic_requantise_1(r);
        return;
      case 2:
        ohmic_requantise_2(r);
        return;
      case 3:
        ohmic_requantise_3(r);
        return;
      default: {
        const uint32_t rest = r->pixels % 4, quads = r->pixels - rest;
        if (rest == 0) {
          ohmic_requantise_many(r);
          return;
        }
        run remaining = *r;
        if (quads) {
          r->pixels = quads;
          ohmic_requantise_many(r);
        }
        for (unsigned i = 0; i < r->in8; ++i) r->in[i] += (int32_t)quads * r->step;
        remaining.out += (int32_t)quads * r->out_step;
        remaining.pixels = rest;
        finish_requantise_any(&remaining);
        return;
      }
    }
  }
  finish_requantise_any(r);
}

OHMIC_KERNEL_CODE static void requantise_work(const ohmic_kernel_job* job, const ohmic_work* w) {
  const ohmic_piece* piece = &job->pieces[w->piece];
  const uint32_t within = w->first - piece->channel, pixels = w->pixels;
  char* const out = job->out + w->column * job->out_column_bytes + piece->out_offset + within + w->y * piece->out_pitch;
  const uint32_t blocks = (w->end - w->first) / 4;
  if (blocks) {
    const char* in[OHMIC_MOST_INPUTS + 1];
    inputs_at(job, w->column, w->y * job->channels + w->first, in);
    run r = {in,
             out,
             pixels,
             blocks,
             (int32_t)job->channels,
             (int32_t)piece->out_pitch,
             4,
             job->multipliers + w->first,
             job->biases + w->first,
             job->shift,
             (uint32_t)(uint8_t)job->lo * 0x01010101u,
             job->in8,
             job->in16,
             {0}};
    requantise_blocks(&r);
  }
  for (uint32_t c = w->first + 4 * blocks; c < w->end; ++c)
    for (uint32_t p = 0; p < pixels; ++p) {
      const int32_t s = sum_one(job, w->column, (w->y + p) * job->channels + c);
      const int32_t v = pulp_clip_8(pulp_addn(s * job->multipliers[c], job->biases[c], job->shift));
      out[p * piece->out_pitch + (c - w->first)] = (char)(v < job->lo ? job->lo : v);
    }
  if (job->residual)
    ohmic_add_channels(
        out, piece->out_pitch, out, piece->out_pitch,
        job->residual + w->column * job->residual_column_bytes + piece->in_offset + within + w->y * piece->in_pitch,
        piece->in_pitch, pixels, w->end - w->first, job);
}

/* PARTIAL: elements [first, end) of a column. */
OHMIC_KERNEL_CODE static void partial_run(const ohmic_kernel_job* job, uint32_t column, uint32_t first, uint32_t end) {
  char* out = job->out + column * job->out_column_bytes;
  const uint32_t quads = (end - first) / 4;
  if (quads) {
    const char* in[OHMIC_MOST_INPUTS + 1];
    inputs_at(job, column, first, in);
    run r = {in, out + 2 * first, quads, 1, 4, 4, 0, 0, 0, 0, 0, job->in8, job->in16, {0}};
    const uint32_t fours = quads & ~3u;
    if (job->in8 > 1 && job->in16 == 0 && fours) {
      r.pixels = fours;
      ohmic_partial_many(&r);
      for (unsigned i = 0; i < job->in8; ++i) in[i] += 4 * fours;
      r.out = out + 2 * first + 8 * fours;
      r.pixels = quads - fours;
    }
    if (r.pixels) finish_partial_run(&r);
  }
  for (uint32_t e = first + 4 * quads; e < end; ++e) ((int16_t*)out)[e] = (int16_t)sum_one(job, column, e);
}

OHMIC_KERNEL_CODE static void logits_run(const ohmic_kernel_job* job, uint32_t column, uint32_t y, uint32_t pixels,
                                         uint32_t first, uint32_t end) {
  char* const out = job->out + column * job->out_column_bytes;
  const uint32_t blocks = (end - first) / 4, step = job->channels;
  if (blocks) {
    const char* in[OHMIC_MOST_INPUTS];
    inputs_at(job, column, y * step + first, in);
    const run r = {in,
                   out + 4 * (y * step + first),
                   pixels,
                   blocks,
                   (int32_t)step,
                   (int32_t)(4 * step - 12),
                   16,
                   job->multipliers + first,
                   job->biases + first,
                   0,
                   0,
                   job->in8,
                   job->in16,
                   {0}};
    finish_logits_any(&r);
  }
  for (uint32_t p = y; p < y + pixels; ++p)
    for (uint32_t c = first + 4 * blocks; c < end; ++c)
      ((int32_t*)out)[p * step + c] = sum_one(job, column, p * step + c) * job->multipliers[c] + job->biases[c];
}

OHMIC_KERNEL_CODE void ohmic_sum_work(const ohmic_kernel_job* job, const ohmic_work* w) {
  switch (job->kernel) {
    case OHMIC_KERNEL_REQUANTISE:
      requantise_work(job, w);
      break;
    case OHMIC_KERNEL_PARTIAL:
      for (uint32_t y = w->y; y < (uint32_t)w->y + w->pixels; ++y)
        partial_run(job, w->column, y * job->channels + w->first, y * job->channels + w->end);
      break;
    default:
      logits_run(job, w->column, w->y, w->pixels, w->first, w->end);
      break;
  }
}
