/// Who and where am I: ids, shape of the chip, addresses, time, the world outside. Everything is read from
/// registers; the only constants are the address map's (chip/chip_config.h).
#ifndef OHMIC_HAL_CHIP_H
#define OHMIC_HAL_CHIP_H

#include <stdint.h>

#include "registers/ohmic_registers.h"
#include "sw/deployment/deployment.h"

#define OHMIC_OWN_L1_BASE 0x10000000u
#define OHMIC_CLUSTERS_BASE 0x40000000u
#define OHMIC_HBM_BASE 0x80000000u
#define OHMIC_PLATFORM_CONTROL_BASE 0xF0000000u

/// tp = own peripherals + 0x1800 from crt0 on, so that the event unit is within a 12-bit offset.
static inline char* ohmic_own_peripherals(void) {
  register char* base __asm__("tp");
  __asm__("" : "=r"(base));
  return base - 0x1800;
}

static inline ohmic_cluster_control_t* ohmic_cluster_control_registers(void) {
  return (ohmic_cluster_control_t*)(ohmic_own_peripherals() + OHMIC_CLUSTER_CONTROL_BASE);
}
static inline ohmic_event_unit_t* ohmic_event_unit_registers(void) {
  return (ohmic_event_unit_t*)(ohmic_own_peripherals() + OHMIC_EVENT_UNIT_BASE);
}
static inline ohmic_dma_t* ohmic_dma_registers(void) {
  return (ohmic_dma_t*)(ohmic_own_peripherals() + OHMIC_DMA_BASE);
}
static inline ohmic_ima_t* ohmic_ima_registers(void) {
  return (ohmic_ima_t*)(ohmic_own_peripherals() + OHMIC_IMA_BASE);
}
static inline ohmic_platform_control_t* ohmic_platform_control_registers(void) {
  return (ohmic_platform_control_t*)OHMIC_PLATFORM_CONTROL_BASE;
}

static inline unsigned ohmic_hart_id(void) {
  unsigned id;
  __asm__("csrr %0, mhartid" : "=r"(id));
  return id;
}
/// 0 .. core_count-1 within the cluster.
static inline unsigned ohmic_core_id(void) { return ohmic_hart_id() & 63u; }
static inline unsigned ohmic_cluster_id(void) { return ohmic_hart_id() >> 6; }
static inline unsigned ohmic_cluster_count(void) { return ohmic_cluster_control_registers()->cluster_count; }

/// An offset in the own L1 as a pointer, and back.
static inline void* ohmic_l1(uint32_t offset) { return (void*)(OHMIC_OWN_L1_BASE + offset); }
static inline uint32_t ohmic_l1_offset(const volatile void* p) { return (uint32_t)p - OHMIC_OWN_L1_BASE; }

/// L1 above the firmware's own part belongs to the program.
static inline void* ohmic_free_l1(void) { return ohmic_l1(OHMIC_L1_RESERVED_BYTES); }
static inline uint32_t ohmic_free_l1_bytes(void) {
  return ohmic_cluster_control_registers()->l1_bytes - OHMIC_L1_RESERVED_BYTES;
}

/// Global addresses: any cluster's L1 and peripherals.
static inline uint32_t ohmic_cluster_l1(unsigned cluster) {
  return OHMIC_CLUSTERS_BASE + cluster * ohmic_cluster_control_registers()->cluster_stride;
}
static inline uint32_t ohmic_cluster_peripherals(unsigned cluster) {
  return ohmic_cluster_l1(cluster) + ohmic_cluster_control_registers()->l1_bytes;
}
static inline uint32_t ohmic_doorbell_address(unsigned cluster, unsigned line) {
  return ohmic_cluster_peripherals(cluster) + OHMIC_EVENT_UNIT_BASE + OHMIC_EVENT_UNIT_DOORBELL_OFFSET + line * 4u;
}
static inline void ohmic_store(uint32_t address, uint32_t value) { *(volatile uint32_t*)address = value; }

/// Cycles since reset by the cluster's own counter (a few cycles away; the low word suffices for differences).
static inline uint32_t ohmic_cycles(void) { return ohmic_cluster_control_registers()->cycle_lo; }
static inline uint64_t ohmic_cycles64(void) {
  const uint32_t lo = ohmic_cluster_control_registers()->cycle_lo;  // latches the high word
  return (uint64_t)ohmic_cluster_control_registers()->cycle_hi << 32 | lo;
}

static inline void ohmic_marker(unsigned n) { ohmic_platform_control_registers()->marker = n; }
static inline void ohmic_progress(unsigned units) { ohmic_platform_control_registers()->progress = units; }

#endif
