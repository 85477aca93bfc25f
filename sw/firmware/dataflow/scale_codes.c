/* Factors of columns (sw/deployment/calibration.h): each tile of an IMA step is scaled by the cores where its codes
 * lie, before the step's ring shows it. For the executor that is a kernel of its own between the step and the ring's
 * readers. */
#include "core/pulp.h"
#include "sw/deployment/calibration.h"
#include "sw/firmware/dataflow/executor.h"

typedef struct {
  const ohmic_ima* ima;
  const int16_t* factors;
  char* out;                        /* where L1 would begin if the tile lay in the ring's first slots */
  bool help;                        /* core 0 takes part */
  uint32_t groups, columns, chunks; /* columns of a group, in so many runs of run_columns */
} scale_job;

enum { run_columns = 32 };

static void scale_run(char* at, const int16_t* factors, uint32_t columns) {
  for (; columns >= 4; columns -= 4, at += 4, factors += 4) {
    const uint32_t codes = pulp_load(at), of_even = pulp_load(factors), of_odd = pulp_load(factors + 2);
    const uint32_t even = pulp_even_b(codes), odd = pulp_odd_b(codes);
    const int32_t half = OHMIC_FACTOR_ONE / 2;
    pulp_store(at, pulp_pack_b(pulp_clip_8(pulp_addn(pulp_mul_low(even, of_even), half, OHMIC_FACTOR_BITS)),
                               pulp_clip_8(pulp_addn(pulp_mul_low(odd, of_odd), half, OHMIC_FACTOR_BITS)),
                               pulp_clip_8(pulp_addn(pulp_mul_high(even, of_even), half, OHMIC_FACTOR_BITS)),
                               pulp_clip_8(pulp_addn(pulp_mul_high(odd, of_odd), half, OHMIC_FACTOR_BITS))));
  }
  for (uint32_t i = 0; i < columns; ++i)
    at[i] = (char)ohmic_scaled_code((int8_t)at[i], factors[ohmic_place_of_factor(i)]);
}

/* The cores share the runs of all pixels. */
static void scale_codes(void* argument) {
  const scale_job* job = argument;
  const uint32_t* const registers = job->ima->registers;
  const uint32_t idle = job->help ? 0 : 1, padded = ohmic_padded_columns(1, job->columns);
  const uint32_t inner = registers[OHMIC_IMA_PIXEL_COUNT_OFFSET / 4];
  const uint32_t outer = registers[(OHMIC_IMA_PIXEL_COUNT_OFFSET + OHMIC_IMA_PIXEL_ARRAY_STRIDE) / 4];
  const uint32_t runs = job->groups * job->chunks;
  const ohmic_range mine = ohmic_share(inner * outer * runs, ohmic_core_id() - idle, ohmic_core_count() - idle);
  for (uint32_t i = mine.begin; i < mine.end; ++i) {
    const uint32_t pixel = i / runs, run = i % runs, group = run / job->chunks;
    const uint32_t first = run % job->chunks * run_columns, left = job->columns - first;
    const uint32_t* const g = &registers[(OHMIC_IMA_GROUP_BASE_OFFSET + group * OHMIC_IMA_GROUP_ARRAY_STRIDE) / 4];
    /* base, stride along the inner and the outer pixels */
    char* at = job->out + g[0] + pixel % inner * g[1] + pixel / inner * g[2] + first;
    scale_run(at, job->factors + group * padded + first, left < run_columns ? left : run_columns);
  }
}

static uint32_t try_scale(executor* e, step_state* s) {
  if (e->kernel) return WAITS_FOR_NOTHING;
  if (step_behind(s)) return s->at->waits_for;
  scale_job* const job = s->scale;
  job->out = (char*)l1_at(0) + s->output.at;
  e->kernel = s;
  kernel_begin(scale_codes, job, s->stage, job->help);
  cursor_add(&s->output, step_started(s));
  if (job->help) kernel_help(scale_codes, job);
  return WAITS_FOR_NOTHING;
}

/* A tile of the IMA step has to have ended; its own has no other need. */
static void setup_rows_of(executor* e, step_state* s) {
  const uint32_t tiles = tiles_per_image(s->step);
  const ohmic_ring* ring = s->output_ring->ring;
  uint16_t* rows = executor_allocate(e, tiles * sizeof *rows, 4);
  s->needs = executor_allocate(e, 4, 4);
  s->holds = executor_allocate(e, 4, 4);
  const tile_rows all = {rows, rows, rows + tiles, e->images * tiles, 1};
  s->starts = s->ends = all;
  tile t;
  tile_first(s->step, &t);
  uint32_t number = number_in(ring, s->step, &t);
  *s->holds = number;
  *s->needs = number + s->step->tile_columns;
  for (uint32_t k = 0; k < tiles; ++k) {
    tile_next(s->step, &t);
    *rows++ = (uint16_t)(number_in(ring, s->step, &t) - number);
    number = number_in(ring, s->step, &t);
  }
}

static void add_scale(executor* e, step_state* ima, const int16_t* factors, uint32_t groups, uint32_t columns) {
  static uint32_t never[2] = {0, 1};
  step_state* s = executor_allocate(e, sizeof *s, sizeof(void*));
  scale_job* job = executor_allocate(e, sizeof *job, sizeof(void*));
  condition* conditions = executor_allocate(e, 2 * sizeof *conditions, sizeof(void*));
  *job = (scale_job){.ima = (const ohmic_ima*)ima->step,
                     .factors = factors,
                     .help = ohmic_core_count() < 8,
                     .groups = groups,
                     .columns = columns,
                     .chunks = (columns + run_columns - 1) / run_columns};
  *s = (step_state){.step = ima->step, .kind = STEP_SCALE, .try = try_scale, .output_ring = ima->output_ring};
  s->scale = job;
  s->stage = ima->step->stage;
  s->bit = ima->bit;
  s->next_of_bit = ima->next_of_bit;
  ima->next_of_bit = s;
  setup_rows_of(e, s);
  cursor_of_tiles(&s->output, s->output_ring->ring, s->step);
  conditions[0] = (condition){&never[0], &never[1], WAITS_FOR_NOTHING};
  conditions[1] = (condition){&s->unread, s->needs, WAITS_FOR_NOTHING};
  s->conditions = s->at = conditions + 1;
  s->conditions_end = conditions + 2;
  if (s->starts.left == 0) s->at = s->conditions - 1;
  /* The ring shows what this step has done; the IMA's frontier is its own affair. */
  s->produced = ima->produced;
  s->unread = *ima->produced;
  ima->produced = &s->unread;
  s->wakes = ima->wakes;
  ima->wakes |= s->bit;
  e->kernel_steps |= s->bit;
  ++e->unfinished;
  ++e->waits_for[WAITS_FOR_NOTHING];
}

void scales_setup(executor* e, const int16_t* factors) {
  for (step_state* s = e->steps; s != e->steps_end; ++s) {
    if (s->kind != OHMIC_STEP_IMA) continue;
    const ohmic_ima* ima = (const ohmic_ima*)s->step;
    const uint32_t columns = ima->registers[OHMIC_IMA_GROUP_COLUMNS_OFFSET / 4] >> 16;
    const uint32_t groups = ima->registers[OHMIC_IMA_GROUPS_OFFSET / 4];
    if (tiles_per_image(s->step)) add_scale(e, s, factors, groups, columns);
    factors += ohmic_padded_columns(groups, columns);
  }
}
