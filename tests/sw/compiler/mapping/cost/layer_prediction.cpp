// Prints the cycles that the cost model expects of a run of sw/firmware/examples/layers.c with the same arguments on 16
// cores, for tests/system/layers_test.py.
#include <cstdio>
#include <cstdlib>

#include "sw/compiler/mapping/cost/kernel_time.h"

int main(int count, char** arguments) {
  if (count < 9) return 2;
  const auto number = [&](int i) { return static_cast<unsigned>(std::atoi(arguments[1 + i])); };
  ohmic::chip_config chip;
  chip.cluster.l1_banks = 64;
  chip.cluster.cores = 16;
  ohmic::kernel_shape tile;
  const bool depthwise = number(0) != 0;
  tile.kernel = depthwise ? OHMIC_KERNEL_DEPTHWISE : OHMIC_KERNEL_LAYER;
  tile.in_channels = number(1);
  tile.groups = depthwise ? tile.in_channels : 1;
  tile.channels = number(2);
  tile.window = number(3);
  tile.window_height = number(4);
  tile.stride = tile.stride_height = number(5);
  tile.height = number(6);
  tile.columns = number(7);
  tile.pad_height = (tile.window_height - 1) / 2;
  tile.input_height = tile.height * tile.stride_height;
  tile.input_width = tile.columns * tile.stride;
  std::printf("%.0f\n", ohmic::kernel_time(chip).cycles(tile));
}
