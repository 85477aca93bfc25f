/* What cores/cv32e40p/layers.S does with hardware loops and packed SIMD, in C for plain RV32IMC (kernels.h). */
#include <stdbool.h>

#include "core/pulp.h"
#include "sw/firmware/kernels/kernels.h"

#define HOT(name) __attribute__((section(".text.hot." #name), aligned(64))) void name

static int32_t finished(const ohmic_layer_channel* k, int32_t s, uint32_t shift, int32_t lo, int32_t hi) {
  const int32_t most = k->limit, least = -most - 1;
  s = s > most ? most : s < least ? least : s;
  const int32_t v = pulp_clip_8(pulp_addn(s * k->multiplier, k->bias, shift));
  return v < lo ? lo : v > hi ? hi : v;
}

/* The sum of channel `c` of a block over all runs of the pixel that lies `offset` bytes behind them. */
static int32_t sum_of(const struct ohmic_layer_run* r, uint32_t offset, const char* block, uint32_t c) {
  int32_t s = 0;
  for (uint32_t i = 0; i < r->run_count; ++i) {
    const int8_t *x = (const int8_t*)r->runs[i].x + offset, *w = (const int8_t*)block + r->runs[i].weights + 4 * c;
    for (uint32_t n = r->words; n; --n, x += 4, w += 16) s += x[0] * w[0] + x[1] * w[1] + x[2] * w[2] + x[3] * w[3];
  }
  return s;
}

static void layer(struct ohmic_layer_run* r, uint32_t at_once, uint32_t moves_runs) {
  const uint32_t pixels = r->groups * at_once,
                 block_bytes = r->block_weights + 4 * (uint32_t)sizeof(ohmic_layer_channel);
  const bool sums = r->finish == OHMIC_LAYER_SUMS, any = r->finish == OHMIC_LAYER_ANY;
  for (uint32_t b = 0; b < r->blocks; ++b) {
    const char* block = r->weights + b * block_bytes;
    const ohmic_layer_channel* k = (const ohmic_layer_channel*)(block + r->block_weights);
    for (uint32_t c = 0; c < 4; ++c) {
      char* out = r->out + (4 * b + c) * (sums ? 4 : 1);
      for (uint32_t p = 0; p < pixels; ++p, out += r->out_pitch) {
        const int32_t s = sum_of(r, p * r->pitch, block, c);
        if (sums)
          *(int32_t*)out = s;
        else
          *out = (char)finished(&k[c], s, r->shift, any ? (int8_t)r->lo : 0, any ? (int8_t)r->hi : 127);
      }
    }
  }
  r->out += pixels * r->out_pitch;
  for (uint32_t i = 0; moves_runs && i < r->run_count; ++i) r->runs[i].x += pixels * r->pitch;
}

HOT(ohmic_layer_single_4)(struct ohmic_layer_run* r) { layer(r, 4, 0); }
HOT(ohmic_layer_single_2)(struct ohmic_layer_run* r) { layer(r, 2, 0); }
HOT(ohmic_layer_single_1)(struct ohmic_layer_run* r) { layer(r, 1, 0); }
HOT(ohmic_layer_many_4)(struct ohmic_layer_run* r) { layer(r, 4, 1); }
HOT(ohmic_layer_many_2)(struct ohmic_layer_run* r) { layer(r, 2, 1); }
HOT(ohmic_layer_many_1)(struct ohmic_layer_run* r) { layer(r, 1, 1); }

/* `x`: where the words of the first pixel of the first channel lie, `words` of them. */
static void depthwise(const struct ohmic_depthwise_run* r, const uint32_t* x, uint32_t words, uint32_t stride) {
  const int8_t* weights = (const int8_t*)r->weights;
  for (uint32_t c = 0; c < r->channels; ++c, weights += 4 * words + sizeof(ohmic_layer_channel)) {
    const ohmic_layer_channel* k = (const ohmic_layer_channel*)(weights + 4 * words);
    char* out = r->out + c;
    for (uint32_t p = 0; p < 4 * r->quads; ++p, out += r->out_pitch) {
      int32_t s = 0;
      for (uint32_t n = 0; n < words; ++n) {
        const int8_t *at = (const int8_t*)(uintptr_t)x[n] + c * r->plane_bytes + p * stride, *w = weights + 4 * n;
        s += at[0] * w[0] + at[1] * w[1] + at[2] * w[2] + at[3] * w[3];
      }
      *out = (char)finished(k, s, r->shift, r->lo, r->hi);
    }
  }
}

static void depthwise_3(const struct ohmic_depthwise_run* r, uint32_t stride) {
  const uint32_t x[3] = {(uint32_t)(uintptr_t)r->planes[0], (uint32_t)(uintptr_t)r->planes[1],
                         (uint32_t)(uintptr_t)r->planes[2]};
  depthwise(r, x, 3, stride);
}

HOT(ohmic_depthwise_3_1)(struct ohmic_depthwise_run* r) { depthwise_3(r, 1); }
HOT(ohmic_depthwise_3_2)(struct ohmic_depthwise_run* r) { depthwise_3(r, 2); }
HOT(ohmic_depthwise_any)(struct ohmic_depthwise_run* r) { depthwise(r, r->list, r->list_length, r->stride); }

HOT(ohmic_transpose_4)(const char* from, uint32_t pitch, char* to, uint32_t plane_bytes, uint32_t groups) {
  for (uint32_t row = 0; row < 4 * groups; ++row, from += pitch, ++to)
    for (uint32_t c = 0; c < 4; ++c) to[c * plane_bytes] = from[c];
}
