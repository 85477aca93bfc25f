/// The dataflow executor: interprets one cluster's deployment (sw/deployment/deployment.h).
///
/// executor_setup() works out everything that repeats from image to image; executor_run() does every tile of the run
/// and sleeps when nothing can go on. A tile costs what has changed: an event names the steps that may go on, a step
/// that may not remembers the first word that is behind, and frontiers, windows and addresses advance by differences
/// from tables.
#ifndef OHMIC_DATAFLOW_EXECUTOR_H
#define OHMIC_DATAFLOW_EXECUTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "sw/deployment/deployment.h"
#include "sw/firmware/dataflow/devices.h"
#include "sw/firmware/dataflow/tiles.h"
#include "sw/firmware/kernels/kernels.h"

/// What runs tile by tile stands together, near the kernels, so that they do not take lines of the shared instruction
/// cache from each other (link.ld).
#define OHMIC_HOT __attribute__((section(".text.hot.dataflow")))

/// What a step cannot go on without. From elsewhere: columns, columns of the same tile as those that are there, room.
/// WAITS_FOR_NOTHING: a step or device of this cluster, whose end will say so, or no tile is left.
enum waits_for { WAITS_FOR_NOTHING = 0, WAITS_FOR_DATA, WAITS_FOR_PARTNER, WAITS_FOR_ROOM, WAITS };

/// A tile may start when *word has reached *need.
typedef struct {
  const volatile uint32_t* word;
  const uint32_t* need;
  uint32_t waits_for;  ///< enum waits_for
} condition;

typedef struct ring_state ring_state;
typedef struct release_state release_state;
typedef struct input_state input_state;

struct ring_state {
  const ohmic_ring* ring;
  uint32_t local_produced;   ///< frontier of the local producer
  bool has_local;            ///< there is one
  const uint32_t* released;  ///< the hold of its one reader, or `least`
  uint32_t least;            ///< of the holds of several readers
  input_state* readers;
  release_state* release;  ///< whom to tell of `least`; 0 if nobody, or with the reader's group
  uint32_t reader_steps, writer_steps;
};

/// One input of a step, as far as its ring needs it.
struct input_state {
  ring_state* ring;
  const ohmic_window* window;
  uint32_t* hold;  ///< columns below are not needed by tiles that have not ended
  uint32_t group;  ///< inputs of one group have the same needs and holds
  input_state* next_reader;
};

/// Remote producers that are told one `released` together: a chain of notifications that stands.
struct release_state {
  const uint32_t* value;
  uint32_t sent;
  ohmic_dma_descriptor* first;
  uint32_t count, channel, line;
  bool waits;  ///< for its channel
  release_state* next_waiting;
};

typedef struct destination_state destination_state;

/// Neighbouring columns of a tile of a PUSH that go together to one destination. A destination's runs stand behind each
/// other; the last one carries what is told it.
typedef struct {
  const destination_state* to;
  uint16_t column, count;
  uint16_t owed;  ///< of the last run: the next column that is owed behind this tile, counted from the tile's first
  uint16_t kind;  ///< enum push_run_kind
} push_run;
enum push_run_kind { RUN_GOES_ON, RUN_TELLS_OWED, RUN_TELLS_NEXT };  ///< RUN_TELLS_NEXT: the next tile's first column

struct destination_state {
  ohmic_dma_descriptor* runs;         ///< enough for any tile
  volatile const uint32_t* released;  ///< the consumer's release word, or one that never limits
  uint32_t slots;                     ///< 0: no ring
  uint32_t sequence;                  ///< which of the step's numbers are its
  const cursor* place;                ///< slot of the next tile's first column; without a ring its number
  uint32_t source, target;            ///< of the first slots
  uint32_t source_step, target_step;  ///< from column to column
  uint32_t run_bytes, rows;
  bool contiguous;  ///< neighbouring columns are one run of bytes on both sides
  bool tells;
  bool crosses;  ///< a multiple of 4 GiB
  const ohmic_destination* to;
  uint32_t* wanted;  ///< bit x: it wants column x of an image; 0: all
};

