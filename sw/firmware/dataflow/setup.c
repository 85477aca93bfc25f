/* From a deployment's tables to the executor's state, in the deployment's heap. */
#include "sw/firmware/dataflow/executor.h"

/* In L1: constants are in HBM. */
static uint32_t nothing = 0, something = 1;

void* executor_allocate(executor* e, uint32_t bytes, uint32_t alignment) {
  const uint32_t skip = (uint32_t)(-(uintptr_t)e->heap & (alignment - 1));
  OHMIC_ASSERT(skip + bytes <= e->heap_left); /* the deployment's heap_bytes is too small */
  char* p = e->heap + skip;
  e->heap = p + bytes;
  e->heap_left -= skip + bytes;
  return p;
}

static uint32_t replicas_of(const ohmic_step* s) { return s->replicas ? s->replicas : 1; }

/* --- rings and their readers ---------------------------------------------------------------------------------------
 */

static void setup_rings(executor* e) {
  const ohmic_deployment* d = e->deployment;
  const ohmic_ring* ring = l1_at(d->rings);
  e->rings = executor_allocate(e, d->ring_count * sizeof *e->rings, sizeof(void*));
  for (uint32_t i = 0; i < d->ring_count; ++i) e->rings[i] = (ring_state){.ring = &ring[i]};
}

static void read_by(ring_state* r, input_state* in) {
  in->next_reader = r->readers;
  r->readers = in;
}

/* Released is the hold of the only reader, or the least of several. */
static void setup_released(ring_state* r) {
  r->released = &r->least;
  if (r->readers && r->readers->next_reader == 0) r->released = r->readers->hold;
  if (r->readers == 0) return;
  r->least = ~0u;
  for (const input_state* in = r->readers; in; in = in->next_reader)
    if (*in->hold < r->least) r->least = *in->hold;
}
static bool has_several_readers(const ring_state* r) { return r->readers && r->readers->next_reader; }

/* --- telling producers ----------------------------------------------------------------------------------------------
 */

static release_state* new_release(executor* e, const uint32_t* value, uint32_t feeders) {
  static uint32_t channel;
  if (channel < e->first_release_channel || channel >= e->channels) channel = e->first_release_channel;
  release_state* r = executor_allocate(e, sizeof *r, sizeof(void*));
  *r = (release_state){.value = value,
                       .sent = *value,
                       .channel = channel,
                       .line = DEVICES_DMA_LINE << channel,
                       .first = executor_allocate(e, feeders * sizeof *r->first, 64)};
  ++channel;
  return r;
}
static void add_feeders(const executor* e, release_state* r, uint32_t first, uint32_t count) {
  const ohmic_feeder* feeder = (const ohmic_feeder*)l1_at(e->deployment->feeders) + first;
  for (; count; --count, ++feeder) {
    ohmic_dma_descriptor* notice = &r->first[r->count++];
    *notice = ohmic_dma_copy(0, 0, 0);
    ohmic_dma_notify(notice, (uint64_t)feeder->released.hi << 32 | feeder->released.lo, 0,
                     (uint64_t)feeder->doorbell.hi << 32 | feeder->doorbell.lo);
    notice->flags |= DMA_EVENT;
    if (r->count == 1) continue;
    notice[-1].next = l1_offset_of(notice);
    notice[-1].flags &= ~(uint32_t)DMA_EVENT;
  }
}

/* Rings that have one reader and the same needs are told of together. */
static void setup_tells(executor* e, step_state* s, uint32_t groups) {
  release_state** tell = s->tells = executor_allocate(e, (groups + 1) * sizeof *s->tells, sizeof(void*));
  ring_state** shared = s->shared = executor_allocate(e, (s->input_count + 1) * sizeof *s->shared, sizeof(void*));
  for (uint32_t i = 0; i < s->input_count; ++i) {
    ring_state* r = s->inputs[i].ring;
    if (!has_several_readers(r)) continue;
    *shared++ = r;
    if (r->release || r->ring->feeder_count == 0) continue;
    r->release = new_release(e, &r->least, r->ring->feeder_count);
    add_feeders(e, r->release, r->ring->feeder_first, r->ring->feeder_count);
  }
  for (uint32_t g = 0; g < groups; ++g) {
    uint32_t feeders = 0;
    for (uint32_t i = 0; i < s->input_count; ++i)
      if (s->inputs[i].group == g && !has_several_readers(s->inputs[i].ring))
        feeders += s->inputs[i].ring->ring->feeder_count;
    if (s->kind == OHMIC_STEP_PULL) feeders = ((const ohmic_pull*)s->step)->feeder_count;
    if (feeders == 0) continue;
    *tell = new_release(e, &s->holds[g], feeders);
    for (uint32_t i = 0; i < s->input_count; ++i)
      if (s->inputs[i].group == g && !has_several_readers(s->inputs[i].ring))
        add_feeders(e, *tell, s->inputs[i].ring->ring->feeder_first, s->inputs[i].ring->ring->feeder_count);
    if (s->kind == OHMIC_STEP_PULL) add_feeders(e, *tell, ((const ohmic_pull*)s->step)->feeder_first, feeders);
    ++tell;
  }
  *tell = 0;
  *shared = 0;
  /* The usual one is told without looking at lists. */
  s->tell = *s->tells;
  if (s->tell) ++s->tells;
  s->more = *s->tells || *s->shared;
}

