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
  BIG_FRAME = 10,
  DEEP_RECURSION = 11,
  WORKERS_RECURSION = 12,
  LEGAL_STACKS = 13,
  TRAP_AGAIN = 14,
  WAIT_FOR_NO_LINE = 15,
  BREAKPOINT = 16,
};

/* Uses 64 bytes of stack a level. */
__attribute__((noinline)) uint32_t recurse(uint32_t depth) {
  volatile uint32_t frame[8];
  frame[depth % 8] = depth;
  return depth == 0 ? 0 : recurse(depth - 1) + frame[depth % 8];
}

__attribute__((noinline)) void use_a_big_frame(void) {
  volatile char big[6000];
  for (int i = 0; i < 6000; i += 64) big[i] = (char)i;
}

static void worker_recurses(void* argument) {
  if (ohmic_core_id() == 3) recurse((uint32_t)argument);
}

/* What programs may do with stacks: read each other's locals, use nearly all of it, bring a stack of their own. */
static uint32_t own_stack[256];
static void legal(void* argument) {
  volatile uint32_t* const of_core_0 = argument;
  if (ohmic_core_id() == 1) of_core_0[1] = of_core_0[0] + 1;
  recurse(20);
}
__attribute__((noinline)) static void legal_stacks(void) {
  uint32_t mine[2] = {41, 0};
  ohmic_dispatch(legal, mine);
  uint32_t sp = 0;
  __asm__ volatile("mv s2, sp\n mv sp, %1\n li a0, 5\n call recurse\n mv %0, sp\n mv sp, s2"
                   : "=&r"(sp)
                   : "r"(own_stack + 256)
                   : "s2", "ra", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4", "t5",
                     "t6", "memory");
  printf("legal %u, own stack back %d\n", (unsigned)mine[1], sp == (uint32_t)(own_stack + 256));
}

/* A trap handler that mends nothing. */
__attribute__((naked, aligned(256))) void again(void) { __asm__ volatile("mret"); }

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
    case BIG_FRAME:
      use_a_big_frame();
      break;
    case DEEP_RECURSION:
      recurse(1000);
      break;
    case WORKERS_RECURSION:
      ohmic_dispatch(worker_recurses, (void*)100);
      break;
    case LEGAL_STACKS:
      legal_stacks();
      break;
    case TRAP_AGAIN:
      __asm__ volatile("csrw mtvec, %0\n\t.half 0, 0" ::"r"(again));
      break;
    case WAIT_FOR_NO_LINE:
      ohmic_event_mask(0);
      ohmic_event_wait();
      break;
    case BREAKPOINT:
      __asm__ volatile("ebreak");
      break;
    default:
      printf("no mistake\n");
  }
}

int main(void) {
  if (ohmic_cluster_id() == 0) make_mistake(ohmic_argument_number(0, 0));
  return 0;
}
