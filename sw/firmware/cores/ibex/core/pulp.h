/// What cores/cv32e40p/core/pulp.h does in single instructions, in C for plain RV32IMC: same names, same results.
#ifndef OHMIC_CORE_PULP_H
#define OHMIC_CORE_PULP_H

#include <stdint.h>

#define OHMIC_INLINE static inline __attribute__((always_inline))

/// Byte or half i of a word, signed.
OHMIC_INLINE int32_t pulp_byte(uint32_t w, unsigned i) { return (int8_t)(w >> 8 * i); }
OHMIC_INLINE int32_t pulp_half(uint32_t w, unsigned i) { return (int16_t)(w >> 16 * i); }

/// sum += a[i] * b[i] over four signed bytes; _h over two signed halves. Where b is known most of it vanishes.
OHMIC_INLINE int32_t pulp_sdotsp_b(int32_t sum, uint32_t a, uint32_t b) {
  for (unsigned i = 0; i < 4; ++i)
    if (pulp_byte(b, i)) sum += pulp_byte(a, i) * pulp_byte(b, i);
  return sum;
}
/// the same of unsigned bytes
OHMIC_INLINE int32_t pulp_sdotup_b(int32_t sum, uint32_t a, uint32_t b) {
  for (unsigned i = 0; i < 4; ++i)
    if (pulp_byte(b, i)) sum += (int32_t)((uint8_t)(a >> 8 * i) * (uint32_t)(uint8_t)(b >> 8 * i));
  return sum;
}
OHMIC_INLINE int32_t pulp_dotsp_b(uint32_t a, uint32_t b) { return pulp_sdotsp_b(0, a, b); }
OHMIC_INLINE int32_t pulp_sdotsp_h(int32_t sum, uint32_t a, uint32_t b) {
  for (unsigned i = 0; i < 2; ++i)
    if (pulp_half(b, i)) sum += pulp_half(a, i) * pulp_half(b, i);
  return sum;
}
OHMIC_INLINE int32_t pulp_dotsp_h(uint32_t a, uint32_t b) { return pulp_sdotsp_h(0, a, b); }

/// (a + b) >> shift, arithmetic, in 32 bit
OHMIC_INLINE int32_t pulp_addn(int32_t a, int32_t b, uint32_t shift) {
  return (int32_t)((uint32_t)a + (uint32_t)b) >> (shift & 31);
}

/// clip to -128..127
OHMIC_INLINE int32_t pulp_clip_8(int32_t a) { return a < -128 ? -128 : a > 127 ? 127 : a; }

/// the low bytes of four words as one word, b0 lowest
OHMIC_INLINE uint32_t pulp_pack_b(int32_t b0, int32_t b1, int32_t b2, int32_t b3) {
  return (uint32_t)(uint8_t)b0 | (uint32_t)(uint8_t)b1 << 8 | (uint32_t)(uint8_t)b2 << 16 | (uint32_t)b3 << 24;
}
/// the low halves of two words, h0 lowest
OHMIC_INLINE uint32_t pulp_pack_h(int32_t h0, int32_t h1) { return (uint32_t)(uint16_t)h0 | (uint32_t)h1 << 16; }

/// the greater of four pairs of signed bytes
OHMIC_INLINE uint32_t pulp_max_b(uint32_t a, uint32_t b) {
  int32_t m[4];
  for (unsigned i = 0; i < 4; ++i) m[i] = pulp_byte(a, i) > pulp_byte(b, i) ? pulp_byte(a, i) : pulp_byte(b, i);
  return pulp_pack_b(m[0], m[1], m[2], m[3]);
}

/// magnitudes of four signed bytes, as unsigned ones
OHMIC_INLINE uint32_t pulp_abs_b(uint32_t a) {
  int32_t m[4];
  for (unsigned i = 0; i < 4; ++i) m[i] = pulp_byte(a, i) < 0 ? -pulp_byte(a, i) : pulp_byte(a, i);
  return pulp_pack_b(m[0], m[1], m[2], m[3]);
}

/// bytes 0 and 2 (even) or 1 and 3 (odd) of a word as two signed halves
OHMIC_INLINE uint32_t pulp_odd_b(uint32_t a) { return pulp_pack_h(pulp_byte(a, 1), pulp_byte(a, 3)); }
OHMIC_INLINE uint32_t pulp_even_b(uint32_t a) { return pulp_pack_h(pulp_byte(a, 0), pulp_byte(a, 2)); }

/// products of the signed low (high) halves, and the same added to `sum`
OHMIC_INLINE int32_t pulp_mul_low(uint32_t a, uint32_t b) { return pulp_half(a, 0) * pulp_half(b, 0); }
OHMIC_INLINE int32_t pulp_mul_high(uint32_t a, uint32_t b) { return pulp_half(a, 1) * pulp_half(b, 1); }
OHMIC_INLINE int32_t pulp_mac_low(int32_t sum, uint32_t a, uint32_t b) { return sum + pulp_mul_low(a, b); }
OHMIC_INLINE int32_t pulp_mac_high(int32_t sum, uint32_t a, uint32_t b) { return sum + pulp_mul_high(a, b); }

/// A word at any byte address: legal on this core too, an access more if it is not aligned.
typedef uint32_t __attribute__((aligned(1), may_alias)) ohmic_any_word;
OHMIC_INLINE uint32_t pulp_load(const void* p) {
  uint32_t r;
  __asm__ volatile("lw %0, 0(%1)" : "=r"(r) : "r"(p) : "memory");
  return r;
}
OHMIC_INLINE void pulp_store(void* p, uint32_t v) { __asm__ volatile("sw %0, 0(%1)" : : "r"(v), "r"(p) : "memory"); }

/// The same with p += stride afterwards.
OHMIC_INLINE uint32_t pulp_load_step(const char** p, int32_t stride) {
  const uint32_t r = pulp_load(*p);
  *p += stride;
  return r;
}
OHMIC_INLINE void pulp_store_step(char** p, uint32_t v, int32_t stride) {
  pulp_store(*p, v);
  *p += stride;
}

#endif
