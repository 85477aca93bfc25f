/// Waiting and waking. A line carries no count: clear it, look at the words it announces, then wait for it.
#ifndef OHMIC_HAL_EVENT_UNIT_H
#define OHMIC_HAL_EVENT_UNIT_H

#include "core/event_load.h"
#include "sw/firmware/hal/chip.h"

enum {
  OHMIC_LINE_SOFTWARE = 1u << 0,  ///< << 0..7
  OHMIC_LINE_BARRIER = 1u << 8,   ///< << 0..7
  OHMIC_LINE_IMA = 1u << 16,
  OHMIC_LINE_ERROR = 1u << 17,
  OHMIC_LINE_LOCK = 1u << 19,
  OHMIC_LINE_DMA = 1u << 20,      ///< << channel
  OHMIC_LINE_DOORBELL = 1u << 28  ///< << 0..3
};

static inline void ohmic_event_mask(uint32_t lines) { ohmic_event_unit_registers()->own.mask = lines; }
static inline void ohmic_event_clear(uint32_t lines) { ohmic_event_unit_registers()->own.clear = lines; }
static inline uint32_t ohmic_event_pending(void) { return ohmic_event_unit_registers()->own.pending; }

/// Sleeps until a line of the mask is pending and returns those lines (0: an interrupt came first, and its handler has
/// returned or is about to be entered, as the core does it). Nothing is cleared. The destination differs from the
/// address register, as a replay after an interrupt needs.
static inline uint32_t ohmic_event_wait(void) {
  uint32_t lines;
  __asm__ volatile(OHMIC_EVENT_LOAD " %0, %2(%1)"
                   : "=&r"(lines)
                   : "r"(ohmic_own_peripherals() + 0x1800),
                     "i"(OHMIC_EVENT_UNIT_BASE + OHMIC_EVENT_UNIT_OWN_WAIT_OFFSET - 0x1800)
                   : "memory");
  return lines;
}

/// Sleeps until one of `lines` is pending, clears those that are and returns them.
static inline uint32_t ohmic_event_wait_for(uint32_t lines) {
  uint32_t pending;
  ohmic_event_mask(lines);
  do pending = ohmic_event_wait();
  while (pending == 0);
  ohmic_event_clear(pending);
  return pending;
}

/// Raises software event n (0..7) on the cores whose bits are set.
static inline void ohmic_event_trigger(unsigned n, uint32_t cores_lo, uint32_t cores_hi) {
  if (cores_lo) ohmic_event_unit_registers()->software_event[n].lo = cores_lo;
  if (cores_hi) ohmic_event_unit_registers()->software_event[n].hi = cores_hi;
}

/// Barrier n (0..7) over any subset of cores. 6 and 7 belong to the runtime (runtime/spmd.h).
static inline void ohmic_barrier_configure(unsigned n, uint32_t cores_lo, uint32_t cores_hi) {
  ohmic_event_unit_registers()->barrier[n].mask_lo = cores_lo;
  ohmic_event_unit_registers()->barrier[n].mask_hi = cores_hi;
}
static inline void ohmic_barrier_arrive(unsigned n) {
  __asm__ volatile("" ::: "memory");
  ohmic_event_unit_registers()->barrier[n].arrive = 1;
}
static inline void ohmic_barrier_wait(unsigned n) {
  ohmic_barrier_arrive(n);
  ohmic_event_wait_for(OHMIC_LINE_BARRIER << n);
}

/// The cluster's one lock.
static inline void ohmic_lock(void) {
  ohmic_event_unit_registers()->lock_request = 1;
  ohmic_event_wait_for(OHMIC_LINE_LOCK);
}
static inline void ohmic_unlock(void) {
  __asm__ volatile("" ::: "memory");
  ohmic_event_unit_registers()->lock_release = 1;
}

#endif
