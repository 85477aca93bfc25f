#pragma once

#include "ip/core/core_seam.h"
#include "ip/waveform/following_waveform.h"

class Vcv32e40p___024root;
class Vcv32e40p_waves;

namespace ohmic {

struct cv32e40p_ports;
extern template class following_waveform<Vcv32e40p_waves, Vcv32e40p___024root, cv32e40p_ports>;

/// Records the waveform of a CV32E40P.
class cv32e40p_waveform final : public following_waveform<Vcv32e40p_waves, Vcv32e40p___024root, cv32e40p_ports> {
 public:
  using following_waveform::following_waveform;
  /// Writes the registers that software sees.
  void load(const hart_state& state);
};

}  // namespace ohmic
