#include "ip/ima/job.h"

#include <algorithm>

#include "registers/ima.h"

namespace ohmic {
namespace {

namespace reg = registers::ima;
static_assert(reg::group_base + reg::group_bytes == ima_job::register_words * 4);

constexpr std::uint32_t max_pixels = 65535;

std::int16_t low_half(std::uint32_t word) { return static_cast<std::int16_t>(word); }
std::int16_t high_half(std::uint32_t word) { return static_cast<std::int16_t>(word >> 16); }

}  // namespace

ima_job ima_job::decode(const register_file& registers) {
  const auto word = [&](std::uint32_t offset) { return registers[offset / 4]; };
  const auto loop = [&](std::uint32_t at) {
    const std::uint32_t step = word(at + reg::loop_step_offset);
    return ima_loop{word(at + reg::loop_count_offset), static_cast<std::int32_t>(word(at + reg::loop_stride_offset)),
                    low_half(step), high_half(step)};
  };
  ima_job job{};
  for (unsigned i = 0; i < 4; ++i) job.loops[i] = loop(reg::loop_base + i * reg::loop_array_stride);
  for (unsigned i = 0; i < 2; ++i) job.pixels[i] = loop(reg::pixel_base + i * reg::pixel_array_stride);
  job.ring_base = word(reg::ring_base_offset);
  job.ring_bytes = word(reg::ring_bytes_offset);
  job.start = static_cast<std::int32_t>(word(reg::start_offset));
  job.x = low_half(word(reg::origin_offset));
  job.y = high_half(word(reg::origin_offset));
  job.x_lo = low_half(word(reg::x_range_offset));
  job.x_hi = high_half(word(reg::x_range_offset));
  job.y_lo = low_half(word(reg::y_range_offset));
  job.y_hi = high_half(word(reg::y_range_offset));
  job.row_start = word(reg::row_start_offset);
  job.tag = word(reg::tag_offset);
  job.adc_m = word(reg::adc_m_offset);
  job.adc_s = word(reg::adc_s_offset);
  job.groups = word(reg::groups_offset);
  for (unsigned g = 0; g < 8; ++g) {
    const std::uint32_t at = g * reg::group_array_stride;
    const std::uint32_t columns = word(reg::group_columns_offset + at);
    job.group[g] = {columns & 0xFFFFu, columns >> 16, word(reg::group_base_offset + at),
                    static_cast<std::int32_t>(word(reg::group_stride0_offset + at)),
                    static_cast<std::int32_t>(word(reg::group_stride1_offset + at))};
  }
  return job;
}

bool ima_job::check(const ima_parameters& ima, device_error& error) {
  const auto refuse = [&](std::uint64_t value, const char* what) {
    error = {value, what, 0};
    return false;
  };
  std::uint64_t window = 1;
  for (const ima_loop& l : loops) {
    if (l.count < 1 || l.count > ima.rows) return refuse(l.count, "IMA job: LOOP.COUNT is not 1..rows");
    window *= l.count;  // at most rows^4
  }
  if (row_start >= ima.rows || window > ima.rows - row_start)
    return refuse(window, "IMA job: the window does not fit into the crossbar's rows from ROW_START on");
  row_count = static_cast<std::uint32_t>(window);
  for (const ima_loop& l : pixels)
    if (l.count < 1 || l.count > max_pixels) return refuse(l.count, "IMA job: PIXEL.COUNT is not 1..65535");
  if (ring_bytes != 0 && (ring_base > ima.l1_bytes || ring_bytes > ima.l1_bytes - ring_base))
    return refuse(std::uint64_t{ring_base} + ring_bytes, "IMA job: the input ring leaves L1");
  if (adc_m < 1 || adc_m > 0x7FFFFFFFu) return refuse(adc_m, "IMA job: ADC_M is not 1..2^31-1");
  if (adc_s < 1 || adc_s > 62) return refuse(adc_s, "IMA job: ADC_S is not 1..62");
  if (groups < 1 || groups > group.size()) return refuse(groups, "IMA job: GROUPS is not 1..8");

  std::uint32_t lowest = ima.columns, highest = 0;
  for (unsigned g = 0; g < groups; ++g) {
    const ima_group& out = group[g];
    if (out.count < 1 || out.first + out.count > ima.columns)
      return refuse(out.first + out.count, "IMA job: a group's columns are not in the crossbar");
    const std::int64_t span0 = std::int64_t{pixels[0].count - 1} * out.stride0;
    const std::int64_t span1 = std::int64_t{pixels[1].count - 1} * out.stride1;
    const std::int64_t first = out.base + std::min<std::int64_t>(span0, 0) + std::min<std::int64_t>(span1, 0);
    const std::int64_t end = out.base + std::max<std::int64_t>(span0, 0) + std::max<std::int64_t>(span1, 0) + out.count;
    if (first < 0) return refuse(static_cast<std::uint32_t>(first), "IMA job: a group's codes leave L1");
    if (end > std::int64_t{ima.l1_bytes})
      return refuse(static_cast<std::uint64_t>(end - 1), "IMA job: a group's codes leave L1");
    lowest = std::min(lowest, out.first);
    highest = std::max(highest, out.first + out.count);
  }
  first_column = lowest;
  column_count = highest - lowest;
  return true;
}

}  // namespace ohmic
