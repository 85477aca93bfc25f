#include "ip/ima/pcm/pcm_options.h"

#include <cstdio>

namespace ohmic::pcm {
namespace {

void add(std::string& text, const double* numbers, unsigned count) {
  char word[40];
  for (unsigned i = 0; i < count; ++i) {
    std::snprintf(word, sizeof word, " %a", numbers[i]);  // to the last bit
    text += word;
  }
}
void add(std::string& text, double number) { add(text, &number, 1); }
void add(std::string& text, const log_then_polynomial& f) {
  for (const double number : {f.slope, f.offset, f.least, f.most, f.split}) add(text, number);
  add(text, f.coefficient, 4);
}

}  // namespace

std::string to_text(const pcm_options& o) {
  const device_model& m = o.devices;
  std::string text = "pcm " + std::to_string(o.seed) + " " + std::to_string(static_cast<int>(o.reads)) + " " +
                     std::to_string(static_cast<int>(o.scale)) + " " +
                     std::to_string(static_cast<int>(o.compensation)) + " " + std::to_string(o.dac_bits) + " " +
                     std::to_string(o.adc_bits);
  for (const double number :
       {o.time_s, o.dead, o.stuck, o.stuck_at, o.wire_ohm, m.g_max, m.t0, m.t_read, m.read_coefficient, m.read_exponent,
        m.read_most, m.programming_scale, m.drift_scale, m.read_scale})
    add(text, number);
  add(text, m.programming, 4);
  add(text, m.exponent_mean);
  add(text, m.exponent_deviation);
  add(text, m.read_noise);
  return text;
}

}  // namespace ohmic::pcm
