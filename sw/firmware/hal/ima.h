/// The analog accelerator: write the job registers, then push; the registers keep their values for the next job.
#ifndef OHMIC_HAL_IMA_H
#define OHMIC_HAL_IMA_H

#include "sw/firmware/hal/event_unit.h"

/// Jobs that may be pushed now.
static inline unsigned ohmic_ima_free(void) {
  return (ohmic_ima_registers()->status & OHMIC_IMA_STATUS_FREE_MASK) >> OHMIC_IMA_STATUS_FREE_SHIFT;
}
static inline void ohmic_ima_push(void) {
  __asm__ volatile("" ::: "memory");
  ohmic_ima_registers()->push = 1;
}
static inline uint32_t ohmic_ima_jobs_done(void) { return ohmic_ima_registers()->jobs_done; }

/// Two signed 16-bit values in a word, as STEP, ORIGIN and RANGE registers want them.
static inline uint32_t ohmic_pair(int low, int high) { return ((uint32_t)low & 0xFFFFu) | (uint32_t)high << 16; }

/// Sleeps until `jobs` have been completed since reset.
static inline void ohmic_ima_wait(uint32_t jobs) {
  while ((int32_t)(ohmic_ima_jobs_done() - jobs) < 0) ohmic_event_wait_for(OHMIC_LINE_IMA);
  __asm__ volatile("" ::: "memory");
}

#endif
