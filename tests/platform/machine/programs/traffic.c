/* Every core of every cluster stores to and loads from random clusters; core 0 moves blocks there and back by DMA.
 * What is read is checked; what is left in memory depends on nothing but the chip's shape. Arguments: rounds, and 1 if
 * only cluster 0 is to work. */
#include "sw/firmware/hal/dma.h"
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

enum {
  words_at = 0x16000,
  blocks_at = 0x11000,
  block_bytes = 256,
  most_clusters = 64,
  home_at = 0x15000,
  descriptor_at = 0x15400
};

/* Set in HBM by cluster 0, whose L1 is ready by then. */
__attribute__((section(".hbm"))) static volatile uint32_t go = 0;

static uint32_t next(uint32_t* state) {
  uint32_t x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

static void talk(void* argument) {
  const unsigned rounds = *(const unsigned*)argument, clusters = ohmic_cluster_count();
  const unsigned me = ohmic_cluster_id() * ohmic_core_count() + ohmic_core_id();
  uint32_t state = 0x9E3779B9u * (me + 1);
  for (unsigned n = 0; n < rounds; ++n) {
    const unsigned to = next(&state) % clusters;
    volatile uint32_t* const word = (volatile uint32_t*)(ohmic_cluster_l1(to) + words_at + 4 * me);
    const uint32_t value = next(&state);
    *word = value;
    OHMIC_ASSERT(*word == value);
    ((volatile uint8_t*)word)[n % 4] = (uint8_t)n;
    OHMIC_ASSERT(((volatile uint8_t*)word)[n % 4] == (uint8_t)n);
    for (unsigned wait = next(&state) % 32; wait; --wait) __asm__ volatile("");
  }
}

static void wait_for_dma(void) {
  ohmic_cluster_control_registers()->waiting_for = 2;
  ohmic_dma_wait(0);
  ohmic_cluster_control_registers()->waiting_for = 0;
}

static void move(unsigned rounds) {
  const unsigned clusters = ohmic_cluster_count(), me = ohmic_cluster_id();
  uint8_t *const out = ohmic_l1(home_at), *const back = ohmic_l1(home_at + block_bytes);
  ohmic_dma_descriptor* const d = ohmic_l1(descriptor_at);
  uint32_t state = 0x12345u * (me + 1);
  for (unsigned n = 0; n < rounds; ++n) {
    const unsigned to = next(&state) % clusters, bytes = 1 + next(&state) % block_bytes;
    ohmic_cluster_control_registers()->in_kernel = 1;
    for (unsigned i = 0; i < bytes; ++i) out[i] = (uint8_t)next(&state);
    ohmic_cluster_control_registers()->in_kernel = 0;
    const uint32_t there = ohmic_cluster_l1(to) + blocks_at + block_bytes * me;
    *d = ohmic_dma_copy(there, (uint32_t)out, bytes);
    d->flags |= DMA_EVENT;
    ohmic_dma_start(0, d);
    wait_for_dma();
    *d = ohmic_dma_copy((uint32_t)back, there, bytes);
    d->flags |= DMA_EVENT;
    ohmic_dma_start(0, d);
    wait_for_dma();
    OHMIC_ASSERT(memcmp(out, back, bytes) == 0);
    const uint32_t hbm = 0x83000000u + 0x1000u * me + n % 8 * block_bytes;
    *d = ohmic_dma_copy(hbm, (uint32_t)out, bytes);
    d->flags |= DMA_EVENT;
    ohmic_dma_start(0, d);
    wait_for_dma();
  }
}

int main(void) {
  const unsigned rounds = ohmic_argument_number(0, 10), alone = ohmic_argument_number(1, 0);
  if (alone && ohmic_cluster_id() != 0) return 0;
  if (ohmic_cluster_id() == 0) {
    ohmic_marker(0);
    go = 1;
  } else {
    while (!go) {
    }
  }
  unsigned* const shared = ohmic_l1(0x15480);
  *shared = rounds;
  ohmic_dispatch(talk, shared);
  move(rounds);
  return 0;
}
