/* The work of the cores in the network, exactly as DESIGN.md "Numbers" and sw/deployment/deployment.h define it.
 *
 * A job is one tile: `columns` neighbouring columns of `height` pixels. It is run by ohmic_run_kernel() on every core
 * of the cluster (ohmic_dispatch); the cores share the tile by pixels, and by groups of 4 channels where there are
 * more cores than pixels. Any number of cores, any height and channel count, any byte alignment.
 *
 * Ranges (checked by the compiler): every sum fits int16, every product and its sum with the bias fits int32,
 * 1 <= shift <= 31, 0 <= factors < 2^15, lower bounds -128..127. int8 and int16 inputs of a sum are [height][channels].
 */
#ifndef OHMIC_KERNELS_KERNELS_H
#define OHMIC_KERNELS_KERNELS_H

#include <stdint.h>

#include "sw/deployment/deployment.h"

enum { OHMIC_MOST_INPUTS = 32 };

/* A run of channels with one place in the output and one in the segmented input (residual or pooled map). With
 * `copy` the values are already in the output column, at the second place: the run only stands there once more. */
typedef struct {
  uint16_t channel, count;
  uint32_t out_offset, out_pitch;
  uint32_t in_offset, in_pitch;
  uint32_t copy;
} ohmic_piece;

/* A ring as a pool reads it: columns first .. first + count of the stream are those of one window, oldest first. */
typedef struct {
  const char *base;
  uint32_t column_bytes, slots;
} ohmic_ring_view;

typedef struct {
  uint32_t kernel;  /* enum ohmic_kernel */
  uint32_t columns, height, channels;
  uint32_t pixel_groups, channel_groups;            /* how the cores share the tile (ohmic_share_tile) */
  uint32_t in8, in16;                               /* inputs of the sum: int8 first, then int16 */
  const char *in[OHMIC_MOST_INPUTS];                /* their first column of the tile */
  uint32_t in_column_bytes[OHMIC_MOST_INPUTS];
  const int16_t *multipliers;
  const int32_t *biases;
  uint32_t shift;
  int32_t lo;
  char *out;
  uint32_t out_column_bytes;
  const ohmic_piece *pieces;
  uint32_t piece_count;
  const char *residual;                             /* 0: none */
  uint32_t residual_column_bytes;
  int32_t residual_a, residual_b;
  uint32_t residual_shift;
  int32_t residual_lo;
  /* pools */
  ohmic_ring_view pooled;
  uint32_t image_first;                             /* stream number of the image's first column */
  uint32_t image_columns;                           /* columns of the pooled map */
  int32_t first_x;                                  /* first output column's window begins here (may be < 0) */
  uint32_t pool_kernel, pool_stride;                /* along x */
  int32_t pool_pad_y;
  uint32_t pool_height, pool_stride_y, input_height;
  int32_t pool_multiplier;
} ohmic_kernel_job;

/* A task for ohmic_dispatch(): argument is an ohmic_kernel_job in L1. */
void ohmic_run_kernel(void *job);

/* Cuts the runs of an output layout at the boundaries of the input layout (in_count 0: there is none) and finds runs
 * that an earlier one already holds. Writes at most `most` pieces, returns their number, or 0 if that is too few or
 * a channel of the output is missing in the input. */
unsigned ohmic_make_pieces(const ohmic_segment *out, unsigned out_count, const ohmic_segment *in, unsigned in_count,
                           ohmic_piece *pieces, unsigned most);

/* Chooses how `cores` cores share the tile: long runs of pixels per core (constants are loaded once per run), but no
 * core without work if that can be. Sets pixel_groups and channel_groups; once per job, when its shape is known. */
void ohmic_share_tile(ohmic_kernel_job *, unsigned cores);

/* What this core takes: pixels [pixel, pixel_end) counted through the columns, channels [channel, channel_end). */
typedef struct {
  uint32_t pixel, pixel_end, channel, channel_end;
} ohmic_part;
ohmic_part ohmic_part_of(const ohmic_kernel_job *);

void ohmic_sum_kernel(const ohmic_kernel_job *);   /* PARTIAL, REQUANTISE, LOGITS */
void ohmic_add_kernel(const ohmic_kernel_job *);   /* ADD */
void ohmic_pool_kernel(const ohmic_kernel_job *);  /* MAX_POOL, AVERAGE_POOL */

/* Copies the pieces that are copies, for this core's part (after the values stand in the output). */
void ohmic_copy_pieces(const ohmic_kernel_job *, ohmic_part);
/* y = clip((x*a + r*b + rounding) >> shift) over `pixels` pixels of `channels` channels; y may be x. */
void ohmic_add_run(char *y, uint32_t y_pitch, const char *x, uint32_t x_pitch, const char *residual,
                   uint32_t residual_pitch, uint32_t pixels, uint32_t channels, const ohmic_kernel_job *);

#endif
