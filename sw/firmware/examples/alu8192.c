/* All cores in an ALU loop, each with its own number of iterations (first argument: the smallest, default 10240:
 * more than 1 G instructions on 8192 cores). Every core checks its result. */
#include "sw/firmware/examples/alu_loop.h"
#include "sw/firmware/runtime/spmd.h"

static uint32_t iterations;

static void run(void* argument) { ohmic_alu_loop(iterations + 13 * ohmic_core_id() + ohmic_cluster_id() % 31); }

int main(void) {
  iterations = ohmic_argument_number(0, 10240);
  OHMIC_ASSERT(iterations > 0);
  ohmic_dispatch(run, 0);
  return 0;
}
