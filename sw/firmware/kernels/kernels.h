/// The work of the cores in the network, exactly as DESIGN.md "Numbers" and sw/deployment/deployment.h define it.
///
/// A job is one tile: `columns` neighbouring columns of `height` pixels. It is run by ohmic_run_kernel() on every core
/// of the cluster (ohmic_dispatch); the cores share the tile by pixels, and by groups of 4 channels where there are
/// more cores than pixels. Any number of cores, any height and channel count, any byte alignment.
///
/// Ranges (checked by the compiler): every sum fits int16, every product and its sum with the bias fits int32,
/// 1 <= shift <= 31, 0 <= factors < 2^15, lower bounds -128..127. int8 and int16 inputs of a sum are
/// [height][channels].
#ifndef OHMIC_KERNELS_KERNELS_H
#define OHMIC_KERNELS_KERNELS_H

#include <stdint.h>

#include "sw/deployment/deployment.h"
#include "sw/deployment/layer_format.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Beside the inner loops (link.ld).
#define OHMIC_KERNEL_CODE __attribute__((section(".text.hot.kernels")))

/// A run of channels with one place in the output and one in the segmented input (residual or pooled map). With
/// `copy` the values are already in the output column, at the second place: the run only stands there once more.
typedef struct {
  uint16_t channel, count;
  uint32_t out_offset, out_pitch;
  uint32_t in_offset, in_pitch;
  uint32_t copy;
} ohmic_piece;

/// A ring as a pool reads it: columns first .. first + count of the stream are those of one window, oldest first.
typedef struct {
  const char* base;
  uint32_t column_bytes, slots;
} ohmic_ring_view;

typedef struct {
  uint32_t kernel;  ///< enum ohmic_kernel
  uint32_t columns, height, channels;
  const struct ohmic_work* work;      ///< all cores' work, core by core (ohmic_share_tile)
  const uint32_t* work_of;            ///< core c: work[work_of[c]] .. work[work_of[c + 1]]
  uint32_t in8, in16;                 ///< inputs of the sum: int8 first, then int16
  const char* in[OHMIC_MOST_INPUTS];  ///< their first column of the tile
  uint32_t in_column_bytes[OHMIC_MOST_INPUTS];
  const int16_t* multipliers;
  const int32_t* biases;
  uint32_t shift;
  int32_t lo;
  char* out;
  uint32_t out_column_bytes;
  const ohmic_piece* pieces;
  uint32_t piece_count;
  const char* residual;  ///< 0: none
  uint32_t residual_column_bytes;
  int32_t residual_a, residual_b;
  uint32_t residual_shift;
  int32_t residual_lo;
  // pools
  ohmic_ring_view pooled;
  uint32_t image_first;             ///< stream number of the image's first column
  uint32_t image_columns;           ///< columns of the pooled map
  int32_t first_x;                  ///< first output column's window begins here (may be < 0)
  uint32_t pool_size, pool_stride;  ///< along x
  int32_t pool_pad_y;
  uint32_t pool_height, pool_stride_y, input_height;
  int32_t pool_multiplier;
  // Layers: the window is that of a pool, pixels outside of the map are 0; every window touches the map. `channels`,
  // `height`, `lo`, `shift` and the layout of the output are those of a sum.
  const char* weights;                     ///< layer_format.h; with those of channel 0 of the output first
  uint32_t in_channels, groups, in_pitch;  ///< in_pitch: bytes from pixel to pixel of the pooled columns
  /// Of one group in place: its channels lie in so many blocks [pixel][channel] behind the first one, of in_pitch
  /// channels each, a multiple of 4.
  uint32_t in_more_blocks;
  int32_t hi;              ///< upper bound of outputs, -128..127
  uint32_t limited;        ///< a channel's `limit` is less than what sums can be
  char* scratch;           ///< of core 0
  uint32_t scratch_bytes;  ///< of each core: ohmic_layer_scratch_bytes()
} ohmic_kernel_job;

/// A task for ohmic_dispatch(): argument is an ohmic_kernel_job in L1.
void ohmic_run_kernel(void* job);

/// Cuts the runs of an output layout at the boundaries of the input layout (in_count 0: there is none) and finds runs
/// that an earlier one already holds. Writes at most `most` pieces, returns their number, or 0 if that is too few or
/// a channel of the output is missing in the input.
unsigned ohmic_make_pieces(const ohmic_segment* out, unsigned out_count, const ohmic_segment* in, unsigned in_count,
                           ohmic_piece* pieces, unsigned most);