/* --- needs and holds ------------------------------------------------------------------------------------------------
 */

static bool same_needs(const input_state* a, const input_state* b) {
  const ohmic_ring *ra = a->ring->ring, *rb = b->ring->ring;
  if ((ra->flags ^ rb->flags) & (OHMIC_RING_SEQUENCE | OHMIC_RING_WEIGHTS)) return false;
  if (ra->flags & OHMIC_RING_SEQUENCE) return true;
  const ohmic_window *wa = a->window, *wb = b->window;
  return ra->columns_per_image == rb->columns_per_image && wa->size == wb->size && wa->stride == wb->stride &&
         wa->pad == wb->pad && wa->whole_image == wb->whole_image;
}

/* Inputs by groups of the same needs; returns how many there are. */
static uint32_t setup_inputs(executor* e, step_state* s) {
  const ohmic_window* window = l1_at(s->step->inputs);
  s->input_count = s->step->input_count;
  s->inputs = executor_allocate(e, s->input_count * sizeof *s->inputs, sizeof(void*));
  uint32_t groups = 0;
  for (uint32_t i = 0; i < s->input_count; ++i, ++window) {
    input_state* in = &s->inputs[i];
    *in = (input_state){.window = window, .ring = &e->rings[window->ring], .group = groups};
    for (uint32_t k = 0; k < i && in->group == groups; ++k)
      if (same_needs(&s->inputs[k], in)) in->group = s->inputs[k].group;
    if (in->group == groups) ++groups;
    read_by(in->ring, in);
  }
  return groups;
}

/* What a tile needs and holds: a row of both tables. A PULL's source is like an input whose columns are its own. */
static void row_of(const step_state* s, const tile* t, uint32_t* needs, uint32_t* holds) {
  const uint32_t T = s->step->tile_columns;
  for (uint32_t i = 0; i < s->input_count; ++i) {
    const input_state* in = &s->inputs[i];
    window_of(s->step, in->ring->ring, in->window, t, &holds[in->group], &needs[in->group]);
  }
  if (s->kind == OHMIC_STEP_PULL) {
    holds[0] = t->first;
    needs[0] = t->first + T;
  }
  if (s->output_ring) {
    const uint32_t number = number_in(s->output_ring->ring, s->step, t), last = s->columns - 1;
    holds[last] = number;
    needs[last] = number + T - s->output_ring->ring->slots;
  }
}

static void setup_rows(executor* e, step_state* s, uint32_t groups) {
  const uint32_t tiles = tiles_per_image(s->step), columns = groups + (s->output_ring ? 1 : 0);
  s->columns = columns;
  s->needs = executor_allocate(e, columns * 4, 4);
  s->holds = executor_allocate(e, columns * 4, 4);
  uint32_t* next_needs = executor_allocate(e, 2 * columns * 4, 4);
  uint32_t* next_holds = next_needs + columns;
  for (uint32_t i = 0; i < s->input_count; ++i) s->inputs[i].hold = &s->holds[s->inputs[i].group];
  tile t;
  tile_first(s->step, &t);
  if (tiles == 0) t = (tile){e->images, 0, e->images * s->step->columns_per_image, 0};
  row_of(s, &t, s->needs, s->holds);
  uint16_t* starts = executor_allocate(e, 2 * tiles * columns * sizeof *starts, 4);
  uint16_t* ends = starts + tiles * columns;
  const uint16_t* const end = ends + tiles * columns;
  s->starts = (tile_rows){starts, starts, ends, e->images * tiles, columns};
  s->ends = (tile_rows){ends, ends, end, e->images * tiles, columns};
  row_of(s, &t, next_needs, next_holds);
  for (uint32_t k = 0; k < tiles; ++k) {
    uint32_t needs[OHMIC_MOST_INPUTS + 2], holds[OHMIC_MOST_INPUTS + 2];
    for (uint32_t c = 0; c < columns; ++c) needs[c] = next_needs[c], holds[c] = next_holds[c];
    tile_next(s->step, &t);
    row_of(s, &t, next_needs, next_holds);
    for (uint32_t c = 0; c < columns; ++c) {
      *starts++ = (uint16_t)(next_needs[c] - needs[c]);
      *ends++ = (uint16_t)(next_holds[c] - holds[c]);
    }
  }
}

