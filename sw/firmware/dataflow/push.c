/* PUSH: a tile to all its destinations as one descriptor chain, each destination's frontier behind its data. */
#include "sw/firmware/dataflow/executor.h"

static uint64_t whole(ohmic_address a) { return (uint64_t)a.hi << 32 | a.lo; }

/* Whether the destination is a replica that takes only what its tiles need. */
static bool selects(const ohmic_destination* d) { return d->want_replicas > 1 && !d->sequence; }

/* Whether the consumer needs column x of an image. */
static bool wants(const destination_state* d, uint32_t x) { return !d->wanted || (d->wanted[x / 32] >> x % 32 & 1u); }

/* The rule of ohmic_destination, for all columns: what each tile of the replica needs. */
static void setup_wanted(executor* e, destination_state* d, uint32_t columns) {
  const ohmic_destination* to = d->to;
  const uint32_t words = (columns + 31) / 32;
  d->wanted = executor_allocate(e, words * 4, 4);
  for (uint32_t w = 0; w < words; ++w) d->wanted[w] = 0;
  for (uint32_t out = to->want_replica * to->want_tile; out < to->want_columns;
       out += to->want_replicas * to->want_tile) {
    const uint32_t last = out + to->want_tile <= to->want_columns ? out + to->want_tile - 1 : to->want_columns - 1;
    int32_t x = (int32_t)(out * to->want_stride) - to->want_pad;
    const int32_t end = (int32_t)(last * to->want_stride) - to->want_pad + (int32_t)to->want_size;
    for (x = x < 0 ? 0 : x; x < end && x < (int32_t)columns; ++x) d->wanted[x / 32] |= 1u << x % 32;
  }
}

/* How a run of `count` columns is copied; returns the descriptor's flags. */
static inline uint32_t shape(ohmic_dma_descriptor* run, const destination_state* d, uint32_t count) {
  if (d->rows > 1) {
    run->counts = d->rows | count << 16;
    return count > 1 ? 3u : 2u;
  }
  if (d->contiguous || count == 1) {
    run->bytes = count * d->run_bytes;
    return 1u;
  }
  run->bytes = d->run_bytes;
  run->counts = count;
  return 2u;
}

/* --- set-up ------------------------------------------------------------------------------------------------------- */

static void setup_destination(executor* e, step_state* s, destination_state* d, const ohmic_destination* to) {
  const uint32_t T = s->step->tile_columns;
  const ohmic_ring* ring = s->inputs[0].ring->ring;
  d->to = to;
  d->sequence = to->sequence != 0;
  static uint32_t no_limit = 0x7FFFFFFF; /* in L1: constants are in HBM */
  d->released =
      to->released == OHMIC_NONE ? &no_limit : (volatile uint32_t*)l1_at(e->deployment->frontiers) + to->released;
  d->slots = to->dst_slots;
  d->wanted = 0;
  if (selects(to)) setup_wanted(e, d, s->step->columns_per_image);
  d->source = s->source + to->src_offset;
  d->target = to->dst.lo;
  d->source_step = ring->column_bytes;
  d->target_step = to->dst_column_bytes;
  d->run_bytes = to->run_bytes;
  d->rows = to->rows;
  d->tells = to->produced.lo != OHMIC_NONE;
  const uint64_t columns = to->dst_slots ? to->dst_slots : (uint64_t)e->images * s->step->columns_per_image;
  d->crosses = (to->dst.lo + columns * to->dst_column_bytes) >> 32 != 0;
  d->contiguous = to->rows == 1 && to->run_bytes == ring->column_bytes && to->run_bytes == to->dst_column_bytes;
  OHMIC_ASSERT(to->dst_slots % T == 0); /* no tile crosses the end of the destination's ring */
  const uint32_t most_runs = selects(to) ? (T + 1) / 2 : 1;
  d->runs = executor_allocate(e, most_runs * sizeof *d->runs, 64);
  for (uint32_t r = 0; r < most_runs; ++r) {
    ohmic_dma_descriptor* run = &d->runs[r];
    *run = ohmic_dma_copy(0, 0, to->run_bytes);
    if (to->rows > 1) {
      run->src_stride1 = (int32_t)to->src_pitch;
      run->dst_stride1 = (int32_t)to->dst_pitch;
      run->src_stride2 = (int32_t)ring->column_bytes;
      run->dst_stride2 = (int32_t)to->dst_column_bytes;
    } else {
      run->src_stride1 = (int32_t)ring->column_bytes;
      run->dst_stride1 = (int32_t)to->dst_column_bytes;
    }
    if (to->produced.lo != OHMIC_NONE) ohmic_dma_notify(run, whole(to->produced), 0, whole(to->doorbell));
    run->src_dst_hi = to->dst.hi << 16;
    run->flags = shape(run, d, T);
  }
}

