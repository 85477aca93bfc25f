/// Index of the lowest bit that is set. The compiler must not know of these instructions (see FLAGS in CMakeLists.txt).
#ifndef OHMIC_CORE_LOWEST_BIT_H
#define OHMIC_CORE_LOWEST_BIT_H

#include <stdint.h>

/// Precondition: there is one.
static inline unsigned lowest_bit(uint32_t bits) {
  unsigned n;
  __asm__(".option push\n\t.option arch, +xcvbitmanip\n\tcv.ff1 %0, %1\n\t.option pop" : "=r"(n) : "r"(bits));
  return n;
}

#endif
