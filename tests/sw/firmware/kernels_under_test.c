/* Holds the kernels for kernels_test.cpp, which calls them on every hart by itself. */
#include "sw/firmware/kernels/kernels.h"
#include "sw/firmware/runtime/spmd.h"

static ohmic_piece pieces[1];
static ohmic_kernel_job job;
static uint32_t work_of[65];
static ohmic_work work[1];

int main(void) {
  job.piece_count = ohmic_make_pieces(0, 0, 0, 0, pieces, 1);
  ohmic_share_tile(&job, ohmic_core_count(), work_of, work, 1);
  job.scratch_bytes = ohmic_layer_scratch_bytes(&job);
  ohmic_dispatch(ohmic_run_kernel, &job);
  return 0;
}
