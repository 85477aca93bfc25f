/* Plain C: the compiler runs it too, to know what a job takes of the heap. */
#include "sw/firmware/kernels/kernels.h"

unsigned ohmic_make_pieces(const ohmic_segment* out, unsigned out_count, const ohmic_segment* in, unsigned in_count,
                           ohmic_piece* pieces, unsigned most) {
  unsigned n = 0;
  for (unsigned s = 0; s < out_count; ++s) {
    uint32_t channel = out[s].channel;
    const uint32_t end = channel + out[s].count;
    while (channel < end) {
      if (n == most) return 0;
      ohmic_piece* piece = &pieces[n];
      uint32_t piece_end = end;
      piece->copy = 0;
      piece->in_offset = piece->in_pitch = 0;
      for (unsigned e = 0; e < s; ++e) {
        const uint32_t e_end = out[e].channel + out[e].count;
        if (out[e].channel <= channel && channel < e_end) {
          piece->copy = 1;
          piece->in_offset = out[e].offset + (channel - out[e].channel);
          piece->in_pitch = out[e].pitch;
          if (e_end < piece_end) piece_end = e_end;
          break;
        }
        if (channel < out[e].channel && out[e].channel < piece_end) piece_end = out[e].channel;
      }
      if (!piece->copy && in_count) {
        unsigned i = 0;
        while (i < in_count && !(in[i].channel <= channel && channel < in[i].channel + in[i].count)) ++i;
        if (i == in_count) return 0;
        piece->in_offset = in[i].offset + (channel - in[i].channel);
        piece->in_pitch = in[i].pitch;
        if (in[i].channel + in[i].count < piece_end) piece_end = in[i].channel + in[i].count;
      }
      piece->channel = (uint16_t)channel;
      piece->count = (uint16_t)(piece_end - channel);
      piece->out_offset = out[s].offset + (channel - out[s].channel);
      piece->out_pitch = out[s].pitch;
      ++n;
      channel = piece_end;
    }
  }
  return n;
}
