#pragma once

#include "ip/waveform/following_waveform.h"

class Vibex;
class Vibex_waves;

namespace ohmic {

struct ibex_ports;
extern template class following_waveform<Vibex_waves, Vibex, ibex_ports>;

/// Records the waveform of an Ibex.
class ibex_waveform final : public following_waveform<Vibex_waves, Vibex, ibex_ports> {
 public:
  using following_waveform::following_waveform;
};

}  // namespace ohmic
