/* One IMA job: a 3x3 convolution of a small map, zero padded, read by the input generator straight from L1.
 * Weights are put into the crossbar before reset: run it with --crossbar 0=build/release/firmware/ima_job.weights. The
 * program knows how they were made and checks every code. Without them every column sum and so every code is 0. */
#include "sw/firmware/hal/ima.h"
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

enum { width = 8, height = 8, channels = 16, outputs = 32, kernel = 3 };

/* As in the file of weights (sw/firmware/CMakeLists.txt). */
static int weight(int row, int column) { return (row * 7 + column * 3) % 15 - 7; }

/* The code of one output of one pixel. */
static int expected(const int8_t* map, int x, int y, int output) {
  int sum = 0, row = 0;
  for (int dx = -1; dx <= 1; ++dx)
    for (int dy = -1; dy <= 1; ++dy)
      for (int c = 0; c < channels; ++c, ++row)
        if (x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height)
          sum += map[((x + dx) * height + y + dy) * channels + c] * weight(row, output);
  const int code = (sum + 128) >> 8;
  return code < -128 ? -128 : code > 127 ? 127 : code;
}

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
  ima->adc_m = 1, ima->adc_s = 8;
  ima->groups = 1;
  ima->group[0].columns = ohmic_pair(0, outputs);
  ima->group[0].base = ohmic_l1_offset(codes);
  ima->group[0].stride0 = outputs;
  ima->group[0].stride1 = height * outputs;

  const uint32_t before = ohmic_ima_jobs_done(), start = ohmic_cycles();
  ohmic_ima_push();
  ohmic_ima_wait(before + 1);
  const uint32_t cycles = ohmic_cycles() - start;
  int weights = 0;
  for (int i = 0; i < width * height * outputs; ++i) weights |= codes[i];
  for (int x = 0; x < width; ++x)
    for (int y = 0; y < height; ++y)
      for (int o = 0; o < outputs; ++o)
        OHMIC_ASSERT(codes[(x * height + y) * outputs + o] == (weights ? expected(map, x, y, o) : 0));
  OHMIC_ASSERT(codes[width * height * outputs] == 77);
  printf("%u MVMs in %u cycles, %s\n", width * height, (unsigned)cycles,
         weights ? "every code is right" : "all codes 0: there are no weights (--crossbar)");
  return 0;
}
