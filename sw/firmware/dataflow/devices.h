/// What the executor needs of its cluster, in one place, so that its scheduling can be tested without one.
#ifndef OHMIC_DATAFLOW_DEVICES_H
#define OHMIC_DATAFLOW_DEVICES_H

#include <stdbool.h>

#include "sw/firmware/hal/dma.h"
#include "sw/firmware/hal/ima.h"
#include "sw/firmware/kernels/kernels.h"
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

#define DEVICES_IMA_LINE OHMIC_LINE_IMA
#define DEVICES_DMA_LINE OHMIC_LINE_DMA  ///< << channel
#define DEVICES_DATA_LINE (OHMIC_LINE_DOORBELL << OHMIC_DOORBELL_PRODUCED)
#define DEVICES_ROOM_LINE (OHMIC_LINE_DOORBELL << OHMIC_DOORBELL_RELEASED)
#define DEVICES_KERNEL_LINE (OHMIC_LINE_BARRIER << OHMIC_BARRIER_JOIN)

static inline void* l1_at(uint32_t offset) { return ohmic_l1(offset); }
static inline uint32_t l1_offset_of(const volatile void* p) { return ohmic_l1_offset(p); }
static inline unsigned dma_channels(void) { return ohmic_cluster_control_registers()->dma_channels; }
static inline void dma_start(unsigned channel, const ohmic_dma_descriptor* first) { ohmic_dma_start(channel, first); }
static inline void dma_start_at(unsigned channel, uint32_t first) { ohmic_dma_start_at(channel, first); }
static inline uint32_t dma_busy(void) { return ohmic_dma_busy(); }
static inline unsigned ima_queue_room(void) { return ohmic_ima_free(); }
static inline volatile uint32_t* ima_register_file(void) { return (volatile uint32_t*)ohmic_ima_registers(); }
/// A job is made of these registers; nothing, if they are just memory.
static inline void ima_push(volatile uint32_t* registers) {
  __asm__ volatile("" ::: "memory");
  registers[OHMIC_IMA_PUSH_OFFSET / 4] = 1;
}
static inline uint32_t ima_jobs_done(void) { return ohmic_ima_jobs_done(); }
/// The other cores begin. Where this core takes part, kernel_help() is its part, whenever it has time for it; else it
/// has none. DEVICES_KERNEL_LINE rises when all have ended.
static inline bool kernel_needs_help(uint32_t kernel) {
  return ohmic_kernel_cores(kernel, ohmic_core_count()) == ohmic_core_count();
}
static inline void kernel_begin(ohmic_task task, void* job, uint32_t stage, bool help) {
  ohmic_cluster_control_registers()->in_kernel = stage + 1;
  ohmic_dispatch_begin(task, job);
  if (!help) ohmic_barrier_arrive(OHMIC_BARRIER_JOIN);
}
static inline void kernel_help(ohmic_task task, void* job) {
  task(job);
  ohmic_barrier_arrive(OHMIC_BARRIER_JOIN);
}
static inline void kernel_ended(void) { ohmic_cluster_control_registers()->in_kernel = 0; }
static inline void set_awaited_lines(uint32_t lines) { ohmic_event_mask(lines); }
static inline void forget_lines(uint32_t lines) { ohmic_event_clear(lines); }
/// Sleeps until one of the awaited lines rises. Returns those that have, cleared.
static inline uint32_t await_lines(void) {
  const uint32_t lines = ohmic_event_wait();
  ohmic_event_clear(lines);
  return lines;
}
static inline void report_waiting(uint32_t activity, uint32_t waiting_for) {
  ohmic_cluster_control_t* control = ohmic_cluster_control_registers();
  control->waiting_for = waiting_for;
  control->activity = activity;
}
static inline void report_progress(void) { ohmic_progress(1); }

#endif
