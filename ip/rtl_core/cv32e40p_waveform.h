#pragma once

#include <memory>

#include "ip/core/core_seam.h"
#include "ip/waveform/waveform.h"

class Vcv32e40p___024root;
class Vcv32e40p_waves;
class VerilatedContext;

namespace ohmic {

/// Records the waveform of a CV32E40P: a second instance of the model, built with waveforms, that gets the same inputs
/// in the same cycles. So the one that runs needs nothing for it and keeps its speed. That both are in the same state
/// is checked in every cycle, by what is in ID.
class cv32e40p_waveform final : public waveform {
 public:
  /// Throws as waveform does.
  explicit cv32e40p_waveform(waveform_request request);
  ~cv32e40p_waveform() override;

  /// Takes over all inputs, the clock's and the reset's too, outside the platform's time.
  void follow(const Vcv32e40p___024root& leader);
  /// Cycle `now` with the leader's inputs as they stand before the edge; outside the platform's time if not `shown`.
  /// False when nothing more is to be recorded.
  bool cycle(const Vcv32e40p___024root& leader, cycle_t now, bool shown);
  /// Writes the registers that software sees.
  void load(const hart_state& state);

 private:
  const std::unique_ptr<VerilatedContext> context_;
  const std::unique_ptr<Vcv32e40p_waves> model_;
};

}  // namespace ohmic
