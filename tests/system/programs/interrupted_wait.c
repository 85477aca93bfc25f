/* Core 0 waits for software event 1; core 1 interrupts it three times by software event 0, then raises event 1. Works
 * on cores that replay an interrupted wait and on those that return from it. */
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

static volatile unsigned interrupts, waiting;

void ohmic_handle_trap(uint32_t cause, uint32_t pc) {
  OHMIC_ASSERT(cause == 0x8000000bu);
  ohmic_event_clear(1u << 0);
  ++interrupts;
}

static void pause(unsigned cycles) {
  for (const uint32_t from = ohmic_cycles(); ohmic_cycles() - from < cycles;) {
  }
}

static void task(void* argument) {
  if (ohmic_core_id() == 1) {
    while (!waiting) {
    }
    for (unsigned n = 1; n <= 3; ++n) {
      pause(300);
      ohmic_event_trigger(0, 1u << 0, 0);
      while (interrupts < n) {
      }
    }
    pause(300);
    ohmic_event_trigger(1, 1u << 0, 0);
  }
  if (ohmic_core_id() == 0) {
    ohmic_event_clear(~0u);
    ohmic_event_unit_registers()->own.irq_mask = 1u << 0;
    __asm__ volatile("csrw mie, %0" : : "r"(1u << 11));
    __asm__ volatile("csrsi mstatus, 8");
    waiting = 1;
    const uint32_t lines = ohmic_event_wait_for(1u << 1);
    __asm__ volatile("csrci mstatus, 8");
    ohmic_event_unit_registers()->own.irq_mask = 0;
    OHMIC_ASSERT(lines == 1u << 1);
    printf("%u interrupts, 1 event\n", interrupts);
  }
}

int main(void) {
  ohmic_dispatch(task, 0);
  return 0;
}
