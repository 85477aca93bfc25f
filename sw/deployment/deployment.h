/// The contract between the mapping compiler (C++, host) and the dataflow executor (C, RISC-V): what one cluster
/// is to do, as plain 32-bit little-endian words in its L1. Included by both sides; no other description exists.
///
/// Model. A cluster owns RINGS of columns in its L1 and runs STEPS. A column is all bytes of one x of one channel
/// group: [H][c]. A step consumes columns of its input rings and produces columns of its output rings, tile by
/// tile (a tile is `tile_columns` neighbouring output columns). Steps of one cluster overlap: each has its own
/// progress; a step runs its next tile as soon as its inputs are there, its outputs have room and the resource it
/// needs (IMA queue, DMA channel, cores) is free.
///
/// Numbering. Columns of a stream are numbered n = image * columns_per_image + x through the whole run, and lie in
/// slot n % slots. In a ring with OHMIC_RING_SEQUENCE they are numbered by the order in which this stage makes
/// them instead (k = 0, 1, 2, ...), for buffers private to a replica.
///
/// Frontiers. Flow control is by frontiers, never by counts of events: monotonic words with one writer each.
///   produced[p] = f : producer p of the ring has put every column that it owes with number < f into the ring
///   released    = f : the ring's owner needs no column with number < f any more, and nobody will write one
/// A column n may be read when n < min over the ring's producers of produced[p], and written when
/// n < released + slots.
/// So released is min(needed, produced): columns that nobody needs (behind the last window of an image, or between
/// windows whose stride is larger than they are) are written all the same, and replicas write them when they come
/// to it; were `released` past such a column, column n + slots could be in its slot before. Where `needed` never
/// passes a column that is still to be written (one producer, which writes in order, or producers that send only what
/// is needed) released is `needed` alone; the other rings have OHMIC_RING_FOLLOWS. A replica that owes only some
/// columns sets its frontier to the next one it owes, and a producer that owes a ring nothing is not among its
/// producers. Words are written data first, then the frontier, then a doorbell (DMA notify), so no fence is needed.
///
/// A ring is filled by remote producers (produced_count > 0: PUSH steps, even when they run in the same cluster) or by
/// the local step that names it as output_ring; every local step with the ring among its inputs reads it.
///
/// When a tile may run. Let its output columns be x0 .. x0+T-1 of image i (for a replica the t-th tile it makes).
///   inputs   each window needs the columns of image i in [x0*stride - pad, (x0+T-1)*stride - pad + size), clipped to
///            the map (whole_image: all of the image); from an OHMIC_RING_SEQUENCE ring columns t*T .. t*T+T-1;
///            from an OHMIC_RING_WEIGHTS ring one column (ohmic_window).
///            All of them must be below the produced frontier.
///   output   the tile's last column must be below released + slots of the output ring; for a PUSH the tile's last
///            wanted column below released + dst_slots of EVERY destination (a tile is pushed as a whole).
///   after    a step then needs nothing below the first column (so clipped) of its next tile; a ring's `released` is
///   the
///            least of its readers. For the tile that follows the image's last that is the next image's first column.
/// Steps run their tiles in order. Nothing else may make a step wait for ever: the proof of liveness rests on it.
///
/// Replicas. Stage replica r of R with tiles of T columns makes the columns x with (x / T) % R == r of every image.
/// T divides columns_per_image of its output and the slots of every ring it writes or reads tile by tile.
///
/// All L1 addresses are byte offsets within the cluster's L1 unless called `address` (64-bit chip address).
#ifndef OHMIC_DEPLOYMENT_H
#define OHMIC_DEPLOYMENT_H

#include <stdint.h>

#define OHMIC_DEPLOYMENT_MAGIC 0x434D484Fu  ///< "OHMC"
#define OHMIC_DEPLOYMENT_VERSION 6u

/// L1 below this offset belongs to the firmware (its data, stacks and dispatch words), if the chip's
/// cluster.program_l1_bytes does not say less; the compiler's begins there.
#define OHMIC_L1_RESERVED_BYTES 0x10000u

/// HBM below this offset belongs to the firmware's text and data; results, parked maps, weights and images lie above.
#define OHMIC_HBM_RESERVED_BYTES 0x1000000u

#define OHMIC_NONE 0xFFFFFFFFu

/// A 64-bit chip address as two words.
typedef struct {
  uint32_t lo, hi;
} ohmic_address;

