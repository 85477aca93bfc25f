/* PUSH: a tile to all its destinations as one descriptor chain, each destination's frontier behind its data. */
#include "sw/firmware/dataflow/executor.h"

static uint64_t whole(ohmic_address a) { return (uint64_t)a.hi << 32 | a.lo; }

static bool wants(const destination_state* d, uint32_t x) {
  return d->wanted == 0 || (d->wanted[x / 32] >> (x % 32) & 1u);
}

/* Whether the consumer's replica needs column x: the rule of ohmic_destination. */
static bool wanted_by_rule(const ohmic_destination* d, int32_t x) {
  const int32_t stride = (int32_t)d->want_stride, low = x + d->want_pad - (int32_t)d->want_size + 1;
  int32_t out = low <= 0 ? 0 : (low + stride - 1) / stride;
  int32_t last = (x + d->want_pad) / stride;
  if (last >= (int32_t)d->want_columns) last = (int32_t)d->want_columns - 1;
  for (; out <= last; ++out)
    if ((uint32_t)out / d->want_tile % d->want_replicas == d->want_replica) return true;
  return false;
}

/* The next column (from tile t on) that this replica owes the destination, in the destination's numbering. */
static uint32_t next_owed(const executor* e, const step_state* s, const destination_state* d, tile t) {
  if (d->to->sequence) return t.sequence * s->T;
  if (d->wanted == 0) return t.first;
  for (; !tile_is_last(e, &t); tile_next(e, s, &t))
    for (uint32_t i = 0; i < s->T; ++i)
      if (wants(d, t.x + i)) return t.first + i;
  return e->images * s->W;
}

static uint32_t destination_slot(const destination_state* d, uint32_t n) {
  return d->to->dst_slots == 0 ? n : d->slot_mask ? (n & d->slot_mask) : n % d->to->dst_slots;
}

/* One run of `count` columns from column n (in the destination's numbering), which lie in the source from `from` on. */
static void fill(ohmic_dma_descriptor* run, const destination_state* d, uint32_t from, uint32_t n, uint32_t count) {
  const ohmic_destination* to = d->to;
  const uint64_t dst = whole(to->dst) + (uint64_t)destination_slot(d, n) * to->dst_column_bytes;
  run->src_lo = OHMIC_OWN_L1_BASE + from + to->src_offset;
  run->dst_lo = (uint32_t)dst;
  run->src_dst_hi = (uint32_t)(dst >> 32) << 16;
  if (to->rows > 1) {
    run->flags = count > 1 ? 3u : 2u;
    run->bytes = to->run_bytes;
    run->counts = to->rows | count << 16;
  } else if (d->contiguous || count == 1) {
    run->flags = 1u;
    run->bytes = count * to->run_bytes;
  } else {
    run->flags = 2u;
    run->counts = count;
    run->bytes = to->run_bytes;
  }
}

void push_setup(executor* e, step_state* s, const ohmic_push* push) {
  const ohmic_destination* to = l1_at(push->destinations);
  s->channel = push->dma_channel;
  s->destination_count = push->destination_count;
  s->destinations = executor_allocate(e, s->destination_count * sizeof *s->destinations, sizeof(void*));
  for (uint32_t i = 0; i < s->destination_count; ++i, ++to) {
    destination_state* d = &s->destinations[i];
    d->to = to;
    d->released = to->released == OHMIC_NONE ? 0 : (volatile uint32_t*)l1_at(e->deployment->frontiers) + to->released;
    d->slot_mask = to->dst_slots && (to->dst_slots & (to->dst_slots - 1)) == 0 ? to->dst_slots - 1 : 0;
    d->contiguous = to->rows == 1 && to->run_bytes == s->inputs[0].ring->ring->column_bytes &&
                    to->run_bytes == to->dst_column_bytes;
    d->wanted = 0;
    uint32_t most_runs = 1;
    if (to->want_replicas > 1 && !to->sequence) {
      const uint32_t words = (s->W + 31) / 32;
      d->wanted = executor_allocate(e, words * 4, 4);
      for (uint32_t w = 0; w < words; ++w) d->wanted[w] = 0;
      for (uint32_t x = 0; x < s->W; ++x)
        if (wanted_by_rule(to, (int32_t)x)) d->wanted[x / 32] |= 1u << x % 32;
      most_runs = (s->T + 1) / 2;
    }
    /* One more where a tile may cross the end of the destination's ring. */
    if (to->dst_slots % s->T) most_runs += 1 + s->T / (to->dst_slots ? to->dst_slots : 1);
    d->runs = executor_allocate(e, most_runs * sizeof *d->runs, 64);
    for (uint32_t r = 0; r < most_runs; ++r) {
      ohmic_dma_descriptor* run = &d->runs[r];
      *run = ohmic_dma_copy(0, 0, to->run_bytes);
      if (to->rows > 1) {
        run->src_stride1 = (int32_t)to->src_pitch;
        run->dst_stride1 = (int32_t)to->dst_pitch;
        run->src_stride2 = (int32_t)s->inputs[0].ring->ring->column_bytes;
        run->dst_stride2 = (int32_t)to->dst_column_bytes;
      } else {
        run->src_stride1 = (int32_t)s->inputs[0].ring->ring->column_bytes;
        run->dst_stride1 = (int32_t)to->dst_column_bytes;
      }
      if (to->produced.lo != OHMIC_NONE) {
        ohmic_dma_notify(run, whole(to->produced), 0, whole(to->doorbell));
        run->flags &= ~(uint32_t)DMA_NOTIFY; /* set again on the last run of a tile */
      }
    }
  }
  s->uniform = s->destination_count > 0; /* without any there is no chain: a tile ends when it could start */
  for (uint32_t i = 0; i < s->destination_count; ++i) {
    const destination_state* d = &s->destinations[i];
    s->uniform &= d->wanted == 0 && d->to->dst_slots % s->T == 0;
  }
  if (!s->uniform) return;
  for (uint32_t i = 0; i < s->destination_count; ++i) {
    const destination_state* d = &s->destinations[i];
    fill(d->runs, d, 0, 0, s->T);
    if (d->to->produced.lo != OHMIC_NONE) d->runs->flags |= DMA_NOTIFY;
    if (i + 1 < s->destination_count) {
      d->runs->next = l1_offset_of(s->destinations[i + 1].runs);
    } else {
      d->runs->next = DMA_CHAIN_END;
      d->runs->flags |= DMA_EVENT;
    }
  }
}

