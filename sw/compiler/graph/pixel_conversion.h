#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace ohmic {

/// How an 8-bit picture becomes a network's real input: real[c] = (pixel * scale + offset - mean[c]) / std[c]. The
/// network's own input quantiser makes q0 = clip(rint(real / its scale), -128, 127) of it.
struct pixel_conversion {
  enum class channel_order {
    unsaid,  ///< rgb for a network of three channels, grey for one
    rgb,
    bgr,
    grey  ///< one channel: luma (299 R + 587 G + 114 B) / 1000
  };

  double scale = 1, offset = 0;
  std::vector<double> mean, std;  ///< one for all channels, or one per channel; empty: 0 and 1
  channel_order channels = channel_order::unsaid;

  /// (pixel - 128) / 64: what the networks of sw/models take.
  static pixel_conversion of_our_models();
};

const char* to_string(pixel_conversion::channel_order order);

/// The network's real input from a pixel or another value of the channel, as float32; and q0 from that.
float real_input(const pixel_conversion& conversion, int channel, double value);
std::int8_t quantised_input(float real, float quantiser_scale);

/// q0 of each of the 256 values of a pixel's colour.
using pixel_table = std::array<std::int8_t, 256>;

/// One table per channel of a network with `channels` channels whose input quantiser has `quantiser_scale`; reals are
/// float32, as an executor of the ONNX file gets them. Throws graph_error if the conversion does not fit the network or
/// is no conversion (a standard deviation of 0, a number that is not finite).
std::vector<pixel_table> pixel_tables(const pixel_conversion& conversion, int channels, float quantiser_scale);

}  // namespace ohmic
