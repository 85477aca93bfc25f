/* Drift compensation (sw/deployment/calibration.h): reads the crossbar's cells and gives every job of the deployment a
 * new ADC scale. Before the executor is set up, which copies those scales. */
#include "sw/firmware/dataflow/calibration.h"

#include "core/pulp.h"
#include "sw/firmware/hal/ima.h"
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

/* Codes of some rows, `stride` bytes apart, whose magnitudes go to the columns' sums. */
typedef struct {
  const char* codes;
  uint32_t rows, stride;
  uint32_t* sums;
} code_block;

/* Each core takes some quads of columns. */
static void add_magnitudes(void* argument) {
  const code_block* b = argument;
  const uint32_t quads = b->stride / 4, cores = ohmic_core_count();
  for (uint32_t quad = ohmic_core_id(); quad < quads; quad += cores) {
    const char* at = b->codes + 4 * quad;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    uint32_t rows = b->rows;
    do {
      const uint32_t w = pulp_abs_b(pulp_load_step(&at, (int32_t)b->stride));
      s0 = pulp_sdotup_b(s0, w, 0x00000001u);
      s1 = pulp_sdotup_b(s1, w, 0x00000100u);
      s2 = pulp_sdotup_b(s2, w, 0x00010000u);
      s3 = pulp_sdotup_b(s3, w, 0x01000000u);
    } while (--rows);
    uint32_t* sums = b->sums + 4 * quad;
    sums[0] += (uint32_t)s0;
    sums[1] += (uint32_t)s1;
    sums[2] += (uint32_t)s2;
    sums[3] += (uint32_t)s3;
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
  ima->adc_s = OHMIC_CALIBRATION_ADC_S;
  ima->groups = 1;
  ima->group[0].columns = first_column | columns << 16;
  ima->group[0].stride0 = ima->group[0].stride1 = 0;
}

/* Rows [row, row + count) of the crossbar -> codes. */
static void read_rows(uint32_t row, uint32_t count, uint32_t codes, uint32_t stride) {
  ohmic_ima_t* const ima = ohmic_ima_registers();
  const uint32_t end = ohmic_ima_jobs_done() + count;
  for (; count; --count, ++row, codes += stride) {
    while (ohmic_ima_free() == 0) ohmic_event_wait_for(OHMIC_LINE_IMA);
    ima->row_start = row;
    ima->tag = OHMIC_CALIBRATION_TAG;
    ima->group[0].base = codes;
    ohmic_ima_push();
  }
  ohmic_ima_wait(end);
}

/* The rectangle of the crossbar that a step's jobs use: its sum. */
static uint32_t sum_of(const ohmic_calibration* c, const ohmic_ima* step) {
  const uint32_t* const registers = step->registers;
  uint32_t rows = 1, columns = 0;
  for (unsigned i = 0; i < 4; ++i)
    rows *= registers[(OHMIC_IMA_LOOP_COUNT_OFFSET + i * OHMIC_IMA_LOOP_ARRAY_STRIDE) / 4];
  const uint32_t first_row = registers[OHMIC_IMA_ROW_START_OFFSET / 4];
  const uint32_t* const groups = &registers[OHMIC_IMA_GROUP_COLUMNS_OFFSET / 4];
  const uint32_t first_column = *groups & 0xFFFFu; /* the others' follow each other */
  for (uint32_t g = 0; g < registers[OHMIC_IMA_GROUPS_OFFSET / 4]; ++g)
    columns += groups[g * (OHMIC_IMA_GROUP_ARRAY_STRIDE / 4)] >> 16;

  const uint32_t stride = (columns + 3) & ~3u, input = c->scratch, sums = input + 4, codes = sums + 4 * stride;
  OHMIC_ASSERT(c->scratch_bytes >= codes + stride - c->scratch);
  const uint32_t at_once = (c->scratch_bytes - (codes - c->scratch)) / stride;
  code_block block = {ohmic_l1(codes), 0, stride, ohmic_l1(sums)};
  *(volatile int8_t*)ohmic_l1(input) = OHMIC_CALIBRATION_INPUT;
  for (uint32_t i = 0; i < stride; ++i) block.sums[i] = 0;
  program_job(input, first_column, columns);
  for (uint32_t row = 0; row < rows; row += block.rows) {
    block.rows = rows - row < at_once ? rows - row : at_once;
    read_rows(first_row + row, block.rows, codes, stride);
    ohmic_dispatch(add_magnitudes, &block);
  }
  uint32_t sum = 0;
  for (uint32_t i = 0; i < columns; ++i) sum += block.sums[i];
  return sum;
}

void calibrate(const ohmic_deployment* d, const ohmic_calibration* c) {
  const uint32_t* const steps = ohmic_l1(d->steps);
  uint32_t sum = 0;
  for (uint32_t i = 0; i < d->step_count; ++i) {
    const ohmic_ima* step = ohmic_l1(steps[i]);
    if (step->step.kind == OHMIC_STEP_IMA) sum += sum_of(c, step);
  }
  for (uint32_t i = 0; i < d->step_count; ++i) {
    ohmic_ima* step = ohmic_l1(steps[i]);
    if (step->step.kind == OHMIC_STEP_IMA)
      ohmic_compensate(&step->registers[OHMIC_IMA_ADC_M_OFFSET / 4], &step->registers[OHMIC_IMA_ADC_S_OFFSET / 4],
                       c->reference, sum);
  }
  /* The executor waits for the jobs of its own. */
  ohmic_event_clear(OHMIC_LINE_IMA);
  ohmic_cluster_control_registers()->argument[OHMIC_CALIBRATION_SUM_ARGUMENT] = sum;
}
