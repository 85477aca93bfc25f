/* Boots every core and ends: what remains is the platform's start-up time. */
#include "sw/firmware/runtime/spmd.h"

static void boot(void* argument) {}

int main(void) {
  ohmic_dispatch(boot, 0);
  return 0;
}
