/* Residual add of int8 maps: bytes are widened pair by pair (even and odd), multiplied and added as halves. */
#include "sw/firmware/hal/pulp.h"
#include "sw/firmware/kernels/kernels.h"
#include "sw/firmware/runtime/spmd.h"

void ohmic_add_run(char *y, uint32_t y_pitch, const char *x, uint32_t x_pitch, const char *residual,
                   uint32_t residual_pitch, uint32_t pixels, uint32_t channels, const ohmic_kernel_job *job) {
  const uint32_t a = pulp_pack_h(job->residual_a, job->residual_a), b = pulp_pack_h(job->residual_b, job->residual_b);
  const uint32_t shift = job->residual_shift;
  const int32_t rounding = (int32_t)(1u << (shift - 1));
  const uint32_t lo = (uint32_t)(uint8_t)job->residual_lo * 0x01010101u;
  uint32_t left = channels;
  for (; left >= 4; left -= 4, y += 4, x += 4, residual += 4) {
    const char *px = x, *pr = residual;
    char *py = y;
    uint32_t n = pixels;
    do {
      const uint32_t wx = pulp_load_step(&px, (int32_t)x_pitch), wr = pulp_load_step(&pr, (int32_t)residual_pitch);
      const uint32_t xe = pulp_even_b(wx), xo = pulp_odd_b(wx), re = pulp_even_b(wr), ro = pulp_odd_b(wr);
      const int32_t y0 = pulp_mac_low(pulp_mul_low(xe, a), re, b), y2 = pulp_mac_high(pulp_mul_high(xe, a), re, b);
      const int32_t y1 = pulp_mac_low(pulp_mul_low(xo, a), ro, b), y3 = pulp_mac_high(pulp_mul_high(xo, a), ro, b);
      const uint32_t packed = pulp_pack_b(
          pulp_clip_8(pulp_addn(y0, rounding, shift)), pulp_clip_8(pulp_addn(y1, rounding, shift)),
          pulp_clip_8(pulp_addn(y2, rounding, shift)), pulp_clip_8(pulp_addn(y3, rounding, shift)));
      pulp_store_step(&py, pulp_max_b(packed, lo), (int32_t)y_pitch);
    } while (--n);
  }
  for (uint32_t c = 0; c < left; ++c)
    for (uint32_t p = 0; p < pixels; ++p) {
      const int32_t sum = (int8_t)x[p * x_pitch + c] * job->residual_a + (int8_t)residual[p * residual_pitch + c] * job->residual_b;
      const int32_t v = pulp_clip_8(pulp_addn(sum, rounding, shift));
      y[p * y_pitch + c] = (char)(v < job->residual_lo ? job->residual_lo : v);
    }
}

/* Input 0 is [height][channels] here too: only the residual is segmented. */
void ohmic_add_kernel(const ohmic_kernel_job *job) {
  const ohmic_part part = ohmic_part_of(job);
  uint32_t column = job->columns > 1 ? part.pixel / job->height : 0;
  uint32_t y = part.pixel - column * job->height, left = part.pixel_end - part.pixel;
  while (left) {
    const uint32_t n = left < job->height - y ? left : job->height - y;
    for (unsigned i = 0; i < job->piece_count; ++i) {
      const ohmic_piece *piece = &job->pieces[i];
      if (piece->copy) continue;
      const uint32_t piece_end = piece->channel + piece->count;
      const uint32_t first = part.channel > piece->channel ? part.channel : piece->channel;
      const uint32_t end = part.channel_end < piece_end ? part.channel_end : piece_end;
      if (first >= end) continue;
      const uint32_t within = first - piece->channel;
      ohmic_add_run(job->out + column * job->out_column_bytes + piece->out_offset + y * piece->out_pitch + within,
                    piece->out_pitch, job->in[0] + column * job->in_column_bytes[0] + y * job->channels + first, job->channels,
                    job->residual + column * job->residual_column_bytes + piece->in_offset + y * piece->in_pitch + within,
                    piece->in_pitch, n, end - first, job);
    }
    left -= n;
    ++column;
    y = 0;
  }
  ohmic_copy_pieces(job, part);
}
