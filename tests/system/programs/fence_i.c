/* Zifencei: whatever text is stored, by whom and how, is what is executed behind the next fence.i. Each check knows
 * what an instruction gives from its encoding alone. Prints how many were right, and each that was wrong. */
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

static unsigned right, wrong;
static void check(const char* what, unsigned which, uint32_t got, uint32_t expected) {
  if (got == expected) {
    ++right;
    return;
  }
  ++wrong;
  printf("%s %u: %u instead of %u\n", what, which, (unsigned)got, (unsigned)expected);
}

/* li a0, value; the same as two compressed instructions, c.nop behind it (value < 32). */
static uint32_t li(uint32_t value) { return 0x513u | value << 20; }
static uint32_t c_li(uint32_t value) { return 0x10000u | 0x4501u | value << 2; }
static void fence_i(void) { __asm__ volatile("fence.i" ::: "memory"); }

/* Stores `word` by halves over an instruction `gap` half-words behind its own fence.i, and executes it. `place` moves
 * the whole through the lines of 16 bytes. */
#define BEHIND_FENCE(place, gap, store)                                                                              \
  __attribute__((naked, noinline, aligned(64))) static uint32_t behind_##place##_##gap(uint32_t word) {              \
    __asm__(".option push\n .option norelax\n .rept " #place "\n c.nop\n .endr\n .option norvc\n lla t0, 1f\n" store \
            " fence.i\n .option rvc\n .rept " #gap                                                                   \
            "\n c.nop\n .endr\n .option norvc\n"                                                                     \
            "1: li a0, 1\n ret\n .option pop");                                                                      \
  }
#define BY_HALVES "sh a0, 0(t0)\n srli a0, a0, 16\n sh a0, 2(t0)\n"
#define BY_BYTES \
  "sb a0, 0(t0)\n srli a0, a0, 8\n sb a0, 1(t0)\n srli a0, a0, 8\n sb a0, 2(t0)\n srli a0, a0, 8\n sb a0, 3(t0)\n"
#define BY_WORD "sw a0, 0(t0)\n" /* misaligned where the instruction is */
#define PLACES(gap, store)    \
  BEHIND_FENCE(0, gap, store) \
  BEHIND_FENCE(1, gap, store) \
  BEHIND_FENCE(2, gap, store) \
  BEHIND_FENCE(3, gap, store) \
  BEHIND_FENCE(4, gap, store) BEHIND_FENCE(5, gap, store) BEHIND_FENCE(6, gap, store) BEHIND_FENCE(7, gap, store)
PLACES(0, BY_HALVES)
PLACES(1, BY_WORD)
PLACES(2, BY_BYTES)
PLACES(5, BY_WORD)
PLACES(11, BY_HALVES)
#define NAMES(gap)                                                                                                \
  behind_0_##gap, behind_1_##gap, behind_2_##gap, behind_3_##gap, behind_4_##gap, behind_5_##gap, behind_6_##gap, \
      behind_7_##gap

static void straight_on(void) {
  static uint32_t (*const functions[])(uint32_t) = {NAMES(0), NAMES(1), NAMES(2), NAMES(5), NAMES(11)};
  for (unsigned f = 0; f < sizeof functions / sizeof *functions; ++f) {
    check("straight", f, functions[f](li(2)), 2);
    check("straight", f, functions[f](li(2)), 2);
    check("straight", f, functions[f](c_li(3)), 3);
    check("straight", f, functions[f](li(2047)), 2047);
  }
}

/* A loop that writes an instruction of its own body in every turn: the sum of 0 .. turns-1. */
__attribute__((naked, noinline)) static uint32_t own_loop(uint32_t turns) {
  __asm__(
      ".option push\n .option norelax\n .option norvc\n lla t0, 2f\n li t1, 0\n li t2, 0\n"
      "1: slli t3, t2, 20\n addi t3, t3, 0x513\n"
      "sw t3, 0(t0)\n fence.i\n mv t4, a0\n"
      "2: li a0, 99\n add t1, t1, a0\n mv a0, t4\n addi t2, t2, 1\n bne t2, a0, 1b\n"
      "mv a0, t1\n ret\n .option pop");
}

/* `word` in front of: li a0, 20; addi a0, a0, 1. With a0 = 10 before it. */
__attribute__((naked, noinline, aligned(16))) static uint32_t turned(uint32_t word) {
  __asm__(
      ".option push\n .option norelax\n .option norvc\n lla t0, 1f\n sw a0, 0(t0)\n li a0, 10\n fence.i\n"
      "1: .word 0\n li a0, 20\n addi a0, a0, 1\n ret\n .option pop");
}
static void of_control_flow(void) {
  check("nop over what was illegal", 0, turned(0x00000013), 21);
  check("jal", 0, turned(0x0080006f), 11);  /* jal x0, +8 */
  check("jalr", 0, turned(0x00008067), 10); /* ret */
  check("beq", 0, turned(0x00000463), 11);  /* beq x0, x0, +8 */
  check("bne", 0, turned(0x00001463), 21);  /* bne x0, x0, +8 */
  check("fence.i", 0, turned(0x0000100f), 21);
  check("halves", 0, turned(0x80820529), 20); /* c.addi a0, 10; c.jr ra */
  check("halves", 1, turned(0x05298082), 10); /* c.jr ra; c.addi */
}

