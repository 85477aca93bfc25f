/// The dataflow executor: interprets one cluster's deployment (sw/deployment/deployment.h).
///
/// executor_setup() builds the state in the deployment's heap; executor_round(lines) does everything that can be done
/// now and says whether anything moved. `lines` are the device lines that rose since the last round, already cleared.
/// When nothing moved the caller sleeps until a device or doorbell line rises. Nothing here waits.
#ifndef OHMIC_DATAFLOW_EXECUTOR_H
#define OHMIC_DATAFLOW_EXECUTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "sw/deployment/deployment.h"
#include "sw/firmware/dataflow/devices.h"
#include "sw/firmware/kernels/kernels.h"

typedef struct step_state step_state;
typedef struct input_state input_state;

typedef struct {
  const ohmic_ring* ring;
  volatile uint32_t* produced;  ///< words of remote producers
  uint32_t local_produced;      ///< frontier of the local producer; largest number if there is none
  uint32_t released;
  uint32_t slot_mask;  ///< slots - 1 if a power of two, else 0
  input_state* readers;
} ring_state;

/// The tile a step starts (or ends) next.
typedef struct {
  uint32_t image, x;  ///< image == images: no more
  uint32_t first;     ///< number of its first output column in the stream: image * W + x
  uint32_t sequence;  ///< tiles of this replica before it
} tile;

struct input_state {
  ring_state* ring;
  const ohmic_window* window;
  uint32_t need;  ///< the next tile to start runs when produced >= need
  uint32_t hold;  ///< columns below are not needed by tiles that have not ended
  input_state* next_reader;
};

/// One destination of a PUSH.
typedef struct {
  const ohmic_destination* to;
  volatile uint32_t* released;  ///< the consumer's release word; 0: no limit
  uint32_t* wanted;             ///< bit x: it wants column x of an image; 0: all
  uint32_t limit;               ///< room is needed for columns below, in its numbering; 0: none of the next tile
  ohmic_dma_descriptor* runs;   ///< enough for any tile
  uint32_t slot_mask;
  bool contiguous;  ///< neighbouring columns are one run of bytes on both sides
} destination_state;

/// Whoever must be told how far something is released.
typedef struct {
  const uint32_t* value;
  uint32_t sent;
  ohmic_dma_descriptor* notices;
  uint32_t count;
} release_state;

/// Kind of a step that no deployment has: it holds a ring's columns until they are produced, as a reader holds those it
/// needs (OHMIC_RING_FOLLOWS).
enum { STEP_FOLLOW = 0 };

struct step_state {
  const ohmic_step* step;
  uint32_t kind, T, W;
  uint32_t advance;  ///< replicas * T
  tile start, end;   ///< next to be started, next to be ended
  input_state* inputs;
  uint32_t input_count;
  ring_state* output;  ///< 0: none
  uint32_t channel;    ///< PULL, PUSH
  /// Why the next tile could not start: *blocker has not reached `blocked_below`.
  const volatile uint32_t* blocker;
  uint32_t blocked_below;
  uint32_t lacks;  ///< enum lacks, for reports
  // PUSH
  destination_state* destinations;
  bool uniform;  ///< every tile is one run per destination: the chain stands, only addresses and frontiers change
  uint32_t destination_count;
  // PULL
  ohmic_dma_descriptor* pull;
  uint32_t pull_released;
  volatile uint32_t* pull_produced;
  // KERNEL
  ohmic_kernel_job* job;
  uint8_t* sum_input;  ///< input index of the job's n-th summand
};

enum lacks { LACKS_NOTHING = 0, LACKS_INPUT = 1, LACKS_SOME_INPUT = 2, LACKS_ROOM = 4 };
enum { MOST_CHANNELS = 8, MOST_JOBS = 16 };

typedef struct {
  const ohmic_deployment* deployment;
  uint32_t images;
  ring_state* rings;
  step_state* steps;  ///< followers first, then the deployment's
  uint32_t step_count;
  release_state* releases;
  uint32_t release_count;
  uint32_t release_channel;
  step_state* channel_user[MOST_CHANNELS];
  uint32_t channels_active;
  // IMA: jobs in order
  step_state* jobs[MOST_JOBS];
  uint32_t jobs_first, jobs_held, jobs_room, jobs_done;
  const step_state* ima_programmed;
  uint32_t unfinished;   ///< steps that have tiles left
  bool source;           ///< pulls data that are there from the start
  bool release_pending;  ///< a release waits for its channel
  uint32_t lacking;      ///< what blocked steps lacked in the last round
  char* heap;            ///< next free byte, while setting up
  uint32_t heap_left;
} executor;

void executor_setup(executor*, const ohmic_deployment*);
bool executor_round(executor*, uint32_t lines);
/// Every tile has ended, every release is told.
static inline bool executor_finished(const executor* e) {
  return e->unfinished == 0 && !e->release_pending && e->channels_active == 0;
}

// Parts of it.
void tile_first(const executor*, const step_state*, tile*);
void tile_next(const executor*, const step_state*, tile*);
static inline bool tile_is_last(const executor* e, const tile* t) { return t->image >= e->images; }
/// Columns [*from, *to) of an input that a tile needs.
void window_of(const step_state*, const input_state*, const tile*, uint32_t* from, uint32_t* to);
static inline uint32_t slot_of(const ring_state* r, uint32_t n) {
  return r->slot_mask ? (n & r->slot_mask) : n % r->ring->slots;
}
/// Number of a tile's first column in the step's output (or, for a PUSH, input) ring.
static inline uint32_t number_in(const ring_state* r, const step_state* s, const tile* t) {
  return r->ring->flags & OHMIC_RING_SEQUENCE ? t->sequence * s->T : t->first;
}
void* executor_allocate(executor*, uint32_t bytes, uint32_t alignment);

void push_setup(executor*, step_state*, const ohmic_push*);
void push_prepare(executor*, step_state*);  ///< the next tile's limits
bool push_has_room(step_state*);            ///< sets the blocker if not
bool push_start(executor*, step_state*);    ///< false: nobody wants anything of it, it has ended

void kernel_setup(executor*, step_state*, const ohmic_kernel_step*);
void kernel_start(step_state*);

#endif
