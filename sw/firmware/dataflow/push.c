/* PUSH: a tile to all its destinations as one descriptor chain, each destination's frontier behind its data. */
#include "sw/firmware/dataflow/executor.h"

static uint64_t whole(ohmic_address a) { return (uint64_t)a.hi << 32 | a.lo; }

/* Whether the consumer's replica needs column x: the rule of ohmic_destination. */
static bool selects(const ohmic_destination* d) { return d->want_replicas > 1 && !d->sequence; }
static bool wants(const ohmic_destination* d, int32_t x) {
  if (!selects(d)) return true;
  const int32_t stride = (int32_t)d->want_stride, low = x + d->want_pad - (int32_t)d->want_size + 1;
  int32_t out = low <= 0 ? 0 : (low + stride - 1) / stride;
  int32_t last = (x + d->want_pad) / stride;
  if (last >= (int32_t)d->want_columns) last = (int32_t)d->want_columns - 1;
  for (; out <= last; ++out)
    if ((uint32_t)out / d->want_tile % d->want_replicas == d->want_replica) return true;
  return false;
}

static uint32_t destination_slot(const destination_state* d, uint32_t n) {
  return d->to->dst_slots == 0 ? n : d->slot_mask ? (n & d->slot_mask) : n % d->to->dst_slots;
}

static void aim(ohmic_dma_descriptor* run, const destination_state* d, uint32_t from, uint32_t place) {
  const uint32_t lo = d->to->dst.lo + place;
  run->src_lo = from + d->to->src_offset;
  run->dst_lo = lo;
  run->src_dst_hi = (d->to->dst.hi + (lo < place)) << 16;
}

/* How a run of `count` columns is copied. */
static void shape(ohmic_dma_descriptor* run, const destination_state* d, uint32_t count) {
  const ohmic_destination* to = d->to;
  run->bytes = to->run_bytes;
  if (to->rows > 1) {
    run->flags = count > 1 ? 3u : 2u;
    run->counts = to->rows | count << 16;
  } else if (d->contiguous || count == 1) {
    run->flags = 1u;
    run->bytes *= count;
  } else {
    run->flags = 2u;
    run->counts = count;
  }
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
  d->slot_mask = to->dst_slots && (to->dst_slots & (to->dst_slots - 1)) == 0 ? to->dst_slots - 1 : 0;
  d->contiguous = to->rows == 1 && to->run_bytes == ring->column_bytes && to->run_bytes == to->dst_column_bytes;
  uint32_t most_runs = selects(to) ? (T + 1) / 2 : 1;
  /* One more where a tile may cross the end of the destination's ring. */
  if (to->dst_slots % T) most_runs += 1 + T / (to->dst_slots ? to->dst_slots : 1);
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
    shape(run, d, T);
  }
}

/* Every tile is one run, and its addresses stay below 4 GiB. */
static bool takes_wholes(const step_state* s, const ohmic_destination* to) {
  return !selects(to) && to->dst_slots % s->step->tile_columns == 0 &&
         (to->dst_slots == 0 || to->dst.lo + to->dst_slots * to->dst_column_bytes >= to->dst.lo);
}

/* One chain, in which addresses and frontiers change. */
static void setup_wholes(executor* e, step_state* s) {
  const uint32_t T = s->step->tile_columns;
  whole_destination* w = executor_allocate(e, s->destination_count * sizeof *w, sizeof(void*));
  s->wholes = s->at_whole = w;
  s->wholes_end = w + s->destination_count;
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
    w->run->src_dst_hi = to->dst.hi << 16;
    if (to->produced.lo != OHMIC_NONE) w->run->flags |= DMA_NOTIFY;
    if (w + 1 != s->wholes_end) {
      w->run->next = l1_offset_of(d[1].runs);
    } else {
      w->run->next = DMA_CHAIN_END;
      w->run->flags |= DMA_EVENT;
    }
  }
}

/* The next column behind tile t that this replica owes the destination, counted from the tile's first. */
static uint32_t next_owed(const step_state* s, const ohmic_destination* d, tile t) {
  const uint32_t first = t.first, T = s->step->tile_columns;
  for (;;) { /* it wants something of tile t, so of that tile of the next image at the latest */
    tile_next(s->step, &t);
    for (uint32_t i = 0; i < T; ++i)
      if (wants(d, (int32_t)(t.x + i))) return t.first + i - first;
  }
}

typedef struct {
  push_part* parts;  ///< 0: only counts
  push_run* runs;
  uint32_t part_count, run_count;
} push_plan;

/* The parts of tile t. */
static void plan_tile(const step_state* s, const tile* t, push_plan* plan) {
  const uint32_t T = s->step->tile_columns;
  for (uint32_t i = 0; i < s->destination_count; ++i) {
    const ohmic_destination* to = s->destinations[i].to;
    push_part part = {(uint16_t)i, 0, 0, 0};
    for (uint32_t c = 0; c < T;) {
      if (!wants(to, (int32_t)(t->x + c))) {
        ++c;
        continue;
      }
      uint32_t count = 1;
      while (c + count < T && wants(to, (int32_t)(t->x + c + count))) ++count;
      if (plan->parts) plan->runs[plan->run_count] = (push_run){(uint16_t)c, (uint16_t)count};
      ++plan->run_count;
      ++part.runs;
      c += count;
      part.end = (uint16_t)c;
    }
    if (part.runs == 0) continue;
    if (selects(to)) part.owed = (uint16_t)next_owed(s, to, *t);
    if (plan->parts) plan->parts[plan->part_count] = part;
    ++plan->part_count;
  }
}

