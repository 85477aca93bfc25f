#include "sw/firmware/dataflow/executor.h"

#include "core/lowest_bit.h"

/* One small function per event and kind of step, without calls in the usual case: each takes few registers and few
 * lines of the core's cache. */
#define PART static OHMIC_HOT __attribute__((noinline))

/* --- what a tile's end tells others ------------------------------------------------------------------------------ */

static inline void send(release_state* r, uint32_t value) {
  r->sent = value;
  ohmic_dma_descriptor* notice = r->first;
  uint32_t n = r->count;
  do {
    notice->notify_value = value;
    ++notice;
  } while (--n);
  dma_start(r->channel, r->first);
}

PART void queue(executor* e, release_state* r) {
  if (r->waits) return;
  r->waits = true;
  r->next_waiting = 0;
  release_state** last = &e->waiting[r->channel];
  while (*last) last = &(*last)->next_waiting;
  *last = r;
  e->release_lines |= DEVICES_DMA_LINE << r->channel;
  e->attention = true;
}

/* Producers are told at once if the channel is free, else when it is: its line is waited for meanwhile. */
static inline void tell(executor* e, release_state* r) {
  const uint32_t value = *r->value;
  if (value == r->sent) return;
  if ((e->release_lines | dma_busy() * DEVICES_DMA_LINE) & r->line)
    queue(e, r);
  else
    send(r, value);
}

PART void send_waiting(executor* e, uint32_t lines) {
  const uint32_t busy = dma_busy();
  for (uint32_t c = e->first_release_channel; c < e->channels; ++c) {
    const uint32_t line = DEVICES_DMA_LINE << c;
    if (!(lines & line) || (busy >> c & 1u)) continue;
    release_state* r = e->waiting[c];
    e->waiting[c] = r->next_waiting;
    r->waits = false;
    if (e->waiting[c] == 0) e->release_lines &= ~line;
    e->attention = true;
    send(r, *r->value);
  }
}

/* The least hold among the readers has perhaps moved. Returns who may go on. */
static uint32_t refresh_released(executor* e, ring_state* r) {
  uint32_t least = ~0u;
  for (const input_state* in = r->readers; in; in = in->next_reader)
    if (*in->hold < least) least = *in->hold;
  if (least == r->least) return 0;
  r->least = least;
  if (r->release) tell(e, r->release);
  return r->writer_steps;
}

/* What few steps have: inputs of several needs from elsewhere, rings with other readers. */
PART uint32_t tell_more(executor* e, step_state* s) {
  uint32_t wakes = 0;
  for (ring_state** r = s->shared; *r; ++r) wakes |= refresh_released(e, *r);
  for (release_state** r = s->tells; *r; ++r) tell(e, *r);
  return wakes;
}

PART void end_image(executor* e, step_state* s) {
  if (e->deployment->is_sink && s == e->steps_end - 1) report_progress();
  if (s->ends.left == 0) --e->unfinished;
  e->attention = true;
}

/* The oldest tile in work has ended: its inputs are free, its output is there. Returns the steps that may go on. */
PART uint32_t end_tile(executor* e, step_state* s) {
  *s->produced = tile_rows_add(&s->ends, s->holds);
  uint32_t wakes = s->wakes;
  release_state* r = s->tell;
  if (r) tell(e, r);
  if (s->more) wakes |= tell_more(e, s);
  if (s->ends.row == s->ends.rows) end_image(e, s);
  return wakes;
}

/* --- starting tiles: each returns what the step then waits for ------------------------------------------------------
 */

/* All job registers. Each step's MVMs count from 0, so TAG goes with the step. */
OHMIC_HOT __attribute__((noinline)) void executor_program_ima(executor* e, step_state* s) {
  const ohmic_ima* ima = (const ohmic_ima*)s->step;
  volatile uint32_t* registers = e->ima_registers;
  if (e->ima_programmed) e->ima_programmed->tag = registers[OHMIC_IMA_TAG_OFFSET / 4];
  registers[OHMIC_IMA_TAG_OFFSET / 4] = s->tag;
  e->ima_programmed = s;
  for (uint32_t w = 0; w < OHMIC_IMA_JOB_WORDS; ++w) {
    const bool reserved = (w < OHMIC_IMA_RING_BASE_OFFSET / 4 && w % 4 == 3) || w == OHMIC_IMA_TAG_OFFSET / 4 ||
                          w == OHMIC_IMA_GROUP_OFFSET / 4 - 1;
    if (!reserved) registers[w] = ima->registers[w];
  }
}

