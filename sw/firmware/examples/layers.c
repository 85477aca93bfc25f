/* One layer on all cores of a cluster: how long it takes, and whether it is right.
 *
 * Arguments: 0 or 1 for a depthwise layer; channels in and out; kernel along x and y; stride; rows and columns of the
 * output; how often it is run. Prints "layer CYCLES MACS" of the last run, all cores together, from the master's call
 * to its return. The map is padded as much as keeps its size (stride 1). Every output is computed again in plain loops.
 */
#include "sw/firmware/hal/chip.h"
#include "sw/firmware/kernels/kernels.h"
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

static ohmic_kernel_job job;
static ohmic_piece piece;
static uint32_t wrong;
static char* next_free;

static void* allocate(uint32_t bytes) {
  char* const at = next_free;
  next_free += (bytes + 63) & ~63u;
  OHMIC_ASSERT(next_free <= (char*)ohmic_free_l1() + ohmic_free_l1_bytes());
  return at;
}

static int8_t value(uint32_t i) {
  i = i * 0x9E3779B1u + 0x7F4A7C15u;
  i ^= i >> 15;
  i *= 0x85EBCA77u;
  return (int8_t)(i >> 24);
}

static uint32_t in_group(void) { return job.in_channels / job.groups; }
static int8_t weight(uint32_t c, uint32_t kx, uint32_t ky, uint32_t i) {
  return value(((c * job.pool_size + kx) * job.pool_height + ky) * in_group() + i);
}
static ohmic_layer_channel constants(uint32_t c) {
  return (ohmic_layer_channel){(int32_t)(100 + c % 27), (int32_t)(1u << (job.shift - 1)), 0x7FFFFFFE};
}

static void pack_weights(char* to) {
  const uint32_t window = ohmic_layer_window_bytes(job.pool_size * job.pool_height, in_group());
  for (uint32_t block = 0; block < job.channels; block += 4, to += ohmic_layer_block_bytes(window)) {
    memset(to, 0, ohmic_layer_block_bytes(window));
    for (uint32_t c = 0; c < 4 && block + c < job.channels; ++c) {
      uint32_t byte = 0;
      for (uint32_t kx = 0; kx < job.pool_size; ++kx)
        for (uint32_t ky = 0; ky < job.pool_height; ++ky)
          for (uint32_t i = 0; i < job.in_channels; ++i, ++byte)
            to[16 * (byte / 4) + 4 * c + byte % 4] = weight(block + c, kx, ky, i);
      ((ohmic_layer_channel*)(to + 4 * window))[c] = constants(block + c);
    }
  }
}

static void pack_depthwise(char* to) {
  const uint32_t rows = (job.pool_height + 3) & ~3u;
  for (uint32_t c = 0; c < job.channels; ++c, to += sizeof(ohmic_layer_channel))
    for (uint32_t kx = 0; kx <= job.pool_size; ++kx)
      if (kx == job.pool_size)
        *(ohmic_layer_channel*)to = constants(c);
      else
        for (uint32_t ky = 0; ky < rows; ++ky) *to++ = ky < job.pool_height ? weight(c, kx, ky, 0) : 0;
}

static int32_t plain_sum(uint32_t column, uint32_t y, uint32_t c) {
  const uint32_t depthwise = job.groups != 1;
  int32_t sum = 0;
  for (uint32_t kx = 0; kx < job.pool_size; ++kx)
    for (uint32_t ky = 0; ky < job.pool_height; ++ky) {
      const int32_t x = job.first_x + (int32_t)(column * job.pool_stride + kx),
                    row = (int32_t)(y * job.pool_stride_y + ky) - job.pool_pad_y;
      if (x < 0 || x >= (int32_t)job.image_columns || row < 0 || row >= (int32_t)job.input_height) continue;
      const char* in = job.pooled.base + x * (int32_t)job.pooled.column_bytes + row * (int32_t)job.in_pitch;
      for (uint32_t i = 0; i < in_group(); ++i) sum += (int8_t)in[depthwise ? c : i] * weight(c, kx, ky, i);
    }
  return sum;
}

