#include <algorithm>

#include "sw/deployment/layer_format.h"
#include "tests/sw/compiler/mapping/simulated_cluster.h"

namespace ohmic {
namespace {

std::int8_t segmented(simulated_cluster& c, const std::vector<ohmic_segment>& all, std::uint32_t slot,
                      std::uint32_t channel, std::uint32_t y) {
  for (const ohmic_segment& segment : all)
    if (channel >= segment.channel && channel < segment.channel + segment.count)
      return static_cast<std::int8_t>(c.l1[slot + segment.offset + y * segment.pitch + channel - segment.channel]);
  broken_deployment("no segment holds a channel");
}

void put_pixel(simulated_cluster& c, const ohmic_kernel_step& k, std::uint32_t slot, std::uint32_t y,
               const std::vector<std::int32_t>& values) {
  for (const ohmic_segment& segment : c.load_list<ohmic_segment>(k.segments, k.segment_count))
    for (std::uint32_t i = 0; i < segment.count; ++i)
      c.l1[slot + segment.offset + y * segment.pitch + i] = static_cast<std::uint8_t>(values.at(segment.channel + i));
}

void sum_kernel(simulated_cluster& c, const simulated_step& s, const ohmic_kernel_step& k, std::uint32_t column) {
  const tile_place t = place_of(s, s.tile);
  const std::uint32_t out = slot_of(c.rings[s.head.output_ring], s, t, column);
  if ((k.kernel == OHMIC_KERNEL_PARTIAL || k.kernel == OHMIC_KERNEL_LOGITS) && k.segment_count != 0)
    broken_deployment("sums and logits have no segments");
  std::vector<std::int32_t> values(k.channels);
  std::vector<ohmic_segment> residual_segments = c.load_list<ohmic_segment>(k.input_segments, k.input_segment_count);
  for (std::uint32_t y = 0; y < k.height; ++y) {
    for (std::uint32_t ch = 0; ch < k.channels; ++ch) {
      std::int32_t sum = 0;
      for (std::uint32_t i = 0; i < k.sum_count; ++i) {
        const std::uint32_t slot = slot_of(c.rings[s.inputs[i].ring], s, t, column);
        const std::uint32_t element = y * k.channels + ch;
        sum += k.int16_mask >> i & 1 ? c.load<std::int16_t>(slot + 2 * element) : c.load<std::int8_t>(slot + element);
      }
      if (k.kernel == OHMIC_KERNEL_PARTIAL) {
        c.store<std::int16_t>(out + 2 * (y * k.channels + ch), static_cast<std::int16_t>(sum));
        continue;
      }
      if (k.kernel == OHMIC_KERNEL_ADD) {
        sum = c.load<std::int8_t>(slot_of(c.rings[s.inputs[0].ring], s, t, column) + y * k.channels + ch);
      } else {
        sum = sum * c.load<std::int16_t>(k.multipliers + 2 * ch) + c.load<std::int32_t>(k.biases + 4 * ch);
        if (k.kernel == OHMIC_KERNEL_LOGITS) {
          c.store<std::int32_t>(out + 4 * ch, sum);
          continue;
        }
        sum = clip(sum >> k.shift, k.lo, 127);
      }
      if (k.residual != OHMIC_NONE) {
        const std::uint32_t slot = slot_of(c.rings[s.inputs.at(k.residual).ring], s, t, column);
        const std::int32_t b = segmented(c, residual_segments, slot, ch, y);
        sum = clip((sum * k.residual_a + b * k.residual_b + (1 << (k.residual_shift - 1))) >> k.residual_shift,
                   k.residual_lo, 127);
      }
      values[ch] = sum;
    }
    if (k.kernel == OHMIC_KERNEL_REQUANTISE || k.kernel == OHMIC_KERNEL_ADD) put_pixel(c, k, out, y, values);
  }
}

void pool_kernel(simulated_cluster& c, const simulated_step& s, const ohmic_kernel_step& k, std::uint32_t column) {
  const tile_place t = place_of(s, s.tile);
  const std::uint32_t out = slot_of(c.rings[s.head.output_ring], s, t, column);
  const ohmic_window& w = s.inputs[0];
  const ohmic_ring& in = c.rings[w.ring];
  const std::vector<ohmic_segment> layout = c.load_list<ohmic_segment>(k.input_segments, k.input_segment_count);
  const bool average = k.kernel == OHMIC_KERNEL_AVERAGE_POOL;
  std::vector<std::int32_t> values(k.channels);
  for (std::uint32_t y = 0; y < k.height; ++y) {
    for (std::uint32_t ch = 0; ch < k.channels; ++ch) {
      std::int32_t best = -128, sum = 0;
      const std::int64_t x0 = average ? 0 : std::int64_t{t.x + column} * w.stride - w.pad;
      const std::int64_t y0 = average ? 0 : std::int64_t{y} * k.pool_stride - k.pool_pad;
      const std::int64_t nx = average ? in.columns_per_image : w.size, ny = average ? k.input_height : k.pool_height;
      for (std::int64_t xx = x0; xx < x0 + nx; ++xx) {
        if (xx < 0 || xx >= in.columns_per_image) continue;
        const std::uint64_t n = std::uint64_t{t.image} * in.columns_per_image + static_cast<std::uint64_t>(xx);
        const std::uint32_t slot = in.base + static_cast<std::uint32_t>(n % in.slots) * in.column_bytes;
        for (std::int64_t yy = y0; yy < y0 + ny; ++yy) {
          if (yy < 0 || yy >= k.input_height) continue;
          const std::int32_t v = segmented(c, layout, slot, ch, static_cast<std::uint32_t>(yy));
          best = std::max(best, v);
          sum += v;
        }
      }
      values[ch] = average ? clip((sum * k.pool_multiplier + (1 << (k.shift - 1))) >> k.shift, -128, 127) : best;
    }
    put_pixel(c, k, out, y, values);
  }
}

/// Sums of a digital layer's window, product by product, with the weights as layer_format.h says.
std::int64_t layer_sum(simulated_cluster& c, const simulated_step& s, const ohmic_kernel_step& k, std::uint32_t column,
                       std::uint32_t y, std::uint32_t channel, ohmic_layer_channel& constants) {
  const tile_place t = place_of(s, s.tile);
  const ohmic_window& w = s.inputs[0];
  const ohmic_ring& in = c.rings[w.ring];
  const bool depthwise = k.kernel == OHMIC_KERNEL_DEPTHWISE;
  const std::uint32_t of_group = k.in_channels / k.groups, outputs = k.channels / k.groups, group = channel / outputs;
  const std::uint32_t dense = (w.size * k.pool_height * of_group + 3) / 4 * 4, window = dense < 8 ? 8 : dense;
  const std::uint32_t rows = (k.pool_height + 3) / 4 * 4, local = channel % outputs;
  const std::uint32_t block = k.weights + (group * ((outputs + 3) / 4) + local / 4) * (4 * window + 48);
  const std::uint32_t of_channel = k.weights + channel * (w.size * rows + 12);
  constants = c.load<ohmic_layer_channel>(depthwise ? of_channel + w.size * rows : block + 4 * window + local % 4 * 12);
  std::int64_t sum = 0;
  for (std::uint32_t kx = 0; kx < w.size; ++kx)
    for (std::uint32_t ky = 0; ky < k.pool_height; ++ky)
      for (std::uint32_t i = 0; i < of_group; ++i) {
        const std::int64_t x = std::int64_t{t.x + column} * w.stride - w.pad + kx;
        const std::int64_t row = std::int64_t{y} * k.pool_stride - k.pool_pad + ky;
        if (x < 0 || x >= in.columns_per_image || row < 0 || row >= k.input_height) continue;
        const std::uint64_t n = std::uint64_t{t.image} * in.columns_per_image + static_cast<std::uint64_t>(x);
        const std::uint32_t slot = in.base + static_cast<std::uint32_t>(n % in.slots) * in.column_bytes;
        const std::uint32_t of_block = of_group / (1 + k.in_more_blocks), in_block = i / of_block;
        const std::uint32_t byte =
            ((kx * (1 + k.in_more_blocks) + in_block) * k.pool_height + ky) * of_block + i % of_block;
        const std::uint32_t weight =
            depthwise ? of_channel + kx * rows + ky : block + byte / 4 * 16 + local % 4 * 4 + byte % 4;
        sum += std::int64_t{c.load<std::int8_t>(weight)} *
               c.load<std::int8_t>(slot + k.in_offset + in_block * k.input_height * k.in_pitch +
                                   static_cast<std::uint32_t>(row) * k.in_pitch + group * of_group + i % of_block);
      }
  return sum;
}

void layer_kernel(simulated_cluster& c, const simulated_step& s, const ohmic_kernel_step& k, std::uint32_t column) {
  const tile_place t = place_of(s, s.tile);
  const std::uint32_t out = slot_of(c.rings[s.head.output_ring], s, t, column);
  const std::vector<ohmic_segment> residual_segments =
      c.load_list<ohmic_segment>(k.input_segments, k.input_segment_count);
  std::vector<std::int32_t> values(k.channels);
  for (std::uint32_t y = 0; y < k.height; ++y) {
    for (std::uint32_t ch = 0; ch < k.channels; ++ch) {
      ohmic_layer_channel constants;
      const std::int64_t sum = layer_sum(c, s, k, column, y, ch, constants);
      const std::int64_t scaled = sum * constants.multiplier + constants.bias;
      if (k.kernel == OHMIC_KERNEL_LAYER_LOGITS) {
        c.store<std::int32_t>(out + 4 * (y * k.channels + ch), static_cast<std::int32_t>(scaled));
        continue;
      }
      std::int32_t v = clip(scaled >> k.shift, k.lo, k.hi);
      if (k.residual != OHMIC_NONE) {
        const std::uint32_t slot = slot_of(c.rings[s.inputs.at(k.residual).ring], s, t, column);
        const std::int32_t b = segmented(c, residual_segments, slot, ch, y);
        v = clip((v * k.residual_a + b * k.residual_b + (1 << (k.residual_shift - 1))) >> k.residual_shift,
                 k.residual_lo, 127);
      }
      values[ch] = v;
    }
    if (k.kernel != OHMIC_KERNEL_LAYER_LOGITS) put_pixel(c, k, out, y, values);
  }
}

}  // namespace

void simulate_kernel_tile(simulated_cluster& c, const simulated_step& s) {
  auto record = c.load<ohmic_kernel_step>(s.record);
  if (record.kernel >= OHMIC_KERNEL_LAYER && record.weights_input != OHMIC_NONE) {
    const ohmic_window& w = s.inputs.at(record.weights_input);
    const ohmic_ring& ring = c.rings.at(w.ring);
    record.weights = ring.base + needed_column(c, s, w, s.tile, false) % ring.slots * ring.column_bytes;
  }
  for (std::uint32_t column = 0; column < s.head.tile_columns; ++column) {
    if (record.kernel == OHMIC_KERNEL_MAX_POOL || record.kernel == OHMIC_KERNEL_AVERAGE_POOL)
      pool_kernel(c, s, record, column);
    else if (record.kernel >= OHMIC_KERNEL_LAYER)
      layer_kernel(c, s, record, column);
    else
      sum_kernel(c, s, record, column);
  }
}

}  // namespace ohmic
