/* Cycles of instruction-class loops and of the network's inner loops on core 0, then of some on all cores at once:
 * one line "timing NAME CYCLES" each. Run with cores of two models, the lines show where their timing differs. */
#include "sw/firmware/hal/chip.h"
#include "sw/firmware/kernels/kernels.h"
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

enum { REPEAT = 64 };

/* A function that runs the instructions 16 times in each of 64 software loops; a0 points to words in L1. */
#define LOOP_OF(name, instructions)                                                          \
  __attribute__((naked, noinline, aligned(64))) static void name(void* data) {               \
    __asm__ volatile(                                                                        \
        "li t0, 64\n\tmv t2, a0\n\tli a4, 3\n\tli a5, 1000\n\t.balign 4\n\t.option push\n\t" \
        ".option norvc\n\t1:\n\t.rept 16\n\t" instructions                                   \
        "\n\t.endr\n\taddi t0, t0, -1\n\tbnez t0, 1b\n\tret\n\t.option pop");                \
  }
LOOP_OF(alu, "addi a1, a1, 1")
LOOP_OF(multiply, "mul a1, a4, a1")
LOOP_OF(multiply_high, "mulh a1, a4, a5")
LOOP_OF(divide, "div a1, a5, a4")
LOOP_OF(load, "lw a1, 0(a0)")
LOOP_OF(load_use, "lw a1, 0(a0)\n\taddi a2, a1, 1")
LOOP_OF(store, "sw a4, 0(a0)")
LOOP_OF(post_increment, "cv.lw a1, (t2), 4\n\tcv.sw a1, (t2), 4")
LOOP_OF(misaligned, "lw a1, 1(a0)\n\tsw a1, 5(a0)")
LOOP_OF(branch_taken, "beqz zero, 2f\n\taddi a1, a1, 1\n\t2:")
LOOP_OF(branch_not_taken, "bnez zero, 2f\n\t2:")
LOOP_OF(jump, "jal zero, 2f\n\taddi a1, a1, 1\n\t2:")
LOOP_OF(call, "auipc a1, 0\n\tjalr a2, 12(a1)\n\taddi a1, a1, 1")
LOOP_OF(simd, "cv.sdotsp.b a1, a4, a5\n\tcv.add.h a2, a1, a4")
LOOP_OF(csr, "csrr a1, mscratch\n\tcsrr a2, mstatus")
LOOP_OF(far_apart, ".rept 12\n\taddi a1, a1, 1\n\txori a2, a2, 5\n\t.endr") /* body longer than the private cache */

__attribute__((naked, noinline, aligned(64))) static void compressed(void* data) {
  __asm__ volatile(
      "li t0, 64\n\t.balign 4\n\t1:\n\t.rept 16\n\tc.addi a1, 1\n\tc.mv a2, a1\n\tc.xor a2, a4\n\t.endr\n\t"
      "addi t0, t0, -1\n\tbnez t0, 1b\n\tret");
}
__attribute__((naked, noinline, aligned(64))) static void hardware_loop(void* data) {
  __asm__ volatile(
      ".option push\n\t.option norvc\n\tli t0, 64\n\t"
      ".insn i 0x2b, 4, x15, t0, 8\n\t" /* cv.setup 1 */
      ".insn i 0x2b, 4, x14, t0, 4\n\t" /* cv.setup 0 */
      "addi a1, a1, 1\n\tlw a2, 0(a0)\n\tadd a1, a1, a2\n\t"
      "addi a3, a3, 1\n\taddi a3, a3, 1\n\taddi a3, a3, 1\n\tret\n\t.option pop");
}

static char* area; /* of each core, in L1 */
static uint32_t area_bytes;

