/* The arithmetic of tiles, windows and replicas. */
#include "sw/firmware/dataflow/executor.h"

void tile_first(const executor* e, const step_state* s, tile* t) {
  t->image = 0;
  t->x = s->step->replicas > 1 ? s->step->replica * s->T : 0;
  t->first = t->x;
  t->sequence = 0;
  if (t->x >= s->W) { /* more replicas than tiles: this one has none */
    t->image = e->images;
    t->x = 0;
    t->first = e->images * s->W;
  }
}

void tile_next(const executor* e, const step_state* s, tile* t) {
  ++t->sequence;
  t->x += s->advance;
  t->first += s->advance;
  if (t->x >= s->W) {
    ++t->image;
    t->x = s->step->replicas > 1 ? s->step->replica * s->T : 0;
    t->first = t->image * s->W + t->x;
  }
}

void window_of(const step_state* s, const input_state* in, const tile* t, uint32_t* from, uint32_t* to) {
  const ohmic_ring* ring = in->ring->ring;
  if (ring->flags & OHMIC_RING_SEQUENCE) {
    *from = t->sequence * s->T;
    *to = *from + s->T;
    return;
  }
  const uint32_t width = ring->columns_per_image, image = t->image * width;
  if (in->window->whole_image) {
    *from = image;
    *to = image + width;
    return;
  }
  const int32_t begin = (int32_t)(t->x * in->window->stride) - in->window->pad;
  const int32_t end = begin + (int32_t)((s->T - 1) * in->window->stride + in->window->size);
  *from = image + (begin < 0 ? 0u : (uint32_t)begin);
  *to = image + (end > (int32_t)width ? width : (uint32_t)end);
}
