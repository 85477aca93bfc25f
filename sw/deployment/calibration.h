/// Drift compensation: what the firmware does on the chip before a run and the reference in its own devices, in the
/// same integers, so that both have the same ADC scales. Included by both sides (C and C++).
///
/// Reads. Every rectangle of the crossbar that a job uses (an IMA step: rows from ROW_START on, columns of its groups)
/// is read row by row: a job of one row, whose input is OHMIC_CALIBRATION_INPUT, with an ADC scale of its own, so that
/// a column's code is its cell's weight with the opposite sign, rounded. TAG is OHMIC_CALIBRATION_TAG in each of them:
/// the row and the column tell reads apart. A crossbar's sum is that of all its codes' magnitudes.
///
/// Gain. The same sum, of the same cells right after programming (no drift, no read noise), comes with the deployment.
/// Each job's ADC scale is multiplied by that sum over today's.
#ifndef OHMIC_CALIBRATION_H
#define OHMIC_CALIBRATION_H

#include <stdint.h>

/// -128 is a level of a DAC of any bits, and the inverse of the ADC's scale.
#define OHMIC_CALIBRATION_INPUT (-128)
#define OHMIC_CALIBRATION_ADC_M 1
#define OHMIC_CALIBRATION_ADC_S 7u
/// Far from the tags of a run, which count from 0.
#define OHMIC_CALIBRATION_TAG 0x80000000u

/// Where a run is to be compensated, this word of cluster_control.ARGUMENT holds the L1 offset of a record (0: it is
/// not), which lies in L1 that the executor has not begun to use: heap and rings. The firmware leaves the sum in
/// another one.
#define OHMIC_CALIBRATION_ARGUMENT 1u
#define OHMIC_CALIBRATION_SUM_ARGUMENT 2u

typedef struct {
  uint32_t reference;               ///< sum right after programming
  uint32_t scratch, scratch_bytes;  ///< L1 offset, of words
} ohmic_calibration;

/// dividend / divisor, which is not 0. A core of 32 bits has no such instruction.
static inline uint64_t ohmic_quotient(uint64_t dividend, uint32_t divisor) {
  uint64_t quotient = 0, rest = 0;
  for (int i = 63; i >= 0; --i) {
    rest = rest << 1 | (dividend >> i & 1u);
    quotient <<= 1;
    if (rest >= divisor) {
      rest -= divisor;
      quotient |= 1u;
    }
  }
  return quotient;
}

/// Multiplies the ADC scale m / 2^s (1 <= m < 2^31, 1 <= s) by reference / sum, rounded half up. Both sums are less
/// than 2^32. Equal sums, or one of 0 (nothing conducts), change nothing. The gain is bounded by the largest m.
static inline void ohmic_compensate(uint32_t* m, uint32_t* s, uint32_t reference, uint32_t sum) {
  uint64_t scaled;
  if (reference == 0 || sum == 0 || reference == sum) return;
  scaled = ohmic_quotient((uint64_t)*m * reference + sum / 2, sum);
  while (scaled > 0x7FFFFFFFu && *s > 1) {
    scaled = (scaled + 1) / 2;
    --*s;
  }
  *m = scaled > 0x7FFFFFFFu ? 0x7FFFFFFFu : scaled == 0 ? 1u : (uint32_t)scaled;
}

#endif