/// The same where every tile is one run to every destination, and all want all: their chain stands.
typedef struct {
  volatile const uint32_t* released;
  uint32_t slack;   ///< room for a tile that begins so many columns behind `released`
  uint32_t number;  ///< of the next tile's first column there
  uint32_t number_step, number_image_step;
  ohmic_dma_descriptor* run;
  uint32_t source, target;  ///< of the first slots
  cursor place;
  ohmic_dma_descriptor* head;  ///< last of its chain: the chain, and the channel that carries it
  uint32_t channel;
} whole_destination;

/// A pointer of a kernel's job that moves from tile to tile.
typedef struct {
  const char* base;
  const cursor* place;
  const char** to;
} moving_pointer;

/// Kind of a step that no deployment has: it holds a ring's columns until they are produced, as a reader holds those it
/// needs (OHMIC_RING_FOLLOWS).
enum { STEP_FOLLOW = 0 };
/// Another one: it scales the codes of an IMA step, whose ring it shares (scale_codes.c).
enum { STEP_SCALE = 5 };

typedef struct step_state step_state;
typedef struct executor executor;
/// Starts tiles of a step if it may. Returns what it waits for then (enum waits_for).
typedef uint32_t try_function(executor*, step_state*);

struct step_state {
  try_function* try;
  uint32_t waits_for;
  step_state* next_of_bit;
  const condition* at;  ///< the first that the next tile is not known to meet
  const condition *conditions, *conditions_end;
  // Tables: see tiles.h. The columns of a row are the groups of inputs and, behind them, the output.
  tile_rows starts, ends;
  uint32_t *needs, *holds;
  uint32_t wakes;         ///< steps that may go on when a tile has ended
  uint32_t* produced;     ///< frontier of what it makes
  release_state* tell;    ///< whose value a tile's end changes; 0 if nobody
  bool more;              ///< there is more to tell:
  release_state** tells;  ///< further ones, up to a 0
  ring_state** shared;    ///< rings with several readers, up to a 0
  /// PULL, PUSH: DMA channels that may carry a tile side by side, as a mask and one by one; how many do now. A PUSH
  /// divides its destinations among 1, 2 or 4: 1 << channel_shift.
  uint32_t channels, transfers, channel_shift;
  uint8_t channel[4];
  cursor input, output;  ///< places of the next tile in the rings
  const ohmic_step* step;
  // IMA
  uint32_t origin;       ///< x of the next tile's first window
  uint32_t origin_step;  ///< to the next tile
  uint32_t origin_first;
  uint32_t groups;
  uint32_t tag;  ///< number of its next MVM, while another step has the IMA's registers
  // PUSH
  /// Of the next tile's first column: in the stream, and in the order of this replica; and how they go on.
  uint32_t numbers[2], number_step[2], number_image_step[2];
  uint32_t source;                         ///< of column 0 of the ring; for a PULL, where that is to go
  whole_destination *wholes, *wholes_end;  ///< 0: tiles have parts
  whole_destination* at_whole;             ///< the first that is not known to have room
  destination_state* destinations;
  uint32_t destination_count;
  const push_run* run;  ///< the first of this tile's that is not known to have room
  const push_run *const *push_tile, *const *push_tiles, *const *push_tiles_end;  ///< where the runs of each tile begin
  cursor *places, *places_end;
  // PULL
  ohmic_dma_descriptor* pull;
  cursor pulled;
  uint64_t pull_source;
  uint32_t pull_released;
  // KERNEL
  ohmic_kernel_job* job;
  uint32_t stage;
  bool help;  ///< this core takes part
  moving_pointer *pointers, *pointers_end;
  cursor *cursors, *cursors_end;
  bool pools;
  int32_t first_x, first_x_begin;  ///< of a pool's next tile, of an image's first
  uint32_t first_x_step, image_first;
  void* scale;  ///< of STEP_SCALE
  // Set-up
  uint32_t kind, bit;
  uint32_t columns;
  uint32_t unread;  ///< a word for what nobody looks at
  input_state* inputs;
  uint32_t input_count;
  ring_state* output_ring;
};

