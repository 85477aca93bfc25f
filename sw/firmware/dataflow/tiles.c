#include "sw/firmware/dataflow/tiles.h"

static uint32_t replicas_of(const ohmic_step* s) { return s->replicas ? s->replicas : 1; }
static uint32_t first_x(const ohmic_step* s) { return s->replicas > 1 ? s->replica * s->tile_columns : 0; }

void tile_first(const ohmic_step* s, tile* t) {
  t->image = 0;
  t->x = t->first = first_x(s);
  t->sequence = 0;
}

void tile_next(const ohmic_step* s, tile* t) {
  const uint32_t advance = s->tile_columns * replicas_of(s);
  ++t->sequence;
  t->x += advance;
  t->first += advance;
  if (t->x >= s->columns_per_image) {
    ++t->image;
    t->x = first_x(s);
    t->first = t->image * s->columns_per_image + t->x;
  }
}

uint32_t tiles_per_image(const ohmic_step* s) {
  const uint32_t x = first_x(s), advance = s->tile_columns * replicas_of(s);
  return x >= s->columns_per_image ? 0 : (s->columns_per_image - x + advance - 1) / advance;
}

void window_of(const ohmic_step* s, const ohmic_ring* ring, const ohmic_window* w, const tile* t, uint32_t* from,
               uint32_t* to) {
  if (ring->flags & OHMIC_RING_SEQUENCE) {
    *from = t->sequence * s->tile_columns;
    *to = *from + s->tile_columns;
    return;
  }
  if (ring->flags & OHMIC_RING_WEIGHTS) {
    *from = t->sequence * w->stride - (uint32_t)w->pad;
    *to = *from + 1;
    return;
  }
  const uint32_t width = ring->columns_per_image, image = t->image * width;
  if (w->whole_image) {
    *from = image;
    *to = image + width;
    return;
  }
  const int32_t begin = (int32_t)(t->x * w->stride) - w->pad;
  const int32_t end = begin + (int32_t)((s->tile_columns - 1) * w->stride + w->size);
  *from = image + (begin < 0 ? 0u : (uint32_t)begin);
  *to = image + (end > (int32_t)width ? width : (uint32_t)end);
}

void cursor_setup(cursor* c, int32_t first, uint32_t step, uint32_t image_step, uint32_t slots, uint32_t bytes) {
  while (first < 0) first += (int32_t)slots;
  c->at = (uint32_t)first % slots * bytes;
  c->step = step % slots * bytes;
  c->image_step = image_step % slots * bytes;
  c->size = slots * bytes;
}

void cursor_of_tiles(cursor* c, const ohmic_ring* ring, const ohmic_step* s) {
  const uint32_t T = s->tile_columns, tiles = tiles_per_image(s), advance = T * replicas_of(s);
  if (ring->flags & OHMIC_RING_SEQUENCE)
    cursor_setup(c, 0, T, T, ring->slots, ring->column_bytes);
  else
    cursor_setup(c, (int32_t)first_x(s), advance, s->columns_per_image - (tiles - 1) * advance, ring->slots,
                 ring->column_bytes);
}