static void plan_tiles(executor* e, step_state* s, uint32_t tiles) {
  tile t;
  push_plan count = {0, 0, 0, 0};
  tile_first(s->step, &t);
  for (uint32_t k = 0; k < tiles; ++k, tile_next(s->step, &t)) plan_tile(s, &t, &count);
  push_plan plan = {executor_allocate(e, count.part_count * sizeof *plan.parts, sizeof(uint32_t)),
                    executor_allocate(e, count.run_count * sizeof *plan.runs, sizeof(uint32_t)), 0, 0};
  push_tile* of_tile = executor_allocate(e, tiles * sizeof *of_tile, sizeof(void*));
  s->push_tiles = of_tile;
  s->push_tiles_end = of_tile + tiles;
  tile_first(s->step, &t);
  for (uint32_t k = 0; k < tiles; ++k, tile_next(s->step, &t), ++of_tile) {
    of_tile->parts = plan.parts + plan.part_count;
    of_tile->runs = plan.runs + plan.run_count;
    plan_tile(s, &t, &plan);
    of_tile->end = plan.parts + plan.part_count;
  }
  s->push_tile = s->push_tiles;
  s->part = s->push_tile->parts;
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
  s->channel = push->dma_channel;
  s->destination_count = push->destination_count;
  s->source = OHMIC_OWN_L1_BASE + s->inputs[0].ring->ring->base;
  s->destinations = executor_allocate(e, s->destination_count * sizeof *s->destinations, sizeof(void*));
  bool some_select = false, wholes = s->destination_count > 0;
  for (uint32_t i = 0; i < s->destination_count; ++i) {
    setup_destination(e, s, &s->destinations[i], &to[i]);
    some_select |= selects(&to[i]);
    wholes &= takes_wholes(s, &to[i]);
  }
  if (wholes)
    setup_wholes(e, s);
  else
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
  ohmic_dma_descriptor* const first = w->run;
  s->at_whole = w;
  do {
    ohmic_dma_descriptor* run = w->run;
    run->src_lo = w->source + from;
    run->dst_lo = w->target + w->place.at;
    w->number += next_image ? w->number_image_step : w->number_step;
    run->notify_value = w->number;
    cursor_add(&w->place, next_image);
  } while (++w != end);
  dma_start(s->channel, first);
  executor_occupy_channel(e, s);
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

static bool parts_have_room(step_state* s) {
  const push_part *part = s->part, *const end = s->push_tile->end;
  for (; part != end; ++part) {
    const destination_state* d = &s->destinations[part->destination];
    if ((int32_t)(*d->released + d->slots - s->numbers[d->sequence] - part->end) < 0) {
      s->part = part;
      return false;
    }
  }
  return true;
}

/* False: nobody wants anything of it. */
static OHMIC_HOT bool start_parts(step_state* s, uint32_t from, const uint32_t* next) {
  const uint32_t column_bytes = s->inputs[0].ring->ring->column_bytes;
  const push_run* piece = s->push_tile->runs;
  ohmic_dma_descriptor *first = 0, *last = 0;
  for (const push_part *part = s->push_tile->parts, *const end = s->push_tile->end; part != end; ++part) {
    const destination_state* d = &s->destinations[part->destination];
    const uint32_t number = s->numbers[d->sequence];
    ohmic_dma_descriptor* run = d->runs;
    for (uint32_t runs = part->runs; runs; --runs, ++piece) {
      uint32_t column = piece->column, left = piece->count;
      do {
        const uint32_t slot = destination_slot(d, number + column);
        uint32_t count = left;
        if (d->slots && count > d->slots - slot) count = d->slots - slot;
        shape(run, d, count);
        aim(run, d, from + column * column_bytes, slot * d->to->dst_column_bytes);
        if (last)
          last->next = l1_offset_of(run);
        else
          first = run;
        last = run++;
        column += count;
        left -= count;
      } while (left);
    }
    if (d->to->produced.lo != OHMIC_NONE) {
      last->flags |= DMA_NOTIFY;
      last->notify_value = part->owed ? number + part->owed : next[d->sequence];
    }
  }
  if (last == 0) return false;
  last->next = DMA_CHAIN_END;
  last->flags |= DMA_EVENT;
  dma_start(s->channel, first);
  return true;
}

static OHMIC_HOT __attribute__((noinline)) uint32_t try_parts(executor* e, step_state* s) {
  if (!parts_have_room(s)) return WAITS_FOR_ROOM;
  const uint32_t from = s->source + s->input.at;
  const bool next_image = step_started(s);
  const uint32_t next[2] = {s->numbers[0] + (next_image ? s->number_image_step : s->number_step)[0],
                            s->numbers[1] + s->number_step[1]};
  const bool started = start_parts(s, from, next);
  s->numbers[0] = next[0];
  s->numbers[1] = next[1];
  cursor_add(&s->input, next_image);
  if (++s->push_tile == s->push_tiles_end) s->push_tile = s->push_tiles;
  s->part = s->push_tile->parts;
  if (started)
    executor_occupy_channel(e, s);
  else
    executor_pass(e, s);
  return WAITS_FOR_NOTHING;
}

OHMIC_HOT uint32_t push_try(executor* e, step_state* s) { return s->wholes ? try_wholes(e, s) : try_parts(e, s); }