static void check(void* argument) {
  const ohmic_range mine = ohmic_share(job.columns * job.height, ohmic_core_id(), ohmic_core_count());
  for (uint32_t p = mine.begin; p < mine.end; ++p)
    for (uint32_t c = 0; c < job.channels; ++c) {
      const uint32_t column = p / job.height, y = p % job.height;
      const ohmic_layer_channel k = constants(c);
      int32_t v = (plain_sum(column, y, c) * k.multiplier + k.bias) >> job.shift;
      v = v < job.lo ? job.lo : v > job.hi ? job.hi : v;
      if ((int8_t)job.out[column * job.out_column_bytes + y * job.channels + c] != v) wrong = 1;
    }
}

int main(void) {
  const uint32_t cores = ohmic_core_count();
  const uint32_t depthwise = ohmic_argument_number(0, 0), in = ohmic_argument_number(1, 64),
                 channels = ohmic_argument_number(2, 64), repeats = ohmic_argument_number(8, 2);
  next_free = ohmic_free_l1();
  job.kernel = depthwise ? OHMIC_KERNEL_DEPTHWISE : OHMIC_KERNEL_LAYER;
  job.in_channels = job.in_pitch = in;
  job.groups = depthwise ? in : 1;
  job.channels = channels;
  job.pool_size = ohmic_argument_number(3, 3);
  job.pool_height = ohmic_argument_number(4, 3);
  job.pool_stride = job.pool_stride_y = ohmic_argument_number(5, 1);
  job.height = ohmic_argument_number(6, 16);
  job.columns = ohmic_argument_number(7, 4);
  job.shift = 16;
  job.hi = 127;
  job.pool_pad_y = (int32_t)(job.pool_height - 1) / 2;
  job.first_x = -(int32_t)(job.pool_size - 1) / 2;
  job.input_height = job.height * job.pool_stride_y;
  job.image_columns = job.columns * job.pool_stride;
  job.pooled.column_bytes = job.input_height * in;
  job.pooled.slots = job.image_columns;
  char* const input = allocate(job.image_columns * job.pooled.column_bytes);
  for (uint32_t i = 0; i < job.image_columns * job.pooled.column_bytes; ++i) input[i] = value(i + 12345);
  job.pooled.base = input;
  const uint32_t taps = job.pool_size * job.pool_height;
  char* const weights = allocate(depthwise ? ohmic_depthwise_weight_bytes(job.pool_size, job.pool_height, channels)
                                           : ohmic_layer_weight_bytes(taps, in, channels, 1));
  if (depthwise)
    pack_depthwise(weights);
  else
    pack_weights(weights);
  job.weights = weights;
  job.out_column_bytes = job.height * channels;
  job.out = allocate(job.columns * job.out_column_bytes);
  piece = (ohmic_piece){0, (uint16_t)channels, 0, channels, 0, 0, 0};
  job.pieces = &piece;
  job.piece_count = 1;
  job.scratch_bytes = ohmic_layer_scratch_bytes(&job);
  job.scratch = allocate(cores * job.scratch_bytes);
  uint32_t* const work_of = allocate((cores + 1) * 4);
  enum { most = 1024 };
  ohmic_work* const work = allocate(most * sizeof *work);
  OHMIC_ASSERT(ohmic_share_tile(&job, cores, work_of, work, most));
  uint32_t cycles = 0;
  for (uint32_t i = 0; i < repeats; ++i) {
    const uint32_t start = ohmic_cycles();
    ohmic_dispatch(ohmic_run_kernel, &job);
    cycles = ohmic_cycles() - start;
  }
  ohmic_dispatch(check, 0);
  OHMIC_ASSERT(!wrong);
  printf("layer %u %u\n", (unsigned)cycles, (unsigned)(job.columns * job.height * channels * taps * in_group()));
  return 0;
}