/* Writes the job registers that change from tile to tile and queues; then further tiles, as far as possible. */
PART uint32_t start_jobs(executor* e, step_state* s) {
  const ohmic_ima* ima = (const ohmic_ima*)s->step;
  volatile uint32_t* registers = e->ima_registers;
  if (e->ima_programmed != s) executor_program_ima(e, s);
  do {
    const uint32_t out = s->output.at;
    registers[OHMIC_IMA_START_OFFSET / 4] = (uint32_t)ima->start + s->input.at;
    registers[OHMIC_IMA_ORIGIN_OFFSET / 4] = s->origin;
    const uint32_t* base = &ima->registers[OHMIC_IMA_GROUP_BASE_OFFSET / 4];
    volatile uint32_t* to = &registers[OHMIC_IMA_GROUP_BASE_OFFSET / 4];
    uint32_t groups = s->groups;
    do {
      *to = *base + out;
      base += 4;
      to += 4;
    } while (--groups);
    ima_push(registers);
    e->jobs[(e->jobs_first + e->jobs_held++) % MOST_JOBS] = s;
    const bool next_image = step_started(s);
    cursor_add(&s->input, next_image);
    cursor_add(&s->output, next_image);
    /* Two halves: x must not carry into y. */
    const uint32_t x = next_image ? s->origin_first : s->origin + s->origin_step;
    s->origin = (s->origin & OHMIC_IMA_ORIGIN_Y_MASK) | (x & OHMIC_IMA_ORIGIN_X_MASK);
    if (e->jobs_held == e->jobs_room) return WAITS_FOR_NOTHING;
  } while (!step_behind(s));
  return s->at->waits_for;
}
PART uint32_t try_jobs(executor* e, step_state* s) {
  if (e->jobs_held == e->jobs_room) return WAITS_FOR_NOTHING;
  if (step_behind(s)) return s->at->waits_for;
  return start_jobs(e, s);
}

PART uint32_t start_pull(executor* e, step_state* s) {
  const uint64_t source = s->pull_source + s->pulled.at;
  s->pull->src_lo = (uint32_t)source;
  s->pull->src_dst_hi = (uint32_t)(source >> 32);
  s->pull->dst_lo = s->source + s->output.at;
  executor_transfer(e, s, s->channel[0], l1_offset_of(s->pull));
  const bool next_image = step_started(s);
  cursor_add(&s->pulled, next_image);
  cursor_add(&s->output, next_image);
  return WAITS_FOR_NOTHING;
}
PART uint32_t try_pull(executor* e, step_state* s) {
  if (e->channels_active & s->channels) return WAITS_FOR_NOTHING;
  if (step_behind(s)) return s->at->waits_for;
  return start_pull(e, s);
}

PART uint32_t try_push(executor* e, step_state* s) {
  if (e->channels_active & s->channels) return WAITS_FOR_NOTHING;
  if (step_behind(s)) return s->at->waits_for;
  return push_try(e, s);
}
void executor_pass(executor* e, step_state* s) {
  e->ready |= s->bit | end_tile(e, s);
  e->attention = true;
}

PART uint32_t start_kernel(executor* e, step_state* s) {
  e->kernel = s;
  kernel_start(s);
  if (s->help) e->help = e->attention = true;
  return WAITS_FOR_NOTHING;
}
PART uint32_t try_kernel(executor* e, step_state* s) {
  if (e->kernel) return WAITS_FOR_NOTHING;
  if (step_behind(s)) return s->at->waits_for;
  return start_kernel(e, s);
}

/* Columns that nobody needs are released when they are produced. */
PART uint32_t follow_producers(executor* e, step_state* s) {
  const ring_state* r = s->inputs->ring;
  const volatile uint32_t* word = (const volatile uint32_t*)l1_at(e->deployment->frontiers) + r->ring->produced_first;
  uint32_t least = ~0u;
  for (uint32_t n = r->ring->produced_count; n; --n, ++word)
    if (*word < least) least = *word;
  const uint32_t last = e->images * r->ring->columns_per_image;
  if (least != *s->inputs->hold) {
    if (least >= last) --e->unfinished;
    e->attention = true;
    *s->inputs->hold = least;
    e->ready |= refresh_released(e, s->inputs->ring);
  }
  return least >= last ? WAITS_FOR_NOTHING : WAITS_FOR_DATA;
}

try_function* executor_try_of(uint32_t kind) {
  switch (kind) {
    case OHMIC_STEP_IMA:
      return try_jobs;
    case OHMIC_STEP_KERNEL:
      return try_kernel;
    case OHMIC_STEP_PULL:
      return try_pull;
    case OHMIC_STEP_PUSH:
      return try_push;
    default:
      return follow_producers;
  }
}

