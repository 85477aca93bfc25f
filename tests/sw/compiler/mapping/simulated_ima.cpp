#include <algorithm>

#include "tests/sw/compiler/mapping/simulated_cluster.h"

namespace ohmic {
namespace {

std::int32_t low16(std::uint32_t word) { return static_cast<std::int16_t>(word & 0xffff); }
std::int32_t high16(std::uint32_t word) { return static_cast<std::int16_t>(word >> 16); }

}  // namespace

// Registers by offset / 4.
std::uint64_t simulate_ima_tile(simulated_cluster& c, const simulated_step& s, unsigned crossbar_rows,
                                unsigned crossbar_columns) {
  const auto record = c.load<ohmic_ima>(s.record);
  const std::uint32_t* reg = record.registers;
  const ohmic_ring& out = c.rings[s.head.output_ring];
  const ohmic_ring& in = c.rings[s.inputs[0].ring];
  const tile_place t = place_of(s, s.tile);
  const std::int64_t x = std::int64_t{t.x} * s.inputs[0].stride - s.inputs[0].pad;
  const std::int64_t n = std::int64_t{t.image} * in.columns_per_image + x, slots = in.slots;
  const std::int64_t start = record.start + (n % slots + slots) % slots * in.column_bytes;
  const std::uint32_t output_slot = slot_of(out, s, t, 0) - out.base;
  const std::int64_t ring_bytes = reg[0x64 / 4];
  if (ring_bytes != slots * in.column_bytes || reg[0x60 / 4] != in.base)
    broken_deployment("IMA ring differs from the ring");
  const std::int32_t x_lo = low16(reg[0x70 / 4]), x_hi = high16(reg[0x70 / 4]);
  const std::int32_t y_lo = low16(reg[0x74 / 4]), y_hi = high16(reg[0x74 / 4]);
  std::uint32_t counts[4];
  std::uint32_t rows = 1;
  for (int i = 0; i < 4; ++i) rows *= counts[i] = reg[i * 4];
  const std::uint32_t first_row = reg[0x78 / 4], columns = crossbar_columns;
  if (first_row + rows > crossbar_rows) broken_deployment("IMA job streams past the crossbar's rows");
  std::uint64_t mvms = 0;
  std::vector<std::int32_t> sums(columns);
  for (std::uint32_t p1 = 0; p1 < reg[0x50 / 4]; ++p1) {
    for (std::uint32_t p0 = 0; p0 < reg[0x40 / 4]; ++p0) {
      const std::int64_t pixel = start + std::int64_t{p0} * static_cast<std::int32_t>(reg[0x44 / 4]) +
                                 std::int64_t{p1} * static_cast<std::int32_t>(reg[0x54 / 4]);
      const std::int32_t px = static_cast<std::int32_t>(x) + static_cast<std::int32_t>(p0) * low16(reg[0x48 / 4]) +
                              static_cast<std::int32_t>(p1) * low16(reg[0x58 / 4]);
      const std::int32_t py = high16(reg[0x6c / 4]) + static_cast<std::int32_t>(p0) * high16(reg[0x48 / 4]) +
                              static_cast<std::int32_t>(p1) * high16(reg[0x58 / 4]);
      std::fill(sums.begin(), sums.end(), 0);
      for (std::uint32_t row = 0; row < rows; ++row) {
        std::uint32_t rest = row;
        std::int64_t at = pixel;
        std::int32_t xx = px, yy = py;
        for (int i = 0; i < 4; ++i) {
          const auto k = static_cast<std::int32_t>(rest % counts[i]);
          rest /= counts[i];
          at += std::int64_t{k} * static_cast<std::int32_t>(reg[i * 4 + 1]);
          xx += k * low16(reg[i * 4 + 2]);
          yy += k * high16(reg[i * 4 + 2]);
        }
        if (xx < x_lo || xx >= x_hi || yy < y_lo || yy >= y_hi) continue;
        const std::int64_t wrapped = (at % ring_bytes + ring_bytes) % ring_bytes;
        const auto value = static_cast<std::int8_t>(c.l1[in.base + static_cast<std::uint32_t>(wrapped)]);
        if (value == 0) continue;
        const std::int8_t* weights = c.weights.data() + std::size_t{first_row + row} * columns;
        for (std::uint32_t column = 0; column < columns; ++column) sums[column] += value * weights[column];
      }
      ++mvms;
      const std::int64_t m = reg[0x80 / 4];
      const std::uint32_t shift = reg[0x84 / 4];
      for (std::uint32_t g = 0; g < reg[0x88 / 4]; ++g) {
        const std::uint32_t* group = reg + (0x90 + 0x10 * g) / 4;
        const std::int64_t base = std::int64_t{group[1]} + output_slot +
                                  std::int64_t{p0} * static_cast<std::int32_t>(group[2]) +
                                  std::int64_t{p1} * static_cast<std::int32_t>(group[3]);
        for (std::uint32_t i = 0; i < group[0] >> 16; ++i) {
          const std::int64_t ps = sums[(group[0] & 0xffff) + i];
          c.l1[static_cast<std::uint32_t>(base + i)] =
              static_cast<std::uint8_t>(clip((ps * m + (std::int64_t{1} << (shift - 1))) >> shift, -128, 127));
        }
      }
    }
  }
  return mvms;
}

}  // namespace ohmic
