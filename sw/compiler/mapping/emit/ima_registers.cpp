#include "sw/compiler/mapping/emit/ima_registers.h"

#include "registers/ima.h"
#include "sw/compiler/mapping/plan/mapping_geometry.h"

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
                   std::uint32_t input_base, const plan_ring& codes, std::uint32_t codes_base, unsigned tile_columns) {
  const crossbar_layer& layer = graph.nodes[work.node].layer();
  const graph_window& window = layer.window;
  const tile_window inputs = window_of(layer, work.packing, work.tile);
  const auto packed_x = static_cast<int>(work.packing.x), packed_y = static_cast<int>(work.packing.y);
  const layout_segment& pixels = input.layout.segments[0];  // of an image: with channels that the sets do not read
  const auto pitch = static_cast<std::int32_t>(pixels.pitch);
  const auto column = static_cast<std::int32_t>(input.layout.bytes);
  const unsigned steps = codes.layout.height / work.packing.y;

  for (std::uint32_t& word : record.registers) word = 0;
  job_image job(record.registers);
  job.loop(0, inputs.channels(), 1, 0, 0);
  job.loop(1, inputs.rows(), pitch, 0, 1);
  job.loop(2, inputs.columns, column, 1, 0);
  job.loop(3, 1, 0, 0, 0);
  job.pixel(0, static_cast<int>(steps), packed_y * window.stride_y * pitch, 0, packed_y * window.stride_y);
  job.pixel(1, static_cast<int>(tile_columns / work.packing.x), packed_x * window.stride_x * column,
            packed_x * window.stride_x, 0);
  job.at(reg::ring_base_offset) = input_base;
  job.at(reg::ring_bytes_offset) = input.slots * input.layout.bytes;
  const int top = inputs.row_begin - window.pad_y;  // input row of the first output pixel's first tap
  record.start = top * pitch + inputs.channel_begin - pixels.channels.begin;
  job.at(reg::start_offset) = static_cast<std::uint32_t>(record.start);
  job.at(reg::origin_offset) = pair16(0, top);
  job.at(reg::x_range_offset) = pair16(0, static_cast<int>(input.columns_per_image));
  job.at(reg::y_range_offset) = pair16(0, static_cast<int>(input.layout.height));
  job.at(reg::row_start_offset) = work.tile.first_row;
  job.at(reg::adc_m_offset) = static_cast<std::uint32_t>(layer.adc.m);
  job.at(reg::adc_s_offset) = layer.adc.s;
  // A group for each row set and neighbour: its codes go to the set's block, to the pixel's own row and column.
  const int channels = work.channels.count();
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < work.tile.sets.size(); ++i) {
    const layout_segment& block = codes.layout.segments[work.blocks[i]];
    for (int dx = 0; dx < packed_x; ++dx, ++group) {
      const std::uint32_t at = group * reg::group_array_stride;
      job.at(at + reg::group_columns_offset) =
          pair16(static_cast<int>(work.tile.first_bitline) + static_cast<int>(group) * channels, channels);
      job.at(at + reg::group_base_offset) = codes_base + block.offset + work.tile.sets[i].dy * block.pitch +
                                            static_cast<std::uint32_t>(dx) * codes.layout.bytes;
      job.at(at + reg::group_stride0_offset) = work.packing.y * block.pitch;
      job.at(at + reg::group_stride1_offset) = work.packing.x * codes.layout.bytes;
    }
  }
  job.at(reg::groups_offset) = group;
  record.mvms_per_column = steps;
}

}  // namespace ohmic
