/// A loop of ALU instructions with a closed-form result.
#ifndef OHMIC_EXAMPLES_ALU_LOOP_H
#define OHMIC_EXAMPLES_ALU_LOOP_H

#include <stdint.h>

#include "sw/firmware/runtime/program.h"

/// 12 instructions per iteration. Checks sum of i, sum of 2 i, 3 n and a value that every iteration flips twice.
static inline void ohmic_alu_loop(uint32_t n) {
  uint32_t i = 0, sum = 0, twice = 0, three = 0, flip = 0xC0FFEE, down = 0, shifted;
  __asm__ volatile(
      "1:\n"
      "add %[sum], %[sum], %[i]\n"
      "slli %[shifted], %[i], 1\n"
      "addi %[three], %[three], 3\n"
      "xor %[flip], %[flip], %[i]\n"
      "add %[twice], %[twice], %[shifted]\n"
      "sub %[down], %[down], %[i]\n"
      "xor %[flip], %[flip], %[sum]\n"
      "srli %[shifted], %[shifted], 1\n"
      "xor %[flip], %[flip], %[shifted]\n"
      "xor %[flip], %[flip], %[sum]\n"
      "addi %[i], %[i], 1\n"
      "bne %[i], %[n], 1b\n"
      : [i] "+r"(i), [sum] "+r"(sum), [twice] "+r"(twice), [three] "+r"(three), [flip] "+r"(flip), [down] "+r"(down),
        [shifted] "=&r"(shifted)
      : [n] "r"(n));
  const uint32_t expected = (n & 1) ? n * ((n - 1) / 2) : (n / 2) * (n - 1);
  OHMIC_ASSERT(i == n && sum == expected && twice == 2 * expected && three == 3 * n && flip == 0xC0FFEE &&
               down == 0u - expected);
}

#endif
