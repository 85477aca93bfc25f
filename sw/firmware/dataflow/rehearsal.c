/* Before the start every kind of work is done once, on nothing, so that its code is in the cluster's instruction cache
 * when the first columns arrive: behind each other, the stages' first misses would delay the whole run. A kernel works
 * on what happens to be in its rings, which nobody has produced and nobody will read; a transfer of no bytes writes a
 * word that nobody reads. Crossbars rest, because what they do is counted: their registers are written somewhere else.
 */
#include "sw/firmware/dataflow/executor.h"

typedef struct {
  executor run;
  condition conditions[1]; /* never; the steps have those behind it: none */
  uint16_t row[2];
  uint32_t words[2], unread, unheard, no_limit;
  whole_destination whole;
  destination_state destinations[2];
  push_run runs[2];
  const push_run* tiles[2];
  cursor place;
  uint32_t ima_registers[OHMIC_IMA_PUSH_OFFSET / 4 + 1];
  release_state release;
} rehearsal;

/* One tile, which may start at once. */
static void give_one_tile(rehearsal* r, step_state* s) {
  const tile_rows one = {r->row, r->row, r->row + 1, 1, 1};
  s->starts = s->ends = one;
  s->needs = &r->words[0];
  s->holds = &r->words[1];
  s->conditions = s->conditions_end = s->at = r->conditions + 1;
  s->wakes = 0;
  s->produced = &r->unread;
  s->tell = 0;
  s->more = false;
  s->waits_for = WAITS_FOR_NOTHING;
  const unsigned n = s->kind == OHMIC_STEP_KERNEL ? 0 : 1;
  s->bit = 1u << n;
  if (n == 0) r->run.kernel_steps = s->bit;
  if (s->kind == OHMIC_STEP_PUSH) r->run.channel_steps[0] |= s->bit;
  s->next_of_bit = r->run.of_bit[n];
  r->run.of_bit[n] = s;
  r->run.ready |= s->bit;
  ++r->run.unfinished;
}

static void add_kernel(executor* e, rehearsal* r, const step_state* of) {
  step_state* s = executor_allocate(e, sizeof *s, sizeof(void*));
  *s = *of;
  s->stage = ~0u; /* counts as no kernel */
  const uint32_t cursors = (uint32_t)(of->cursors_end - of->cursors);
  s->cursors = executor_allocate(e, cursors * sizeof *s->cursors, 4);
  for (uint32_t i = 0; i < cursors; ++i) s->cursors[i] = of->cursors[i];
  s->cursors_end = s->cursors + cursors;
  give_one_tile(r, s);
}

static ohmic_dma_descriptor* notice_to(executor* e, const uint32_t* word) {
  ohmic_dma_descriptor* d = executor_allocate(e, sizeof *d, 64);
  *d = ohmic_dma_copy(0, 0, 0);
  ohmic_dma_notify(d, OHMIC_OWN_L1_BASE + l1_offset_of(word), 0, 0);
  d->flags = 1u | DMA_NOTIFY_COUNT | DMA_EVENT;
  return d;
}

static void add_push(executor* e, rehearsal* r) {
  step_state* s = executor_allocate(e, sizeof *s, sizeof(void*));
  *s = (step_state){.kind = OHMIC_STEP_PUSH, .try = executor_try_of(OHMIC_STEP_PUSH)};
  r->whole = (whole_destination){.released = &r->no_limit, .run = notice_to(e, &r->unread)};
  r->whole.head = r->whole.run;
  s->channels = 1;
  s->wholes = s->at_whole = &r->whole;
  s->wholes_end = s->wholes + 1;
  give_one_tile(r, s);
  r->release = (release_state){.value = s->holds,
                               .sent = 1,
                               .first = notice_to(e, &r->unread),
                               .count = 1,
                               .channel = e->channels - 1,
                               .line = DEVICES_DMA_LINE << (e->channels - 1)};
  s->tell = &r->release;
}

/* Two destinations with a run each, as one chain. */
static void add_push_of_runs(executor* e, rehearsal* r) {
  step_state* s = executor_allocate(e, sizeof *s, sizeof(void*));
  *s = (step_state){.kind = OHMIC_STEP_PUSH, .try = executor_try_of(OHMIC_STEP_PUSH)};
  const uint32_t unread = OHMIC_OWN_L1_BASE + l1_offset_of(&r->unread);
  const uint32_t unheard = OHMIC_OWN_L1_BASE + l1_offset_of(&r->unheard);
  for (uint32_t i = 0; i < 2; ++i) {
    ohmic_dma_descriptor* run = executor_allocate(e, sizeof *run, 64);
    *run = ohmic_dma_copy(0, 0, 0);
    ohmic_dma_notify(run, unheard, 0, unheard);
    r->destinations[i] = (destination_state){.runs = run,
                                             .released = &r->no_limit,
                                             .place = &r->place,
                                             .source = unread,
                                             .target = unread,
                                             .run_bytes = sizeof r->unread,
                                             .rows = 1,
                                             .contiguous = true,
                                             .tells = true};
    r->runs[i] = (push_run){&r->destinations[i], 0, 1, 0, RUN_TELLS_NEXT};
  }
  r->place = (cursor){.size = 1};
  r->tiles[0] = s->run = r->runs;
  r->tiles[1] = r->runs + 2;
  s->push_tile = s->push_tiles = r->tiles;
  s->push_tiles_end = r->tiles + 1;
  s->places = &r->place;
  s->places_end = s->places + 1;
  s->channels = 1;
  give_one_tile(r, s);
}

static void do_job(executor* e, rehearsal* r, const step_state* of) {
  step_state* s = executor_allocate(e, sizeof *s, sizeof(void*));
  *s = *of;
  give_one_tile(r, s);
  r->run.ima_registers = r->ima_registers;
  r->run.ima_programmed = s;
  r->run.jobs_room = 1;
  executor_do_job(&r->run, s);
}

void executor_rehearse(executor* e) {
  char* const heap = e->heap;
  const uint32_t heap_left = e->heap_left;
  rehearsal* r = executor_allocate(e, sizeof *r, sizeof(void*));
  *r = (rehearsal){.no_limit = 0x7FFFFFFF};
  static uint32_t never[2] = {0, 1};
  r->conditions[0] = (condition){&never[0], &never[1], WAITS_FOR_NOTHING};
  r->run.deployment = e->deployment;
  r->run.channels = e->channels;
  r->run.lines = DEVICES_KERNEL_LINE | DEVICES_DMA_LINE;
  bool pushes = false, of_runs = false;
  const step_state* jobs = 0;
  for (const step_state* s = e->steps; s != e->steps_end; ++s) {
    if (!s->starts.left) continue;
    if (s->kind == OHMIC_STEP_KERNEL) add_kernel(e, r, s);
    if (s->kind == OHMIC_STEP_IMA) jobs = s;
    pushes |= s->kind == OHMIC_STEP_PUSH;
    of_runs |= s->kind == OHMIC_STEP_PUSH && !s->wholes;
  }
  if (pushes) add_push(e, r);
  if (of_runs) add_push_of_runs(e, r);
  if (jobs) do_job(e, r, jobs);
  executor_run(&r->run);
  while (dma_busy()) {
  }
  /* The event of the last transfer must not be taken for the run's. */
  forget_lines(DEVICES_DMA_LINE | DEVICES_DMA_LINE << (e->channels - 1));
  e->heap = heap;
  e->heap_left = heap_left;
}
