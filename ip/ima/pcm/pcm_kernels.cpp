#include "ip/ima/pcm/pcm_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ip/ima/pcm/elementary.h"

#ifdef __x86_64__
  #include <immintrin.h>
#endif

namespace ohmic::pcm {
namespace {

#define OHMIC_SET plain
#define OHMIC_TARGET
#define OHMIC_LANES 1
#include "ip/ima/pcm/pcm_kernels_of_set.h"
#undef OHMIC_SET
#undef OHMIC_TARGET
#undef OHMIC_LANES

#ifdef __x86_64__
  #define OHMIC_SET avx2
  #define OHMIC_TARGET __attribute__((target("avx2")))
  #define OHMIC_LANES 8
  #include "ip/ima/pcm/pcm_kernels_of_set.h"
  #undef OHMIC_SET
  #undef OHMIC_TARGET
  #undef OHMIC_LANES

  #define OHMIC_SET avx512
  #define OHMIC_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
  #define OHMIC_LANES 16
  #include "ip/ima/pcm/pcm_kernels_of_set.h"
  #undef OHMIC_SET
  #undef OHMIC_TARGET
  #undef OHMIC_LANES
#endif

}  // namespace

const kernel_set& kernels_of(mvm::simd variant) {
#ifdef __x86_64__
  if (variant == mvm::simd::avx2) return avx2::set;
  if (variant == mvm::simd::avx512_vnni) return avx512::set;
#endif
  static_cast<void>(variant);
  return plain::set;
}

const kernel_set& best_kernels() {
  static const kernel_set& best = mvm::supported(mvm::simd::avx512_vnni) ? kernels_of(mvm::simd::avx512_vnni)
                                  : mvm::supported(mvm::simd::avx2)      ? kernels_of(mvm::simd::avx2)
                                                                         : plain::set;
  return best;
}

}  // namespace ohmic::pcm