/// Header of a cluster's deployment; its L1 offset is in cluster_control.ARGUMENT[0]. Tables by L1 offset.
typedef struct {
  uint32_t magic, version;
  uint32_t images;                     ///< images in this run (patched by the loader)
  uint32_t ring_count, rings;          ///< ohmic_ring[]
  uint32_t step_count, steps;          ///< L1 offsets of ohmic_step records: uint32_t[step_count]
  uint32_t feeder_count, feeders;      ///< ohmic_feeder[]
  uint32_t frontier_count, frontiers;  ///< uint32_t[]: produced and released words of remote origin; they
                                       ///< start as loaded: the first column owed, the first needed
  uint32_t is_sink;                    ///< 1: this cluster reports the end of its last step to cluster 0
  /// Start and end of the run (see OHMIC_START_*): used by cluster `coordinator` only, others write to it.
  uint32_t coordinator;       ///< cluster index that starts the run
  uint32_t participants;      ///< coordinator only: number of clusters with a deployment
  uint32_t participant_list;  ///< coordinator only: L1 offset of uint32_t[participants], cluster indices
  uint32_t sinks;             ///< coordinator only: number of clusters with is_sink
  uint32_t ready_words;       ///< coordinator's L1 offset of uint32_t[cluster count] (zeroed), see OHMIC_START_*
  uint32_t go_word;           ///< own L1 offset: coordinator writes 1 to start a source (same offset everywhere)
  uint32_t heap, heap_bytes;  ///< scratch L1 for the executor (DMA descriptors), 64-byte aligned, not initialised
} ohmic_deployment;

/// What heap_bytes is at least: descriptors per destination and feeder, state per step and ring, each core's
/// part of a kernel's tile.
#define OHMIC_HEAP_BYTES(rings, steps, feeders, destinations) \
  (4096u + 64u * (4u * (destinations) + 2u * (feeders) + 64u * (steps) + 2u * (rings)))

/// Lines of the event unit's doorbells: columns have arrived, room has been given back. Those of a start's words ring
/// the first.
#define OHMIC_DOORBELL_PRODUCED 0u
#define OHMIC_DOORBELL_RELEASED 1u

/// A ready word. Only sources (a PULL of data that are there from the start) wait for their go word: everyone else has
/// nothing to do before their columns arrive.
#define OHMIC_START_READY 1u
#define OHMIC_START_FINISHED 2u
#define OHMIC_START_READY_SOURCE 3u

/// What the executor shows in cluster_control.ACTIVITY, for reports and dead-lock dumps.
enum ohmic_activity {
  OHMIC_ACTIVITY_NOT_STARTED = 0,
  OHMIC_ACTIVITY_SETUP = 1,
  OHMIC_ACTIVITY_WAITS_FOR_GO = 2,
  OHMIC_ACTIVITY_RUNS = 3,
  OHMIC_ACTIVITY_FINISHED = 4,
  OHMIC_ACTIVITY_WAITS_FOR_INPUT = 5,
  OHMIC_ACTIVITY_WAITS_FOR_ROOM = 6,
  OHMIC_ACTIVITY_WAITS_FOR_DEVICE = 7,
  OHMIC_ACTIVITY_WAITS_FOR_PARTNER = 8,  ///< some inputs of a step are there, not all
  OHMIC_ACTIVITY_CALIBRATES = 9,         ///< calibration.h
};

#define OHMIC_RING_SEQUENCE 1u  ///< columns are numbered by this stage's own order
#define OHMIC_RING_FOLLOWS 2u   ///< released is min(needed, produced) and starts at 0; else it is `needed`
#define OHMIC_RING_WEIGHTS 4u   ///< columns are weights of parts of a layer, in turn, for tile after tile

typedef struct {
  uint32_t flags;
  uint32_t base;          ///< L1 offset of slot 0
  uint32_t column_bytes;  ///< distance of slots
  uint32_t slots;
  uint32_t columns_per_image;               ///< W of the stream (0 with OHMIC_RING_SEQUENCE)
  uint32_t produced_first, produced_count;  ///< remote producers: frontiers[produced_first ..] are their words
  uint32_t feeder_first, feeder_count;      ///< remote producers to tell when `released` moves
} ohmic_ring;

/// One remote producer of one of our rings: where it keeps our `released` frontier.
typedef struct {
  ohmic_address released;  ///< word in the producer's L1
  ohmic_address doorbell;  ///< its event unit's DOORBELL[OHMIC_DOORBELL_RELEASED]
} ohmic_feeder;

/// How output columns of a step depend on the columns of an input ring:
/// output column x needs input columns x * stride - pad + k, 0 <= k < size, those inside [0, W).
/// With whole_image: every output column needs all columns of its image (global pooling).
/// In an OHMIC_RING_WEIGHTS ring the reader's t-th tile needs column t * stride - pad: stride is the number of parts
/// that the ring brings weights of, -pad which of them the reader makes.
typedef struct {
  uint32_t ring;  ///< index into rings
  uint32_t size, stride;
  int32_t pad;
  uint32_t whole_image;
} ohmic_window;