/* Every tile is one run, and its addresses have the same high part. */
static bool takes_wholes(const destination_state* d) { return !d->wanted && !d->crosses; }

/* How many of n transfers a chain has, so that there are no more chains than channels. */
static inline uint32_t chain_length(const step_state* s, uint32_t n) {
  return (n + (1u << s->channel_shift) - 1) >> s->channel_shift;
}

/* Chains that stand, in which addresses and frontiers change. */
static void setup_wholes(executor* e, step_state* s) {
  const uint32_t T = s->step->tile_columns;
  whole_destination* w = executor_allocate(e, s->destination_count * sizeof *w, sizeof(void*));
  s->wholes = s->at_whole = w;
  s->wholes_end = w + s->destination_count;
  const uint32_t quota = chain_length(s, s->destination_count);
  uint32_t chain = 0, in_chain = 0;
  ohmic_dma_descriptor* head = s->destinations->runs;
  for (destination_state* d = s->destinations; w != s->wholes_end; ++w, ++d) {
    const ohmic_destination* to = d->to;
    const uint32_t slots = to->dst_slots ? to->dst_slots : 0x80000000u / to->dst_column_bytes;
    *w = (whole_destination){.released = d->released,
                             .slack = to->dst_slots - T,
                             .number = s->numbers[d->sequence],
                             .number_step = s->number_step[d->sequence],
                             .number_image_step = s->number_image_step[d->sequence],
                             .run = d->runs,
                             .source = s->source + to->src_offset,
                             .target = to->dst.lo};
    cursor_setup(&w->place, (int32_t)w->number, w->number_step, w->number_image_step, slots, to->dst_column_bytes);
    if (to->produced.lo != OHMIC_NONE) w->run->flags |= DMA_NOTIFY;
    if (++in_chain < quota && w + 1 != s->wholes_end) {
      w->run->next = l1_offset_of(d[1].runs);
      continue;
    }
    w->run->next = DMA_CHAIN_END;
    w->run->flags |= DMA_EVENT;
    w->head = head;
    w->channel = s->channel[chain++];
    if (w + 1 != s->wholes_end) head = d[1].runs;
    in_chain = 0;
  }
}

/* The next column behind tile t that this replica owes the destination, counted from the tile's first. */
static uint32_t next_owed(const step_state* s, const destination_state* d, tile t) {
  const uint32_t first = t.first, T = s->step->tile_columns;
  for (;;) { /* it wants something of tile t, so of that tile of the next image at the latest */
    tile_next(s->step, &t);
    for (uint32_t i = 0; i < T; ++i)
      if (wants(d, t.x + i)) return t.first + i - first;
  }
}

/* The runs of tile t, behind those of others; counts only where there is no place for them. */
static uint32_t plan_tile(const step_state* s, const tile* t, push_run* runs) {
  const uint32_t T = s->step->tile_columns;
  uint32_t n = 0;
  for (uint32_t i = 0; i < s->destination_count; ++i) {
    const destination_state* d = &s->destinations[i];
    const uint32_t before = n;
    for (uint32_t c = 0; c < T;) {
      if (!wants(d, t->x + c)) {
        ++c;
        continue;
      }
      uint32_t count = 1;
      while (c + count < T && wants(d, t->x + c + count)) ++count;
      if (runs) runs[n] = (push_run){d, (uint16_t)c, (uint16_t)count, 0, RUN_GOES_ON};
      ++n;
      c += count;
    }
    if (n == before || runs == 0) continue;
    runs[n - 1].kind = d->wanted ? RUN_TELLS_OWED : RUN_TELLS_NEXT;
    if (d->wanted) runs[n - 1].owed = (uint16_t)next_owed(s, d, *t);
  }
  return n;
}

