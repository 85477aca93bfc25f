/// Index of the lowest bit that is set.
#ifndef OHMIC_CORE_LOWEST_BIT_H
#define OHMIC_CORE_LOWEST_BIT_H

#include <stdint.h>

/// Precondition: there is one.
static inline unsigned lowest_bit(uint32_t bits) {
  /* A de Bruijn sequence: each of its 32 windows of 5 bits is another number. */
  static const uint8_t index[32] = {0,  1,  28, 2,  29, 14, 24, 3, 30, 22, 20, 15, 25, 17, 4,  8,
                                    31, 27, 13, 23, 21, 19, 16, 7, 26, 12, 18, 6,  11, 5,  10, 9};
  return index[(bits & -bits) * 0x077CB531u >> 27];
}

#endif
