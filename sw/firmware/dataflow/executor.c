#include "sw/firmware/dataflow/executor.h"

/* Whether all columns below `need` are in the ring; if not, who is behind. */
static bool produced_to(const ring_state* r, step_state* s, uint32_t need) {
  if (r->local_produced < need) {
    s->blocker = &r->local_produced;
    s->blocked_below = need;
    return false;
  }
  volatile const uint32_t *word = r->produced, *const end = word + r->ring->produced_count;
  for (; word != end; ++word)
    if (*word < need) {
      s->blocker = word;
      s->blocked_below = need;
      return false;
    }
  return true;
}

/* The ring's least hold among its readers has perhaps moved. */
static void refresh_released(executor* e, ring_state* r) {
  uint32_t least = ~0u;
  for (const input_state* in = r->readers; in; in = in->next_reader)
    if (in->hold < least) least = in->hold;
  if (least != r->released) {
    r->released = least;
    if (r->ring->feeder_count) e->release_pending = true;
  }
}

/* The oldest tile in work has ended: its inputs are free, its output is there. */
static void end_tile(executor* e, step_state* s) {
  tile* t = &s->end;
  const uint32_t image = t->image;
  tile_next(e, s, t);
  for (input_state* in = s->inputs, * const end = in + s->input_count; in != end; ++in) {
    uint32_t to;
    window_of(s, in, t, &in->hold, &to);
    refresh_released(e, in->ring);
  }
  if (s->output) {
    s->output->local_produced = number_in(s->output, s, t);
  }
  if (s->kind == OHMIC_STEP_PULL) {
    s->pull_released = t->first;
    if (((const ohmic_pull*)s->step)->feeder_count) e->release_pending = true;
  }
  if (t->image != image) {
    if (e->deployment->is_sink && s == &e->steps[e->step_count - 1]) report_progress();
    if (tile_is_last(e, t)) --e->unfinished;
  }
}

/* Sets what the next tile to start waits for. */
static void prepare(executor* e, step_state* s) {
  tile_next(e, s, &s->start);
  for (input_state* in = s->inputs, * const end = in + s->input_count; in != end; ++in) {
    uint32_t from;
    window_of(s, in, &s->start, &from, &in->need);
  }
  if (s->kind == OHMIC_STEP_PUSH) push_prepare(e, s);
}

/* Inputs there, room for the output. If not, the step's blocker says what it waits for; nothing else of the step need
 * be looked at before that word has moved. */
static __attribute__((noinline)) bool ready(executor* e, step_state* s) {
  if (tile_is_last(e, &s->start)) {
    static const uint32_t never = 0;
    s->blocker = &never;
    s->blocked_below = 1;
    s->lacks = LACKS_NOTHING;
    return false;
  }
  for (const input_state* in = s->inputs, * const end = in + s->input_count; in != end; ++in)
    if (!produced_to(in->ring, s, in->need)) {
      s->lacks = in == s->inputs ? LACKS_INPUT : LACKS_SOME_INPUT;
      return false;
    }
  s->lacks = LACKS_ROOM;
  if (s->output) {
    const uint32_t least = number_in(s->output, s, &s->start) + s->T - s->output->ring->slots;
    if ((int32_t)(s->output->released - least) < 0) {
      s->blocker = &s->output->released;
      s->blocked_below = least;
      return false;
    }
  }
  if (s->kind == OHMIC_STEP_PUSH && !push_has_room(s)) return false;
  s->lacks = LACKS_INPUT;
  if (s->pull_produced) {
    const uint32_t end = s->start.first + s->T, n = ((const ohmic_pull*)s->step)->frontier_count;
    for (uint32_t i = 0; i < n; ++i)
      if (s->pull_produced[i] < end) {
        s->blocker = &s->pull_produced[i];
        s->blocked_below = end;
        return false;
      }
  }
  s->lacks = LACKS_NOTHING;
  return true;
}

