/* One core of the chip is busy, all others sleep (first argument: iterations of 12 instructions). */
#include "sw/firmware/examples/alu_loop.h"
#include "sw/firmware/runtime/spmd.h"

int main(void) {
  if (ohmic_cluster_id() == 0) ohmic_alu_loop(ohmic_argument_number(0, 2000000));
  return 0;
}
