/* The functions that a freestanding compiler may call by itself: memory and 64-bit division. */
#include "sw/firmware/runtime/program.h"

void* memcpy(void* restrict to, const void* restrict from, size_t n) {
  uint8_t* d = to;
  const uint8_t* s = from;
  /* Misaligned words cost one extra cycle: still four times faster than bytes. */
  for (; n >= 4; n -= 4, d += 4, s += 4) {
    uint32_t word;
    __asm__ volatile("lw %0, 0(%1)" : "=r"(word) : "r"(s) : "memory");
    __asm__ volatile("sw %0, 0(%1)" : : "r"(word), "r"(d) : "memory");
  }
  for (; n; --n) {
    *d++ = *s++;
    __asm__ volatile("" ::: "memory"); /* or the compiler calls memcpy */
  }
  return to;
}

void* memmove(void* to, const void* from, size_t n) {
  uint8_t* d = to;
  const uint8_t* s = from;
  if (d <= s || d >= s + n) return memcpy(to, from, n);
  while (n) {
    --n;
    d[n] = s[n];
    __asm__ volatile("" ::: "memory");
  }
  return to;
}

void* memset(void* to, int value, size_t n) {
  uint8_t* d = to;
  const uint32_t word = (uint8_t)value * 0x01010101u;
  for (; n >= 4; n -= 4, d += 4) __asm__ volatile("sw %0, 0(%1)" : : "r"(word), "r"(d) : "memory");
  for (; n; --n) {
    *d++ = (uint8_t)value;
    __asm__ volatile("" ::: "memory");
  }
  return to;
}

int memcmp(const void* a, const void* b, size_t n) {
  const uint8_t *x = a, *y = b;
  for (; n; --n, ++x, ++y)
    if (*x != *y) return *x - *y;
  return 0;
}

size_t strlen(const char* s) {
  const char* end = s;
  while (*end) {
    ++end;
    __asm__ volatile("" ::: "memory");
  }
  return (size_t)(end - s);
}

int strcmp(const char* a, const char* b) {
  for (; *a && *a == *b; ++a, ++b) {
  }
  return (uint8_t)*a - (uint8_t)*b;
}

/* Schoolbook division, a bit at a time: rare and short is better here than fast. */
static uint64_t divide(uint64_t n, uint64_t d, uint64_t* rest) {
  uint64_t q = 0, r = 0;
  for (int i = 0; i < 64; ++i) {
    r = r << 1 | n >> 63;
    n <<= 1;
    q <<= 1;
    if (r >= d) {
      r -= d;
      q |= 1;
    }
  }
  *rest = r;
  return q;
}

uint64_t __udivdi3(uint64_t n, uint64_t d) {
  uint64_t rest;
  return divide(n, d, &rest);
}
uint64_t __umoddi3(uint64_t n, uint64_t d) {
  uint64_t rest;
  divide(n, d, &rest);
  return rest;
}
int64_t __divdi3(int64_t n, int64_t d) {
  uint64_t rest;
  const uint64_t q = divide(n < 0 ? 0u - (uint64_t)n : (uint64_t)n, d < 0 ? 0u - (uint64_t)d : (uint64_t)d, &rest);
  return (int64_t)((n < 0) != (d < 0) ? 0u - q : q);
}
int64_t __moddi3(int64_t n, int64_t d) {
  uint64_t rest;
  divide(n < 0 ? 0u - (uint64_t)n : (uint64_t)n, d < 0 ? 0u - (uint64_t)d : (uint64_t)d, &rest);
  return (int64_t)(n < 0 ? 0u - rest : rest);
}
