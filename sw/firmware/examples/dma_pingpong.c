/* Two clusters pass a block of data to and fro by DMA. A pass is one descriptor: the data, then a count in the
 * receiver's L1, then its doorbell. The receiver adds 1 to every word and passes the block back.
 * First argument: passes (default 20). Needs two clusters; the others have nothing to do. */
#include "sw/firmware/hal/dma.h"
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

enum { words = 1024, channel = 0 };

/* Above the firmware's own L1: the block, the count of passes received, a descriptor. */
typedef struct {
  uint32_t block[words];
  ohmic_dma_descriptor descriptor __attribute__((aligned(64)));
  volatile uint32_t received;
} court;

/* Set in HBM when cluster 1 is ready to receive. */
__attribute__((section(".hbm"))) static volatile uint32_t partner_ready = 0;

static void pass(court* mine, unsigned to, uint32_t count) {
  const uint32_t there = ohmic_cluster_l1(to) + ohmic_l1_offset(mine);
  mine->descriptor = ohmic_dma_copy(there, (uint32_t)mine->block, sizeof mine->block);
  ohmic_dma_notify(&mine->descriptor, there + offsetof(court, received), count, ohmic_doorbell_address(to, 0));
  ohmic_dma_start(channel, &mine->descriptor);
}

static void wait_for(const court* mine, uint32_t count) {
  while (mine->received != count) ohmic_event_wait_for(OHMIC_LINE_DOORBELL);
}

int main(void) {
  const unsigned cluster = ohmic_cluster_id(), passes = ohmic_argument_number(0, 20);
  if (cluster > 1 || ohmic_cluster_count() < 2) return 0;
  court* const mine = ohmic_free_l1();
  mine->received = 0;
  const uint32_t start = ohmic_cycles();
  if (cluster == 0) {
    for (unsigned i = 0; i < words; ++i) mine->block[i] = 3 * i;
    while (!partner_ready) {
    }
    pass(mine, 1, 1);
  } else {
    partner_ready = 1;
  }
  for (uint32_t n = 1; n <= passes; ++n) {
    if (n % 2 != cluster) continue; /* pass n comes from the other cluster */
    wait_for(mine, n);
    for (unsigned i = 0; i < words; ++i) ++mine->block[i];
    if (n < passes) pass(mine, 1 - cluster, n + 1);
  }
  /* Pass n is the n-th; the receiver of the last one has added 1 as often as there were passes. */
  if (passes % 2 == cluster && passes > 0) {
    for (unsigned i = 0; i < words; ++i) OHMIC_ASSERT(mine->block[i] == 3 * i + passes);
    printf("%u passes of %u bytes in %u cycles\n", passes, (unsigned)sizeof mine->block,
           (unsigned)(ohmic_cycles() - start));
  }
  return 0;
}
