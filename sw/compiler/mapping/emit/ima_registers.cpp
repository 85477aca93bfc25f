#include "sw/compiler/mapping/emit/ima_registers.h"

#include "registers/ima.h"

namespace ohmic {
namespace {

namespace reg = registers::ima;

std::uint32_t pair16(int low, int high) {
  return (static_cast<std::uint32_t>(low) & 0xffffu) | static_cast<std::uint32_t>(high) << 16;
}

class job_image {
 public:
  explicit job_image(std::uint32_t* words) : words_(words) {}
  std::uint32_t& at(std::uint32_t offset) { return words_[offset / 4]; }

  void loop(unsigned index, int count, std::int32_t stride, int dx, int dy) {
    const std::uint32_t base = reg::loop_array_stride * index;
    at(base + reg::loop_count_offset) = static_cast<std::uint32_t>(count);
    at(base + reg::loop_stride_offset) = static_cast<std::uint32_t>(stride);
    at(base + reg::loop_step_offset) = pair16(dx, dy);
  }
  void pixel(unsigned index, int count, std::int32_t stride, int dx, int dy) {
    const std::uint32_t base = reg::pixel_array_stride * index;
    at(base + reg::pixel_count_offset) = static_cast<std::uint32_t>(count);
    at(base + reg::pixel_stride_offset) = static_cast<std::uint32_t>(stride);
    at(base + reg::pixel_step_offset) = pair16(dx, dy);
  }

 private:
  std::uint32_t* words_;
};

}  // namespace

void write_ima_job(ohmic_ima& record, const ima_work& work, const integer_graph& graph, const plan_ring& input,
                   std::uint32_t input_base, const plan_ring& codes, std::uint32_t codes_base) {
  const crossbar_layer& layer = graph.nodes[work.node].layer;
  const graph_window& window = layer.window;
  const int channels = work.set.channels();
  const layout_segment& pixels = input.layout.segments[0];  // of an image: with channels that the set does not read
  const auto pitch = static_cast<std::int32_t>(pixels.pitch);
  const auto column = static_cast<std::int32_t>(input.layout.bytes);
  const auto height = static_cast<int>(codes.layout.height);

  for (std::uint32_t& word : record.registers) word = 0;
  job_image job(record.registers);
  job.loop(0, channels, 1, 0, 0);
  job.loop(1, work.set.ky_count(), pitch, 0, 1);
  job.loop(2, window.size_x, column, 1, 0);
  job.loop(3, 1, 0, 0, 0);
  job.pixel(0, height, window.stride_y * pitch, 0, window.stride_y);
  job.pixel(1, 1, window.stride_x * column, window.stride_x, 0);
  job.at(reg::ring_base_offset) = input_base;
  job.at(reg::ring_bytes_offset) = input.slots * input.layout.bytes;
  const int top = work.set.ky_begin - window.pad_y;  // input row of the first output pixel's first tap
  record.start = top * pitch + work.set.channel_begin - pixels.channels.begin;
  job.at(reg::start_offset) = static_cast<std::uint32_t>(record.start);
  job.at(reg::origin_offset) = pair16(0, top);
  job.at(reg::x_range_offset) = pair16(0, static_cast<int>(input.columns_per_image));
  job.at(reg::y_range_offset) = pair16(0, static_cast<int>(input.layout.height));
  job.at(reg::row_start_offset) = 0;
  job.at(reg::adc_m_offset) = static_cast<std::uint32_t>(layer.adc.m);
  job.at(reg::adc_s_offset) = layer.adc.s;
  job.at(reg::groups_offset) = 1;
  job.at(reg::group_columns_offset) = pair16(0, work.channels.count());
  job.at(reg::group_base_offset) = codes_base;
  job.at(reg::group_stride0_offset) = codes.layout.segments[0].pitch;
  job.at(reg::group_stride1_offset) = codes.layout.bytes;
  record.mvms_per_column = codes.layout.height;
}

}  // namespace ohmic