static void plan_tiles(executor* e, step_state* s, uint32_t tiles) {
  tile t;
  uint32_t n = 0;
  tile_first(s->step, &t);
  for (uint32_t k = 0; k < tiles; ++k, tile_next(s->step, &t)) n += plan_tile(s, &t, 0);
  push_run* runs = executor_allocate(e, n * sizeof *runs, sizeof(void*));
  const push_run** begins = executor_allocate(e, (tiles + 1) * sizeof *begins, sizeof(void*));
  s->push_tile = s->push_tiles = begins;
  s->push_tiles_end = begins + tiles;
  tile_first(s->step, &t);
  for (uint32_t k = 0; k < tiles; ++k, tile_next(s->step, &t)) {
    *begins++ = runs;
    runs += plan_tile(s, &t, runs);
  }
  *begins = runs;
  s->run = *s->push_tile;
}

/* The place of the next tile's first column in the destination's ring; destinations alike share it. */
static void setup_place(step_state* s, destination_state* d) {
  cursor c;
  const uint32_t slots = d->slots ? d->slots : 0x80000000u;
  cursor_setup(&c, (int32_t)s->numbers[d->sequence], s->number_step[d->sequence], s->number_image_step[d->sequence],
               slots, 1);
  for (cursor* known = s->places; known != s->places_end; ++known)
    if (known->at == c.at && known->step == c.step && known->image_step == c.image_step && known->size == c.size) {
      d->place = known;
      return;
    }
  d->place = s->places_end;
  *s->places_end++ = c;
}

void push_setup(executor* e, step_state* s, const ohmic_push* push) {
  const ohmic_destination* to = l1_at(push->destinations);
  const uint32_t tiles = tiles_per_image(s->step);
  const uint32_t T = s->step->tile_columns, advance = T * (s->step->replicas ? s->step->replicas : 1);
  tile first;
  tile_first(s->step, &first);
  s->numbers[0] = first.first;
  s->number_step[0] = advance;
  s->number_image_step[0] = s->step->columns_per_image - (tiles - 1) * advance;
  s->number_step[1] = s->number_image_step[1] = T;
  cursor_of_tiles(&s->input, s->inputs[0].ring->ring, s->step);
  s->destination_count = push->destination_count;
  s->source = OHMIC_OWN_L1_BASE + s->inputs[0].ring->ring->base;
  s->destinations = executor_allocate(e, s->destination_count * sizeof *s->destinations, sizeof(void*));
  bool some_select = false, wholes = s->destination_count > 0;
  for (uint32_t i = 0; i < s->destination_count; ++i) {
    setup_destination(e, s, &s->destinations[i], &to[i]);
    some_select |= selects(&to[i]);
    wholes &= takes_wholes(&s->destinations[i]);
  }
  if (wholes) {
    setup_wholes(e, s);
    return;
  }
  s->places = s->places_end = executor_allocate(e, s->destination_count * sizeof *s->places, 4);
  for (uint32_t i = 0; i < s->destination_count; ++i) setup_place(s, &s->destinations[i]);
  plan_tiles(e, s, some_select ? tiles : 1); /* where all want all, every tile is like the first */
}

/* --- tile by tile ---------------------------------------------------------------------------------------------------
 */

/* Tiles are pushed as a whole: all that want something of it must have room. */

