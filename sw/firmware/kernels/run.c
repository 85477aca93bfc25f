#include "core/pulp.h"
#include "sw/firmware/kernels/kernels.h"
#include "sw/firmware/runtime/spmd.h"

OHMIC_KERNEL_CODE void ohmic_copy_work(const ohmic_kernel_job* job, const ohmic_work* w) {
  const ohmic_piece* piece = &job->pieces[w->piece];
  char* base = job->out + w->column * job->out_column_bytes + (w->first - piece->channel);
  const char* from = base + piece->in_offset + w->y * piece->in_pitch;
  char* to = base + piece->out_offset + w->y * piece->out_pitch;
  uint32_t left = w->end - w->first;
  for (; left >= 4; left -= 4, from += 4, to += 4)
    ohmic_copy_words(to, piece->out_pitch, from, piece->in_pitch, w->pixels);
  for (; left; --left, ++from, ++to)
    for (uint32_t p = 0; p < w->pixels; ++p) to[p * piece->out_pitch] = from[p * piece->in_pitch];
}

OHMIC_KERNEL_CODE static __attribute__((noinline)) void run_layer(const ohmic_kernel_job* job, const ohmic_work* w,
                                                                  const ohmic_work* end) {
  while (w != end) {
    if (w->piece != OHMIC_NO_PIECE && job->pieces[w->piece].copy) {
      ohmic_copy_work(job, w++);
    } else if (job->kernel == OHMIC_KERNEL_DEPTHWISE) {
      w = ohmic_depthwise_work(job, w, end);
    } else {
      ohmic_layer_work(job, w++);
    }
  }
}

OHMIC_KERNEL_CODE void ohmic_run_kernel(void* argument) {
  const ohmic_kernel_job* job = argument;
  const uint32_t* bounds = job->work_of + ohmic_core_id();
  const ohmic_work *w = job->work + bounds[0], *const end = job->work + bounds[1];
  if (job->kernel >= OHMIC_KERNEL_LAYER) {
    run_layer(job, w, end);
    return;
  }
  for (; w != end; ++w) {
    if (w->piece != OHMIC_NO_PIECE && job->pieces[w->piece].copy)
      ohmic_copy_work(job, w);
    else if (job->kernel == OHMIC_KERNEL_ADD)
      ohmic_add_work(job, w);
    else if (job->kernel == OHMIC_KERNEL_MAX_POOL || job->kernel == OHMIC_KERNEL_AVERAGE_POOL)
      ohmic_pool_work(job, w);
    else
      ohmic_sum_work(job, w);
  }
}
