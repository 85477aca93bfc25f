/// Drift compensation: what the firmware does on the chip before a run and the reference in its own devices, in the
/// same integers, so that both have the same ADC scales. Included by both sides (C and C++).
///
/// Reads. Every rectangle of the crossbar that a job uses (an IMA step: rows from ROW_START on, columns of its groups)
/// is read row by row: a job of one row, whose input is OHMIC_CALIBRATION_INPUT, with an ADC scale of its own. Each
/// read is done twice: with a fine scale, since small weights drift most and rounding would hide it, and with a coarse
/// one, which large weights do not clip. Where few rows are in use they are read several times: TAG is
/// OHMIC_CALIBRATION_TAG in the first read and one more in each further one, fine and coarse in turn; row and column
/// tell the others apart. A cell's codes are added up first, so that the noise of reads does not count as weight;
/// ohmic_magnitude() makes one weight of both sums. A crossbar's sum is that of all its cells.
///
/// Gain. The same sum, of the same cells right after programming (no drift, no read noise), comes with the deployment.
/// Each job's ADC scale is multiplied by that sum over today's. That is all of `global`.
///
/// Factors. With `per_column` each column of a job has sums of its own, too, and a factor: its gain over that of the
/// crossbar. The cores multiply its codes by it, where the IMA has put them, before anybody reads them.
#ifndef OHMIC_CALIBRATION_H
#define OHMIC_CALIBRATION_H

#include <stdint.h>

/// -128 is a level of a DAC of any bits. With these scales (1 / 2^S) a code is the cell's weight with the opposite
/// sign, in units of 1/8 and of 2.
#define OHMIC_CALIBRATION_INPUT (-128)
#define OHMIC_CALIBRATION_ADC_M 1
#define OHMIC_CALIBRATION_FINE_S 4u
#define OHMIC_CALIBRATION_COARSE_S 8u
#define OHMIC_CALIBRATION_SCALES 2u
/// What the fine codes can tell of a weight, in their units; beyond it the coarse ones do. 13 weights: where one coarse
/// code ends and the next begins, so that their rounding favours no side, and less than a 4-bit ADC's greatest code.
#define OHMIC_CALIBRATION_FINE_MOST 104
/// Far from the tags of a run, which count from 0.
#define OHMIC_CALIBRATION_TAG 0x80000000u

/// Where a run is to be compensated, this word of cluster_control.ARGUMENT holds the L1 offset of a record (0: it is
/// not), which lies in L1 that the executor has not begun to use: heap and rings. The firmware leaves the sum in
/// another one.
#define OHMIC_CALIBRATION_ARGUMENT 1u
#define OHMIC_CALIBRATION_SUM_ARGUMENT 2u

typedef struct {
  uint32_t reads;                   ///< of each cell with either scale
  uint32_t reference;               ///< sum of so many reads right after programming
  uint32_t scratch, scratch_bytes;  ///< L1 offset, of words
  /// per_column, else 0: L1 offsets of uint32_t[] sums right after programming, column by column, and of the factors,
  /// which are to stay. IMA steps in their order, each as ohmic_padded_columns() says.
  uint32_t column_references, factors;
} ohmic_calibration;

/// Columns of a job in these tables: its groups, all of so many columns, each from a multiple of 4 on.
static inline uint32_t ohmic_padded_columns(uint32_t groups, uint32_t columns) {
  return groups * ((columns + 3) & ~3u);
}
/// Place of a group's column: kernels take two even and two odd ones at a time.
static inline uint32_t ohmic_place_of_factor(uint32_t column) {
  return (column & ~3u) | (column & 1u) << 1 | (column >> 1 & 1u);
}

/// |weight| of a cell, `reads` times and in units of the fine scale, from the sums of its codes. Not "the fine code if
/// it is not clipped, else the coarse one": the noise of reads would then choose. So the mean is right whatever the
/// noise.
static inline uint32_t ohmic_magnitude(int32_t fine, int32_t coarse, uint32_t reads) {
  const int32_t most = OHMIC_CALIBRATION_FINE_MOST * (int32_t)reads;
  const int32_t small = fine < 0 ? -fine : fine;
  const int32_t large =
      ((coarse < 0 ? -coarse : coarse) << (OHMIC_CALIBRATION_COARSE_S - OHMIC_CALIBRATION_FINE_S)) - most;
  return (uint32_t)((small < most ? small : most) + (large > 0 ? large : 0));
}

/// How often each cell of a crossbar is read of which so many rows (of all jobs together) are in use: as often as takes
/// no longer than to read a full one once, so that the noise of reads averages out where there are few cells. At least
/// once.
static inline uint32_t ohmic_calibration_reads(uint32_t rows) {
  const uint32_t full = 256, most = 16;
  return rows * most <= full ? most : rows >= full ? 1u : full / rows;
}

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

/// Factors are in units of 2^-OHMIC_FACTOR_BITS and fit int16.
#define OHMIC_FACTOR_BITS 14
#define OHMIC_FACTOR_ONE (1u << OHMIC_FACTOR_BITS)

/// a / b in those units, less than 4; 1 where one of them is 0. Exactly 1 where they are equal.
static inline uint32_t ohmic_ratio(uint32_t a, uint32_t b) {
  uint32_t ratio;
  if (a == 0 || b == 0) return OHMIC_FACTOR_ONE;
  while (a >> 17 || b >> 17) a >>= 1, b >>= 1;
  if (b == 0) b = 1;
  ratio = ((a << OHMIC_FACTOR_BITS) + b / 2) / b;
  return ratio > 0xFFFFu ? 0xFFFFu : ratio;
}
/// Of a column with these sums; `inverse`: ohmic_ratio(sum, reference) of its crossbar.
static inline int32_t ohmic_factor(uint32_t reference, uint32_t sum, uint32_t inverse) {
  const uint32_t factor = (ohmic_ratio(reference, sum) * inverse + OHMIC_FACTOR_ONE / 2) >> OHMIC_FACTOR_BITS;
  return factor > 0x7FFFu ? 0x7FFF : (int32_t)factor;
}
static inline int32_t ohmic_scaled_code(int32_t code, int32_t factor) {
  const int32_t scaled = (code * factor + (int32_t)OHMIC_FACTOR_ONE / 2) >> OHMIC_FACTOR_BITS;
  return scaled < -128 ? -128 : scaled > 127 ? 127 : scaled;
}

#endif