#ifdef __riscv_xcvalu
/* A hardware loop of three instructions, the second one given: 5 times. */
__attribute__((naked, noinline, aligned(16))) static uint32_t hardware_loop(uint32_t word) {
  __asm__(
      ".option push\n .option norelax\n .option norvc\n lla t0, 1f\n sw a0, 4(t0)\n fence.i\n li a0, 0\n li t1, 5\n"
      ".insn i 0x2b, 4, x14, t1, 4\n" /* cv.setup 0, t1, 3 instructions */
      "1: addi a0, a0, 1\n addi a0, a0, 1\n addi a0, a0, 1\n ret\n .option pop");
}
static void of_hardware_loops(void) {
  check("hardware loop", 0, hardware_loop(0x00150513), 15);  /* addi a0, a0, 1 */
  check("hardware loop", 1, hardware_loop(0x06450513), 510); /* addi a0, a0, 100 */
  check("hardware loop", 2, hardware_loop(0x00150513), 15);
}
#else
static void of_hardware_loops(void) {}
#endif

/* Sixteen functions, four to a line of the shared cache: every core writes its own, all at once. */
__attribute__((naked, noinline, aligned(64))) static void own_functions(void) {
  __asm__(".option push\n .option norvc\n .rept 16\n .balign 16\n li a0, 1\n ret\n .endr\n .option pop");
}
static volatile uint32_t sums[64];
enum { VERSIONS = 40 };
static void write_own(void* unused) {
  const unsigned core = ohmic_core_id();
  char* const place = (char*)own_functions + 16 * core;
  uint32_t sum = 0;
  for (uint32_t v = 0; v < VERSIONS; ++v) {
    *(volatile uint32_t*)place = li(v * 16 + core);
    fence_i();
    sum += ((uint32_t (*)(void))place)();
  }
  sums[core] = sum;
}
static void by_all_at_once(void) {
  ohmic_dispatch(write_own, 0);
  for (unsigned c = 0; c < ohmic_core_count(); ++c)
    check("own function", c, sums[c], 16 * (VERSIONS * (VERSIONS - 1) / 2) + VERSIONS * c);
}

/* One writer; those that wait for its word, without sleeping, make a fence.i of their own. */
__attribute__((naked, noinline, aligned(64))) static uint32_t answer(void) {
  __asm__(".option push\n .option norvc\n li a0, 1\n ret\n .option pop");
}
static volatile uint32_t published;
static void follow(void* unused) {
  const unsigned core = ohmic_core_id();
  sums[core] = 0;
  for (uint32_t v = 1; v <= VERSIONS; ++v) {
    ohmic_barrier();
    if (core == 0) {
      *(volatile uint32_t*)answer = li(v * v);
      published = v;
    }
    while (published != v) {
    }
    fence_i();
    sums[core] += answer();
  }
}
static void of_another_core(void) {
  ohmic_dispatch(follow, 0);
  for (unsigned c = 0; c < ohmic_core_count(); ++c)
    check("follower", c, sums[c], VERSIONS * (VERSIONS + 1) * (2 * VERSIONS + 1) / 6);
}

/* Cluster 1 writes, cluster 0 executes, in turns, by words in each other's L1 at the same offset. */
static volatile uint32_t turn;
static volatile uint32_t* turn_of(unsigned cluster) {
  return (volatile uint32_t*)(ohmic_cluster_l1(cluster) + ohmic_l1_offset(&turn));
}
static void await(uint32_t value) {
  while (turn != value) {
  }
}
static void write_for_the_other(void) {
  for (uint32_t v = 1; v <= VERSIONS; ++v) {
    await(v);
    *(volatile uint32_t*)answer = li(1000 + v);
    *turn_of(0) = v;
  }
}
static void of_another_cluster(void) {
  for (uint32_t v = 1; v <= VERSIONS; ++v) {
    *turn_of(1) = v;
    await(v);
    fence_i();
    check("of the other cluster", v, answer(), 1000 + v);
  }
}

int main(void) {
  if (ohmic_cluster_id() > 1) return 0;
  if (ohmic_cluster_id() == 1) {
    write_for_the_other();
    return 0;
  }
  straight_on();
  check("own loop", 0, own_loop(100), 4950);
  of_control_flow();
  of_hardware_loops();
  by_all_at_once();
  of_another_core();
  of_another_cluster();
  printf("%u right, %u wrong\n", right, wrong);
  return 0;
}
