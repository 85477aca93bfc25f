#pragma once

#include <cstdint>
#include <string>

#include "ip/ima/pcm/device_model.h"

namespace ohmic::pcm {

/// Read noise: none; one draw for every device, the same for all MVMs (as aihwkit evaluates a network); or a new draw
/// in every MVM, as a chip does.
enum class read_noise { off, once, per_mvm };

/// Which weight is programmed to g_max: 127, the range of int8 weights (one scale per output column of a layer over
/// all its row sets, as weights are quantised); the largest |weight| of the crossbar; or that of each column.
enum class weight_scale { range, crossbar, column };

/// What a chip's software does about drift; its devices know nothing of it. none; or, by a calibration before the run,
/// one gain per crossbar in its ADC's scale, so that the sum of |weight| is what it was right after programming; or the
/// same and, per column, a factor of the codes. exact is no software's but a measure of it: that gain from every cell
/// read alone through perfect converters, without the noise of MVMs.
enum class drift_compensation { none, global, per_column, exact };

/// What the crossbars of a chip are made of, and the draw of their noise.
struct pcm_options {
  device_model devices = pcm_like_devices();
  std::uint64_t seed = 1;
  double time_s = 1;  ///< since programming, for the whole run
  read_noise reads = read_noise::per_mvm;
  weight_scale scale = weight_scale::range;
  drift_compensation compensation = drift_compensation::none;
  double dead = 0;                      ///< share of devices that do not conduct
  double stuck = 0;                     ///< share of devices that are stuck at `stuck_at`
  double stuck_at = 1;                  ///< of g_max
  double wire_ohm = 0;                  ///< of a line, from one cell to the next: IR drop (wire_drop.h); 0: none
  unsigned dac_bits = 8, adc_bits = 8;  ///< 1..8; fewer than 8: the upper bits of a byte
};

/// All of it as one line: two that differ anywhere give different lines.
std::string to_text(const pcm_options&);

}  // namespace ohmic::pcm
