/// The arithmetic of tiles, windows and replicas, worked out once for an image: what follows is adding differences.
#ifndef OHMIC_DATAFLOW_TILES_H
#define OHMIC_DATAFLOW_TILES_H

#include <stdbool.h>
#include <stdint.h>

#include "sw/deployment/deployment.h"

/// A tile of a step.
typedef struct {
  uint32_t image, x;
  uint32_t first;     ///< number of its first output column in the stream: image * W + x
  uint32_t sequence;  ///< tiles of this replica before it
} tile;

void tile_first(const ohmic_step*, tile*);  ///< precondition: the replica has tiles
void tile_next(const ohmic_step*, tile*);
/// Tiles of this replica in an image.
uint32_t tiles_per_image(const ohmic_step*);

/// Columns [*from, *to) of an input that a tile needs.
void window_of(const ohmic_step*, const ohmic_ring*, const ohmic_window*, const tile*, uint32_t* from, uint32_t* to);
/// Number of a tile's first column in the step's output (or, for a PUSH or a sum, input) ring.
static inline uint32_t number_in(const ohmic_ring* ring, const ohmic_step* s, const tile* t) {
  return ring->flags & OHMIC_RING_SEQUENCE ? t->sequence * s->tile_columns : t->first;
}

/// By how much words grow from tile to tile of an image: rows of 16-bit differences, one row per tile.
typedef struct {
  const uint16_t *row, *rows, *end;
  uint32_t left;     ///< tiles of the whole run
  uint32_t columns;  ///< > 0
} tile_rows;

/// Adds the row of this tile to `words`, which then belong to the next one. Returns the last.
static inline uint32_t tile_rows_add(tile_rows* t, uint32_t* words) {
  const uint16_t* row = t->row;
  uint32_t n = t->columns, word;
  do {
    word = *words + *row++;
    *words++ = word;
  } while (--n);
  t->row = row == t->end ? t->rows : row;
  --t->left;
  return word;
}

/// A place in a ring, in bytes, that goes on by the same step from tile to tile, and by another one to the next image.
typedef struct {
  uint32_t at, step, image_step, size;
} cursor;

static inline void cursor_add(cursor* c, bool to_next_image) {
  uint32_t at = c->at + (to_next_image ? c->image_step : c->step);
  if (at >= c->size) at -= c->size;
  c->at = at;
}

/// Precondition: `first` and the numbers of later tiles are those of columns of `bytes` bytes in `slots` slots.
void cursor_setup(cursor*, int32_t first, uint32_t step, uint32_t image_step, uint32_t slots, uint32_t bytes);
/// Of tiles numbered as number_in() says.
void cursor_of_tiles(cursor*, const ohmic_ring*, const ohmic_step*);

#endif