enum ohmic_step_kind {
  OHMIC_STEP_PULL = 1,    ///< DMA: HBM -> ring
  OHMIC_STEP_IMA = 2,     ///< IMA job: ring -> codes ring
  OHMIC_STEP_KERNEL = 3,  ///< cores: rings -> ring
  OHMIC_STEP_PUSH = 4,    ///< DMA: ring -> rings of other clusters (or HBM, or own L1)
};

/// Common head of every step.
typedef struct {
  uint32_t kind;
  uint32_t stage;                ///< id of the stage in the manifest, for reports
  uint32_t columns_per_image;    ///< W of this step's output
  uint32_t tile_columns;         ///< T
  uint32_t replica, replicas;    ///< r, R
  uint32_t input_count, inputs;  ///< ohmic_window[]
  uint32_t output_ring;          ///< OHMIC_NONE for PUSH
} ohmic_step;

/// PULL: column n of the ring is the column_bytes at source + n * column_bytes (HBM), T columns at a time, all columns
/// of every image; weights of a layer's parts too, which come anew for every tile (source_slots parts). With
/// frontier_count > 0 the data are parked there by other clusters: frontiers[frontier_first ..] bound n as a ring's
/// produced words do, and after each tile the feeders are told the next column as `released`.
typedef struct {
  ohmic_step step;
  ohmic_address source;
  uint32_t frontier_first, frontier_count;  ///< 0: data are there from the start
  uint32_t feeder_first, feeder_count;      ///< as many
  uint32_t source_slots;                    ///< 0: n addresses the source directly; else n % source_slots
  uint32_t dma_channel;
} ohmic_pull;

/// IMA: `registers` is an image of ima.LOOP[0] .. GROUP[7] (OHMIC_IMA_JOB_WORDS words from offset 0). Per tile with
/// first output column x of image i, the executor sets: START = start + slot(i*W_in + x*stride - pad) * column_bytes
/// (slot of the window's first column, before the image's begin it wraps backwards), ORIGIN.x = x*stride - pad,
/// and adds the output slot's offset to every GROUP.BASE. An MVM may make several output pixels: each has GROUPs of its
/// own, and a job has fewer MVMs than its tile has pixels. TAG: MVMs of the step so far, of all tiles of all images.
#define OHMIC_IMA_JOB_WORDS 68u
typedef struct {
  ohmic_step step;
  int32_t start;
  uint32_t mvms_per_column;  ///< for reports: MVMs of a job for each step along x
  uint32_t registers[OHMIC_IMA_JOB_WORDS];
} ohmic_ima;

/// Most inputs that a KERNEL sums.
#define OHMIC_MOST_INPUTS 32u

/// One run of channels of a column: where pixel y's channels [channel, channel + count) lie: offset + y*pitch.
typedef struct {
  uint32_t channel, count, offset, pitch;
} ohmic_segment;

enum ohmic_kernel {
  /// sum of `inputs` (rings of int8 codes or int16 partial sums, [H][channels]) -> int16 partial sums [H][channels]
  OHMIC_KERNEL_PARTIAL = 1,
  /// the same sum S, then y = clip((S*m[c] + B[c]) >> s, lo, 127) -> int8 by `segments`; if `residual` is not NONE,
  /// y = clip((y*A + b*Bres + (1 << (sres-1))) >> sres, lo_res, 127) with b from that input ring by res_segments
  OHMIC_KERNEL_REQUANTISE = 2,
  /// logits: the same sum S, then S*m[c] + B[c] as int32 [channels]
  OHMIC_KERNEL_LOGITS = 3,
  /// max over a window of pool_height x size of input 0 (int8 by res_segments), outside the map ignored -> by segments
  OHMIC_KERNEL_MAX_POOL = 4,
  /// (sum over the whole image * m + (1 << (s-1))) >> s of input 0 (by res_segments) -> int8 by segments, H = 1
  OHMIC_KERNEL_AVERAGE_POOL = 5,
  /// y = clip((a*A + b*Bres + (1 << (sres-1))) >> sres, lo_res, 127), a = input 0 ([H][channels], pixels `channels`
  /// bytes apart), b = input `residual` by res_segments -> int8 by segments
  OHMIC_KERNEL_ADD = 6,
  /// a layer on cores: exact sums S of a window of input 0 and its weights, then
  /// y = clip((S*m[c] + B[c]) >> s, lo, hi) -> int8 by segments; a residual as of REQUANTISE
  OHMIC_KERNEL_LAYER = 7,
  /// S as int32 [H][channels]
  OHMIC_KERNEL_LAYER_SUMS = 8,
  /// S*m[c] + B[c] as int32 [H][channels]
  OHMIC_KERNEL_LAYER_LOGITS = 9,
  /// the same as LAYER where each output channel has one input channel of its own
  OHMIC_KERNEL_DEPTHWISE = 10,
};
/// Segments name channels 0 .. channels-1 of the step. Output segments may hold a channel several times (one layout per
/// consumer), at multiples of 4; input segments hold each once. In a ring of sums pixels lie `channels` elements apart.
/// `height` is H of the output; a residual has the same H.