/* --- events ---------------------------------------------------------------------------------------------------------
 */

/* A job that has ended; another one may have, too, while its line was looked at. */
PART uint32_t note_job(executor* e) {
  const uint32_t first = e->jobs_first;
  ++e->jobs_done;
  --e->jobs_held;
  e->jobs_first = (first + 1) % MOST_JOBS;
  return end_tile(e, e->jobs[first]);
}
static inline uint32_t note_jobs(executor* e) {
  const uint32_t done = ima_jobs_done();
  uint32_t wakes = e->ima_steps;
  while (e->jobs_done != done) wakes |= note_job(e);
  return wakes;
}

void executor_do_job(executor* e, step_state* s) {
  try_jobs(e, s);
  note_job(e);
}

PART uint32_t note_transfers(executor* e, uint32_t ended) {
  uint32_t wakes = 0;
  e->channels_active &= ~ended;
  do {
    const unsigned c = lowest_bit(ended);
    ended &= ended - 1;
    step_state* s = e->channel_user[c];
    wakes |= e->channel_steps[c];
    if (--s->transfers == 0) wakes |= end_tile(e, s);
  } while (ended);
  return wakes;
}

PART uint32_t note_kernel(executor* e) {
  step_state* s = e->kernel;
  kernel_ended();
  e->kernel = 0;
  return e->kernel_steps | end_tile(e, s);
}

/* Only what somebody waits for may wake: arrivals and room that nobody lacks make no work. And WAITING_FOR tells who is
 * to blame for a cycle in which all sleep (time classes; a DMA or crossbar at work speaks for itself). */
PART void await_other_lines(executor* e) {
  enum { nothing = 0, credit = 1 };
  uint32_t lines = e->lines | e->release_lines, activity = OHMIC_ACTIVITY_WAITS_FOR_INPUT, waiting_for = nothing;
  if (e->waits_for[WAITS_FOR_DATA]) lines |= DEVICES_DATA_LINE;
  if (e->waits_for[WAITS_FOR_PARTNER]) {
    lines |= DEVICES_DATA_LINE;
    activity = OHMIC_ACTIVITY_WAITS_FOR_PARTNER;
    waiting_for = credit;
  }
  if (e->waits_for[WAITS_FOR_ROOM]) {
    lines |= DEVICES_ROOM_LINE;
    activity = OHMIC_ACTIVITY_WAITS_FOR_ROOM;
    waiting_for = credit;
  }
  if (lines != e->awaited) set_awaited_lines(e->awaited = lines);
  if (activity != e->activity) report_waiting(e->activity = activity, waiting_for);
}

PART uint32_t note_devices(executor* e, uint32_t lines) {
  uint32_t wakes = 0;
  if (lines & DEVICES_IMA_LINE) wakes = note_jobs(e);
  if (lines & DEVICES_KERNEL_LINE) wakes |= note_kernel(e);
  const uint32_t ended = lines / DEVICES_DMA_LINE & e->channels_active;
  if (ended) wakes |= note_transfers(e, ended);
  if (lines & e->release_lines) send_waiting(e, lines);
  return wakes;
}

static inline void waits_for(executor* e, step_state* s, uint32_t what) {
  const uint32_t before = s->waits_for;
  if (what == before) return;
  s->waits_for = what;
  --e->waits_for[before];
  ++e->waits_for[what];
  e->attention = true;
}

OHMIC_HOT void executor_run(executor* e) {
  uint32_t ready = e->ready;
  e->ready = 0;
  e->attention = true;
  for (;;) {
    while (ready) {
      step_state* s = e->of_bit[lowest_bit(ready)];
      ready &= ready - 1;
      do waits_for(e, s, s->try(e, s));
      while ((s = s->next_of_bit));
    }
    if (e->attention) {
      e->attention = false;
      if (e->ready) {
        ready = e->ready;
        e->ready = 0;
        e->attention = true;
        continue;
      }
      /* Until every tile has ended and every release is on its way. */
      if ((e->unfinished | e->release_lines) == 0) return;
      await_other_lines(e);
      if (e->help) {
        e->help = false;
        kernel_help(ohmic_run_kernel, e->kernel->job);
      }
    }
    const uint32_t lines = await_lines();
    if (lines & DEVICES_DATA_LINE) ready = e->data_steps;
    if (lines & DEVICES_ROOM_LINE) ready |= e->room_steps;
    if (lines & ~(DEVICES_DATA_LINE | DEVICES_ROOM_LINE)) ready |= note_devices(e, lines);
  }
}