static void start_pull(executor* e, step_state* s) {
  const ohmic_pull* pull = (const ohmic_pull*)s->step;
  const uint32_t n = s->start.first;
  const uint64_t source = ((uint64_t)pull->source.hi << 32 | pull->source.lo) +
                          (uint64_t)(pull->source_slots ? n % pull->source_slots : n) * pull->source_stride;
  s->pull->src_lo = (uint32_t)source;
  s->pull->src_dst_hi = (uint32_t)(source >> 32);
  s->pull->dst_lo = OHMIC_OWN_L1_BASE + s->output->ring->base +
                    slot_of(s->output, number_in(s->output, s, &s->start)) * s->output->ring->column_bytes;
  dma_start(s->channel, s->pull);
}

static void start_transfer(executor* e, step_state* s) {
  if (s->kind == OHMIC_STEP_PULL) {
    start_pull(e, s);
  } else if (!push_start(e, s)) {
    end_tile(e, s);
    prepare(e, s);
    return;
  }
  e->channel_user[s->channel] = s;
  e->channels_active |= 1u << s->channel;
  prepare(e, s);
}

/* Writes the job registers that change from tile to tile (all of them if another step had the IMA) and queues. */
static void start_ima(executor* e, step_state* s) {
  const ohmic_ima* ima = (const ohmic_ima*)s->step;
  volatile uint32_t* registers = ima_register_file();
  const tile* t = &s->start;
  if (e->ima_programmed != s) {
    e->ima_programmed = s;
    for (uint32_t w = 0; w < OHMIC_IMA_JOB_WORDS; ++w) {
      const bool reserved = (w < OHMIC_IMA_RING_BASE_OFFSET / 4 && w % 4 == 3) || w == OHMIC_IMA_ADC_M_OFFSET / 4 - 1 ||
                            w == OHMIC_IMA_GROUP_OFFSET / 4 - 1;
      if (!reserved) registers[w] = ima->registers[w];
    }
  }
  const input_state* in = s->inputs;
  const ohmic_ring* ring = in->ring->ring;
  const int32_t x = (int32_t)(t->x * in->window->stride) - in->window->pad;
  /* Slot of the window's first column; before the first image's begin the ring is gone through backwards. */
  int32_t n = ring->flags & OHMIC_RING_SEQUENCE ? (int32_t)(t->sequence * s->T)
                                                : (int32_t)(t->image * ring->columns_per_image) + x;
  while (n < 0) n += (int32_t)ring->slots;
  registers[OHMIC_IMA_START_OFFSET / 4] = (uint32_t)ima->start + slot_of(in->ring, (uint32_t)n) * ring->column_bytes;
  registers[OHMIC_IMA_ORIGIN_OFFSET / 4] =
      (ima->registers[OHMIC_IMA_ORIGIN_OFFSET / 4] & OHMIC_IMA_ORIGIN_Y_MASK) | ((uint32_t)x & OHMIC_IMA_ORIGIN_X_MASK);
  const uint32_t out = slot_of(s->output, number_in(s->output, s, t)) * s->output->ring->column_bytes;
  const uint32_t groups = ima->registers[OHMIC_IMA_GROUPS_OFFSET / 4];
  for (uint32_t w = OHMIC_IMA_GROUP_BASE_OFFSET / 4; w < OHMIC_IMA_GROUP_BASE_OFFSET / 4 + 4 * groups; w += 4)
    registers[w] = ima->registers[w] + out;
  ima_push();
  e->jobs[(e->jobs_first + e->jobs_held) % MOST_JOBS] = s;
  ++e->jobs_held;
  prepare(e, s);
}

static __attribute__((noinline)) bool note_jobs(executor* e) {
  const uint32_t done = ima_jobs_done();
  if (e->jobs_done == done) return false;
  for (; e->jobs_done != done; ++e->jobs_done) {
    end_tile(e, e->jobs[e->jobs_first]);
    e->jobs_first = (e->jobs_first + 1) % MOST_JOBS;
    --e->jobs_held;
  }
  return true;
}

