#include "sw/compiler/reference/vector_kernels.h"

#include <cstring>

#ifdef __x86_64__
  #include <immintrin.h>
#endif

namespace ohmic {
namespace {

#define OHMIC_SET plain
#define OHMIC_TARGET
#define OHMIC_LANES 1
#include "sw/compiler/reference/vector_kernels_of_set.h"
#undef OHMIC_SET
#undef OHMIC_TARGET
#undef OHMIC_LANES

#ifdef __x86_64__
  #define OHMIC_SET avx2
  #define OHMIC_TARGET __attribute__((target("avx2")))
  #define OHMIC_LANES 8
  #include "sw/compiler/reference/vector_kernels_of_set.h"
  #undef OHMIC_SET
  #undef OHMIC_TARGET
  #undef OHMIC_LANES

  #define OHMIC_SET avx512
  #define OHMIC_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
  #define OHMIC_LANES 16
  #include "sw/compiler/reference/vector_kernels_of_set.h"
  #undef OHMIC_SET
  #undef OHMIC_TARGET
  #undef OHMIC_LANES

constexpr vector_kernels sets[] = {plain::kernels, avx2::kernels, avx512::kernels};
#else
constexpr vector_kernels sets[] = {plain::kernels};
#endif

int usable_sets() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
    return 3;
  if (__builtin_cpu_supports("avx2")) return 2;
#endif
  return 1;
}

}  // namespace

const vector_kernels* vector_kernels::all(int* count) {
  *count = usable_sets();
  return sets;
}

const vector_kernels& vector_kernels::best() {
  static const int count = usable_sets();
  return sets[count - 1];
}

}  // namespace ohmic
