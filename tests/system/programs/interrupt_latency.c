/* How long an interrupt waits: over all ways to enable it or to raise it, what the core executes meanwhile, and delays
 * in front. Prints "WAY WORK DELAY: CYCLES" from a fixed point to the handler's C part, which must be the same on all
 * models of core, give or take two cycles. */
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

#define IRQ (1u << 11)
#define DELAYS 4

static volatile unsigned taken, taken_at;

void ohmic_handle_trap(uint32_t cause, uint32_t pc) {
  __asm__ volatile("csrr %0, mcycle" : "=r"(taken_at));
  OHMIC_ASSERT(cause == 0x8000000bu);
  ohmic_event_clear(~0u);
  ++taken;
}

/* Operands of the pieces: a0 the trigger of core 0's event 0, a1 the event unit's interrupt mask, a2 the trigger of
 * core 1's event 1, a3 = IRQ, a4 = 1, a5 = 2. */
#define RAISE "sw a4, 0(a0)\n"
#define NOPS "nop\nnop\nnop\nnop\nnop\nnop\nnop\nnop\n"
#define WAYS(X)                                                                                 \
  X(mstatus_set_immediate, RAISE NOPS, "csrsi mstatus, 8\n")                                    \
  X(mstatus_set, RAISE NOPS "li t1, 8\n", "csrs mstatus, t1\n")                                 \
  X(mstatus_write, RAISE NOPS "li t1, 0x1808\n", "csrw mstatus, t1\n")                          \
  X(mstatus_write_immediate, RAISE NOPS, "csrwi mstatus, 8\n")                                  \
  X(mret, RAISE NOPS "li t1, 0x80\ncsrs mstatus, t1\nla t1, 3f\ncsrw mepc, t1\n", "mret\n3:\n") \
  X(mie_write, RAISE NOPS "csrw mie, zero\ncsrsi mstatus, 8\n", "csrw mie, a3\n")               \
  X(mie_set, RAISE NOPS "csrw mie, zero\ncsrsi mstatus, 8\n", "csrs mie, a3\n")                 \
  X(mask_written, "sw zero, 0(a1)\n" RAISE NOPS "csrsi mstatus, 8\n", "sw a4, 0(a1)\n")         \
  X(raised_by_itself, "csrsi mstatus, 8\n", RAISE)                                              \
  X(raised_right_behind, "", "csrsi mstatus, 8\n" RAISE)                                        \
  X(raised_right_before, "", RAISE "csrsi mstatus, 8\n")                                        \
  X(raised_by_another, "csrsi mstatus, 8\n", "sw a5, 0(a2)\n")                                  \
  X(enabled_meanwhile, "sw a5, 0(a2)\n", NOPS NOPS NOPS NOPS "csrsi mstatus, 8\n")

#define LOOP(body) "li t2, 60\n2: addi t2, t2, -1\n" body "bnez t2, 2b\n"
/* `delay` nops in front of label 1. */
#define OPERANDS \
  "r"(&unit->software_event[0].lo), "r"(&unit->own.irq_mask), "r"(&unit->software_event[1].lo), "r"(IRQ), "r"(4 * delay)
#define DEFINE(way, prepare, act, work, text)                                                      \
  static __attribute__((noinline, aligned(64))) unsigned way##_##work(unsigned delay) {            \
    unsigned start;                                                                                \
    volatile __typeof__(*ohmic_event_unit_registers())* const unit = ohmic_event_unit_registers(); \
    __asm__ volatile(                                                                              \
        ".balign 64\n.option push\n.option norvc\nmv a0, %1\nmv a1, %2\nmv a2, %3\n"               \
        "mv a3, %4\nli a4, 1\nli a5, 2\nli t4, -1\n" prepare                                       \
        "la t0, 1f\nsub t0, t0, %5\ncsrr %0, mcycle\njr t0\nnop\nnop\nnop\nnop\n1:\n" act text     \
        "csrci mstatus, 8\n.option pop\n"                                                          \
        : "=&r"(start)                                                                             \
        : OPERANDS                                                                                 \
        : "memory", "a0", "a1", "a2", "a3", "a4", "a5", "t0", "t1", "t2", "t3", "t4");             \
    return start;                                                                                  \
  }
#define ALL_WORKS(way, prepare, act)                                              \
  DEFINE(way, prepare, act, registers, LOOP(""))                                  \
  DEFINE(way, prepare, act, nops, ".rept 250\nnop\n.endr\n")                      \
  DEFINE(way, prepare, act, divisions, LOOP("div t3, t4, t4\n"))                  \
  DEFINE(way, prepare, act, products, LOOP("mulh t3, t4, t4\nmulh t3, t4, t4\n")) \
  DEFINE(way, prepare, act, loads, LOOP("lw t3, -16(sp)\n"))                      \
  DEFINE(way, prepare, act, stores, LOOP("sw t3, -16(sp)\n"))                     \
  DEFINE(way, prepare, act, hardware_loop, "li t2, 80\n.insn i 0x2b, 4, x14, t2, 4\nnop\nnop\nnop\n")
WAYS(ALL_WORKS)

static const struct {
  const char* name;
  unsigned (*with[7])(unsigned);
} ways[] = {
#define ENTRY(way, prepare, act) \
  {#way,                         \
   {way##_registers, way##_nops, way##_divisions, way##_products, way##_loads, way##_stores, way##_hardware_loop}},
    WAYS(ENTRY)};
static const char* const works[] = {"registers", "nops", "divisions", "products", "loads", "stores", "hardware_loop"};

/* Core 1 passes each event on to core 0, until core 0 says that it was the last. */
static volatile unsigned done;
static void pass_on(void) {
  ohmic_event_clear(~0u);
  while (!done) {
    ohmic_event_wait_for(1u << 1);
    for (unsigned i = 0; i < 6; ++i) __asm__ volatile("nop");
    if (!done) ohmic_event_trigger(0, 1u << 0, 0);
  }
}

static void measure(void) {
  ohmic_event_unit_registers()->own.irq_mask = 1u << 0;
  for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; ++i)
    for (unsigned work = 0; work < 7; ++work)
      for (unsigned delay = 0; delay < DELAYS; ++delay) {
        unsigned start = 0;
        for (unsigned round = 0; round < 3; ++round) { /* the last finds its lines cached */
          ohmic_event_clear(~0u);
          __asm__ volatile("csrw mie, %0" : : "r"(IRQ));
          taken = 0;
          start = ways[i].with[work](delay);
          OHMIC_ASSERT(taken == 1);
        }
        printf("%s %s %u: %u\n", ways[i].name, works[work], delay, taken_at - start);
      }
  done = 1;
  ohmic_event_trigger(1, 1u << 1, 0);
}

static void task(void* argument) {
  __asm__ volatile("csrw mcountinhibit, zero");
  if (ohmic_core_id() == 0) measure();
  if (ohmic_core_id() == 1) pass_on();
}

int main(void) {
  ohmic_dispatch(task, 0);
  return 0;
}
