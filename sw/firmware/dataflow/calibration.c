/* Drift compensation (sw/deployment/calibration.h): reads the crossbar's cells and gives every job of the deployment a
 * new ADC scale. Before the executor is set up, which copies those scales. */
#include "sw/firmware/dataflow/calibration.h"

#include "core/pulp.h"
#include "sw/firmware/hal/ima.h"
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

/* Codes of some rows, `stride` bytes apart, whose magnitudes go to the columns' sums: all rows of a read one after
 * another, reads in the order of their tags. */
typedef struct {
  const char* codes;
  uint32_t rows, stride, reads;
  uint32_t* sums;
} code_block;

/* Each core takes some quads of columns. */
static void add_magnitudes(void* argument) {
  const code_block* b = argument;
  const uint32_t quads = b->stride / 4, cores = ohmic_core_count(), reads = b->reads;
  const int32_t next_read = (int32_t)(b->rows * b->stride);
  for (uint32_t quad = ohmic_core_id(); quad < quads; quad += cores) {
    const char* row = b->codes + 4 * quad;
    uint32_t sums[4] = {0, 0, 0, 0};
    for (uint32_t rows = b->rows; rows; --rows, row += b->stride) {
      const char* at = row;
      int32_t fine[4] = {0, 0, 0, 0}, coarse[4] = {0, 0, 0, 0};
      uint32_t left = reads;
      do {
        const uint32_t f = pulp_load_step(&at, next_read), c = pulp_load_step(&at, next_read);
#pragma clang loop unroll(full)
        for (unsigned i = 0; i < 4; ++i) {
          fine[i] = pulp_sdotsp_b(fine[i], f, 1u << 8 * i);
          coarse[i] = pulp_sdotsp_b(coarse[i], c, 1u << 8 * i);
        }
      } while (--left);
#pragma clang loop unroll(full)
      for (unsigned i = 0; i < 4; ++i) sums[i] += ohmic_magnitude(fine[i], coarse[i], reads);
    }
#pragma clang loop unroll(full)
    for (unsigned i = 0; i < 4; ++i) b->sums[4 * quad + i] += sums[i];
  }
}

/* A job of one MVM, whose only input is the byte at `input`. */
static void program_job(uint32_t input, uint32_t first_column, uint32_t columns) {
  ohmic_ima_t* const ima = ohmic_ima_registers();
  for (unsigned i = 0; i < 4; ++i) ima->loop[i].count = 1, ima->loop[i].stride = 0, ima->loop[i].step = 0;
  for (unsigned i = 0; i < 2; ++i) ima->pixel[i].count = 1, ima->pixel[i].stride = 0, ima->pixel[i].step = 0;
  ima->ring_base = 0;
  ima->ring_bytes = 0;
  ima->start = input;
  ima->origin = 0;
  ima->x_range = ima->y_range = ohmic_pair(0, 1);
  ima->adc_m = OHMIC_CALIBRATION_ADC_M;
  ima->groups = 1;
  ima->group[0].columns = first_column | columns << 16;
  ima->group[0].stride0 = ima->group[0].stride1 = 0;
}

/* One read of rows [row, row + count) of the crossbar -> codes. */
static void read_rows(uint32_t tag, uint32_t row, uint32_t count, uint32_t codes, uint32_t stride) {
  ohmic_ima_t* const ima = ohmic_ima_registers();
  ima->adc_s =
      (tag - OHMIC_CALIBRATION_TAG) % OHMIC_CALIBRATION_SCALES ? OHMIC_CALIBRATION_COARSE_S : OHMIC_CALIBRATION_FINE_S;
  for (; count; --count, ++row, codes += stride) {
    while (ohmic_ima_free() == 0) ohmic_event_wait_for(OHMIC_LINE_IMA);
    ima->row_start = row;
    ima->tag = tag; /* a push counts it up */
    ima->group[0].base = codes;
    ohmic_ima_push();
  }
}

/* The rectangle of the crossbar that a step's jobs use. */
typedef struct {
  uint32_t first_row, rows, first_column, columns;
  uint32_t groups, of_group; /* columns, which follow those of the group before */
} rectangle;

static rectangle rectangle_of(const ohmic_ima* step) {
  const uint32_t* const registers = step->registers;
  const uint32_t first_group = registers[OHMIC_IMA_GROUP_COLUMNS_OFFSET / 4];
  rectangle r = {registers[OHMIC_IMA_ROW_START_OFFSET / 4],
                 1,
                 first_group & 0xFFFFu,
                 0,
                 registers[OHMIC_IMA_GROUPS_OFFSET / 4],
                 first_group >> 16};
  for (unsigned i = 0; i < 4; ++i)
    r.rows *= registers[(OHMIC_IMA_LOOP_COUNT_OFFSET + i * OHMIC_IMA_LOOP_ARRAY_STRIDE) / 4];
  r.columns = r.groups * r.of_group;
  return r;
}