typedef struct {
  ohmic_step step;
  uint32_t kernel;                   ///< enum ohmic_kernel
  uint32_t height;                   ///< output pixels per column
  uint32_t channels;                 ///< channels of the sums
  uint32_t sum_count;                ///< inputs 0 .. sum_count-1 are summed
  uint32_t int16_mask;               ///< bit i: input i holds int16 partial sums (else int8 codes)
  uint32_t multipliers;              ///< L1 offset of int16_t m[channels] padded to words (REQUANTISE, LOGITS)
  uint32_t biases;                   ///< L1 offset of int32_t B[channels]
  uint32_t shift;                    ///< s
  int32_t lo;                        ///< lower clip bound: 0 with ReLU, else -128
  uint32_t segment_count, segments;  ///< int8 output layout: ohmic_segment[]; PARTIAL and LOGITS: none
  uint32_t residual;                 ///< index of the residual input, or NONE
  int32_t residual_a, residual_b;    ///< A, Bres
  uint32_t residual_shift;
  int32_t residual_lo;
  uint32_t input_segment_count, input_segments;  ///< layout of the residual / pooled input: ohmic_segment[]
  uint32_t input_height;                         ///< pools, layers: rows of the input column
  uint32_t pool_height, pool_stride;             ///< pools, layers: window and stride along H
  int32_t pool_pad;
  int32_t pool_multiplier;  ///< average pool m
  // Layers, of input 0:
  uint32_t weights;              ///< L1 offset (layer_format.h); their constants stand there too
  uint32_t weights_input;        ///< NONE; else the input whose columns are the weights instead (OHMIC_RING_WEIGHTS)
  uint32_t in_channels, groups;  ///< that are read; groups of them and of `channels`
  uint32_t in_offset, in_pitch;  ///< of the first one in a column; bytes from pixel to pixel
  uint32_t in_more_blocks;       ///< behind the first one: all have in_pitch channels and follow each other
  int32_t hi;                    ///< upper clip bound
  uint32_t limited;              ///< 1: a channel's limit is less than its sums can be
} ohmic_kernel_step;

/// PUSH: every tile of input 0 goes to all destinations. There may be none (a replica whose columns nobody wants): the
/// step then only empties its ring. A destination takes `rows` runs of `run_bytes` per column,
/// at source offset src_offset + row*src_pitch in the slot, to dst + slot(n)*dst_column_bytes + row*dst_pitch.
typedef struct {
  ohmic_address dst;  ///< slot 0 of the destination ring (+ offset of our part), or HBM base
  uint32_t dst_column_bytes;
  uint32_t dst_slots;  ///< 0: no ring, column n goes to dst + n * dst_column_bytes (HBM results)
  uint32_t sequence;   ///< 1: destination is numbered by our sequence (peers of one replica)
  uint32_t src_offset, src_pitch, dst_pitch, run_bytes, rows;
  ohmic_address produced;  ///< our frontier word at the consumer (lo = NONE: nobody to tell)
  ohmic_address doorbell;  ///< its event unit's DOORBELL[OHMIC_DOORBELL_PRODUCED]
  uint32_t released;       ///< index into frontiers[]: the consumer's release word; NONE: no limit
  /// Which columns the consumer wants (its replica rule over this stream): all if want_replicas <= 1. The consumer's
  /// tile of want_tile output columns with number (x_out / want_tile) % want_replicas == want_replica needs our
  /// columns x_out*want_stride - want_pad + [0, want_size).
  uint32_t want_tile, want_replica, want_replicas, want_size, want_stride;
  int32_t want_pad;
  uint32_t want_columns;  ///< output columns per image of the consumer
} ohmic_destination;

typedef struct {
  ohmic_step step;
  uint32_t dma_channel;                      ///< 0 .. channels-2; the last channel carries releases
  uint32_t destination_count, destinations;  ///< ohmic_destination[]
} ohmic_push;

#endif