/// One core's part of a tile: rows [y, y + pixels) of a column, channels [first, end) of a piece. PARTIAL and LOGITS
/// have no pieces. Where a column has at most 65535 elements, PARTIAL takes it as one row of them (y 0, one pixel,
/// `first` and `end` count elements).
typedef struct ohmic_work {
  uint16_t column, y, pixels, first, end;
  uint16_t piece;  ///< index, or OHMIC_NO_PIECE
} ohmic_work;
enum { OHMIC_NO_PIECE = 0xFFFF };

/// How many of a cluster's cores run a kernel: its last ones. Core 0 is the master, and where it can be spared it does
/// nothing but that, so that crossbar and DMA never wait for a kernel's end. A layer's maps come in powers of two,
/// which all cores share without a rest.
static inline unsigned ohmic_kernel_cores(unsigned kernel, unsigned cores) {
  return cores < 8 || kernel >= OHMIC_KERNEL_LAYER ? cores : cores - 1;
}

/// Shares the tile among the cores, once per job, when its shape and pieces are known: long runs of pixels per core
/// (constants are loaded once per run), no core without work if that can be. A core's copies stand behind what they
/// copy. Sets work_of (room for cores + 1 words is given) and work, at most `most` entries; returns how many there are,
/// or 0 if that is too few.
unsigned ohmic_share_tile(ohmic_kernel_job*, unsigned cores, uint32_t* work_of, ohmic_work* work, unsigned most);

void ohmic_sum_work(const ohmic_kernel_job*, const ohmic_work*);    ///< PARTIAL, REQUANTISE, LOGITS
void ohmic_add_work(const ohmic_kernel_job*, const ohmic_work*);    ///< ADD
void ohmic_pool_work(const ohmic_kernel_job*, const ohmic_work*);   ///< MAX_POOL, AVERAGE_POOL
void ohmic_layer_work(const ohmic_kernel_job*, const ohmic_work*);  ///< LAYER, LAYER_SUMS, LAYER_LOGITS
/// DEPTHWISE: does as many of the works up to `end` as are one run of columns; returns the next one.
const ohmic_work* ohmic_depthwise_work(const ohmic_kernel_job*, const ohmic_work*, const ohmic_work* end);
/// A piece whose values already stand in the output column.
void ohmic_copy_work(const ohmic_kernel_job*, const ohmic_work*);

/// What is done with a layer's sums S. All but SUMS: int8 outputs, 4 neighbouring bytes a block.
enum ohmic_layer_finish {
  OHMIC_LAYER_RELU = 0,          ///< (S*m + b) >> shift, clipped to 0..127
  OHMIC_LAYER_RELU_LIMITED = 1,  ///< the same of sums clipped to the channel's limit
  OHMIC_LAYER_ANY = 2,           ///< the same, clipped to lo..hi
  OHMIC_LAYER_SUMS = 3,          ///< int32
};

/// Scratch that each core of a LAYER or DEPTHWISE needs in L1, so that cores begin in different banks.
uint32_t ohmic_layer_scratch_bytes(const ohmic_kernel_job*);
/// The loops read windows where they lie: words of whole channels; else they are gathered first.
static inline uint32_t ohmic_layer_in_place(const ohmic_kernel_job* job) {
  const uint32_t of_group = job->in_channels / job->groups;
  return ((of_group | job->in_pitch | job->pooled.column_bytes | (uint32_t)(uintptr_t)job->pooled.base) & 3u) == 0 &&
         of_group * job->pool_size * job->pool_height >= 8;
}
/// Each kernel row is a run of its own: of a group, or where pixels hold other channels too.
static inline uint32_t ohmic_layer_rows_are_runs(const ohmic_kernel_job* job) {
  return job->groups != 1 || job->in_pitch * (1 + job->in_more_blocks) != job->in_channels;
}
/// At most, of one column of a window.
static inline uint32_t ohmic_layer_runs_of_column(const ohmic_kernel_job* job) {
  return ohmic_layer_rows_are_runs(job) ? job->pool_height : 1 + job->in_more_blocks;
}
static inline uint32_t ohmic_layer_finish_of(const ohmic_kernel_job* job) {
  if (job->kernel == OHMIC_KERNEL_LAYER_SUMS || job->kernel == OHMIC_KERNEL_LAYER_LOGITS) return OHMIC_LAYER_SUMS;
  if (job->lo != 0 || job->hi != 127) return OHMIC_LAYER_ANY;
  return job->limited ? OHMIC_LAYER_RELU_LIMITED : OHMIC_LAYER_RELU;
}
/// A depthwise layer's rows of one channel and column for `pixels` outputs: what quads of outputs read.
static inline uint32_t ohmic_depthwise_plane_bytes(const ohmic_kernel_job* job, uint32_t pixels) {
  return ((((pixels + 3) & ~3u) - 1) * job->pool_stride_y + ((job->pool_height + 3) & ~3u) + 3) & ~3u;
}