void push_prepare(executor* e, step_state* s) {
  const tile* t = &s->start;
  if (tile_is_last(e, t)) return;
  for (uint32_t i = 0; i < s->destination_count; ++i) {
    destination_state* d = &s->destinations[i];
    if (d->to->sequence) {
      d->limit = (t->sequence + 1) * s->T;
      continue;
    }
    uint32_t end = s->T;
    while (end && !wants(d, t->x + end - 1)) --end;
    d->limit = end ? t->first + end : 0;
  }
}

bool push_has_room(step_state* s) {
  const destination_state *d = s->destinations, *const end = d + s->destination_count;
  for (; d != end; ++d) {
    const uint32_t least = d->limit - d->to->dst_slots;
    if (d->released && (int32_t)(*d->released - least) < 0) {
      s->blocker = d->released;
      s->blocked_below = least;
      return false;
    }
  }
  return true;
}

static void start_uniform(const executor* e, step_state* s, uint32_t from) {
  tile after = s->start;
  tile_next(e, s, &after);
  for (const destination_state *d = s->destinations, *const end = d + s->destination_count; d != end; ++d) {
    const ohmic_destination* to = d->to;
    const bool sequence = to->sequence != 0;
    const uint32_t n = sequence ? s->start.sequence * s->T : s->start.first;
    const uint64_t dst = whole(to->dst) + (uint64_t)destination_slot(d, n) * to->dst_column_bytes;
    d->runs->src_lo = OHMIC_OWN_L1_BASE + from + to->src_offset;
    d->runs->dst_lo = (uint32_t)dst;
    d->runs->src_dst_hi = (uint32_t)(dst >> 32) << 16;
    d->runs->notify_value = sequence ? after.sequence * s->T : after.first;
  }
  dma_start(s->channel, s->destinations->runs);
}

bool push_start(executor* e, step_state* s) {
  const tile* t = &s->start;
  const ring_state* ring = s->inputs[0].ring;
  const uint32_t column_bytes = ring->ring->column_bytes;
  const uint32_t from = ring->ring->base + slot_of(ring, number_in(ring, s, t)) * column_bytes;
  if (s->uniform) {
    start_uniform(e, s, from);
    return true;
  }
  tile after = *t;
  tile_next(e, s, &after);
  ohmic_dma_descriptor *first = 0, *last = 0;
  for (uint32_t i = 0; i < s->destination_count; ++i) {
    const destination_state* d = &s->destinations[i];
    if (d->limit == 0) continue;
    ohmic_dma_descriptor* run = d->runs;
    const uint32_t number = d->to->sequence ? t->sequence * s->T : t->first;
    for (uint32_t c = 0; c < s->T;) {
      uint32_t count = s->T - c;
      if (d->wanted) {
        if (!wants(d, t->x + c)) {
          ++c;
          continue;
        }
        count = 1;
        while (c + count < s->T && wants(d, t->x + c + count)) ++count;
      }
      if (d->to->dst_slots) {
        const uint32_t room = d->to->dst_slots - destination_slot(d, number + c);
        if (count > room) count = room;
      }
      fill(run, d, from + c * column_bytes, number + c, count);
      if (last)
        last->next = l1_offset_of(run);
      else
        first = run;
      last = run++;
      c += count;
    }
    if (d->to->produced.lo != OHMIC_NONE) {
      last->flags |= DMA_NOTIFY;
      last->notify_value = next_owed(e, s, d, after);
    }
  }
  if (last == 0) return false;
  last->next = DMA_CHAIN_END;
  last->flags |= DMA_EVENT;
  dma_start(s->channel, first);
  return true;
}