enum { MOST_CHANNELS = 8, MOST_JOBS = 16 };

struct executor {
  const ohmic_deployment* deployment;
  uint32_t images;
  uint32_t unfinished;  ///< steps that have tiles left
  bool attention;       ///< something of what follows has changed that is looked at before sleeping
  uint32_t ready;       ///< bits of steps that may perhaps start a tile, beside those that a line names
  step_state* of_bit[32];
  uint32_t waits_for[WAITS];        ///< how many steps do
  uint32_t lines, awaited;          ///< event lines that it always waits for, and that it does now
  uint32_t activity;                ///< as last reported
  uint32_t data_steps, room_steps;  ///< that wait for columns, for room, from elsewhere
  uint32_t ima_steps, kernel_steps;
  // IMA: jobs in order
  uint32_t jobs_held, jobs_room, jobs_done, jobs_first;
  volatile uint32_t* ima_registers;
  step_state* ima_programmed;
  step_state* jobs[MOST_JOBS];
  // DMA
  uint32_t channels_active;  ///< carry a step's tile
  step_state* channel_user[MOST_CHANNELS];
  uint32_t channel_steps[MOST_CHANNELS];
  uint32_t release_lines;                 ///< of channels on which releases wait for an end
  release_state* waiting[MOST_CHANNELS];  ///< releases by channel
  uint32_t first_release_channel, channels;
  // Cores
  step_state* kernel;             ///< at work
  bool help;                      ///< this core's part of it is still to be done, by the caller
  step_state *steps, *steps_end;  ///< followers first, then the deployment's
  ring_state* rings;
  bool source;  ///< pulls data that are there from the start
  char* heap;   ///< next free byte, while setting up
  uint32_t heap_left;
};

void executor_setup(executor*, const ohmic_deployment*);
/// Behind it, if codes are to be scaled: the factors of all IMA steps' columns (sw/deployment/calibration.h).
void scales_setup(executor*, const int16_t* factors);
/// Brings the code of the run into the instruction cache. Nothing has arrived yet, and nothing is left of it.
void executor_rehearse(executor*);
void executor_run(executor*);

// Parts of it.
void* executor_allocate(executor*, uint32_t bytes, uint32_t alignment);
try_function* executor_try_of(uint32_t kind);
/// The next tile has been started. Returns whether the one behind it is the next image's first.
static inline bool step_started(step_state* s) {
  tile_rows_add(&s->starts, s->needs);
  s->at = s->starts.left ? s->conditions : s->conditions - 1;
  return s->starts.row == s->starts.rows;
}

/// Inputs there, room for the output? If not, nothing of the step need be looked at before the word at s->at moves.
static inline bool step_behind(step_state* s) {
  const condition *c = s->at, *const end = s->conditions_end;
  for (; c != end; ++c)
    if ((int32_t)(*c->word - *c->need) < 0) {
      s->at = c;
      return true;
    }
  s->at = c;
  return false;
}

void executor_program_ima(executor*, step_state*);
/// The crossbar's next tile, whose inputs are there, begins and ends.
void executor_do_job(executor*, step_state*);
/// Starts a transfer of the step's tile: the chain that begins at an offset of L1.
static inline void executor_transfer(executor* e, step_state* s, uint32_t channel, uint32_t first) {
  dma_start_at(channel, first);
  e->channel_user[channel] = s;
  e->channels_active |= 1u << channel;
  ++s->transfers;
}
/// A tile that had nothing to be done has ended.
void executor_pass(executor*, step_state*);

void push_setup(executor*, step_state*, const ohmic_push*);
/// Starts a tile if all have room. Precondition: it is there, the step's channels are free.
uint32_t push_try(executor*, step_state*);

void kernel_setup(executor*, step_state*, const ohmic_kernel_step*);
/// Behind all of these, from the first step on.
void kernels_share_scratch(executor*, step_state*);
void kernel_start(step_state*);

#endif