/* --- what a tile waits for ------------------------------------------------------------------------------------------
 */

static void setup_conditions(executor* e, step_state* s) {
  volatile uint32_t* const frontiers = l1_at(e->deployment->frontiers);
  uint32_t most = 2; /* never, in front; room */
  for (uint32_t i = 0; i < s->input_count; ++i) most += 1 + s->inputs[i].ring->ring->produced_count;
  const ohmic_pull* pull = s->kind == OHMIC_STEP_PULL ? (const ohmic_pull*)s->step : 0;
  if (pull) most += pull->frontier_count;
  condition* c = executor_allocate(e, most * sizeof *c, sizeof(void*));
  *c++ = (condition){&nothing, &something, WAITS_FOR_NOTHING};
  s->conditions = s->at = c;
  for (uint32_t i = 0; i < s->input_count; ++i) {
    const ring_state* r = s->inputs[i].ring;
    const uint32_t* need = &s->needs[s->inputs[i].group];
    const uint32_t lacks = i == 0 ? WAITS_FOR_DATA : WAITS_FOR_PARTNER;
    if (r->has_local) *c++ = (condition){&r->local_produced, need, WAITS_FOR_NOTHING};
    for (uint32_t p = 0; p < r->ring->produced_count; ++p)
      *c++ = (condition){&frontiers[r->ring->produced_first + p], need, lacks};
    if (r->ring->produced_count) e->data_steps |= s->bit;
  }
  if (pull) {
    for (uint32_t p = 0; p < pull->frontier_count; ++p)
      *c++ = (condition){&frontiers[pull->frontier_first + p], &s->needs[0], WAITS_FOR_DATA};
    if (pull->frontier_count) e->data_steps |= s->bit;
  }
  if (s->output_ring) *c++ = (condition){s->output_ring->released, &s->needs[s->columns - 1], WAITS_FOR_NOTHING};
  s->conditions_end = c;
  if (s->starts.left == 0) s->at = s->conditions - 1;
}

/* --- kinds of steps -------------------------------------------------------------------------------------------------
 */

static void setup_pull(executor* e, step_state* s, const ohmic_pull* pull) {
  const ohmic_ring* ring = s->output_ring->ring;
  const uint32_t T = s->step->tile_columns, W = s->step->columns_per_image;
  s->pull = executor_allocate(e, sizeof *s->pull, 64);
  *s->pull = ohmic_dma_copy(0, 0, T * ring->column_bytes);
  s->pull->flags |= DMA_EVENT;
  s->source = OHMIC_OWN_L1_BASE + ring->base;
  OHMIC_ASSERT(pull->source_slots % T == 0 && ring->slots % T == 0);
  s->pull_source = (uint64_t)pull->source.hi << 32 | pull->source.lo;
  const uint32_t advance = T * replicas_of(s->step), tiles = tiles_per_image(s->step);
  tile t;
  tile_first(s->step, &t);
  cursor_setup(&s->pulled, (int32_t)t.first, advance, W - (tiles - 1) * advance,
               pull->source_slots ? pull->source_slots : 0x80000000u / ring->column_bytes, ring->column_bytes);
  if (pull->frontier_count == 0) e->source = true;
}

/* The ring and the place of each tile's first window. */
static void setup_ima(step_state* s, const ohmic_ima* ima) {
  const ohmic_ring* ring = s->inputs[0].ring->ring;
  const ohmic_window* w = s->inputs[0].window;
  const uint32_t T = s->step->tile_columns, tiles = tiles_per_image(s->step);
  const uint32_t advance = T * replicas_of(s->step) * w->stride;
  tile t;
  tile_first(s->step, &t);
  const int32_t x = (int32_t)(t.x * w->stride) - w->pad;
  if (ring->flags & OHMIC_RING_SEQUENCE) {
    cursor_setup(&s->input, 0, T, T, ring->slots, ring->column_bytes);
  } else {
    /* Before the first image's begin the ring is gone through backwards. */
    const int32_t next = (int32_t)ring->columns_per_image - (int32_t)((tiles - 1) * advance);
    cursor_setup(&s->input, x, advance, 0, ring->slots, ring->column_bytes);
    cursor image;
    cursor_setup(&image, next, 0, 0, ring->slots, ring->column_bytes);
    s->input.image_step = image.at;
  }
  s->origin_first = ((uint32_t)x & OHMIC_IMA_ORIGIN_X_MASK);
  s->origin = (ima->registers[OHMIC_IMA_ORIGIN_OFFSET / 4] & OHMIC_IMA_ORIGIN_Y_MASK) | s->origin_first;
  s->origin_step = advance;
  s->groups = ima->registers[OHMIC_IMA_GROUPS_OFFSET / 4];
}

