/// What the executor needs of its cluster, in one place, so that its scheduling can be tested without one.
#ifndef OHMIC_DATAFLOW_DEVICES_H
#define OHMIC_DATAFLOW_DEVICES_H

#include "sw/firmware/hal/dma.h"
#include "sw/firmware/hal/ima.h"
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

#define DEVICES_IMA_LINE OHMIC_LINE_IMA
#define DEVICES_DMA_LINES (OHMIC_LINE_DMA * 0xFFu)
#define DEVICES_EVENTS (DEVICES_IMA_LINE | DEVICES_DMA_LINES | OHMIC_LINE_DOORBELL)

static inline void* l1_at(uint32_t offset) { return ohmic_l1(offset); }
static inline uint32_t l1_offset_of(const volatile void* p) { return ohmic_l1_offset(p); }
static inline unsigned dma_channels(void) { return ohmic_cluster_control_registers()->dma_channels; }
static inline void dma_start(unsigned channel, const ohmic_dma_descriptor* first) { ohmic_dma_start(channel, first); }
static inline uint32_t dma_busy(void) { return ohmic_dma_busy(); }
static inline unsigned ima_queue_room(void) { return ohmic_ima_free(); }
static inline volatile uint32_t* ima_register_file(void) { return (volatile uint32_t*)ohmic_ima_registers(); }
static inline void ima_push(void) { ohmic_ima_push(); }
static inline uint32_t ima_jobs_done(void) { return ohmic_ima_jobs_done(); }
static inline void kernel_run(ohmic_task task, void* job, uint32_t stage) {
  ohmic_cluster_control_registers()->in_kernel = stage + 1;
  ohmic_dispatch(task, job);
  ohmic_cluster_control_registers()->in_kernel = 0;
}
static inline unsigned kernel_cores(void) { return ohmic_core_count(); }
static inline void report_progress(void) { ohmic_progress(1); }

#endif
