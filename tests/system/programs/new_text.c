/* Code that is written while the program runs, by every master that can write it. First argument: which case. */
#include "sw/firmware/hal/dma.h"
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

enum {
  BY_CORE = 0,
  BY_DMA = 1,
  BY_ANOTHER_CLUSTER = 2,
  FOR_ALL_CORES = 3,
  UNFENCED = 4,
  MANY_VERSIONS = 5,
  COMPRESSED_AND_LOOP = 6,
};

/* addi a0, zero, immediate; ret */
enum { LI_A0 = 0x513 };
__attribute__((naked, noinline, aligned(64))) uint32_t answer(void) {
  __asm__(".option push\n .option norvc\n li a0, 1\n ret\n .option pop");
}
/* The same line as answer(): its other instructions stay as they are. */
__attribute__((naked, noinline, aligned(4))) uint32_t halfword_answer(void) {
  __asm__(".option push\n .option rvc\n c.li a0, 1\n c.jr ra\n .option pop");
}

static uint32_t li_a0(uint32_t value) { return LI_A0 | value << 20; }
static volatile uint32_t* text_of(const void* function) { return (volatile uint32_t*)function; }
static void fence(void) { __asm__ volatile("fence.i" ::: "memory"); }

static volatile uint32_t answers[64];
static void ask(void* argument) { answers[ohmic_core_id()] = answer(); }

__attribute__((section(".hbm"))) static volatile uint32_t patched = 0;

int main(void) {
  const unsigned cluster = ohmic_cluster_id();
  const uint32_t which = ohmic_argument_number(0, 0);
  if (cluster > 1 || (cluster == 1 && which != BY_ANOTHER_CLUSTER)) return 0;
  if (cluster == 1) {
    *text_of(answer) = li_a0(5);
    patched = 1;
    return 0;
  }
  const uint32_t before = which == BY_ANOTHER_CLUSTER ? 1 : answer();
  switch (which) {
    case BY_CORE: {
      *text_of(answer) = li_a0(2);
      const uint32_t unfenced = answer();
      fence();
      printf("%u %u %u\n", (unsigned)before, (unsigned)unfenced, (unsigned)answer());
      break;
    }
    case BY_DMA: {
      ohmic_dma_descriptor* const d = (ohmic_dma_descriptor*)ohmic_free_l1();
      uint32_t* const word = (uint32_t*)(d + 1);
      *word = li_a0(3);
      *d = ohmic_dma_copy((uint32_t)(uintptr_t)answer, (uint32_t)word, 4);
      d->flags |= DMA_EVENT;
      ohmic_dma_start(0, d);
      ohmic_dma_wait(0);
      fence();
      printf("%u %u\n", (unsigned)before, (unsigned)answer());
      break;
    }
    case BY_ANOTHER_CLUSTER:
      while (!patched) {
      }
      fence();
      printf("%u\n", (unsigned)answer());
      break;
    case FOR_ALL_CORES: {
      ohmic_dispatch(ask, 0);
      *text_of(answer) = li_a0(7);
      fence(); /* of core 0 alone */
      uint32_t sum = 0;
      ohmic_dispatch(ask, 0);
      for (unsigned c = 0; c < ohmic_core_count(); ++c) sum += answers[c];
      printf("%u of %u\n", (unsigned)sum, ohmic_core_count());
      break;
    }
    case UNFENCED:
      *text_of(answer) = li_a0(9);
      printf("%u %u\n", (unsigned)before, (unsigned)answer());
      break;
    case MANY_VERSIONS: {
      uint32_t sum = 0;
      for (uint32_t i = 0; i < 100; ++i) {
        *text_of(answer) = li_a0(i);
        fence();
        sum += answer();
      }
      printf("%u\n", (unsigned)sum);
      break;
    }
    default: {
      /* c.li a0, 12 by a half-word store; then its immediate's byte alone. */
      volatile uint16_t* const half = (volatile uint16_t*)text_of(halfword_answer);
      const uint32_t was = halfword_answer();
      *half = 0x4501 | 12 << 2;
      fence();
      const uint32_t by_half = halfword_answer();
      *(volatile uint8_t*)half = 0x01 | 13 << 2;
      fence();
      printf("%u %u %u\n", (unsigned)was, (unsigned)by_half, (unsigned)halfword_answer());
    }
  }
  return 0;
}