static void setup_kind(executor* e, step_state* s) {
  if (s->output_ring) cursor_of_tiles(&s->output, s->output_ring->ring, s->step);
  switch (s->kind) {
    case OHMIC_STEP_PULL:
      setup_pull(e, s, (const ohmic_pull*)s->step);
      break;
    case OHMIC_STEP_IMA:
      setup_ima(s, (const ohmic_ima*)s->step);
      break;
    case OHMIC_STEP_KERNEL:
      kernel_setup(e, s, (const ohmic_kernel_step*)s->step);
      break;
    default:
      push_setup(e, s, (const ohmic_push*)s->step);
      break;
  }
}

/* --- the cluster ----------------------------------------------------------------------------------------------------
 */

/* Bits in the order in which steps are looked at: kernels, the last of the pipeline first, because it empties the
 * cluster; crossbars; transfers. More than 32 steps share bits. */
static void number_steps(executor* e, const ohmic_deployment* d, uint32_t* bits) {
  static const uint32_t order[] = {OHMIC_STEP_KERNEL, OHMIC_STEP_IMA, OHMIC_STEP_PUSH, OHMIC_STEP_PULL};
  const uint32_t* offsets = l1_at(d->steps);
  uint32_t n = 0;
  for (uint32_t o = 0; o < 4; ++o)
    for (uint32_t i = d->step_count; i-- > 0;)
      if (((const ohmic_step*)l1_at(offsets[i]))->kind == order[o]) bits[i] = n++ % 32;
  OHMIC_ASSERT(n == d->step_count); /* no other kinds */
}

static void hold_bit(executor* e, step_state* s, uint32_t n) {
  s->bit = 1u << n;
  s->next_of_bit = e->of_bit[n];
  e->of_bit[n] = s;
}

static uint32_t count_followers(const ohmic_deployment* d) {
  const ohmic_ring* ring = l1_at(d->rings);
  uint32_t n = 0;
  for (uint32_t i = 0; i < d->ring_count; ++i) n += (ring[i].flags & OHMIC_RING_FOLLOWS) != 0;
  return n;
}

static void setup_followers(executor* e, const ohmic_deployment* d) {
  step_state* s = e->steps;
  for (uint32_t i = 0; i < d->ring_count; ++i) {
    ring_state* r = &e->rings[i];
    if (!(r->ring->flags & OHMIC_RING_FOLLOWS)) continue;
    *s = (step_state){.kind = STEP_FOLLOW, .try = executor_try_of(STEP_FOLLOW), .input_count = 1};
    hold_bit(e, s, 31);
    s->inputs = executor_allocate(e, sizeof *s->inputs, sizeof(void*));
    s->holds = executor_allocate(e, sizeof *s->holds, 4);
    *s->holds = 0;
    *s->inputs = (input_state){.ring = r, .hold = s->holds};
    read_by(r, s->inputs);
    e->data_steps |= s->bit;
    ++e->unfinished;
    ++s;
  }
}

/* The channel that the deployment gives to a step. */
static void setup_channel(executor* e, step_state* s) {
  if (s->kind != OHMIC_STEP_PULL && s->kind != OHMIC_STEP_PUSH) return;
  s->channel[0] = (uint8_t)(s->kind == OHMIC_STEP_PULL ? ((const ohmic_pull*)s->step)->dma_channel
                                                       : ((const ohmic_push*)s->step)->dma_channel);
  s->channels = 1u << s->channel[0];
  OHMIC_ASSERT(s->channel[0] + 1u < e->channels);
  if (s->channel[0] >= e->first_release_channel) e->first_release_channel = s->channel[0] + 1u;
  e->channel_steps[s->channel[0]] |= s->bit;
  e->lines |= DEVICES_DMA_LINE << s->channel[0];
}

/* Channels that no step has been given, but one for releases: a push to several destinations takes some, because a
 * chain waits for each destination's answer before it goes on to the next. */
