/* From a deployment's tables to the executor's state, in the deployment's heap. */
#include "sw/firmware/dataflow/executor.h"

void* executor_allocate(executor* e, uint32_t bytes, uint32_t alignment) {
  const uint32_t skip = (uint32_t)(-(uintptr_t)e->heap & (alignment - 1));
  OHMIC_ASSERT(skip + bytes <= e->heap_left); /* the deployment's heap_bytes is too small */
  char* p = e->heap + skip;
  e->heap = p + bytes;
  e->heap_left -= skip + bytes;
  return p;
}

static void setup_pull(executor* e, step_state* s, const ohmic_pull* pull, ohmic_dma_descriptor* notices) {
  const ohmic_ring* ring = s->output->ring;
  s->channel = pull->dma_channel;
  s->pull_produced =
      pull->frontier_count ? (volatile uint32_t*)l1_at(e->deployment->frontiers) + pull->frontier_first : 0;
  s->pull_released = 0;
  s->pull = executor_allocate(e, sizeof *s->pull, 64);
  *s->pull = ohmic_dma_copy(0, 0, ring->column_bytes);
  if (pull->source_stride == ring->column_bytes) {
    s->pull->bytes = s->T * ring->column_bytes;
  } else {
    s->pull->flags = 2u;
    s->pull->counts = s->T;
    s->pull->src_stride1 = (int32_t)pull->source_stride;
    s->pull->dst_stride1 = (int32_t)ring->column_bytes;
  }
  s->pull->flags |= DMA_EVENT;
  OHMIC_ASSERT(pull->source_slots % s->T == 0 && ring->slots % s->T == 0);
  if (pull->feeder_count)
    e->releases[e->release_count++] =
        (release_state){&s->pull_released, 0, notices + pull->feeder_first, pull->feeder_count};
  if (pull->frontier_count == 0) e->source = true;
}

static void setup_rings(executor* e, ohmic_dma_descriptor* notices) {
  const ohmic_deployment* d = e->deployment;
  const ohmic_ring* ring = l1_at(d->rings);
  e->rings = executor_allocate(e, d->ring_count * sizeof *e->rings, sizeof(void*));
  for (uint32_t i = 0; i < d->ring_count; ++i, ++ring) {
    ring_state* r = &e->rings[i];
    r->ring = ring;
    r->produced = (volatile uint32_t*)l1_at(d->frontiers) + ring->produced_first;
    r->local_produced = ~0u;
    r->released = 0;
    r->slot_mask = (ring->slots & (ring->slots - 1)) == 0 ? ring->slots - 1 : 0;
    r->readers = 0;
    if (ring->feeder_count)
      e->releases[e->release_count++] =
          (release_state){&r->released, 0, notices + ring->feeder_first, ring->feeder_count};
  }
}

static void setup_inputs(executor* e, step_state* s) {
  const ohmic_window* window = l1_at(s->step->inputs);
  s->input_count = s->step->input_count;
  s->inputs = executor_allocate(e, s->input_count * sizeof *s->inputs, sizeof(void*));
  for (uint32_t i = 0; i < s->input_count; ++i, ++window) {
    input_state* in = &s->inputs[i];
    in->window = window;
    in->ring = &e->rings[window->ring];
    in->next_reader = in->ring->readers;
    in->ring->readers = in;
    uint32_t to;
    window_of(s, in, &s->end, &in->hold, &to);
    in->need = to;
  }
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
    *s = (step_state){.kind = STEP_FOLLOW, .W = r->ring->columns_per_image, .input_count = 1};
    s->blocker = &s->blocked_below; /* the first round looks closely */
    s->inputs = executor_allocate(e, sizeof *s->inputs, sizeof(void*));
    *s->inputs = (input_state){.ring = r, .next_reader = r->readers};
    r->readers = s->inputs;
    ++s;
    ++e->unfinished;
  }
}

void executor_setup(executor* e, const ohmic_deployment* d) {
  OHMIC_ASSERT(d->magic == OHMIC_DEPLOYMENT_MAGIC && d->version == OHMIC_DEPLOYMENT_VERSION);
  *e = (executor){.deployment = d, .images = d->images, .heap = l1_at(d->heap), .heap_left = d->heap_bytes};
  e->release_channel = dma_channels() - 1;
  e->jobs_room = ima_queue_room();
  if (e->jobs_room > MOST_JOBS) e->jobs_room = MOST_JOBS;
  e->jobs_done = ima_jobs_done();

  ohmic_dma_descriptor* notices = executor_allocate(e, d->feeder_count * sizeof *notices, 64);
  const ohmic_feeder* feeder = l1_at(d->feeders);
  for (uint32_t i = 0; i < d->feeder_count; ++i, ++feeder) {
    notices[i] = ohmic_dma_copy(0, 0, 0);
    ohmic_dma_notify(&notices[i], (uint64_t)feeder->released.hi << 32 | feeder->released.lo, 0,
                     (uint64_t)feeder->doorbell.hi << 32 | feeder->doorbell.lo);
  }
  e->releases = executor_allocate(e, (d->ring_count + d->step_count) * sizeof *e->releases, sizeof(void*));
  setup_rings(e, notices);

  const uint32_t* offsets = l1_at(d->steps);
  const uint32_t followers = count_followers(d);
  e->step_count = followers + d->step_count;
  e->steps = executor_allocate(e, e->step_count * sizeof *e->steps, sizeof(void*));
  setup_followers(e, d);
  for (uint32_t i = 0; i < d->step_count; ++i) {
    step_state* s = &e->steps[followers + i];
    const ohmic_step* step = l1_at(offsets[i]);
    *s = (step_state){.step = step, .kind = step->kind, .T = step->tile_columns, .W = step->columns_per_image};
    s->advance = s->T * (step->replicas ? step->replicas : 1);
    s->blocker = &s->blocked_below; /* the first round looks closely */
    tile_first(e, s, &s->start);
    s->end = s->start;
    setup_inputs(e, s);
    if (step->output_ring != OHMIC_NONE) {
      s->output = &e->rings[step->output_ring];
      OHMIC_ASSERT(s->output->local_produced == ~0u); /* a ring has one local producer */
      s->output->local_produced = number_in(s->output, s, &s->end);
    }
    switch (s->kind) {
      case OHMIC_STEP_PULL:
        setup_pull(e, s, (const ohmic_pull*)step, notices);
        break;
      case OHMIC_STEP_KERNEL:
        kernel_setup(e, s, (const ohmic_kernel_step*)step);
        break;
      case OHMIC_STEP_PUSH:
        push_setup(e, s, (const ohmic_push*)step);
        push_prepare(e, s);
        break;
      default:
        OHMIC_ASSERT(s->kind == OHMIC_STEP_IMA);
        break;
    }
    OHMIC_ASSERT(s->channel < e->release_channel || s->kind == OHMIC_STEP_IMA || s->kind == OHMIC_STEP_KERNEL);
    if (!tile_is_last(e, &s->end)) ++e->unfinished;
  }
  /* What no reader needs is free from the start (a replica's first tile need not be the first column). */
  for (uint32_t i = 0; i < d->ring_count; ++i) {
    ring_state* r = &e->rings[i];
    uint32_t least = ~0u;
    for (const input_state* in = r->readers; in; in = in->next_reader)
      if (in->hold < least) least = in->hold;
    r->released = r->readers ? least : 0;
    /* The producers' words start so (see deployment.h): there is nothing to tell. */
    for (uint32_t k = 0; k < e->release_count; ++k)
      if (e->releases[k].value == &r->released) e->releases[k].sent = r->released;
  }
}