static void requantise(unsigned inputs, void (*loop)(struct ohmic_run*)) {
  char* const mine = area + ohmic_core_id() * area_bytes;
  struct ohmic_run r = {0};
  const char* in[8];
  int16_t m[8];
  int32_t b[8];
  for (unsigned i = 0; i < 8; ++i) in[i] = mine + 16 * i, m[i] = (int16_t)(100 + i), b[i] = (int32_t)i;
  r.in = in, r.out = mine + 2048, r.pixels = 64, r.blocks = 2;
  r.step = 8, r.out_step = 8, r.out_block = 4;
  r.m = m, r.b = b, r.shift = 8, r.lo = 0, r.in8 = inputs;
  loop(&r);
}
static void requantise_1(void* data) { requantise(1, ohmic_requantise_1); }
static void requantise_2(void* data) { requantise(2, ohmic_requantise_2); }
static void requantise_3(void* data) { requantise(3, ohmic_requantise_3); }
static void requantise_many(void* data) { requantise(6, ohmic_requantise_many); }
static void residual_add(void* data) {
  char* const mine = area + ohmic_core_id() * area_bytes;
  ohmic_kernel_job job = {0};
  job.residual_a = 300, job.residual_b = 200, job.residual_shift = 8;
  ohmic_add_channels(mine, 8, mine + 1024, 8, mine + 2048, 8, 64, 8, &job);
}
static void copy_and_fill(void* data) {
  char* const mine = area + ohmic_core_id() * area_bytes;
  memset(mine, 1, 1024);
  memcpy(mine + 1024, mine, 1000);
}
static void barriers(void* data) {
  for (int i = 0; i < 16; ++i) ohmic_barrier();
}
/* Every core loads from one bank, runs code longer than its cache, and waits for the others. */
static void conflicts_misses_barriers(void* data) {
  for (int i = 0; i < 2; ++i) {
    load(data);
    ohmic_barrier();
    far_apart(data);
    copy_and_fill(data);
    ohmic_barrier();
  }
}

typedef struct {
  const char* name;
  ohmic_task run;
} timed;
#define TIMED(function) {#function, function}
static const timed on_one_core[] = {TIMED(alu),
                                    TIMED(multiply),
                                    TIMED(multiply_high),
                                    TIMED(divide),
                                    TIMED(load),
                                    TIMED(load_use),
                                    TIMED(store),
                                    TIMED(post_increment),
                                    TIMED(misaligned),
                                    TIMED(branch_taken),
                                    TIMED(branch_not_taken),
                                    TIMED(jump),
                                    TIMED(call),
                                    TIMED(simd),
                                    TIMED(csr),
                                    TIMED(compressed),
                                    TIMED(hardware_loop),
                                    TIMED(far_apart),
                                    TIMED(requantise_1),
                                    TIMED(requantise_2),
                                    TIMED(requantise_3),
                                    TIMED(requantise_many),
                                    TIMED(residual_add),
                                    TIMED(copy_and_fill)};
static const timed on_all_cores[] = {
    TIMED(alu),          TIMED(load),          TIMED(far_apart), TIMED(requantise_3),
    TIMED(residual_add), TIMED(copy_and_fill), TIMED(barriers),  TIMED(conflicts_misses_barriers)};

int main(void) {
  area = ohmic_free_l1();
  area_bytes = (ohmic_free_l1_bytes() / ohmic_core_count() - 64) & ~63u;
  if (area_bytes > 16384) area_bytes = 16384 + 4; /* neighbours begin in different banks */
  OHMIC_ASSERT(area_bytes >= 8192);
  for (unsigned i = 0; i < sizeof on_one_core / sizeof on_one_core[0]; ++i) {
    on_one_core[i].run(area); /* brings its instructions into the shared cache */
    const uint32_t start = ohmic_cycles();
    on_one_core[i].run(area);
    printf("timing %s %u\n", on_one_core[i].name, (unsigned)(ohmic_cycles() - start));
  }
  for (unsigned i = 0; i < sizeof on_all_cores / sizeof on_all_cores[0]; ++i) {
    ohmic_dispatch(on_all_cores[i].run, area);
    const uint32_t start = ohmic_cycles();
    ohmic_dispatch(on_all_cores[i].run, area);
    printf("timing all_cores_%s %u\n", on_all_cores[i].name, (unsigned)(ohmic_cycles() - start));
  }
  return 0;
}