static void share_spare_channels(executor* e, step_state* steps) {
  uint32_t pushes = 0;
  for (const step_state* s = steps; s != e->steps_end; ++s)
    pushes += s->kind == OHMIC_STEP_PUSH && ((const ohmic_push*)s->step)->destination_count > 1;
  if (pushes == 0) return;
  const uint32_t each = (e->channels - e->first_release_channel - 1) / pushes, shift = each ? 1 : 0;
  for (step_state* s = steps; s != e->steps_end; ++s) {
    if (s->kind != OHMIC_STEP_PUSH || ((const ohmic_push*)s->step)->destination_count <= 1) continue;
    s->channel_shift = shift;
    for (uint32_t i = 1; i < 1u << shift; ++i) {
      const uint32_t c = e->first_release_channel++;
      s->channel[i] = (uint8_t)c;
      s->channels |= 1u << c;
      e->channel_steps[c] |= s->bit;
      e->lines |= DEVICES_DMA_LINE << c;
    }
  }
}

/* With the first step that has any: a cluster without is perhaps one without an IMA. */
static void begin_jobs(executor* e, step_state* s) {
  e->jobs_room = ima_queue_room();
  if (e->jobs_room > MOST_JOBS) e->jobs_room = MOST_JOBS;
  e->jobs_done = ima_jobs_done();
  executor_program_ima(e, s);
}

void executor_setup(executor* e, const ohmic_deployment* d) {
  OHMIC_ASSERT(d->magic == OHMIC_DEPLOYMENT_MAGIC && d->version == OHMIC_DEPLOYMENT_VERSION);
  *e = (executor){.deployment = d, .images = d->images, .heap = l1_at(d->heap), .heap_left = d->heap_bytes};
  e->channels = dma_channels();
  e->ima_registers = ima_register_file();
  e->lines = DEVICES_IMA_LINE | DEVICES_KERNEL_LINE;

  setup_rings(e);
  const uint32_t* offsets = l1_at(d->steps);
  const uint32_t followers = count_followers(d);
  e->steps = executor_allocate(e, (followers + d->step_count) * sizeof *e->steps, sizeof(void*));
  e->steps_end = e->steps + followers + d->step_count;
  setup_followers(e, d);
  step_state* const steps = e->steps + followers;
  uint32_t* bits = executor_allocate(e, d->step_count * 4, 4);
  number_steps(e, d, bits);

  /* Who reads and writes which ring, and what of it; then what follows from that. */
  for (uint32_t i = 0; i < d->step_count; ++i) {
    step_state* s = &steps[i];
    const ohmic_step* step = l1_at(offsets[i]);
    *s = (step_state){.step = step, .kind = step->kind, .try = executor_try_of(step->kind)};
    s->produced = &s->unread;
    hold_bit(e, s, bits[i]);
    if (step->output_ring != OHMIC_NONE) {
      s->output_ring = &e->rings[step->output_ring];
      OHMIC_ASSERT(!s->output_ring->has_local); /* a ring has one local producer */
      s->output_ring->has_local = true;
      s->output_ring->writer_steps |= s->bit;
    }
    const uint32_t groups = setup_inputs(e, s) + (s->kind == OHMIC_STEP_PULL);
    setup_rows(e, s, groups);
    if (s->output_ring) {
      s->produced = &s->output_ring->local_produced;
      *s->produced = s->holds[groups];
    }
    for (uint32_t k = 0; k < s->input_count; ++k) s->inputs[k].ring->reader_steps |= s->bit;
    setup_channel(e, s);
    if (s->ends.left) ++e->unfinished;
  }
  share_spare_channels(e, steps);
  for (uint32_t i = 0; i < d->ring_count; ++i) setup_released(&e->rings[i]);
  for (step_state* s = steps; s != e->steps_end; ++s) {
    setup_conditions(e, s);
    setup_tells(e, s, s->columns - (s->output_ring ? 1 : 0));
    if (s->output_ring) s->wakes |= s->output_ring->reader_steps;
    for (uint32_t k = 0; k < s->input_count; ++k) s->wakes |= s->inputs[k].ring->writer_steps;
    if (tiles_per_image(s->step)) setup_kind(e, s);
    if (s->kind == OHMIC_STEP_IMA) {
      e->ima_steps |= s->bit;
      if (e->ima_programmed == 0) begin_jobs(e, s);
    }
    if (s->kind == OHMIC_STEP_KERNEL) e->kernel_steps |= s->bit;
    if (s->kind == OHMIC_STEP_PUSH) e->room_steps |= s->bit;
    e->ready |= s->bit;
  }
  kernels_share_scratch(e, steps);
  e->ready |= e->data_steps;
  e->waits_for[WAITS_FOR_NOTHING] = (uint32_t)(e->steps_end - e->steps);
}