/* Adds what the columns of a rectangle give to their sums; `codes` is free up to `end`. As many columns at a time as
 * there is room for the reads of a row. */
static void read_rectangle(const ohmic_calibration* c, const rectangle* r, uint32_t* sums, uint32_t codes,
                           uint32_t end) {
  const uint32_t reads = OHMIC_CALIBRATION_SCALES * c->reads, most = (end - codes) / reads & ~3u;
  OHMIC_ASSERT(most != 0);
  for (uint32_t column = 0, columns; column < r->columns; column += columns) {
    columns = r->columns - column < most ? r->columns - column : most;
    const uint32_t stride = (columns + 3) & ~3u, at_once = most / stride;
    code_block block = {ohmic_l1(codes), 0, stride, c->reads, sums + column};
    program_job(c->scratch, r->first_column + column, columns);
    for (uint32_t row = 0; row < r->rows; row += block.rows) {
      block.rows = r->rows - row < at_once ? r->rows - row : at_once;
      const uint32_t end_of_jobs = ohmic_ima_jobs_done() + reads * block.rows;
      for (uint32_t read = 0; read < reads; ++read)
        read_rows(OHMIC_CALIBRATION_TAG + read, r->first_row + row, block.rows, codes + read * block.rows * stride,
                  stride);
      ohmic_ima_wait(end_of_jobs);
      ohmic_dispatch(add_magnitudes, &block);
    }
  }
}

/* Factors of a rectangle's columns. */
typedef struct {
  const rectangle* r;
  const uint32_t *sums, *references;
  int16_t* factors;
  uint32_t inverse;
} factor_block;

static void make_factors(void* argument) {
  const factor_block* b = argument;
  const uint32_t of_group = b->r->of_group, padded = ohmic_padded_columns(1, of_group);
  const ohmic_range mine = ohmic_share(b->r->columns, ohmic_core_id(), ohmic_core_count());
  for (uint32_t i = mine.begin; i < mine.end; ++i) {
    const uint32_t at = i / of_group * padded, column = i % of_group;
    b->factors[at + ohmic_place_of_factor(column)] =
        (int16_t)ohmic_factor(b->references[at + column], b->sums[i], b->inverse);
  }
}

static const ohmic_ima* ima_step(const ohmic_deployment* d, uint32_t i) {
  const ohmic_ima* step = ohmic_l1(((const uint32_t*)ohmic_l1(d->steps))[i]);
  return step->step.kind == OHMIC_STEP_IMA ? step : 0;
}

void calibrate(const ohmic_deployment* d, const ohmic_calibration* c) {
  /* In scratch: the input, sums of all columns, codes. */
  uint32_t* const sums = ohmic_l1(c->scratch + 4);
  uint32_t words = 0, sum = 0;
  for (uint32_t i = 0; i < d->step_count; ++i)
    if (ima_step(d, i)) words += (rectangle_of(ima_step(d, i)).columns + 3) & ~3u;
  const uint32_t codes = c->scratch + 4 + 4 * words, end = c->scratch + c->scratch_bytes;
  OHMIC_ASSERT(codes <= end);
  *(volatile int8_t*)ohmic_l1(c->scratch) = OHMIC_CALIBRATION_INPUT;
  for (uint32_t i = 0; i < words; ++i) sums[i] = 0;
  uint32_t* own = sums;
  for (uint32_t i = 0; i < d->step_count; ++i) {
    if (!ima_step(d, i)) continue;
    const rectangle r = rectangle_of(ima_step(d, i));
    read_rectangle(c, &r, own, codes, end);
    for (uint32_t k = 0; k < r.columns; ++k) sum += own[k];
    own += (r.columns + 3) & ~3u;
  }
  const uint32_t inverse = ohmic_ratio(sum, c->reference);
  const uint32_t* references = ohmic_l1(c->column_references);
  int16_t* factors = ohmic_l1(c->factors);
  own = sums;
  for (uint32_t i = 0; i < d->step_count; ++i) {
    if (!ima_step(d, i)) continue;
    ohmic_ima* const step = (ohmic_ima*)ima_step(d, i);
    ohmic_compensate(&step->registers[OHMIC_IMA_ADC_M_OFFSET / 4], &step->registers[OHMIC_IMA_ADC_S_OFFSET / 4],
                     c->reference, sum);
    if (c->factors == 0) continue;
    const rectangle r = rectangle_of(step);
    factor_block block = {&r, own, references, factors, inverse};
    ohmic_dispatch(make_factors, &block);
    own += (r.columns + 3) & ~3u;
    references += ohmic_padded_columns(r.groups, r.of_group);
    factors += ohmic_padded_columns(r.groups, r.of_group);
  }
  /* The executor waits for the jobs of its own. */
  ohmic_event_clear(OHMIC_LINE_IMA);
  ohmic_cluster_control_registers()->argument[OHMIC_CALIBRATION_SUM_ARGUMENT] = sum;
}
