#pragma once

#include <memory>

#include "ip/waveform/waveform.h"

class Vibex;
class Vibex_waves;
class VerilatedContext;

namespace ohmic {

/// Records the waveform of an Ibex: a second instance of the model, built with waveforms, that gets the same inputs in
/// the same cycles. That both are in the same state is checked in every cycle, by what is in ID.
class ibex_waveform final : public waveform {
 public:
  /// Throws as waveform does.
  explicit ibex_waveform(waveform_request request);
  ~ibex_waveform() override;

  /// Takes over all inputs, the clock's and the reset's too, outside the platform's time.
  void follow(const Vibex& leader);
  /// Cycle `now` with the leader's inputs as they stand before the edge. False when nothing more is to be recorded.
  bool cycle(const Vibex& leader, cycle_t now);

 private:
  const std::unique_ptr<VerilatedContext> context_;
  const std::unique_ptr<Vibex_waves> model_;
};

}  // namespace ohmic
