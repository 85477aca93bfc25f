/* One mistake a program can make, by number (first argument): the platform must name it and end with its own code. */
#include "sw/firmware/hal/chip.h"
#include "sw/firmware/hal/event_unit.h"
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

enum {
  STORE_NOWHERE = 1,
  LOAD_NOWHERE = 2,
  JUMP_NOWHERE = 3,
  ILLEGAL_INSTRUCTION = 4,
  WAIT_FOR_NOBODY = 5,
  NEVER_END = 6,
  ASSERT_FALSE = 7,
  EXIT_FIVE = 8,
  BAD_IMA_JOB = 9,
};

/* Not static and not inlined, so that its name is there to be reported. */
__attribute__((noinline)) void make_mistake(uint32_t which) {
  volatile uint32_t* const nowhere = (volatile uint32_t*)0x20000000u;
  switch (which) {
    case STORE_NOWHERE:
      *nowhere = 1;
      break;
    case LOAD_NOWHERE:
      (void)*nowhere;
      break;
    case JUMP_NOWHERE:
      ((void (*)(void))nowhere)();
      break;
    case ILLEGAL_INSTRUCTION:
      __asm__ volatile(".half 0, 0");
      break;
    case WAIT_FOR_NOBODY:
      ohmic_event_wait_for(1u << 3);
      break;
    case NEVER_END:
      for (;;) __asm__ volatile("");
    case ASSERT_FALSE:
      OHMIC_ASSERT(which == 0);
      break;
    case EXIT_FIVE:
      exit(5);
    case BAD_IMA_JOB:
      ohmic_ima_registers()->groups = 99;
      ohmic_ima_registers()->push = 1;
      ohmic_event_wait_for(1u << 3);
      break;
    default:
      printf("no mistake\n");
  }
}

int main(void) {
  if (ohmic_cluster_id() == 0) make_mistake(ohmic_argument_number(0, 0));
  return 0;
}
