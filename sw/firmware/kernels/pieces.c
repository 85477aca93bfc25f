#include "sw/firmware/kernels/kernels.h"
#include "sw/firmware/hal/pulp.h"
#include "sw/firmware/runtime/spmd.h"

unsigned ohmic_make_pieces(const ohmic_segment *out, unsigned out_count, const ohmic_segment *in, unsigned in_count,
                           ohmic_piece *pieces, unsigned most) {
  unsigned n = 0;
  for (unsigned s = 0; s < out_count; ++s) {
    uint32_t channel = out[s].channel;
    const uint32_t end = channel + out[s].count;
    while (channel < end) {
      if (n == most) return 0;
      ohmic_piece *piece = &pieces[n];
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

void ohmic_share_tile(ohmic_kernel_job *job, unsigned cores) {
  /* In instructions: what a block of 4 channels costs once, and for each of its pixels. */
  enum { once = 24, per_pixel = 30 };
  const int average = job->kernel == OHMIC_KERNEL_AVERAGE_POOL;
  const uint32_t pixels = average ? 1 : job->columns * job->height, blocks = (job->channels + 3) / 4;
  uint32_t best = ~0u;
  for (unsigned groups = 1; groups <= cores && groups <= pixels; ++groups) {
    uint32_t channel_groups = cores / groups;
    if (channel_groups > blocks) channel_groups = blocks;
    const uint32_t most_pixels = (pixels + groups - 1) / groups;
    const uint32_t most_blocks = (blocks + channel_groups - 1) / channel_groups;
    const uint32_t cost = most_blocks * (once + most_pixels * per_pixel);
    if (cost < best) {
      best = cost;
      job->pixel_groups = groups;
      job->channel_groups = channel_groups;
    }
  }
}

ohmic_part ohmic_part_of(const ohmic_kernel_job *job) {
  const uint32_t core = ohmic_core_id(), groups = job->pixel_groups;
  const uint32_t channel_group = core / groups;
  if (channel_group >= job->channel_groups) return (ohmic_part){0, 0, 0, 0};
  const uint32_t pixels = job->kernel == OHMIC_KERNEL_AVERAGE_POOL ? 1 : job->columns * job->height;
  const ohmic_range p = ohmic_share(pixels, core - channel_group * groups, groups);
  const ohmic_range c = ohmic_share((job->channels + 3) / 4, channel_group, job->channel_groups);
  const uint32_t end = 4 * c.end;
  return (ohmic_part){p.begin, p.end, 4 * c.begin, end < job->channels ? end : job->channels};
}

void ohmic_copy_pieces(const ohmic_kernel_job *job, ohmic_part part) {
  for (unsigned i = 0; i < job->piece_count; ++i) {
    const ohmic_piece *piece = &job->pieces[i];
    if (!piece->copy) continue;
    const uint32_t first = part.channel > piece->channel ? part.channel : piece->channel;
    const uint32_t piece_end = piece->channel + piece->count;
    const uint32_t end = part.channel_end < piece_end ? part.channel_end : piece_end;
    if (first >= end) continue;
    for (uint32_t pixel = part.pixel; pixel < part.pixel_end; ++pixel) {
      const uint32_t column = job->height > pixel ? 0 : pixel / job->height, y = pixel - column * job->height;
      char *base = job->out + column * job->out_column_bytes + (first - piece->channel);
      const char *from = base + piece->in_offset + y * piece->in_pitch;
      char *to = base + piece->out_offset + y * piece->out_pitch;
      uint32_t n = end - first;
      for (; n >= 4; n -= 4) pulp_store_step(&to, pulp_load_step(&from, 4), 4);
      for (; n; --n) *to++ = *from++;
    }
  }
}

void ohmic_run_kernel(void *argument) {
  const ohmic_kernel_job *job = argument;
  switch (job->kernel) {
    case OHMIC_KERNEL_ADD: ohmic_add_kernel(job); break;
    case OHMIC_KERNEL_MAX_POOL:
    case OHMIC_KERNEL_AVERAGE_POOL: ohmic_pool_kernel(job); break;
    default: ohmic_sum_kernel(job); break;
  }
}
