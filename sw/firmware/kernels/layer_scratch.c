/* Plain C: the compiler runs it too, to know what a job takes of the heap. */
#include "sw/firmware/kernels/kernels.h"

uint32_t ohmic_layer_scratch_bytes(const ohmic_kernel_job* job) {
  uint32_t bytes;
  if (job->kernel == OHMIC_KERNEL_DEPTHWISE) {
    bytes = job->pool_size * (4 + 4 * ((job->pool_height + 3) / 4)) +
            4 * (job->pool_size + 1) * ohmic_depthwise_plane_bytes(job, job->height);
  } else {
    bytes = job->pool_size * ohmic_layer_runs_of_column(job) * (uint32_t)sizeof(ohmic_window_run);
    if (!ohmic_layer_in_place(job))
      bytes += 4 * ohmic_layer_window_bytes(job->pool_size * job->pool_height, job->in_channels / job->groups);
  }
  return ((bytes / 4 + 1) | 1) * 4; /* an odd number of words */
}
