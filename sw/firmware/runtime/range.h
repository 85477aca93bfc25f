/// Sharing n things among cores.
#ifndef OHMIC_RUNTIME_RANGE_H
#define OHMIC_RUNTIME_RANGE_H

#include <stdint.h>

typedef struct {
  uint32_t begin, end;
} ohmic_range;

/// Neighbouring parts of [0, n) whose sizes differ by at most 1, the larger ones first.
static inline ohmic_range ohmic_share(uint32_t n, uint32_t core, uint32_t cores) {
  const uint32_t part = n / cores, rest = n - part * cores;
  const uint32_t begin = core * part + (core < rest ? core : rest);
  return (ohmic_range){begin, begin + part + (core < rest)};
}

#endif
