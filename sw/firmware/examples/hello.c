/* Every core of every cluster says who it is. */
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

static void say_hello(void* argument) {
  printf("hello from cluster %u core %u of %u\n", ohmic_cluster_id(), ohmic_core_id(), ohmic_core_count());
}

int main(void) {
  ohmic_dispatch(say_hello, 0);
  return 0;
}
