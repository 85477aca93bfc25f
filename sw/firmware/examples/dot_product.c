/* Parallel dot product of one cluster: the cores share two vectors in L1, each adds up its part, core 0 the parts. */
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

typedef struct {
  const int32_t *a, *b;
  uint32_t n;
  int32_t parts[64];
} dot_job;

static void dot(void* argument) {
  dot_job* job = argument;
  const ohmic_range mine = ohmic_share(job->n, ohmic_core_id(), ohmic_core_count());
  int32_t sum = 0;
  for (uint32_t i = mine.begin; i < mine.end; ++i) sum += job->a[i] * job->b[i];
  job->parts[ohmic_core_id()] = sum;
}

static dot_job job;

int main(void) {
  enum { n = 4096 };
  int32_t *a = ohmic_free_l1(), *b = a + n;
  for (int32_t i = 0; i < n; ++i) a[i] = i, b[i] = 2;
  job.a = a, job.b = b, job.n = n;
  const uint32_t start = ohmic_cycles();
  ohmic_dispatch(dot, &job);
  const uint32_t cycles = ohmic_cycles() - start;
  int32_t sum = 0;
  for (unsigned core = 0; core < ohmic_core_count(); ++core) sum += job.parts[core];
  OHMIC_ASSERT(sum == n * (n - 1));
  printf("dot product of %u elements on %u cores: %u cycles\n", (unsigned)n, ohmic_core_count(), (unsigned)cycles);
  return 0;
}
