/* What cores/cv32e40p/loops.S does with hardware loops and packed SIMD, in C for plain RV32IMC (kernels.h). */
#include "core/pulp.h"
#include "sw/firmware/kernels/kernels.h"

#define HOT(name) __attribute__((section(".text.hot." #name), aligned(64))) void name

/* Blocks of 4 channels, each over all pixels; `inputs` is a constant at every call. */
OHMIC_INLINE void requantise(const struct ohmic_run* r, uint32_t inputs) {
  const int32_t lo = (int8_t)r->lo;
  const uint32_t shift = r->shift;
  for (uint32_t block = 0; block < r->blocks; ++block) {
    for (uint32_t c = 4 * block; c < 4 * block + 4; ++c) {
      const int32_t m = r->m[c], b = r->b[c];
      char* out = r->out + c;
      uint32_t at = c;
      for (uint32_t left = r->pixels; left; --left) {
        int32_t s = 0;
        for (uint32_t i = 0; i < inputs; ++i) s += (int8_t)r->in[i][at];
        const int32_t v = pulp_clip_8(pulp_addn(s * m, b, shift));
        *out = (char)(v < lo ? lo : v);
        out += r->out_step;
        at += (uint32_t)r->step;
      }
    }
  }
}

HOT(ohmic_requantise_1)(struct ohmic_run* r) { requantise(r, 1); }
HOT(ohmic_requantise_2)(struct ohmic_run* r) { requantise(r, 2); }
HOT(ohmic_requantise_3)(struct ohmic_run* r) { requantise(r, 3); }
HOT(ohmic_requantise_many)(struct ohmic_run* r) { requantise(r, r->in8); }

HOT(ohmic_partial_many)(struct ohmic_run* r) {
  int16_t* out = (int16_t*)r->out;
  for (uint32_t at = 0; at < 4 * r->pixels; ++at) {
    int32_t s = 0;
    for (uint32_t i = 0; i < r->in8; ++i) s += (int8_t)r->in[i][at];
    *out++ = (int16_t)s;
  }
}

HOT(ohmic_add_blocks)(struct ohmic_add_run* r) {
  const int32_t a = (int16_t)r->a, b = (int16_t)r->b, lo = (int8_t)r->lo;
  for (uint32_t c = 0; c < 4 * r->blocks; ++c) {
    const char *x = r->x + c, *residual = r->r + c;
    char* y = r->y + c;
    for (uint32_t left = r->pixels; left; --left) {
      const int32_t sum = (int8_t)*x * a + (int8_t)*residual * b;
      const int32_t v = pulp_clip_8(pulp_addn(sum, (int32_t)r->rounding, r->shift));
      *y = (char)(v < lo ? lo : v);
      x += r->x_pitch;
      residual += r->r_pitch;
      y += r->y_pitch;
    }
  }
}

__attribute__((section(".text.hot.ohmic_max_3x3"), aligned(64))) uint32_t ohmic_max_3x3(char* out, uint32_t out_pitch,
                                                                                        const char* a, const char* b,
                                                                                        const char* c, uint32_t pitch,
                                                                                        uint32_t pixels,
                                                                                        uint32_t shared) {
  for (; pixels; --pixels, out += out_pitch) {
    uint32_t rows[2];
    for (uint32_t r = 0; r < 2; ++r, a += pitch, b += pitch, c += pitch)
      rows[r] = pulp_max_b(pulp_max_b(pulp_load(a), pulp_load(b)), pulp_load(c));
    pulp_store(out, pulp_max_b(pulp_max_b(shared, rows[0]), rows[1]));
    shared = rows[1];
  }
  return shared;
}

HOT(ohmic_copy_words)(char* to, uint32_t to_pitch, const char* from, uint32_t from_pitch, uint32_t rows) {
  for (; rows; --rows, to += to_pitch, from += from_pitch) pulp_store(to, pulp_load(from));
}
