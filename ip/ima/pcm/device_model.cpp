#include "ip/ima/pcm/device_model.h"

#include <limits>

namespace ohmic::pcm {
namespace {

constexpr double everywhere = std::numeric_limits<double>::infinity();

}  // namespace

device_model pcm_like_devices() {
  device_model m{};
  m.g_max = 25;
  m.t0 = 20;
  m.t_read = 250e-9;
  m.programming[0] = 0.26348, m.programming[1] = 1.9650, m.programming[2] = -1.1731;
  m.exponent_mean = {-0.0155, 0.0244, 0.049, 0.1, everywhere, {}};
  m.exponent_deviation = {-0.0125, -0.0059, 0.008, 0.045, everywhere, {}};
  m.read_coefficient = 0.0088;
  m.read_exponent = 0.65;
  m.read_most = 0.2;
  return m;
}

device_model hermes_devices() {
  device_model m{};
  m.g_max = 20.7;
  m.t0 = 300;
  m.t_read = 512e-9;
  m.programming[0] = 0.16603222, m.programming[1] = 4.71806468;
  m.programming[2] = -8.48101252, m.programming[3] = 4.68961419;
  m.exponent_mean = {-0.0387, -0.0182, 0.0720, 0.13, 0.0945, {0.0736, -0.0126, -0.0436, 0}};
  m.exponent_deviation = {-0.0117, -0.0057, 0.0091, 0.04, 0.3055, {0.0073, 0.0093, -0.0118, 0}};
  m.read_noise = {-0.0117, -0.0069, 0.015, 0.04, 0.16, {0.0123, 0.0211, -0.0280, 0.0069}};
  return m;
}

}  // namespace ohmic::pcm
