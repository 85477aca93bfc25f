/// The core's packed-SIMD, multiply-accumulate and clipping instructions that a C compiler does not choose by itself.
/// Names and meaning: CV32E40P user manual, "CORE-V Instruction Set Custom Extensions". All take one cycle.
#ifndef OHMIC_CORE_PULP_H
#define OHMIC_CORE_PULP_H

#include <stdint.h>

#define OHMIC_INLINE static inline __attribute__((always_inline))

/// sum += a[i] * b[i] over four signed bytes; _h over two signed halves
OHMIC_INLINE int32_t pulp_sdotsp_b(int32_t sum, uint32_t a, uint32_t b) {
  __asm__("cv.sdotsp.b %0, %1, %2" : "+r"(sum) : "r"(a), "r"(b));
  return sum;
}
/// the same of unsigned bytes
OHMIC_INLINE int32_t pulp_sdotup_b(int32_t sum, uint32_t a, uint32_t b) {
  __asm__("cv.sdotup.b %0, %1, %2" : "+r"(sum) : "r"(a), "r"(b));
  return sum;
}
OHMIC_INLINE int32_t pulp_dotsp_b(uint32_t a, uint32_t b) {
  int32_t sum;
  __asm__("cv.dotsp.b %0, %1, %2" : "=r"(sum) : "r"(a), "r"(b));
  return sum;
}
OHMIC_INLINE int32_t pulp_sdotsp_h(int32_t sum, uint32_t a, uint32_t b) {
  __asm__("cv.sdotsp.h %0, %1, %2" : "+r"(sum) : "r"(a), "r"(b));
  return sum;
}
OHMIC_INLINE int32_t pulp_dotsp_h(uint32_t a, uint32_t b) {
  int32_t sum;
  __asm__("cv.dotsp.h %0, %1, %2" : "=r"(sum) : "r"(a), "r"(b));
  return sum;
}

/// (a + b) >> shift, arithmetic, in 32 bit
OHMIC_INLINE int32_t pulp_addn(int32_t a, int32_t b, uint32_t shift) {
  __asm__("cv.addnr %0, %1, %2" : "+r"(a) : "r"(b), "r"(shift));
  return a;
}

/// clip to -128..127
OHMIC_INLINE int32_t pulp_clip_8(int32_t a) {
  int32_t r;
  __asm__("cv.clip %0, %1, 8" : "=r"(r) : "r"(a));
  return r;
}

/// the low bytes of four words as one word, b0 lowest
OHMIC_INLINE uint32_t pulp_pack_b(int32_t b0, int32_t b1, int32_t b2, int32_t b3) {
  uint32_t r;
  __asm__("cv.packlo.b %0, %2, %1\n\tcv.packhi.b %0, %4, %3" : "=&r"(r) : "r"(b0), "r"(b1), "r"(b2), "r"(b3));
  return r;
}
/// the low halves of two words, h0 lowest
OHMIC_INLINE uint32_t pulp_pack_h(int32_t h0, int32_t h1) {
  uint32_t r;
  __asm__("cv.pack %0, %2, %1" : "=r"(r) : "r"(h0), "r"(h1));
  return r;
}

/// the greater of four pairs of signed bytes
OHMIC_INLINE uint32_t pulp_max_b(uint32_t a, uint32_t b) {
  uint32_t r;
  __asm__("cv.max.b %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
  return r;
}

/// magnitudes of four signed bytes, as unsigned ones
OHMIC_INLINE uint32_t pulp_abs_b(uint32_t a) {
  uint32_t r;
  __asm__("cv.abs.b %0, %1" : "=r"(r) : "r"(a));
  return r;
}

/// bytes 0 and 2 (even) or 1 and 3 (odd) of a word as two signed halves
OHMIC_INLINE uint32_t pulp_odd_b(uint32_t a) {
  uint32_t r;
  __asm__("cv.sra.sci.h %0, %1, 8" : "=r"(r) : "r"(a));
  return r;
}
OHMIC_INLINE uint32_t pulp_even_b(uint32_t a) {
  uint32_t r;
  __asm__("cv.sll.sci.h %0, %1, 8" : "=r"(r) : "r"(a));
  return pulp_odd_b(r);
}

/// products of the signed low (high) halves, and the same added to `sum`
OHMIC_INLINE int32_t pulp_mul_low(uint32_t a, uint32_t b) {
  int32_t r;
  __asm__("cv.mulsn %0, %1, %2, 0" : "=r"(r) : "r"(a), "r"(b));
  return r;
}
OHMIC_INLINE int32_t pulp_mul_high(uint32_t a, uint32_t b) {
  int32_t r;
  __asm__("cv.mulhhsn %0, %1, %2, 0" : "=r"(r) : "r"(a), "r"(b));
  return r;
}
OHMIC_INLINE int32_t pulp_mac_low(int32_t sum, uint32_t a, uint32_t b) {
  __asm__("cv.macsn %0, %1, %2, 0" : "+r"(sum) : "r"(a), "r"(b));
  return sum;
}
OHMIC_INLINE int32_t pulp_mac_high(int32_t sum, uint32_t a, uint32_t b) {
  __asm__("cv.machhsn %0, %1, %2, 0" : "+r"(sum) : "r"(a), "r"(b));
  return sum;
}

/// A word at any byte address: legal on this core, one cycle more if it is not aligned.
typedef uint32_t __attribute__((aligned(1), may_alias)) ohmic_any_word;
OHMIC_INLINE uint32_t pulp_load(const void* p) {
  uint32_t r;
  __asm__ volatile("lw %0, 0(%1)" : "=r"(r) : "r"(p) : "memory");
  return r;
}
OHMIC_INLINE void pulp_store(void* p, uint32_t v) { __asm__ volatile("sw %0, 0(%1)" : : "r"(v), "r"(p) : "memory"); }

/// The same with p += stride afterwards, in the same instruction.
OHMIC_INLINE uint32_t pulp_load_step(const char** p, int32_t stride) {
  uint32_t r;
  __asm__ volatile("cv.lw %0, (%1), %2" : "=&r"(r), "+r"(*p) : "r"(stride) : "memory");
  return r;
}
OHMIC_INLINE void pulp_store_step(char** p, uint32_t v, int32_t stride) {
  __asm__ volatile("cv.sw %1, (%0), %2" : "+r"(*p) : "r"(v), "r"(stride) : "memory");
}

#endif
