/// The DMA: descriptors in the own L1, chains, completion. See ip/dma/descriptor.h for what a descriptor means.
#ifndef OHMIC_HAL_DMA_H
#define OHMIC_HAL_DMA_H

#include "ip/dma/descriptor.h"
#include "sw/firmware/hal/event_unit.h"

typedef struct dma_descriptor ohmic_dma_descriptor;

/// A one-dimensional copy; chain, notify and more dimensions are added to the result.
static inline ohmic_dma_descriptor ohmic_dma_copy(uint64_t destination, uint64_t source, uint32_t bytes) {
  ohmic_dma_descriptor d = {0};
  d.flags = 1u;
  d.next = DMA_CHAIN_END;
  d.bytes = bytes;
  d.src_lo = (uint32_t)source;
  d.dst_lo = (uint32_t)destination;
  d.src_dst_hi = ((uint32_t)(source >> 32) & 0xFFFFu) | (uint32_t)(destination >> 32) << 16;
  return d;
}

/// After the last byte has arrived: writes `value` to `word`, then 1 to `doorbell`.
static inline void ohmic_dma_notify(ohmic_dma_descriptor* d, uint64_t word, uint32_t value, uint64_t doorbell) {
  d->flags |= DMA_NOTIFY;
  d->notify_lo = (uint32_t)word;
  d->notify_value = value;
  d->doorbell_lo = (uint32_t)doorbell;
  d->doorbell_value = 1u;
  d->notify_hi = ((uint32_t)(word >> 32) & 0xFFFFu) | (uint32_t)(doorbell >> 32) << 16;
}

/// Precondition: the channel is not busy; the descriptor is 64-byte aligned and complete.
static inline void ohmic_dma_start_at(unsigned channel, uint32_t l1_offset_of_first) {
  __asm__ volatile("" ::: "memory");
  ohmic_dma_registers()->channel[channel].start = l1_offset_of_first;
}
static inline void ohmic_dma_start(unsigned channel, const ohmic_dma_descriptor* first) {
  ohmic_dma_start_at(channel, ohmic_l1_offset(first));
}
static inline uint32_t ohmic_dma_busy(void) { return ohmic_dma_registers()->busy; }

/// Sleeps until the chain has ended; its last descriptor must have DMA_EVENT.
static inline void ohmic_dma_wait(unsigned channel) {
  while (ohmic_dma_busy() >> channel & 1u) ohmic_event_wait_for(OHMIC_LINE_DMA << channel);
  __asm__ volatile("" ::: "memory");
}

#endif
