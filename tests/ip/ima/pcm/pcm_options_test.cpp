#include "ip/ima/pcm/pcm_options.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <vector>

namespace ohmic::pcm {
namespace {

double next(double v) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return v == infinity ? 1 : std::nextafter(v, infinity);
}

TEST(PcmOptions, SameOptionsAreTheSameText) { EXPECT_EQ(to_text(pcm_options{}), to_text(pcm_options{})); }

// In the last bit, where it is a number.
TEST(PcmOptions, OptionsThatDifferAnywhereAreDifferentText) {
  std::vector<std::function<void(pcm_options&)>> changes = {
      [](pcm_options& o) { ++o.seed; },
      [](pcm_options& o) { o.seed += std::uint64_t{1} << 32; },
      [](pcm_options& o) { o.time_s = next(o.time_s); },
      [](pcm_options& o) { o.reads = read_noise::off; },
      [](pcm_options& o) { o.reads = read_noise::once; },
      [](pcm_options& o) { o.scale = weight_scale::crossbar; },
      [](pcm_options& o) { o.scale = weight_scale::column; },
      [](pcm_options& o) { o.compensation = drift_compensation::global; },
      [](pcm_options& o) { o.dead = next(o.dead); },
      [](pcm_options& o) { o.stuck = next(o.stuck); },
      [](pcm_options& o) { o.stuck_at = next(o.stuck_at); },
      [](pcm_options& o) { o.wire_ohm = next(o.wire_ohm); },
      [](pcm_options& o) { o.dac_bits = 7; },
      [](pcm_options& o) { o.adc_bits = 7; },
  };
  for (double device_model::* field :
       {&device_model::g_max, &device_model::t0, &device_model::t_read, &device_model::read_coefficient,
        &device_model::read_exponent, &device_model::read_most, &device_model::programming_scale,
        &device_model::drift_scale, &device_model::read_scale})
    changes.push_back([field](pcm_options& o) { o.devices.*field = next(o.devices.*field); });
  for (unsigned i = 0; i < 4; ++i)
    changes.push_back([i](pcm_options& o) { o.devices.programming[i] = next(o.devices.programming[i]); });
  for (log_then_polynomial device_model::* f :
       {&device_model::exponent_mean, &device_model::exponent_deviation, &device_model::read_noise}) {
    for (double log_then_polynomial::* field :
         {&log_then_polynomial::slope, &log_then_polynomial::offset, &log_then_polynomial::least,
          &log_then_polynomial::most, &log_then_polynomial::split})
      changes.push_back([f, field](pcm_options& o) { o.devices.*f.*field = next(o.devices.*f.*field); });
    for (unsigned i = 0; i < 4; ++i)
      changes.push_back(
          [f, i](pcm_options& o) { (o.devices.*f).coefficient[i] = next((o.devices.*f).coefficient[i]); });
  }
  std::set<std::string> texts = {to_text(pcm_options{})};
  for (std::size_t n = 0; n < changes.size(); ++n) {
    pcm_options o;
    changes[n](o);
    EXPECT_TRUE(texts.insert(to_text(o)).second) << "change " << n;
  }
  EXPECT_EQ(to_text(pcm_options{}).find('\n'), std::string::npos);
}

// 1, 23 and 12, 3: numbers stand apart.
TEST(PcmOptions, NumbersDoNotRunIntoEachOther) {
  pcm_options a, b;
  a.seed = 10, a.reads = read_noise::off;
  b.seed = 1, b.reads = read_noise::off;
  a.dac_bits = 8, a.adc_bits = 8;
  b.dac_bits = 8, b.adc_bits = 8;
  EXPECT_NE(to_text(a), to_text(b));
  EXPECT_EQ(to_text(a).substr(0, 7), "pcm 10 ");
}

}  // namespace
}  // namespace ohmic::pcm
