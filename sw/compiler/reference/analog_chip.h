#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "ip/ima/pcm/pcm_crossbar.h"
#include "sw/compiler/graph/feature_map.h"
#include "sw/compiler/graph/integer_graph.h"
#include "sw/compiler/mapping/emit/deployment_image.h"

namespace ohmic {

/// A network's weights on crossbars of their own: one for each row set and each `columns` channels of a layer, numbered
/// in the network's order. For evaluation without a chip and a mapping.
std::vector<crossbar_image> crossbars_without_mapping(const integer_graph& graph, unsigned columns);

/// Sums of the magnitudes of a crossbar's cells (ohmic_magnitude): right after programming, and when it was calibrated.
/// Their ratio is the gain of its ADC.
struct crossbar_calibration {
  unsigned cluster = 0;
  std::uint32_t reads = 0;  ///< of each cell with either scale, in both sums
  std::uint32_t reference = 0, sum = 0;
  /// What the gain would be if every cell were read alone through perfect converters and without noise of MVMs.
  double exact_gain = 1;
  double gain() const { return sum == 0 || reference == 0 ? 1 : static_cast<double>(reference) / sum; }

  /// The same of each column of a job's rectangle.
  struct rectangle {
    unsigned first_row = 0, first_bitline = 0;
    std::vector<std::uint32_t> references, sums;
  };
  std::vector<rectangle> rectangles{};  ///< with factors per column, else empty
};

/// The crossbars of a deployment as devices: what makes codes where a network runs on crossbars that are not ideal.
///
/// Which devices make a pixel, and which noise they draw, depends on the mapping: replicas are other devices, pixels
/// that share an MVM share its inputs, and MVMs count as register TAG of the IMA counts them. A run of the chip with
/// the same options therefore gives the same codes, bit by bit. Immutable after construction; threads may share it.
///
/// With drift compensation each crossbar is read and its jobs' ADC scales changed as the firmware does it
/// (sw/deployment/calibration.h).
class analog_chip {
 public:
  /// Programs every crossbar that the deployment uses, on `threads` threads (0: as many as the process may use).
  /// Keeps a reference to the graph. Throws graph_error if the deployment is of another graph.
  analog_chip(const integer_graph& graph, const std::vector<crossbar_image>& crossbars, unsigned rows, unsigned columns,
              const pcm::pcm_options& options, unsigned threads = 0);

  /// Of a node on crossbars: the sums of all row sets' codes in image number `image` of the run. Pixel (x, y), channel
  /// c is total[(x * out_height + y) * stride + c]; other entries are 0.
  std::vector<std::int32_t> codes(int node, const feature_map& input, unsigned image, int out_width, int out_height,
                                  int stride) const;

  std::uint64_t crossbars() const { return devices_.size(); }

  /// What drift compensation has read; empty without.
  const std::vector<crossbar_calibration>& calibrations() const { return calibrations_; }

 private:
  /// One rectangle of a crossbar. Crossbar rows: (column, row, channel) of the windows of all pixels of an MVM.
  struct tile {
    const pcm::pcm_crossbar* devices;
    unsigned first_row, rows, first_bitline, bitlines;
    channel_range channels;  // of the output
    std::vector<packed_set> sets;
    pixel_packing packing;
    unsigned tile_columns, replica, replicas;
    int window_columns, window_top, window_rows;  // top: against the first pixel's window
    channel_range inputs;
    adc_scale adc;
    std::vector<std::int32_t> factors;  // of the columns' codes; empty: none
  };
  /// Programs the devices and reads them.
  void calibrate(crossbar_calibration& found, pcm::pcm_crossbar& devices, const std::int8_t* weights,
                 pcm::pcm_options options, const std::vector<crossbar_image>& crossbars) const;
  /// Null without compensation.
  const crossbar_calibration* calibration_of(unsigned cluster) const;
  /// Of a layer's jobs on this crossbar, and of the columns of one of them.
  adc_scale adc_of(const crossbar_image& image, const adc_scale& calibrated) const;
  std::vector<std::int32_t> factors_of(const crossbar_image& image) const;
  tile tile_of(const crossbar_image& image, const crossbar_layer& layer) const;
  void add_codes(const tile& t, const crossbar_layer& layer, const feature_map& input, unsigned image, int out_width,
                 int out_height, int stride, pcm::pcm_crossbar::workspace& space,
                 std::vector<std::int32_t>& total) const;

  const integer_graph& graph_;
  unsigned rows_, columns_;
  bool exact_;                                                      // gains
  std::map<unsigned, std::unique_ptr<pcm::pcm_crossbar>> devices_;  // by cluster
  std::vector<std::vector<tile>> tiles_;                            // by node
  std::vector<crossbar_calibration> calibrations_;                  // by cluster, ascending
};

}  // namespace ohmic
