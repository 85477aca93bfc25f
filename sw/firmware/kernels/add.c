/* Residual add of int8 maps: bytes are widened pair by pair (even and odd), multiplied and added as halves (loops.S).
 */
#include <stddef.h>

#include "core/pulp.h"
#include "sw/firmware/kernels/kernels.h"

_Static_assert(offsetof(struct ohmic_add_run, y_pitch) == 12 && offsetof(struct ohmic_add_run, lo) == 48, "loops.S");

OHMIC_KERNEL_CODE void ohmic_add_channels(char* y, uint32_t y_pitch, const char* x, uint32_t x_pitch,
                                          const char* residual, uint32_t residual_pitch, uint32_t pixels,
                                          uint32_t channels, const ohmic_kernel_job* job) {
  const uint32_t shift = job->residual_shift;
  const int32_t rounding = (int32_t)(1u << (shift - 1));
  const uint32_t blocks = channels / 4;
  if (blocks) {
    struct ohmic_add_run r = {y,
                              x,
                              residual,
                              y_pitch,
                              x_pitch,
                              residual_pitch,
                              pixels,
                              blocks,
                              pulp_pack_h(job->residual_a, job->residual_a),
                              pulp_pack_h(job->residual_b, job->residual_b),
                              shift,
                              (uint32_t)rounding,
                              (uint32_t)(uint8_t)job->residual_lo * 0x01010101u};
    ohmic_add_blocks(&r);
  }
  for (uint32_t c = 4 * blocks; c < channels; ++c)
    for (uint32_t p = 0; p < pixels; ++p) {
      const int32_t sum =
          (int8_t)x[p * x_pitch + c] * job->residual_a + (int8_t)residual[p * residual_pitch + c] * job->residual_b;
      const int32_t v = pulp_clip_8(pulp_addn(sum, rounding, shift));
      y[p * y_pitch + c] = (char)(v < job->residual_lo ? job->residual_lo : v);
    }
}

/* Input 0 is [height][channels] here too: only the residual is segmented. */
OHMIC_KERNEL_CODE void ohmic_add_work(const ohmic_kernel_job* job, const ohmic_work* w) {
  const ohmic_piece* piece = &job->pieces[w->piece];
  const uint32_t within = w->first - piece->channel;
  ohmic_add_channels(
      job->out + w->column * job->out_column_bytes + piece->out_offset + w->y * piece->out_pitch + within,
      piece->out_pitch, job->in[0] + w->column * job->in_column_bytes[0] + w->y * job->channels + w->first,
      job->channels,
      job->residual + w->column * job->residual_column_bytes + piece->in_offset + w->y * piece->in_pitch + within,
      piece->in_pitch, w->pixels, w->end - w->first, job);
}
