/* Core 0 of cluster 0 measures accesses while nothing else happens: from the access's own cycle to its answer. */
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

enum { register_cycles = 2 };

/* The counter is read in the cycle of its grant; the access is made when that answer is there, and the next read in
 * the cycle of the access's answer. Three times, so that the instructions are in the cache. */
static __attribute__((noinline)) uint32_t load(uint32_t address) {
  uint32_t before = 0, after = 0, value;
  const volatile uint32_t* counter = &ohmic_cluster_control_registers()->cycle_lo;
  for (int i = 0; i < 3; ++i)
    __asm__ volatile("lw %0, 0(%3)\n\tlw %2, 0(%4)\n\tlw %1, 0(%3)"
                     : "=&r"(before), "=&r"(after), "=&r"(value)
                     : "r"(counter), "r"(address)
                     : "memory");
  return after - before - register_cycles;
}
static __attribute__((noinline)) uint32_t store(uint32_t address) {
  uint32_t before = 0, after = 0;
  const volatile uint32_t* counter = &ohmic_cluster_control_registers()->cycle_lo;
  for (int i = 0; i < 3; ++i)
    __asm__ volatile("lw %0, 0(%2)\n\tsw zero, 0(%3)\n\tlw %1, 0(%2)"
                     : "=&r"(before), "=&r"(after)
                     : "r"(counter), "r"(address)
                     : "memory");
  return after - before - register_cycles;
}

int main(void) {
  if (ohmic_cluster_id() != 0) return 0;
  while (ohmic_cycles() < 40000) { /* until the others have reported */
  }
  for (unsigned other = 1; other < ohmic_cluster_count(); other *= 4) {
    const uint32_t l1 = ohmic_cluster_l1(other) + 0x18000;
    printf("cluster %u: load %u store %u register %u\n", other, (unsigned)load(l1), (unsigned)store(l1),
           (unsigned)load(ohmic_cluster_peripherals(other)));
  }
  printf("own: load %u store %u\n", (unsigned)load(0x10018000), (unsigned)store(0x10018000));
  printf("own by its global address: load %u store %u\n", (unsigned)load(ohmic_cluster_l1(0) + 0x18000),
         (unsigned)store(ohmic_cluster_l1(0) + 0x18000));
  printf("HBM: load %u store %u\n", (unsigned)load(0x82000000), (unsigned)store(0x82000000));
  printf("platform: load %u\n", (unsigned)load(OHMIC_PLATFORM_CONTROL_BASE + 8));
  if (ohmic_argument_number(0, 0))
    printf("nowhere: load %u store %u\n", (unsigned)load(0x20000000), (unsigned)store(0x20000000));
  return 0;
}
