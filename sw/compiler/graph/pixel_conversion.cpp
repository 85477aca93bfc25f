#include "sw/compiler/graph/pixel_conversion.h"

#include <algorithm>
#include <cmath>

#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {
namespace {

[[noreturn]] void fail(const std::string& text) { throw graph_error("input of pixels: " + text); }

void check(const pixel_conversion& p, int channels) {
  using order = pixel_conversion::channel_order;
  if (p.channels != order::unsaid && channels != (p.channels == order::grey ? 1 : 3))
    fail("channels is " + std::string(to_string(p.channels)) + ", but the network takes " + std::to_string(channels) +
         (channels == 1 ? " channel" : " channels"));
  for (const auto& [name, values] : {std::pair{"mean", &p.mean}, std::pair{"std", &p.std}}) {
    if (values->size() > 1 && values->size() != static_cast<std::size_t>(channels))
      fail(std::string(name) + " has " + std::to_string(values->size()) + " numbers; 1 or " + std::to_string(channels) +
           (channels == 1 ? " is" : " are") + " expected");
    for (double v : *values)
      if (!std::isfinite(v)) fail(std::string(name) + " is not a finite number");
  }
  for (double s : p.std)
    if (!(s > 0)) fail("std is " + std::to_string(s) + "; a positive number is expected");
  if (!std::isfinite(p.scale) || !std::isfinite(p.offset) || p.scale == 0)
    fail("scale and offset must be finite numbers, and scale not 0");
}

double element(const std::vector<double>& values, int channel, double otherwise) {
  if (values.empty()) return otherwise;
  return values[values.size() > 1 ? static_cast<std::size_t>(channel) : 0];
}

}  // namespace

pixel_conversion pixel_conversion::of_our_models() {
  pixel_conversion p;
  p.scale = 1.0 / 64;
  p.offset = -2;
  return p;
}

const char* to_string(pixel_conversion::channel_order order) {
  switch (order) {
    case pixel_conversion::channel_order::rgb:
      return "rgb";
    case pixel_conversion::channel_order::bgr:
      return "bgr";
    case pixel_conversion::channel_order::grey:
      return "grey";
    case pixel_conversion::channel_order::unsaid:
      break;
  }
  return "unsaid";
}

float real_input(const pixel_conversion& conversion, int channel, double value) {
  const double shifted = value * conversion.scale + conversion.offset - element(conversion.mean, channel, 0);
  return static_cast<float>(shifted / element(conversion.std, channel, 1));
}

std::int8_t quantised_input(float real, float quantiser_scale) {
  return static_cast<std::int8_t>(std::clamp(std::rint(real / quantiser_scale), -128.f, 127.f));
}

std::vector<pixel_table> pixel_tables(const pixel_conversion& conversion, int channels, float quantiser_scale) {
  check(conversion, channels);
  std::vector<pixel_table> tables(static_cast<std::size_t>(channels));
  for (int c = 0; c < channels; ++c)
    for (int pixel = 0; pixel < 256; ++pixel)  // NaN cannot be: check() and a positive scale
      tables[static_cast<std::size_t>(c)][static_cast<std::size_t>(pixel)] =
          quantised_input(real_input(conversion, c, pixel), quantiser_scale);
  return tables;
}

}  // namespace ohmic
