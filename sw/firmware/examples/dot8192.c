/* Parallel dot product in plain C: every core has its own vectors of int32 in L1 and its own length, repeats the
 * product (first argument: repetitions, default 24: more than 1 G instructions on 8192 cores) and checks each result
 * against the closed form. */
#include "sw/firmware/runtime/program.h"
#include "sw/firmware/runtime/spmd.h"

static uint32_t repetitions;

static int32_t dot(const int32_t* a, const int32_t* b, uint32_t n) {
  int32_t sum = 0;
  for (uint32_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

static void run(void* argument) {
  const uint32_t core = ohmic_core_id(), cluster = ohmic_cluster_id();
  /* A slice per core, an odd number of words so that neighbours start in different banks. */
  const uint32_t slice = (ohmic_free_l1_bytes() / ohmic_core_count() / 4 - 1) | 1;
  uint32_t n = 1024;
  if (slice < 2 * n + 64) n = slice / 2 - 32;
  n -= core % 16 + cluster % 7;
  int32_t *a = (int32_t*)ohmic_free_l1() + core * slice, *b = a + n;
  const uint32_t p = 3 + core, q = 5 + cluster;
  for (uint32_t i = 0; i < n; ++i) {
    a[i] = (int32_t)(i + p);
    b[i] = (int32_t)(2 * i + q);
  }
  /* sum of (i+p)(2i+q) = n(n-1)(2n-1)/3 + (q+2p) n(n-1)/2 + n p q, modulo 2^32 */
  const uint32_t pairs = n * (n - 1);
  const int32_t expected = (int32_t)(pairs * (2 * n - 1) / 3 + (q + 2 * p) * (pairs / 2) + n * p * q);
  for (uint32_t r = repetitions; r != 0; --r) {
    __asm__ volatile("" ::: "memory"); /* or the product is computed only once */
    OHMIC_ASSERT(dot(a, b, n) == expected);
  }
}

int main(void) {
  OHMIC_ASSERT(ohmic_free_l1_bytes() / ohmic_core_count() >= 1024);
  repetitions = ohmic_argument_number(0, 24);
  ohmic_dispatch(run, 0);
  return 0;
}
