/* Sets up a hardware loop that the core's manual forbids, or one that it allows (0). What a core does with a forbidden
 * one is undefined: models name the rule instead of entering it. */
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

/* cv.starti L, cv.endi L (words from the instruction), cv.count L, t0; cv.setup L, t0, words */
#define START_0(words) ".insn i 0x2b, 4, x0, x0, " #words "\n"
#define END_0(words) ".insn i 0x2b, 4, x4, x0, " #words "\n"
#define COUNT_0 ".insn i 0x2b, 4, x10, t0, 0\n"
#define SETUP_0(words) ".insn i 0x2b, 4, x14, t0, " #words "\n"
#define SETUP_1(words) ".insn i 0x2b, 4, x15, t0, " #words "\n"
#define STEP "addi t1, t1, 1\n"

#define LOOP(name, text)                                                                                           \
  static __attribute__((noinline, aligned(64))) unsigned name(void) {                                              \
    unsigned steps;                                                                                                \
    __asm__ volatile(".balign 64\n.option push\n.option norvc\nli t0, 5\nli t1, 0\n" text "mv %0, t1\n.option pop" \
                     : "=r"(steps)                                                                                 \
                     :                                                                                             \
                     : "t0", "t1", "memory");                                                                      \
    return steps;                                                                                                  \
  }
LOOP(allowed, START_0(3) END_0(5) COUNT_0 STEP STEP STEP)
LOOP(two_instructions, SETUP_0(3) STEP STEP)
LOOP(two_instructions_by_parts, START_0(3) END_0(4) COUNT_0 STEP STEP)
LOOP(compressed, SETUP_0(4) STEP ".half 1\n.half 1\n" STEP)
LOOP(branch, SETUP_0(4) STEP "beqz t0, 9f\n" STEP "9:\n")
LOOP(equal_ends, SETUP_1(5) SETUP_0(4) STEP STEP STEP)
LOOP(close_ends, SETUP_1(6) SETUP_0(4) STEP STEP STEP STEP)
LOOP(count_first, START_0(4) END_0(6) COUNT_0 START_0(1) STEP STEP STEP)
LOOP(outer_is_loop_0, SETUP_0(8) SETUP_1(4) STEP STEP STEP STEP STEP STEP)

int main(void) {
  static unsigned (*const loops[])(void) = {allowed,    two_instructions, two_instructions_by_parts,
                                            compressed, branch,           equal_ends,
                                            close_ends, count_first,      outer_is_loop_0};
  const uint32_t which = ohmic_argument_number(0, 0);
  OHMIC_ASSERT(which < sizeof loops / sizeof loops[0]);
  if (ohmic_cluster_id() == 0) printf("%u steps\n", loops[which]());
  return 0;
}