/// y = clip((x*a + r*b + rounding) >> shift) over `pixels` pixels of `channels` channels; y may be x.
void ohmic_add_channels(char* y, uint32_t y_pitch, const char* x, uint32_t x_pitch, const char* residual,
                        uint32_t residual_pitch, uint32_t pixels, uint32_t channels, const ohmic_kernel_job*);

/// The records of loops.S, which changes some of the fields.
struct ohmic_run {
  const char** in;  ///< of the first block; one readable word behind the last
  char* out;
  uint32_t pixels, blocks;            ///< blocks of 4 channels, each over `pixels` quads
  int32_t step, out_step, out_block;  ///< from quad to quad: codes in, bytes out; bytes from block to block
  const int16_t* m;                   ///< 0: none
  const int32_t* b;
  uint32_t shift, lo;  ///< lo: 0, or not 0 for -128
  uint32_t in8, in16;
  uint32_t scratch[4];
};
struct ohmic_add_run {
  char* y;
  const char *x, *r;
  uint32_t y_pitch, x_pitch, r_pitch, pixels, blocks, a, b, shift, rounding, lo;
};
/// Neighbouring words of a window, and where the weights of the first lie in a block.
typedef struct {
  const char* x;
  uint32_t weights;
} ohmic_window_run;
/// The record of layers.S, which moves `out` on, and the runs of several. SINGLE: one run makes up the window.
struct ohmic_layer_run {
  ohmic_window_run* runs;            ///< of the first pixel
  uint32_t run_count, words, pitch;  ///< words of a run: 2 or more of a single one; bytes from pixel to pixel
  const char* weights;               ///< of the first block
  uint32_t block_weights;            ///< bytes of a block's weights: of 4 windows
  uint32_t blocks, groups;           ///< of 4 channels; of 4, 2 or 1 pixels
  char* out;
  uint32_t out_pitch, shift, lo, hi, finish;  ///< lo and hi: four times the bound
  uint32_t loops[8];
};
void ohmic_layer_single_4(struct ohmic_layer_run*);
void ohmic_layer_single_2(struct ohmic_layer_run*);
void ohmic_layer_single_1(struct ohmic_layer_run*);
void ohmic_layer_many_4(struct ohmic_layer_run*);
void ohmic_layer_many_2(struct ohmic_layer_run*);
void ohmic_layer_many_1(struct ohmic_layer_run*);

/// Some channels of a depthwise layer over quads of 4 pixels: three kernel columns of up to 3 rows (windows 1 byte
/// apart in their planes) or 4 (2 bytes apart); or a list of where the first pixel's words lie, in the order of the
/// weights.
struct ohmic_depthwise_run {
  const char* planes[3];  ///< of the first channel
  const char* weights;
  char* out;  ///< channels are neighbours
  uint32_t out_pitch, quads, shift;
  int32_t lo, hi;
  uint32_t finish, channels, plane_bytes;
  const uint32_t* list;
  uint32_t list_length, stride;
};
void ohmic_depthwise_3_1(struct ohmic_depthwise_run*);
void ohmic_depthwise_3_2(struct ohmic_depthwise_run*);
void ohmic_depthwise_any(struct ohmic_depthwise_run*);
/// 4 rows of 4 channels each time: channel c of row r comes to to[c * plane_bytes + r]. groups > 0.
void ohmic_transpose_4(const char* from, uint32_t pitch, char* to, uint32_t plane_bytes, uint32_t groups);

void ohmic_requantise_1(struct ohmic_run*);
void ohmic_requantise_2(struct ohmic_run*);
void ohmic_requantise_3(struct ohmic_run*);
void ohmic_requantise_many(struct ohmic_run*);
void ohmic_partial_many(struct ohmic_run*);
void ohmic_add_blocks(struct ohmic_add_run*);
/// Greatest of 3 x 3 windows, two rows apart, for 4 channels: columns a, b and c begin in the first window's middle
/// row, `shared` is the greatest of its upper row. `pixels` > 0. Returns the greatest of the last window's last row.
uint32_t ohmic_max_3x3(char* out, uint32_t out_pitch, const char* a, const char* b, const char* c, uint32_t pitch,
                       uint32_t pixels, uint32_t shared);
void ohmic_copy_words(char* to, uint32_t to_pitch, const char* from, uint32_t from_pitch, uint32_t rows);

#ifdef __cplusplus
}
#endif

#endif