static __attribute__((noinline)) bool note_transfers(executor* e) {
  uint32_t ended = e->channels_active & ~dma_busy();
  if (ended == 0) return false;
  e->channels_active &= ~ended;
  for (unsigned c = 0; ended; ++c, ended >>= 1)
    if (ended & 1u) end_tile(e, e->channel_user[c]);
  return true;
}

/* One chain tells all that was released since the last one. */
static __attribute__((noinline)) void tell_releases(executor* e) {
  if (dma_busy() >> e->release_channel & 1u) return;
  ohmic_dma_descriptor *first = 0, *last = 0;
  for (release_state *r = e->releases, *const end = r + e->release_count; r != end; ++r) {
    const uint32_t value = *r->value;
    if (value == r->sent) continue;
    r->sent = value;
    for (uint32_t i = 0; i < r->count; ++i) {
      ohmic_dma_descriptor* notice = &r->notices[i];
      notice->notify_value = value;
      notice->flags = 1u | DMA_NOTIFY;
      if (last)
        last->next = l1_offset_of(notice);
      else
        first = notice;
      last = notice;
    }
  }
  e->release_pending = false;
  if (last == 0) return;
  last->next = DMA_CHAIN_END;
  dma_start(e->release_channel, first);
}

/* Columns that nobody needs are released when they are produced. */
static __attribute__((noinline)) void follow_producers(executor* e, step_state* s) {
  input_state* in = s->inputs;
  const ring_state* r = in->ring;
  uint32_t least = ~0u;
  for (volatile uint32_t *word = r->produced, *const end = word + r->ring->produced_count; word != end; ++word) {
    const uint32_t produced = *word;
    if (produced >= least) continue;
    least = produced;
    s->blocker = word;
  }
  s->blocked_below = least + 1;
  if (least >= e->images * s->W) {
    static const uint32_t never = 0;
    s->blocker = &never;
    s->blocked_below = 1;
    --e->unfinished;
  }
  in->hold = least;
  refresh_released(e, in->ring);
}

/* Starts tiles of a step that is no kernel until it is blocked or its device is full. */
static __attribute__((noinline)) bool start_tiles(executor* e, step_state* s) {
  bool moved = false;
  if (s->kind == OHMIC_STEP_IMA) {
    for (; e->jobs_held < e->jobs_room && ready(e, s); moved = true) start_ima(e, s);
  } else if (s->kind == STEP_FOLLOW) {
    follow_producers(e, s);
  } else {
    for (; !(e->channels_active >> s->channel & 1u) && ready(e, s); moved = true) start_transfer(e, s);
  }
  return moved;
}

static __attribute__((noinline)) void run_kernel(executor* e, step_state* s) {
  kernel_start(s);
  prepare(e, s);
  end_tile(e, s);
}

bool executor_round(executor* e, uint32_t lines) {
  bool moved = false;
  if (lines & DEVICES_IMA_LINE) moved = note_jobs(e);
  if (lines & DEVICES_DMA_LINES) moved |= note_transfers(e);
  /* A look at every step's blocker. The last kernel that may run goes first: it empties the cluster; the crossbar and
   * the DMA, started before it, go on meanwhile. */
  step_state* kernel = 0;
  uint32_t lacking = 0;
  for (step_state *s = e->steps, *const end = s + e->step_count; s != end; ++s) {
    if ((int32_t)(*s->blocker - s->blocked_below) < 0) {
      lacking |= s->lacks;
      continue;
    }
    if (s->kind != OHMIC_STEP_KERNEL) {
      if (start_tiles(e, s)) moved = true;
      lacking |= s->lacks;
    } else if (ready(e, s)) {
      kernel = s;
    } else {
      lacking |= s->lacks;
    }
  }
  e->lacking = lacking;
  if (e->release_pending) tell_releases(e);
  if (kernel) {
    run_kernel(e, kernel);
    return true;
  }
  /* Nobody is woken when the release channel is free again, so who has more to tell stays awake until then. */
  return moved || e->release_pending;
}