static OHMIC_HOT __attribute__((noinline)) uint32_t start_wholes(executor* e, step_state* s) {
  const uint32_t from = s->input.at;
  const bool next_image = step_started(s);
  cursor_add(&s->input, next_image);
  whole_destination *w = s->wholes, *const end = s->wholes_end;
  s->at_whole = w;
  do {
    ohmic_dma_descriptor* run = w->run;
    run->src_lo = w->source + from;
    run->dst_lo = w->target + w->place.at;
    w->number += next_image ? w->number_image_step : w->number_step;
    run->notify_value = w->number;
    cursor_add(&w->place, next_image);
    if (w->head) executor_transfer(e, s, w->channel, l1_offset_of(w->head));
  } while (++w != end);
  return WAITS_FOR_NOTHING;
}

static uint32_t try_wholes(executor* e, step_state* s) {
  whole_destination *w = s->at_whole, *const end = s->wholes_end;
  for (; w != end; ++w)
    if ((int32_t)(*w->released + w->slack - w->number) < 0) {
      s->at_whole = w;
      return WAITS_FOR_ROOM;
    }
  return start_wholes(e, s);
}

static inline bool runs_have_room(step_state* s) {
  const push_run *run = s->run, *const end = s->push_tile[1];
  for (; run != end; ++run) {
    const destination_state* d = run->to;
    if ((int32_t)(*d->released + d->slots - s->numbers[d->sequence] - run->column - run->count) < 0) {
      s->run = run;
      return false;
    }
  }
  return true;
}

/* Descriptors of the tile's runs, linked as they come; a chain starts when it has its share of them. False: nobody
 * wants anything of it. */
static OHMIC_HOT bool start_runs(executor* e, step_state* s, uint32_t from, const uint32_t* next) {
  const push_run *run = *s->push_tile, *const end = s->push_tile[1];
  if (run == end) return false;
  const uint32_t quota = chain_length(s, (uint32_t)(end - run));
  uint32_t chain = 0, in_chain = 0, first = l1_offset_of(run->to->runs);
  ohmic_dma_descriptor* to = run->to->runs;
  for (;;) {
    const destination_state* d = run->to;
    uint32_t flags = shape(to, d, run->count);
    to->src_lo = d->source + from + run->column * d->source_step;
    to->dst_lo = d->target + (d->place->at + run->column) * d->target_step;
    if (d->crosses) to->src_dst_hi = (d->to->dst.hi + (to->dst_lo < d->target)) << 16;
    if (run->kind != RUN_GOES_ON && d->tells) {
      flags |= DMA_NOTIFY;
      to->notify_value = run->kind == RUN_TELLS_OWED ? s->numbers[d->sequence] + run->owed : next[d->sequence];
    }
    ++run;
    if (run == end || (++in_chain >= quota && run->to != d)) {
      to->flags = flags | DMA_EVENT;
      to->next = DMA_CHAIN_END;
      executor_transfer(e, s, s->channel[chain++], first);
      if (run == end) break;
      to = run->to->runs;
      first = l1_offset_of(to);
      in_chain = 0;
      continue;
    }
    to->flags = flags;
    ohmic_dma_descriptor* const behind = run->to == d ? to + 1 : run->to->runs;
    to->next = l1_offset_of(behind);
    to = behind;
  }
  return true;
}

static OHMIC_HOT __attribute__((noinline)) uint32_t try_runs(executor* e, step_state* s) {
  if (!runs_have_room(s)) return WAITS_FOR_ROOM;
  const uint32_t from = s->input.at;
  const bool next_image = step_started(s);
  const uint32_t next[2] = {s->numbers[0] + (next_image ? s->number_image_step : s->number_step)[0],
                            s->numbers[1] + s->number_step[1]};
  const bool started = start_runs(e, s, from, next);
  s->numbers[0] = next[0];
  s->numbers[1] = next[1];
  cursor_add(&s->input, next_image);
  for (cursor* c = s->places; c != s->places_end; ++c) cursor_add(c, next_image);
  if (++s->push_tile == s->push_tiles_end) s->push_tile = s->push_tiles;
  s->run = *s->push_tile;
  if (!started) executor_pass(e, s);
  return WAITS_FOR_NOTHING;
}

OHMIC_HOT uint32_t push_try(executor* e, step_state* s) { return s->wholes ? try_wholes(e, s) : try_runs(e, s); }
