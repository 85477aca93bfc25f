/* The C header compiles as C11 and its structs lie where the defines say (its static assertions). */
#include "registers/ohmic_registers.h"

unsigned ohmic_c_header_dma_start(unsigned channel) {
  return (unsigned)offsetof(ohmic_dma_t, channel[0].start) + channel * OHMIC_DMA_CHANNEL_ARRAY_STRIDE;
}

unsigned ohmic_c_header_barrier_arrive(unsigned barrier) {
  ohmic_event_unit_t* const unit = (ohmic_event_unit_t*)(uintptr_t)0x1000;
  return (unsigned)((uintptr_t)&unit->barrier[barrier].arrive - (uintptr_t)unit);
}
