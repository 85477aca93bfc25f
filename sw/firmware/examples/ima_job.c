/* One IMA job: a 3x3 convolution of a small map, zero padded, read by the input generator straight from L1.
 * Without weights (nobody loads any for this program) every column sum and so every code is 0: the example shows how
 * a job is described, started and awaited, and that it writes what it should and nothing else. */
#include "sw/firmware/hal/ima.h"
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

enum { width = 8, height = 8, channels = 16, outputs = 32, kernel = 3 };

int main(void) {
  if (ohmic_cluster_id() != 0) return 0;
  /* The map as [width][height][channels], then the codes as [width][height][outputs]. */
  int8_t* const map = ohmic_free_l1();
  int8_t* const codes = map + width * height * channels;
  for (int i = 0; i < width * height * channels; ++i) map[i] = (int8_t)i;
  for (int i = 0; i < width * height * outputs; ++i) codes[i] = 1;
  codes[width * height * outputs] = 77;

  ohmic_ima_t* const ima = ohmic_ima_registers();
  /* The window of a pixel: channels fastest, then kernel rows, then kernel columns. */
  ima->loop[0].count = channels, ima->loop[0].stride = 1, ima->loop[0].step = 0;
  ima->loop[1].count = kernel, ima->loop[1].stride = channels, ima->loop[1].step = ohmic_pair(0, 1);
  ima->loop[2].count = kernel, ima->loop[2].stride = height * channels, ima->loop[2].step = ohmic_pair(1, 0);
  ima->loop[3].count = 1, ima->loop[3].stride = 0, ima->loop[3].step = 0;
  /* The pixels: down a column, then to the next. */
  ima->pixel[0].count = height, ima->pixel[0].stride = channels, ima->pixel[0].step = ohmic_pair(0, 1);
  ima->pixel[1].count = width, ima->pixel[1].stride = height * channels, ima->pixel[1].step = ohmic_pair(1, 0);
  ima->ring_base = ohmic_l1_offset(map);
  ima->ring_bytes = width * height * channels;
  ima->start = (uint32_t)(-(height + 1) * channels); /* one column left of and one row above the first pixel */
  ima->origin = ohmic_pair(-1, -1);
  ima->x_range = ohmic_pair(0, width);
  ima->y_range = ohmic_pair(0, height);
  ima->row_start = 0;
  ima->adc_m = 1, ima->adc_s = 4;
  ima->groups = 1;
  ima->group[0].columns = ohmic_pair(0, outputs);
  ima->group[0].base = ohmic_l1_offset(codes);
  ima->group[0].stride0 = outputs;
  ima->group[0].stride1 = height * outputs;

  const uint32_t before = ohmic_ima_jobs_done(), start = ohmic_cycles();
  ohmic_ima_push();
  ohmic_ima_wait(before + 1);
  const uint32_t cycles = ohmic_cycles() - start;
  for (int i = 0; i < width * height * outputs; ++i) OHMIC_ASSERT(codes[i] == 0);
  OHMIC_ASSERT(codes[width * height * outputs] == 77);
  printf("%u MVMs in %u cycles\n", width * height, (unsigned)cycles);
  return 0;
}
